"""What those who run the service look at and clear away."""
