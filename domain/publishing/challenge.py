"""A challenge as the public sees it: what was posed, how far it has come, who was selected, and what was paid."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field
from whenever import Instant

from domain.forms.form import Question
from domain.values.model import Value
from domain.values.money import Money

from .posed import Posed
from .snapshot import Snapshot


class Shelf(StrEnum):
    """Where a challenge stands in the public list."""

    OPEN = "open"
    COMING = "coming"
    CLOSED = "closed"
    """Its window is closed: the sponsor decides, or teams work."""
    FINISHED = "finished"


class Answered(Value):
    """A question that somebody has asked, and the answer to all.

    Args:
        id: of the question.
        question, answer: in words.
        at: when it was answered.
    """

    id: str
    question: str
    answer: str
    at: Instant


class PublicAnswer(Value):
    """What a selected team wrote for a question that is marked "public if selected"."""

    question: Question
    answer: str


class Selected(Value):
    """An applicant who was selected for a stage. Nobody else is named.

    Args:
        id: of the application.
        organisation: its name; empty once it was erased.
        answers: what may be published of its application.
    """

    id: str
    organisation: str
    answers: tuple[PublicAnswer, ...] = ()


class Paid(Value):
    """A payment that was made.

    Args:
        key: of the payment.
        stage, team: for which stage, to which team.
        number: of the instalment.
        net, vat: the money.
        at: when it was settled.
    """

    key: str
    stage: str
    team: str
    number: int
    net: Money
    vat: Money
    at: Instant


class PublicChallenge(Value):
    """All that the public sees of a challenge.

    Args:
        id: "round/challenge".
        posed: as it was posed.
        snapshot: how far it has come.
        opens, closes: the window of the applications, as it is enforced.
        is_held: whether nothing is taken at the moment.
        questions_close: the first moment at which a question comes too late.
        selected: everybody who was selected for any stage, by the id of the application.
        answered: questions with their answers, by the time of the answer.
        paid: payments that were made, by their time.
        at: as of when this is.
        version: changes with every change of the above.
    """

    id: str
    posed: Posed
    snapshot: Snapshot
    opens: Instant
    closes: Instant
    is_held: bool = False
    questions_close: Instant
    selected: Mapping[str, Selected] = Field(default_factory=dict)
    answered: tuple[Answered, ...] = ()
    paid: tuple[Paid, ...] = ()
    at: Instant
    version: str

    def shelf(self, now: Instant) -> Shelf:
        """Where the challenge stands in the list at a moment."""
        if self.snapshot.outcome:
            return Shelf.FINISHED
        if now < self.opens:
            return Shelf.COMING
        return Shelf.CLOSED if now >= self.closes else Shelf.OPEN
