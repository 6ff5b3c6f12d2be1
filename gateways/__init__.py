"""The outside: payment rails. Each kind is a small protocol and its implementations."""
