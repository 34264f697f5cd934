"""What is looked at again and again, and what is done about what is due, late or over."""
