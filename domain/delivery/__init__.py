"""How notices are delivered, and at what pace."""
