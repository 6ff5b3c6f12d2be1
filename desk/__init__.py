"""What a person can do, the same from the web and from the command line."""
