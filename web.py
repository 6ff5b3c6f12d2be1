"""The web front: reads the settings and serves pages until it is told to stop."""
