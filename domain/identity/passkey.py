"""Passkeys: the second step for whoever decides or releases."""

from __future__ import annotations

from whenever import Instant, TimeDelta

from domain.values.model import Value

FIRST_WITHIN = TimeDelta(minutes=15)
"""How long after signing in somebody may add their first passkey. Whoever finds a browser that was left open later
cannot make themselves the owner of the second step."""
LONGEST_NAME = 60
MOST = 20
"""The most passkeys of one person."""


class Passkey(Value):
    """A passkey of a person. Personal data: it is never logged and never goes to Temporal.

    Args:
        id: the credential's own id, which its authenticator gave it.
        mailbox: whose.
        name: by which the person knows it.
        made: when it was added.
        used: when it was last used; None if never.
    """

    id: str
    mailbox: str
    name: str
    made: Instant
    used: Instant | None = None
