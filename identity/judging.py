"""What a message counts for, by the proof that came with it: an activity asks this before it writes anything."""

from __future__ import annotations

from domain.identity.asked import Asked
from domain.identity.proof import Shown
from domain.values.refusals import NotProven
from store.database.database import Database
from store.record.record import was_signed_by

from .signatures import BY_THE_BOOKS, Verifier


class Judge:
    """Judges the proofs of messages.

    Args:
        verifier: knows whether a signature is right.
        database: where the record is.
    """

    def __init__(self, verifier: Verifier, database: Database) -> None:
        self._verifier = verifier
        self._database = database

    def judge(self, workflow: str, asked: Asked, line: str) -> Shown:
        """How the person was proven who asks for something that is about to be done.

        Args:
            workflow: id of the workflow that the message has reached.
            asked: the message.
            line: key of the line that the record gets, or has if this was done before, as after a reset in Temporal:
                what was done is not refused later, as because the key was retired meanwhile.

        Raises:
            NotProven: a proof came, and is wrong. Otherwise whoever reaches Temporal could send a proof that they have
                seen, or made up, with a message of their own.
            Unavailable: the keys cannot be read.
        """
        if not asked.header:
            return Shown()
        try:
            return self._shown(workflow, asked)
        except NotProven:
            if not was_signed_by(self._database, line, asked.header):
                raise
            return Shown(signed=asked.header)  # the line stays as it was written

    def found(self, workflow: str, asked: Asked) -> Shown:
        """How the person was proven whose message is refused in any case. A wrong proof proves nobody.

        Args:
            workflow, asked: see `judge`.

        Raises:
            Unavailable: the keys cannot be read.
        """
        try:
            return self._shown(workflow, asked) if asked.header else Shown()
        except NotProven:
            return Shown()

    def _shown(self, workflow: str, asked: Asked) -> Shown:
        said = self._verifier.statement_of(workflow, asked)
        role = "" if said.role == BY_THE_BOOKS else said.role
        return Shown(proof=said.proof.shown, signed=asked.header, role=role)
