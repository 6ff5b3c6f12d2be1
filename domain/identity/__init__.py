"""Who somebody is and how that was shown, and what a signature on a decision says."""
