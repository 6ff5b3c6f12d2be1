"""What everybody sees, for machines: JSON with a description of its own."""
