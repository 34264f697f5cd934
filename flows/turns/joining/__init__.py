"""Turns of who is not in yet."""
