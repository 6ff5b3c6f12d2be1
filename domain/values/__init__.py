"""What the rules are written in: money, calendar, refusals, and how values are read and worded."""
