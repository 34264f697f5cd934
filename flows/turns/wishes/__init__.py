"""Turns in which members say how they want things."""
