"""Programmes and rounds: what their files say, and the dates and money that follow."""
