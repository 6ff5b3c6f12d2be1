"""Who somebody is: the ways to sign in, sessions, and the signatures on decisions."""
