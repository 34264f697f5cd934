"""Groups and their members, and how these wish to be kept in touch with."""
