"""Meetings, briefs and votes."""
