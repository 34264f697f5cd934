"""Backups, copies, and holding what would be sent after them."""
