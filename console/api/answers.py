"""The answers of the interface for machines. Names may be added; none is changed or taken away.

Moments are in UTC, as ISO 8601 writes them. Amounts are text, such as "2000.00", in the currency beside them.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.forms.form import Kind
from domain.programmes.pay import Due
from domain.publishing.challenge import Shelf

Moment = Annotated[str, Field(description="a moment in UTC", json_schema_extra={"format": "date-time"})]
Amount = Annotated[str, Field(description="an amount, in the currency beside it", examples=["2000.00"])]
Address = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


class Organisation(Answer):
    """The body that poses the question."""

    id: str
    name: str


class Links(Answer):
    """Where there is more about a challenge."""

    page: Address
    form: Address
    calendar: Address
    self: Address = Field(description="the challenge with all that is public of it")
    ocds: Address = Field(description="the same as a release package of the Open Contracting Data Standard")


class Brief(Answer):
    """A challenge in a list."""

    id: str = Field(description="round and challenge, with a slash between them", examples=["pilot-2016/air-quality"])
    question: str
    round: str
    round_title: str
    programme_title: str
    sponsor: Organisation
    state: Shelf = Field(description="closed: the sponsor decides, or teams work")
    opens: Moment
    closes: Moment = Field(description="at this moment and after it, no application is taken")
    time_zone: str = Field(description="in which people read the dates", examples=["Europe/London"])
    on_hold: bool = Field(description="whether nothing is taken at the moment")
    outcome: str | None = Field(description="completed, no award, discontinued or cancelled; null while it goes on")
    as_of: Moment = Field(description="when something of this challenge changed last")
    links: Links


class Pay(Answer):
    """What each team of a stage is paid."""

    fixed: Amount | None = Field(description="the fee; null if it is agreed at the selection")
    agreed_up_to: Amount | None = Field(description="the most that can be agreed; null if the fee is fixed")
    currency: str
    vat: str = Field(description="added to the fee, included in it, or none")
    instalments: tuple[Due, ...] = Field(description="when each part of the fee is due")


class Mark(Answer):
    """A mark of a scale, in words."""

    mark: int
    means: str


class Criterion(Answer):
    """What readers judge."""

    id: str
    title: str
    hint: str | None
    weight: int
    scale: tuple[Mark, ...]


class Session(Answer):
    """A session with citizens that was held."""

    on: str = Field(description="the day", json_schema_extra={"format": "date"})
    people: int


class PublicText(Answer):
    """What a selected team wrote for everybody to read."""

    question: str
    answer: str


class Team(Answer):
    """A team that was selected."""

    id: str
    organisation: str | None = Field(description="its name; null once it was erased")
    since: Moment
    ends: Moment
    left: Moment | None
    award: Amount | None = Field(description="what the team is due for the stage, with VAT")
    answers: tuple[PublicText, ...]


class Stage(Answer):
    """A stage as it is planned, and who is in it."""

    id: str
    title: str
    teams_expected: int
    teams_most: int
    duration: str = Field(description="as ISO 8601 writes it", examples=["P2W"])
    pay: Pay | None
    participation_sessions: int
    scorecard: tuple[Criterion, ...]
    begins: Moment | None
    ends: Moment | None
    selected: tuple[Team, ...]
    sessions: tuple[Session, ...]


class Choice(Answer):
    """One of the answers to choose from."""

    id: str
    title: str


class FormQuestion(Answer):
    """A question of the form."""

    id: str
    title: str
    hint: str | None
    kind: Kind
    required: bool
    most_words: int | None
    most_characters: int | None
    choices: tuple[Choice, ...]


class FormSection(Answer):
    """Questions that belong together."""

    title: str
    hint: str | None
    questions: tuple[FormQuestion, ...]


class Date(Answer):
    """Something that happens at a moment."""

    id: str = Field(description="stays the same if the moment moves")
    title: str
    at: Moment
    ends: Moment | None
    where: str
    enforced: bool = Field(description="whether something is no longer taken at this moment")


class Answered(Answer):
    """A question that somebody asked, with the answer to all."""

    id: str
    question: str
    answer: str
    at: Moment


class Payment(Answer):
    """A payment that was made."""

    id: str
    stage: str
    team: str
    number: int
    net: Amount
    vat: Amount
    currency: str
    at: Moment


class Challenge(Brief):
    """A challenge with all that the public may know."""

    background: str = Field(description="Markdown (CommonMark)")
    contact: str | None
    currency: str
    language: str
    intellectual_property: str = Field(description="what the company keeps")
    equity: str = Field(description="what the company keeps")
    questions_close: Moment = Field(description="at this moment and after it, a question comes too late")
    dates: tuple[Date, ...]
    stages: tuple[Stage, ...]
    form: tuple[FormSection, ...]
    answered: tuple[Answered, ...]
    payments: tuple[Payment, ...]
    applications: int | None = Field(description="how many were taken; null while the window is open")
    outcome_reason: str
    ended: Moment | None


class Challenges(Answer):
    """A page of challenges, by the closing of their windows."""

    as_of: Moment | None = Field(description="when something of these challenges changed last; null if there is none")
    items: tuple[Brief, ...]
    next: Address | None = Field(description="the next page; null on the last one")


class Solution(Answer):
    """A solution that came through to the end."""

    team: str
    organisation: str | None = Field(description="its name; null once it was erased")
    answers: tuple[PublicText, ...]


class Finished(Answer):
    """A challenge that was completed, with its solutions."""

    challenge: Brief
    solutions: tuple[Solution, ...]


class Catalogue(Answer):
    """A page of the challenges that were completed."""

    as_of: Moment | None = Field(description="when something of these challenges changed last; null if there is none")
    items: tuple[Finished, ...]
    next: Address | None = Field(description="the next page; null on the last one")


class Fault(Answer):
    """What is wrong with a request (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str
    status: int
    detail: str = Field(description="what is wrong, and what to do")
