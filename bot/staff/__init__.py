"""What those who run a group do: the same for commands and for pages."""
