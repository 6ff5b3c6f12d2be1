"""What the commands print for people, by subject; programs get the same as JSON."""
