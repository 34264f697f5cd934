"""Who is at which line: codes, PINs, two members who are one person, shared phones."""
