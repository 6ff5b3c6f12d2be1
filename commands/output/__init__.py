"""What the commands print for people, by subject. Programs get the same data as JSON."""
