"""The life of a challenge: its state, its deadlines, and every decision on it."""
