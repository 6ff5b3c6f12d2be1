"""The service's own settings, log and connection to Temporal, and the choice of rail and channel."""
