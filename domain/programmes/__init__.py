"""Programmes and rounds: what their files say, and the dates and amounts that follow."""
