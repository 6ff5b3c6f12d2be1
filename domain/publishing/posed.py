"""What the files said of a challenge when it was opened, as far as the public reads it."""

from __future__ import annotations

from pydantic import Field
from whenever import Instant, ItemizedDelta

from domain.forms.form import Form
from domain.judging.scorecard import Scorecard
from domain.programmes.pay import Pay
from domain.programmes.programme import Terms
from domain.values.calendar import Duration
from domain.values.model import Value


class EngagementPosed(Value):
    """An occasion to ask before applying.

    Args:
        title: what it is.
        at: when it begins.
        minutes: how long it takes; None if the file does not say.
        where: an address, or a link; empty if the file does not say.
    """

    title: str
    at: Instant
    minutes: int | None = None
    where: str = ""


class StagePosed(Value):
    """A stage as the programme plans it.

    Args:
        name, title: of the stage.
        target, max: how many teams are expected, and how many there can be.
        duration: how long it runs; zero for a stage that only sifts.
        pay: what it pays, if anything.
        participation_sessions: how many sessions with citizens are expected.
        scorecard: by which its applications are marked, if the stage has one.
        asks: the form of the further proposal that it asks for, if it does.
    """

    name: str
    title: str
    target: int
    max: int
    duration: Duration = ItemizedDelta(seconds=0)
    pay: Pay | None = None
    participation_sessions: int = 0
    scorecard: Scorecard | None = None
    asks: Form | None = None


class Posed(Value):
    """A challenge as it was posed.

    Args:
        round, round_title: the round.
        programme_title: the programme.
        question: what is asked.
        background: Markdown, as the file has it; empty if there is none.
        sponsor, sponsor_name: the body that asks.
        contact: whom the public can ask; empty if the file does not say.
        time_zone, currency, language: of the programme.
        questions_until: the last moment for questions, before the closing, as a duration; zero: until the closing.
        terms: what the company keeps.
        stages: in order.
        form: of the application.
        engagement: sessions, by their time.
    """

    round: str
    round_title: str
    programme_title: str
    question: str
    background: str = ""
    sponsor: str
    sponsor_name: str
    contact: str = ""
    time_zone: str
    currency: str
    language: str = "en"
    questions_until: Duration = ItemizedDelta(seconds=0)
    terms: Terms
    stages: tuple[StagePosed, ...]
    form: Form
    engagement: tuple[EngagementPosed, ...] = Field(default=())
