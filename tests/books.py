"""What the database has, as tests look at it: all of it, without the desk and its rights."""

from __future__ import annotations

from sqlalchemy import select

from domain.challenges.application import Application
from store.challenges import applications, rounds
from store.challenges.rounds import ChallengeRow
from store.database import tables
from store.database.database import Database
from store.payments import reading
from store.payments.reading import Payment
from store.record import record
from store.record.notices import Notice, read_notices
from store.record.record import RecordLine


class Books:
    """Reads the tables of a service that is played."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def challenge(self, name: str) -> ChallengeRow:
        """Where a challenge stands."""
        return rounds.find_challenge(self._database, name)

    def payments(self, challenge: str | None = None) -> tuple[Payment, ...]:
        """The ledger, or one challenge's part of it."""
        return reading.read_payments(self._database, challenge)

    def notices(self, challenge: str | None = None) -> tuple[Notice, ...]:
        """The outbox, or one challenge's part of it."""
        return read_notices(self._database, challenge)

    def record(self, challenge: str) -> tuple[RecordLine, ...]:
        """The record of a challenge."""
        return record.read_record(self._database, challenge)

    def applications(self, challenge: str) -> tuple[Application, ...]:
        """The applications to a challenge, once its window is sealed."""
        return applications.read(self._database, challenge)

    def mailbox(self, person: str) -> str:
        """By what name somebody acts: the contact of an application by its address, anybody else by their id."""
        contact = select(tables.applications.c.email).where(tables.applications.c.id == person)
        with self._database.reading() as connection:
            return connection.scalar(contact) or person
