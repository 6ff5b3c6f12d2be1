"""What readers do with applications: interests, scores, moderation and ranking."""
