"""Behaviour that a member or a facilitator would notice."""
