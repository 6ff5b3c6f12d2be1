"""Notices on their way out: who sends which, and what became of each."""
