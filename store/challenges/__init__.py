"""Rounds, their challenges and windows, and the applications to them."""
