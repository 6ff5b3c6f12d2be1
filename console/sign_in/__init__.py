"""Pages on which people sign in and out, and look after their sign-ins and passkeys."""
