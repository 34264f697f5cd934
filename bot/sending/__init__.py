"""Everything that goes out: what is said, when it is due, by which lane, and what becomes of it."""
