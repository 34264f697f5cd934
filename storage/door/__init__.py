"""How people come into a group, and what they agree to."""
