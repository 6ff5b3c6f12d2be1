"""Readers, their interests, their scores, and what was agreed."""
