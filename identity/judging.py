"""What a message counts for, by the proof that came with it: an activity asks this before it writes anything."""

from __future__ import annotations

from collections.abc import Callable

from domain.announcements.announcement import Announcement
from domain.identity.asked import Asked
from domain.identity.proof import Shown, Unproven, Way
from domain.permissions import RIGHTS, Action
from domain.values.refusals import NotProven
from store.challenges.rounds import read_unproven
from store.database.database import Database
from store.identity.unconfirmed import keep
from store.record.notices import Compose
from store.record.record import was_signed_by

from .signatures import BY_THE_BOOKS, Verifier

_A_NAME_ALONE = (str(Way.NONE), str(Way.TERMINAL))
"""What is recorded as the proof of somebody who has shown nothing but a name, which anybody can type."""
_WAS_PROVEN = "proven before"


class Judge:
    """Judges the proofs of messages.

    Args:
        verifier: knows whether a signature is right.
        database: where the record is, and what becomes of decisions without a proof.
        compose: finds the words of letters to people in whose name such a decision has come.
        who_sent: says who has sent a message to a workflow, as the Temporal server says; empty if nobody knows.
    """

    def __init__(
        self,
        verifier: Verifier,
        database: Database,
        compose: Compose,
        who_sent: Callable[[str, Asked], str] = lambda workflow, asked: "",  # noqa: ARG005
    ) -> None:
        self._who_sent = who_sent
        self._verifier = verifier
        self._database = database
        self._compose = compose

    def judge(
        self, workflow: str, asked: Asked, decided: Announcement, check: Callable[[], object] = lambda: None
    ) -> Shown:
        """How the person was proven who asks for something that is about to be done.

        Args:
            workflow: id of the workflow that the message has reached.
            asked: the message.
            decided: what is announced if it is done. If the record has its line already, as after a reset in Temporal,
                it was done before: what was done is not refused later, as because the key was retired meanwhile.
            check: refuses what a rule forbids in any case, if the caller has not asked the rules yet. A decision that
                cannot be done is not kept for a confirmation.

        Raises:
            NotProven: a proof came, and is wrong. Otherwise whoever reaches Temporal could send a proof that they have
                seen, or made up, with a message of their own. Or none came, and the challenge takes none without.
            AwaitsConfirmation: no proof came, and the decision waits for the person whom it names.
            Refused: as `check`.
            Unavailable: the keys, or the database, cannot be read.
        """
        shown = self._came_with(workflow, asked, decided.key) if asked.header else self._by_hand(workflow, asked)
        by_the_books = bool(shown.signed and not shown.role)  # which the database is asked about before it is done
        if by_the_books or shown.proof not in _A_NAME_ALONE:
            return shown
        match read_unproven(self._database, decided.challenge):
            case Unproven.ACCEPT:
                return shown
            case Unproven.REFUSE:
                raise _without_proof(asked.kind, decided.challenge)
            case Unproven.CONFIRM:
                check()
                sender = shown.principal or self._who_sent(workflow, asked)
                waits = keep(self._database, workflow, asked, decided.proven(shown), sender, self._compose)
                if waits is not None:
                    raise waits
                return shown  # it was confirmed and done before, and is not done twice

    def check_operator(self, workflow: str, asked: Asked, unproven: Unproven) -> None:
        """Checks that somebody may have a run try again, or go on in a fresh run. Needs no database, which may be down.

        Args:
            workflow: id of the workflow that the message has reached.
            asked: the message, with a proof.
            unproven: what becomes of decisions without a proof there.

        Raises:
            NotProven: the proof is wrong or shows nothing, or is that of a person with another role.
            Unavailable: the keys cannot be read.
        """
        said = self._verifier.statement_of(workflow, asked)
        if said.proof.shown in _A_NAME_ALONE and unproven is not Unproven.ACCEPT:
            raise _without_proof(asked.kind, workflow)
        if said.role not in RIGHTS[Action(asked.kind)].roles:
            raise NotProven(f"The {asked.kind} was signed for the role {said.role}, which may not do it.")

    def _came_with(self, workflow: str, asked: Asked, line: str) -> Shown:
        try:
            return self._shown(workflow, asked)
        except NotProven:
            if not was_signed_by(self._database, line, asked.header):
                raise
            return Shown(proof=_WAS_PROVEN, signed=asked.header)  # the line stays as it was written

    def found(self, workflow: str, asked: Asked) -> Shown:
        """How the person was proven whose message is refused in any case. A wrong proof proves nobody.

        Args:
            workflow, asked: see `judge`.

        Raises:
            Unavailable: the keys cannot be read.
        """
        try:
            return self._shown(workflow, asked) if asked.header else self._by_hand(workflow, asked)
        except NotProven:
            return self._by_hand(workflow, asked)

    def _by_hand(self, workflow: str, asked: Asked) -> Shown:
        """What is known of a message that proves nobody: who has sent it, if the Temporal server says so."""
        return Shown(principal=self._who_sent(workflow, asked))

    def _shown(self, workflow: str, asked: Asked) -> Shown:
        said = self._verifier.statement_of(workflow, asked)
        role = "" if said.role == BY_THE_BOOKS else said.role
        return Shown(proof=said.proof.shown, signed=asked.header, role=role)


def _without_proof(kind: str, what: str) -> NotProven:
    return NotProven(
        f"The {kind} came without a proof of who has sent it, and {what} takes none without: sign in, or use your key "
        "file, and send it from the desk."
    )
