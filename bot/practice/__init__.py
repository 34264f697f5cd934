"""Practising: phones in a browser or a terminal that stand for real ones, and an example group."""
