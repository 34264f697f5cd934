"""A person's help, and what is done where somebody may be in danger."""
