"""Pages for applicants: writing, sending, and following what becomes of it."""
