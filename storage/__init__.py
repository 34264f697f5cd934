"""Everything that is kept: tables, queries, media files, secrets."""
