"""What touches the world for the workflows: thin, and idempotent by business key."""
