"""Tables of sign-in: sessions, links, passkeys, keys of terminals, and decisions that wait to be confirmed."""
