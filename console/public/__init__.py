"""Pages for everybody: challenges, questions, and the same for machines."""
