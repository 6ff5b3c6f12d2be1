"""The record of what was done, and the notices that go with it."""
