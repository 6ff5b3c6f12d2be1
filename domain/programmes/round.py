"""A round: the challenges that open together under one programme, and the people who have a say in them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator
from whenever import Instant

from domain.identity.proof import Unproven
from domain.identity.sign_in import SignIn, signing_in_alike
from domain.values.addresses import mailbox_of
from domain.values.calendar import earlier, moment, opening, spoken
from domain.values.model import EmailAddress, Line, Markdown, Name, Value
from domain.values.written_times import parse

from .programme import Programme
from .windows import WindowDates, open_for


def _read_written(value: object) -> str:
    """A date or time of a file as text. TOML has dates of its own; what TOML lacks, such as 24:00, comes as text."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if not isinstance(value, str):
        raise ValueError("is not a date or time: write 2016-08-01 or 2016-08-01T17:00:00, without quotes")
    return parse(value).text


def _read_time_written(value: object) -> str:
    written = parse(_read_written(value))
    if written.is_day:
        raise ValueError(f"has no time of day: write it such as {written.day}T14:00:00")
    return written.text


Written = Annotated[
    str,
    BeforeValidator(_read_written, json_schema_input_type=datetime.datetime | datetime.date),
    Field(
        description="local to the programme's time zone; a date alone opens at its start and closes at its end",
        examples=["2016-08-01T17:00:00"],
    ),
]
WrittenTimeOfDay = Annotated[
    str,
    BeforeValidator(_read_time_written, json_schema_input_type=datetime.datetime),
    Field(examples=["2016-08-01T17:00:00"]),
]


REHEARSAL = "-rehearsal-"
"""Only the ids of rehearsed rounds have this part. Their payments and notices stay in this service."""


def round_of(id: str) -> str:  # noqa: A002
    """The id of the round to which a challenge or payment belongs, from its own id."""
    return id.partition("/")[0]


def is_rehearsed(id: str) -> bool:  # noqa: A002
    """Whether an id is that of a rehearsed round, or of something in a rehearsed round."""
    return REHEARSAL in round_of(id)


class Person(Value):
    """Someone who acts in the service. Workflows know only the id.

    Whoever has a `sign_in` signs in with that organisation only. Everybody else shows that the mailbox is theirs.
    """

    id: Name
    name: Line
    email: EmailAddress
    sign_in: SignIn | None = None


Readers = Annotated[tuple[Name, ...], Field(description="ids of persons of [[readers]], or of the sponsor's deciders")]


class Sponsor(Value):
    """A public body that poses challenges, the people who decide for it, and the readers of all its challenges."""

    id: Name
    name: Line
    deciders: Annotated[tuple[Person, ...], Field(min_length=1)]
    readers: Readers = ()


class Engagement(Value):
    """An occasion on which applicants can ask about a challenge before they apply."""

    title: Line
    at: WrittenTimeOfDay
    minutes: Annotated[int, Field(ge=1, le=1440, strict=True)] | None = None
    where: Line | None = None


class Question(Value):
    """One challenge of a round, as the file states it. Without dates of its own it has the round's.

    Its readers are those named here and those of its sponsor.
    """

    id: Name
    question: Line
    background: Markdown | None = None
    sponsor: Name
    opens: Written | None = None
    closes: Written | None = None
    readers: Readers = ()
    engagement: tuple[Engagement, ...] = ()


class StageWindow(Value):
    """When further proposals are taken for a stage that asks for them, in all challenges of the round."""

    stage: Name
    opens: Written
    closes: Written


