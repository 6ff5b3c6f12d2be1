"""Sessions: what a browser has to show after somebody has signed in, until they sign out."""

from __future__ import annotations

from collections.abc import Callable

from whenever import Instant, TimeDelta

from domain.identity.proof import Way
from domain.identity.session import LONGEST, LONGEST_DECIDING, Session
from domain.values.addresses import mailbox_of
from domain.values.refusals import NotSignedIn
from domain.values.text import on_one_line
from store.database.database import Database
from store.database.instants import to_microsecond
from store.identity import secrets
from store.identity import sessions as rows

_NOTED_EVERY = TimeDelta(minutes=1)
"""How exactly it is known when a session was last used: to write at every request would be slow."""
_LONGEST_SECRET = 100
_LONGEST_WHERE = 200


class Sessions:
    """The sessions of all people. All functions block: on an event loop, call them in a thread.

    A browser holds a secret in a cookie, and the database its hash. Every sign-in makes a new secret. Otherwise one
    could lay a known secret into somebody's browser, and wait until they sign in.

    All functions raise:
        Unavailable: the database cannot be reached.

    Args:
        database: where sessions are kept.
        clock: tells the present instant.
    """

    def __init__(self, database: Database, clock: Callable[[], Instant] = Instant.now) -> None:
        self._database = database
        self._clock = clock

    def begin(
        self, mailbox: str, way: Way, passkey: bool = False, issuer: str = "", subject: str = "", where: str = ""
    ) -> tuple[Session, str]:
        """Somebody has signed in.

        Args:
            mailbox: who. It must be proven to be theirs.
            way: how they proved it.
            passkey: whether they also used a passkey.
            issuer, subject: of an organisation's sign-in.
            where: browser and network in words, for the person's own list.

        Returns:
            The session, and the secret that opens it.
        """
        now, secret = to_microsecond(self._clock()), secrets.new()
        with self._database.writing() as connection:
            decides = rows.decides(connection, mailbox_of(mailbox), issuer, subject)
            session = Session(
                id=secrets.new_id(),
                mailbox=mailbox_of(mailbox),
                way=way,
                passkey=passkey,
                issuer=issuer,
                subject=subject,
                where=on_one_line(where)[:_LONGEST_WHERE],
                begun=now,
                used=now,
                ends=now + (LONGEST_DECIDING if decides else LONGEST),
                decides=decides,
            )
            rows.put(connection, session, secrets.hashed(secret))
        return session, secret

    def look_up(self, secret: str) -> Session | None:
        """The session that a secret opens now; None if there is none, or it is over or was ended.

        That it was used is noted at most once a minute.
        """
        if not secret or len(secret) > _LONGEST_SECRET:
            return None
        session, now = rows.by_secret(self._database, secrets.hashed(secret)), self._clock()
        if session is None or session.is_over(now):
            return None
        if now - session.used >= _NOTED_EVERY:
            rows.note_use(self._database, session.id, now)
        return session

    def step_up(self, session: Session) -> str:
        """The person of a session has used a passkey, too. The session gets another id and another secret.

        Returns:
            The new secret. The old one opens nothing any more.

        Raises:
            NotSignedIn: the session was ended meanwhile.
        """
        secret = secrets.new()
        if not rows.exchange(self._database, session.id, secrets.new_id(), secrets.hashed(secret)):
            raise NotSignedIn("Your session was ended meanwhile: sign in again.")
        return secret

    def end(self, id: str, by: str) -> bool:  # noqa: A002
        """Ends a session for good.

        Args:
            id: of the session; an empty one is that of none.
            by: the mailbox of whoever ends it, in any spelling. Nobody ends another's session with this.

        Returns:
            Whether there was such a session of theirs that went on.
        """
        mine = mailbox_of(by)
        return bool(mine) and rows.end(self._database, self._clock(), session=id, mailbox=mine) == 1

    def end_all(self, mailbox: str, but: str = "") -> int:
        """Ends all sessions of a mailbox for good, as when a browser was lost.

        Args:
            mailbox: whose, in any spelling.
            but: id of a session that goes on; empty if none does.

        Returns:
            How many went on until now.
        """
        return rows.end(self._database, self._clock(), mailbox=mailbox_of(mailbox), but=but) if mailbox else 0

    def of(self, mailbox: str) -> tuple[Session, ...]:
        """The sessions of a mailbox that go on, in the order in which they began."""
        now = self._clock()
        return tuple(each for each in rows.of(self._database, mailbox_of(mailbox)) if not each.is_over(now))
