"""The web front: pages for people who sign in with a browser."""
