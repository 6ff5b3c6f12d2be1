"""What the files said of a challenge when it was opened, as far as the public reads it."""

from __future__ import annotations

from pydantic import Field
from whenever import Instant, ItemizedDelta

from domain.forms.form import Form
from domain.judging.scorecard import Scorecard
from domain.programmes.pay import Pay
from domain.programmes.programme import Programme, Stage, Terms
from domain.programmes.rehearsal import moved_instant
from domain.programmes.round import Challenge, Question, Round
from domain.values.calendar import Duration, moment, opening
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
        questions_until: how long before the closing a question comes too late; zero: until the closing.
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


def posed_of(round_: Round, programme: Programme, challenge: Challenge) -> Posed:
    """What the files say of a challenge that is opened now.

    Args:
        round_, programme: as their files say.
        challenge: the challenge, with the dates at which it is opened. Sessions move with them.
    """
    question = next(each for each in round_.challenges if each.id == challenge.slug)
    return Posed(
        round=round_.id,
        round_title=round_.title,
        programme_title=programme.title,
        question=challenge.question,
        background=question.background or "",
        sponsor=challenge.sponsor,
        sponsor_name=next(each.name for each in round_.sponsors if each.id == challenge.sponsor),
        contact=round_.contact or "",
        time_zone=programme.time_zone,
        currency=programme.currency,
        questions_until=programme.questions_until,
        terms=programme.terms,
        stages=tuple(_stage(programme, stage) for stage in programme.stages),
        form=programme.form_of(),
        engagement=_sessions(round_, question, challenge, programme.time_zone),
    )


def _stage(programme: Programme, stage: Stage) -> StagePosed:
    return StagePosed(
        name=stage.name,
        title=stage.title,
        target=stage.target,
        max=stage.max,
        duration=stage.duration,
        pay=stage.pay,
        participation_sessions=stage.participation_sessions,
        scorecard=stage.scorecard,
        asks=programme.form_of(stage.name) if stage.asks else None,
    )


def _sessions(round_: Round, question: Question, challenge: Challenge, zone: str) -> tuple[EngagementPosed, ...]:
    first = opening(question.opens or round_.opens, zone)
    sessions = (
        EngagementPosed(
            title=each.title,
            at=moved_instant(moment(each.at, zone), first, challenge.opens, zone),
            minutes=each.minutes,
            where=each.where or "",
        )
        for each in question.engagement
    )
    # The days of a rehearsal are so short that a session would come after its end.
    before = (each for each in sessions if each.at < challenge.closes)
    return tuple(sorted(before, key=lambda each: (each.at, each.title)))
