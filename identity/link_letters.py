"""The letters with links to sign in with: what the worker sends ahead of all notices.

The secret of a link is made when its letter is sent, and kept only as a hash. If letters were written when they are
asked for, as notices are, every operator who may read notices could sign in as the sponsor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import Field
from whenever import Instant, TimeDelta

from domain.announcements.occasions import Facts, Occasion
from domain.delivery.delivery import MOST_COPIES, try_again_at
from domain.values.model import Value
from store.database.database import Database
from store.database.instants import to_microsecond
from store.database.tables import Found
from store.identity import link_letters as rows
from store.identity import persons, secrets
from store.record.notices import Compose

from .links import LASTS, VALID, path_of

_CLAIM = TimeDelta(minutes=3)
"""For how long a letter belongs to the sender that took it. It is shorter than with notices: somebody waits."""


class LinkLetter(Value):
    """A letter that is being sent. Personal data and a secret: for the channel only.

    Args:
        link: id of the link.
        letters: how often the letter was sent, this time included.
        address, subject, body: the message.
    """

    link: str
    letters: int
    address: str = Field(repr=False)
    subject: str = Field(repr=False)
    body: str = Field(repr=False)

    @property
    def key(self) -> str:
        """The name of the message for the channel. A letter that is sent again holds another secret: it is another."""
        return f"sign-in/{self.link}/{self.letters}"


class LinkLetters:
    """The letters that wait to be sent. All functions block.

    All functions raise:
        Unavailable: the database cannot be read or written.

    Args:
        database: where links are kept.
        compose: finds the words.
        web_address: of the web front, as people type it.
        clock: tells the present instant.
    """

    def __init__(
        self, database: Database, compose: Compose, web_address: str, clock: Callable[[], Instant] = Instant.now
    ) -> None:
        self._database = database
        self._compose = compose
        self._web_address = web_address.rstrip("/")
        self._clock = clock

    def take(self) -> LinkLetter | None:
        """The next letter that is due, for this sender only; None if none is. Its link can be used from now on.

        Letters that are too late are given up on the way: nobody waits for them any more.
        """
        while rows.is_due(self._database, now := to_microsecond(self._clock())):
            secret = secrets.new()
            with self._database.writing() as connection:
                row = rows.take(connection, now, in_time=LASTS, most=MOST_COPIES)
                if row is None:
                    continue
                issuers = persons.issuers_for(connection, row.mailbox)
                hash_ = None if issuers else secrets.hashed(secret)
                sending = {"status": "sending", "letters": row.letters + 1, "next_try": now + _CLAIM}
                rows.change(connection, row.id, **sending, secret=hash_, ends_at=now + LASTS)
            return self._letter(row, "" if issuers else secret, issuers)
        return None

    def _letter(self, row: Found, secret: str, issuers: Sequence[str]) -> LinkLetter:
        facts: Facts = {
            "link": f"{self._web_address}{path_of(secret)}" if secret else "",
            "organisations": ", ".join(issuers),
            "service": self._web_address,
            "valid": VALID,
        }
        words = self._compose(Occasion.SIGN_IN, facts)
        return LinkLetter(
            link=row.id, letters=row.letters + 1, address=row.address, subject=words.subject, body=words.body
        )

    def note_sent(self, letter: LinkLetter) -> None:
        """The channel has taken a letter."""
        rows.settle(self._database, letter.link, letter.letters, status="sent", next_try=None, reason="")

    def note_failed(self, letter: LinkLetter, why: str) -> None:
        """The channel will never take a letter; `why` in words and without the address."""
        rows.settle(self._database, letter.link, letter.letters, status="failed", next_try=None, reason=why)

    def note_later(self, letter: LinkLetter, why: str, after: float | None = None, *, unknown: bool = False) -> None:
        """A letter could not be sent now, or nobody knows whether it was. It is tried again while it can be in time.

        Args:
            letter: which.
            why: in words, and without the address.
            after: how many seconds the channel asks to wait.
            unknown: whether it may have been sent all the same.
        """
        next_try = try_again_at(letter.letters, to_microsecond(self._clock()), after)
        status = "sending" if unknown else "waiting"
        rows.settle(self._database, letter.link, letter.letters, status=status, next_try=next_try, reason=why)
