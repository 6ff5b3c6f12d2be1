"""The commands of the command line, by subject; `app.py` puts them together."""
