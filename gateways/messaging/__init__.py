"""The words of notices, and the channels that carry them."""
