"""The service's own parts: its settings, its log, its connection to Temporal, and which rail and channel it uses."""
