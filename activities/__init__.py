"""The activities of the workflows: thin functions that touch the world and are idempotent by business key."""