class Round(Value):
    """A round, as its file states it.

    Raises:
        ValueError: something is wrong that concerns more than one key. The error has a line for each problem.
    """

    id: Name
    title: Line
    programme: Name
    opens: Written
    closes: Written
    windows: tuple[StageWindow, ...] = ()
    notes: tuple[Line, ...] = ()
    contact: Annotated[EmailAddress | None, Field(description="an e-mail address, such as name@body.example")] = None
    unproven: Annotated[
        Unproven | None,
        Field(description="what becomes of a decision without a proof: accept, confirm or refuse"),
    ] = None
    operators: Annotated[tuple[Person, ...], Field(min_length=1)]
    releasers: tuple[Person, ...] = ()
    readers: tuple[Person, ...] = ()
    sponsors: Annotated[tuple[Sponsor, ...], Field(min_length=1)]
    challenges: Annotated[tuple[Question, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_known_and_differ(self) -> Self:
        bodies = [sponsor.id for sponsor in self.sponsors]
        problems = (
            [] if not is_rehearsed(self.id) else [f"id: {REHEARSAL!r} is only for ids of rehearsals: choose another id"]
        )
        problems += [
            f"{_key(number, question)}.sponsor: {question.sponsor!r} is not a sponsor of this round: "
            f"write one of {', '.join(bodies)}, or add it under [[sponsors]]"
            for number, question in enumerate(self.challenges, start=1)
            if question.sponsor not in bodies
        ]
        for kind, ids, remedy in (
            ("challenges", [question.id for question in self.challenges], "give each its own id"),
            ("sponsors", bodies, "give each its own id"),
            ("people", [person.id for person in self.people()], "give each their own id, and one role"),
        ):
            problems += [f"{kind}: two have the id {name!r}: {remedy}" for name in _twice(ids)]
        problems += [
            f"windows: two are for the stage {name!r}: leave one out"
            for name in _twice([window.stage for window in self.windows])
        ]
        mailboxes = [mailbox_of(person.email) for person in self.people()]
        problems += [
            f"people: {' and '.join(self._people_at(mailbox))} share the address {mailbox!r}: "
            "a mailbox belongs to one person, so give each person their own"
            for mailbox in _twice(mailboxes)
        ]
        problems += signing_in_alike((each.id, each.sign_in) for each in self.people())
        problems += _wrong_readers(self)
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _people_at(self, mailbox: str) -> list[str]:
        return [person.id for person in self.people() if mailbox_of(person.email) == mailbox]

    def people(self) -> tuple[Person, ...]:
        """All people whom the round names."""
        deciders = [person for sponsor in self.sponsors for person in sponsor.deciders]
        return (*self.operators, *self.releasers, *self.readers, *deciders)


class Challenge(Value):
    """One open question with its dates and the people who have a say, as frozen in its workflow.

    People are given as ids. Their names and addresses stay in the database. `hand_overs` is the number of the round's
    last hand-over that the ids follow. `windows` are the dates that the round gives to further proposals. `unproven` is
    what becomes of a decision without a proof.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]
    question: Line
    sponsor: Name
    deciders: tuple[Name, ...]
    operators: tuple[Name, ...]
    releasers: tuple[Name, ...] = ()
    hand_overs: int = 0
    opens: Instant
    closes: Instant
    windows: tuple[WindowDates, ...] = ()
    unproven: Unproven = Unproven.ACCEPT

    @property
    def round(self) -> str:
        """The id of the challenge's round."""
        return round_of(self.id)

    @property
    def slug(self) -> str:
        """The challenge's name within the round."""
        return self.id.partition("/")[2]


def challenges_of(round_: Round, programme: Programme, unproven: Unproven = Unproven.ACCEPT) -> tuple[Challenge, ...]:
    """The challenges of a round with their dates as instants.

    Args:
        round_, programme: as their files say.
        unproven: what becomes of a decision without a proof, if the round's file does not say.

    Raises:
        ValueError: a date does not exist in the programme's time zone, a window closes before it opens or belongs to no
            stage that asks, a session is after the closing, or the round names nobody who releases payments. The error
            has a line for each problem, which names the key.
    """
    problems = _dates_that_are_none(round_, programme.time_zone)
    problems += _windows_of_nothing(round_, programme)
    if not round_.releasers and any(stage.pay for stage in programme.stages):
        problems.append(
            f"releasers: nobody is named, and {programme.id} pays teams: "
            "name the people who release payments under [[releasers]], and nobody who decides"
        )
    if problems:
        raise ValueError("\n".join(problems))
    policy = round_.unproven or unproven
    challenges = tuple(_challenge(question, round_, programme, policy) for question in round_.challenges)
    problems = [
        f"{_closing_key(number, question)}: {spoken(challenge.closes, programme.time_zone)} (closes) is not "
        f"after {spoken(challenge.opens, programme.time_zone, begins=True)} (opens): move one of the two"
        for number, (question, challenge) in enumerate(zip(round_.challenges, challenges, strict=True), start=1)
        if challenge.closes <= challenge.opens
    ]
    problems += _sessions_too_late(round_, challenges, programme.time_zone)
    problems += _no_time_to_ask(round_, challenges, programme)
    problems += _windows_too_short(round_, challenges[0], programme)
    if problems:
        raise ValueError("\n".join(dict.fromkeys(problems)))
    return challenges


def _challenge(question: Question, round_: Round, programme: Programme, unproven: Unproven) -> Challenge:
    sponsor = next(sponsor for sponsor in round_.sponsors if sponsor.id == question.sponsor)
    return Challenge(
        id=f"{round_.id}/{question.id}",
        question=question.question,
        sponsor=sponsor.id,
        deciders=tuple(person.id for person in sponsor.deciders),
        operators=tuple(person.id for person in round_.operators),
        releasers=tuple(person.id for person in round_.releasers),
        opens=opening(question.opens or round_.opens, programme.time_zone),
        closes=moment(question.closes or round_.closes, programme.time_zone),
        windows=tuple(
            WindowDates(
                stage=each.stage,
                opens=opening(each.opens, programme.time_zone),
                closes=moment(each.closes, programme.time_zone),
            )
            for each in round_.windows
        ),
        unproven=unproven,
    )


def _dates_that_are_none(round_: Round, zone: str) -> list[str]:
    """A line for each date and time that the local clock never shows, or shows twice."""
    written: list[tuple[str, str | None]] = [("opens", round_.opens), ("closes", round_.closes)]
    for number, window in enumerate(round_.windows, start=1):
        written += [(f"{_window_key(number, window)}.{name}", getattr(window, name)) for name in ("opens", "closes")]
    for number, question in enumerate(round_.challenges, start=1):
        key = _key(number, question)
        written += [(f"{key}.opens", question.opens), (f"{key}.closes", question.closes)]
        for nth, engagement in enumerate(question.engagement, start=1):
            written.append((f"{key}.engagement[{nth}].at", engagement.at))
    problems = []
    for key, value in written:
        try:
            if value is not None:
                moment(value, zone)
        except ValueError as error:
            problems.append(f"{key}: {error}")
    return problems


def _sessions_too_late(round_: Round, challenges: Sequence[Challenge], zone: str) -> list[str]:
    """A line for each session at which nobody could ask before applying."""
    return [
        f"{_key(number, question)}.engagement[{nth}].at: {spoken(at, zone, begins=True)} is not before "
        f"{spoken(challenge.closes, zone)} (closes): move the session, because it is for people who will apply"
        for number, (question, challenge) in enumerate(zip(round_.challenges, challenges, strict=True), start=1)
        for nth, session in enumerate(question.engagement, start=1)
        if (at := moment(session.at, zone)) >= challenge.closes > challenge.opens
    ]


def _no_time_to_ask(round_: Round, challenges: Sequence[Challenge], programme: Programme) -> list[str]:
    """A line for each challenge about which nobody could ask while its window is open."""
    zone = programme.time_zone
    return [
        f"{_key(number, question)}: {programme.id} takes no questions from {spoken(until, zone)} on, and the window "
        f"opens then or later ({spoken(challenge.opens, zone, begins=True)}): shorten its questions_until"
        for number, (question, challenge) in enumerate(zip(round_.challenges, challenges, strict=True), start=1)
        if (until := earlier(challenge.closes, programme.questions_until, zone)) <= challenge.opens < challenge.closes
    ]


def _windows_of_nothing(round_: Round, programme: Programme) -> list[str]:
    """A line for each window of a stage that asks for no further proposal."""
    asking = [stage.name for stage in programme.stages if stage.asks]
    remedy = f"write one of {', '.join(asking)}" if asking else "take the window away"
    return [
        f"{_window_key(number, window)}.stage: {window.stage!r} is no stage of {programme.id} that asks for a further "
        f"proposal: {remedy}"
        for number, window in enumerate(round_.windows, start=1)
        if window.stage not in asking
    ]


def _windows_too_short(round_: Round, challenge: Challenge, programme: Programme) -> list[str]:
    """A line for each window that is open for less time than the programme promises."""
    zone, problems = programme.time_zone, []
    for number, (window, dates) in enumerate(zip(round_.windows, challenge.windows, strict=True), start=1):
        asks = next(stage.asks for stage in programme.stages if stage.name == dates.stage)
        assert asks is not None, "checked before"
        _, least = open_for(asks, dates.opens, None, zone, programme.holidays.around(challenge.opens))
        if dates.closes < least:
            from_ = spoken(dates.opens, zone, begins=True)
            problems.append(
                f"{_window_key(number, window)}.closes: {spoken(dates.closes, zone)} is too early: {programme.id} "
                f"gives teams until {spoken(least, zone)}, because the window opens on {from_}"
            )
    return problems


def _window_key(number: int, window: StageWindow) -> str:
    """The place of a window of further proposals in the file, counted from 1."""
    return f"windows[{number}] ({window.stage})"


def _wrong_readers(round_: Round) -> Iterator[str]:
    """A line for each reader who cannot be one, and for each who reads nothing."""
    readers = [person.id for person in round_.readers]
    others = {person.id: "an operator" for person in round_.operators}
    others |= {person.id: "a releaser" for person in round_.releasers}
    deciders = {sponsor.id: [person.id for person in sponsor.deciders] for sponsor in round_.sponsors}
    named = [
        (f"sponsors[{number}] ({each.id}).readers", each.id, each.readers)
        for number, each in enumerate(round_.sponsors, start=1)
    ]
    named += [
        (f"{_key(number, each)}.readers", each.sponsor, each.readers)
        for number, each in enumerate(round_.challenges, start=1)
    ]
    for key, sponsor, ids in named:
        for name in dict.fromkeys(ids):
            if name in others:
                yield f"{key}: {name!r} is {others[name]}, who cannot be a reader too: name somebody else"
            elif name not in readers and name not in deciders.get(sponsor, []):
                yield f"{key}: {name!r} is no reader: name a person of [[readers]], or a decider of {sponsor}"
        for name in _twice(ids):
            yield f"{key}: {name!r} is named twice: name each reader once"
    everybody = {name for _, _, ids in named for name in ids}
    for name in readers:
        if name not in everybody:
            yield f"readers: {name!r} reads nothing: name them in readers of a sponsor or of a challenge"


def _key(number: int, question: Question) -> str:
    """The place of a challenge in the file, counted from 1."""
    return f"challenges[{number}] ({question.id})"


def _closing_key(number: int, question: Question) -> str:
    """The key to correct if the window of a challenge closes before it opens."""
    if question.closes is not None:
        return f"{_key(number, question)}.closes"
    return "closes" if question.opens is None else f"{_key(number, question)}.opens"


def _twice(ids: Sequence[str]) -> list[str]:
    return sorted({name for name in ids if ids.count(name) > 1})
