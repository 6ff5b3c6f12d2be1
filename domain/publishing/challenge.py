"""A challenge as the public sees it: what was posed, how far it has come, who was selected, and what was paid."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field
from whenever import Instant

from domain.forms.answers import Answer, Answers
from domain.forms.conditions import shown
from domain.forms.form import Form, Question
from domain.values.model import Value
from domain.values.money import Money
from domain.values.words import gettext

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


class Moved(Value):
    """A decision that moved dates of a challenge, or stopped its clock.

    Args:
        number: counts the moves of the challenge from 1.
        kind: what was decided: extend, extend-stage, hold or resume.
        at: when.
        text: what happened, on one line, as the record has it.
    """

    number: int
    kind: str
    at: Instant
    text: str


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
        moved: how dates were moved, by the time of the decision.
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
    moved: tuple[Moved, ...] = ()
    at: Instant
    version: str

    def changed(self, now: Instant) -> Instant:
        """When something of the above changed last, up to a moment: a window that opens or closes is a change, too."""
        said = (self.opens, self.closes, *(each.at for each in self.answered), *(each.at for each in self.paid))
        return max((self.at, *(each for each in said if each <= now)))

    @property
    def edition(self) -> int:
        """How often dates were changed: see `edition_of`."""
        return edition_of(len(self.moved), self.snapshot)

    def shelf(self, now: Instant) -> Shelf:
        """Where the challenge stands in the list at a moment."""
        return shelf_at(now, self.opens, self.closes, is_finished=bool(self.snapshot.outcome))


def edition_of(moves: int, snapshot: Snapshot | None) -> int:
    """A number that rises whenever a date of a challenge is changed, by a decision or by an end that came early.

    Calendars take the date with the higher number for the newer one.

    Args:
        moves: how many decisions moved dates.
        snapshot: how far the challenge has come, if that is known.
    """
    if snapshot is None:
        return moves
    return moves + sum(stage.ended is not None for stage in snapshot.stages) + (snapshot.ended is not None)


def shelf_at(now: Instant, opens: Instant, closes: Instant, *, is_finished: bool) -> Shelf:
    """Where a challenge stands in the list at a moment, by its window."""
    if is_finished:
        return Shelf.FINISHED
    if now < opens:
        return Shelf.COMING
    return Shelf.CLOSED if now >= closes else Shelf.OPEN


def published(form: Form, answers: Answers) -> tuple[PublicAnswer, ...]:
    """What may be published of an application, or of a further proposal, that was selected.

    Only answers to questions that are marked so. Files are not published: nobody has looked at what is in them.

    Args:
        form: that was answered.
        answers: by question; none if the application was erased.
    """
    asked = shown(form, answers)
    said = ((each, answers.get(each.id, "")) for each in form.public if each.id in asked)
    texts = ((each, _in_words(each, answer)) for each, answer in said)
    return tuple(PublicAnswer(question=each, answer=text) for each, text in texts if text)


def _in_words(question: Question, answer: Answer) -> str:
    """An answer as people read it: choices by their titles, each on a line."""
    if isinstance(answer, bool):
        return gettext("Yes") if answer else gettext("No")
    titles = {each.id: each.title for each in question.choices}
    if isinstance(answer, tuple):
        return "\n".join(titles.get(each, each) for each in answer)
    return titles.get(answer, answer).strip()
