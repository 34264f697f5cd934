"""Turns in which a person helps a member."""
