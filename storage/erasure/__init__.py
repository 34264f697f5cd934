"""What is held about somebody, erasing it, and what must outlive that."""
