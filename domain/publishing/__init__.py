"""What the public sees of challenges."""
