"""Sessions: who is signed in in a browser, since when, and when that ends."""

from __future__ import annotations

from whenever import Instant, TimeDelta

from domain.values.model import Value

from .proof import Proof, Way

IDLE = TimeDelta(hours=8)
"""A session that is not used for so long is over."""
IDLE_DECIDING = TimeDelta(hours=2)
"""The same, for whoever decides or releases: others may sit down at a desk that they have left."""
LONGEST = TimeDelta(hours=30 * 24)
"""A session ends so long after the sign-in, however much it is used."""
LONGEST_DECIDING = TimeDelta(hours=12)
"""The same, for whoever decides or releases: they sign in every day."""


class Session(Value):
    """Somebody who is signed in in one browser. Personal data: it is never logged and never goes to Temporal.

    The roles of the person are no part of it. They are read at every request, so a role that is taken away ends then.

    Args:
        id: its name in lists. Knowing it opens nothing.
        mailbox: who signed in, as `mailbox_of` writes it.
        way: how.
        passkey: whether they also used a passkey.
        issuer, subject: of an organisation's sign-in: which organisation, and who they are there.
        where: browser and network, in words that the person knows again.
        begun: when they signed in.
        used: when they last did something, to the minute.
        ends: when the session ends for good.
        ended: when somebody ended it; None if nobody did.
        decides: whether the person decides or releases in any round now.
    """

    id: str
    mailbox: str
    way: Way
    passkey: bool = False
    issuer: str = ""
    subject: str = ""
    where: str = ""
    begun: Instant
    used: Instant
    ends: Instant
    ended: Instant | None = None
    decides: bool = False

    @property
    def proof(self) -> Proof:
        """How the person was shown to be who they are."""
        return Proof(way=self.way, passkey=self.passkey, at=self.begun)

    @property
    def over_at(self) -> Instant:
        """From when on the session opens nothing, unless it is used before."""
        idle, longest = (IDLE_DECIDING, LONGEST_DECIDING) if self.decides else (IDLE, LONGEST)
        return min(self.ends, self.begun + longest, self.used + idle)

    def is_over(self, now: Instant) -> bool:
        """Whether the session opens nothing any more, from its last instant on."""
        return self.ended is not None or now >= self.over_at
