"""The values that the rules use: money, calendar and refusals, and how values are read and worded."""
