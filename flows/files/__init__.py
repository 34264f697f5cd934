"""How flow files are read and checked; `flows.document` is the door to it."""
