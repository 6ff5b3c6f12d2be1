"""Pages for those who work on challenges: sponsors, readers, operators and finance."""
