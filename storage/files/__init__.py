"""Photos and recordings: fetched, cleaned, kept, removed."""
