"""Turns that find out who is there."""
