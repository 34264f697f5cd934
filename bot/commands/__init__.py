"""What `takepart` can be told to do, by subject."""
