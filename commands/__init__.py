"""The commands of the command line, by subject; `starter.py` puts them together."""
