"""The rules of challenges, pure: no input or output, no clock, no Temporal."""
