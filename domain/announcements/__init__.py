"""Announcements: what the record says and who is told when something happens."""
