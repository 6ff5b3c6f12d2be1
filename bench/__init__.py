"""Measurements that anyone can repeat: `python -m bench` writes results.md and results.json beside this file."""
