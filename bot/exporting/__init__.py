"""Writes a group out as a ZIP: tables for spreadsheets, files with readable names, and a count."""
