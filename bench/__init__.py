"""Measurements that anybody can repeat: `python -m bench` writes results.md and results.json in this folder."""
