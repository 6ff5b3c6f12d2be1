"""What applicants fill in: forms, their questions, and the answers."""
