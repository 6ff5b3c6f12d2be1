"""Notices on their way out: who sends each notice, and what became of it."""
