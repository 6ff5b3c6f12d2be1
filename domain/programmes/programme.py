"""A programme: the rules that challenges run under, as data.

A programme is an ordered list of stages. Every stage says how it is filled, how long it runs and what it pays. Nothing
here depends on a particular scheme.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from whenever import ItemizedDelta

from domain.forms.form import Form, text_form
from domain.judging.scorecard import Scorecard
from domain.values.calendar import Duration, TimeAllowed, WorkingDays, days_in
from domain.values.model import Line, Name, Value
from domain.values.money import CURRENCIES
from domain.values.places import WrittenHolidays, Zone

from .pay import Pay


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("is not a currency with hundredths: write it by its three letters, such as GBP or EUR")
    return code


FROM_A_FILE = {"from_a_file": True}
"""The context of reading what a person wrote. A rehearsal makes days so short that some rules cannot hold."""


def is_from_a_file(info: ValidationInfo) -> bool:
    """Whether a person wrote what is being validated."""
    return bool(info.context and info.context.get("from_a_file"))


class CountedFrom(StrEnum):
    """From when the time for a further proposal counts."""

    END = "end"
    """From when the stage before has ended. A stage that only sifts ends with its selection."""
    SELECTION = "selection"
    """From when teams were selected for the stage before."""


class Without(StrEnum):
    """What becomes of a team that sends no further proposal."""

    OUT = "out"
    AS_IT_WAS = "as it was"
    """It can be selected with what it had sent before."""


class Asks(Value):
    """A further proposal: what a stage asks those for who may enter it, before teams are selected for it.

    Args:
        form: id of the programme's form.
        title: what teams are asked for, as letters name it; the title of the form if left out.
        within: how long its window is open. If the round gives dates, how long it is open at least.
        counted_from: from when.
        without: what becomes of a team that sends none.
    """

    form: Name
    title: Line | None = None
    within: TimeAllowed
    counted_from: CountedFrom = CountedFrom.END
    without: Without = Without.OUT

    @field_validator("within")
    @classmethod
    def _lasts(cls, value: ItemizedDelta | WorkingDays) -> ItemizedDelta | WorkingDays:
        if days_in(value) <= 0:
            raise ValueError("takes no time: write a duration such as P2W")
        return value

    def named(self, titles: Mapping[str, str]) -> Self:
        """The same with its title, given the titles of the forms."""
        return self if self.title else self.model_copy(update={"title": titles.get(self.form)})


class Stage(Value):
    """A period that teams work in: how it is filled, how long it runs, what it pays."""

    name: Name
    title: Line
    min: Annotated[int, Field(ge=1, le=1000, strict=True)] = 1
    target: Annotated[int, Field(ge=1, le=1000, strict=True)]
    max: Annotated[int, Field(ge=1, le=1000, strict=True)]
    decision_within: TimeAllowed
    duration: Duration = Field(
        default=ItemizedDelta(seconds=0), description="PT0S for a stage that only sifts, or is a prize"
    )
    pay: Pay | None = None
    may_be_skipped: Annotated[bool, Field(strict=True)] = False
    participation_sessions: Annotated[int, Field(ge=0, le=1000, strict=True)] = 0
    asks: Asks | None = None
    scorecard: Scorecard | None = None

    @model_validator(mode="after")
    def _numbers_stand_in_order(self) -> Self:
        if not self.min <= self.target <= self.max:
            raise ValueError(f"needs min <= target <= max: it has {self.min}, {self.target}, {self.max}")
        return self

    @property
    def only_sifts(self) -> bool:
        """Whether the stage takes no time, as an interview round does. If the stage pays, the payment is a prize."""
        return self.duration.sign() == 0


class Reminders(Value):
    """How long before each kind of deadline people are reminded, and how often after a missed deadline."""

    window: tuple[Duration, ...] = ()
    decision: tuple[Duration, ...] = ()
    decision_overdue_every: Duration = ItemizedDelta(days=3)
    stage: tuple[Duration, ...] = ()
    payment: tuple[Duration, ...] = ()
    payment_overdue_every: Duration = ItemizedDelta(days=3)
    evidence_overdue_every: Duration = ItemizedDelta(days=7)

    @field_validator("window", "decision", "stage", "payment")
    @classmethod
    def _come_before_and_once(cls, value: tuple[ItemizedDelta, ...], info: ValidationInfo) -> tuple[ItemizedDelta, ...]:
        if any(each.sign() == 0 for each in value):
            raise ValueError("has a reminder that comes at the deadline itself: write a duration such as P1D")
        days = [days_in(each) for each in value]
        twice = next((each for each in value if days.count(days_in(each)) > 1), None)
        if twice is not None and is_from_a_file(info):
            raise ValueError(f"has two reminders {twice.format_iso()} before the deadline: leave one of the two out")
        return value

    @field_validator("decision_overdue_every", "payment_overdue_every", "evidence_overdue_every")
    @classmethod
    def _lasts(cls, value: ItemizedDelta, info: ValidationInfo) -> ItemizedDelta:
        if value.sign() == 0:
            raise ValueError("takes no time: write a duration such as P3D")
        if days_in(value) < 1 and is_from_a_file(info):
            raise ValueError("is more often than daily: write P1D or more")
        return value


class OnTime(Value):
    """When a payment must be made, counted from a valid request: the payment is due and the payee is known.

    Args:
        within: the promise of the public body.
        by_law: after this time the payment is late by law, and interest runs. Days are counted as in section 4 of the
            Late Payment of Commercial Debts (Interest) Act 1998: the day of the valid request is the first day.
    """

    within: TimeAllowed = WorkingDays(10)
    by_law: TimeAllowed = ItemizedDelta(days=30)

    @model_validator(mode="after")
    def _promises_no_more_than_the_law(self, info: ValidationInfo) -> Self:
        if is_from_a_file(info) and days_in(self.by_law) < days_in(self.within):
            law, within = (
                str(each) if isinstance(each, WorkingDays) else each.format_iso() for each in (self.by_law, self.within)
            )
            raise ValueError(f"has by_law {law}, which is shorter than within {within}: change one of the two")
        return self


class Terms(Value):
    """What a company keeps. Every team is told."""

    intellectual_property: Line
    equity: Line


class Programme(Value):
    """The rules of a scheme. Frozen into each challenge when it starts."""

    id: Name
    title: Line
    time_zone: Zone
    currency: Annotated[
        str,
        Field(
            pattern=r"^[A-Z]{3}$",
            description="a currency by its three letters, such as GBP",
            examples=["GBP"],
        ),
        AfterValidator(_known_currency),
    ]
    holidays: WrittenHolidays
    proposal_limit: Annotated[int, Field(ge=1, le=1_000_000, strict=True, description="characters in a proposal")] = (
        20_000
    )
    late_applications: Annotated[
        bool, Field(strict=True, description="whether an operator may admit an application after the closing")
    ] = False
    questions_until: Annotated[
        Duration, Field(description="how long before the closing questions are no longer sure to be answered")
    ] = ItemizedDelta(seconds=0)
    terms: Terms
    reminders: Reminders = Reminders()
    on_time: OnTime = OnTime()
    forms: Annotated[tuple[Form, ...], Field(max_length=20)] = ()
    application_form: Annotated[
        Name | None, Field(description="id of the form of an application; one text if left out")
    ] = None
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=20)]

    def __hash__(self) -> int:
        """As fast as can be: programmes that differ seldom have the same id and title."""
        return hash((self.id, self.title))

    @field_validator("holidays", mode="before")
    @classmethod
    def _holidays_are_a_code(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, dict) and is_from_a_file(info):
            raise ValueError("is a table: write the code of a country, or country-part, such as GB-SCT")
        return value

    @field_validator("stages")
    @classmethod
    def _names_differ(cls, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        names = [stage.name for stage in stages]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"two have the name {min(twice)!r}: give each stage its own")
        if stages and stages[-1].may_be_skipped:
            raise ValueError(f"has {stages[-1].name} last, but it may be skipped: no stage follows it")
        return stages

    @model_validator(mode="after")
    def _forms_are_there(self, info: ValidationInfo) -> Self:
        """Only of a file: a challenge's workflow has the programme without its forms."""
        if not is_from_a_file(info):
            return self
        ids = [form.id for form in self.forms]
        has = f"write one of {', '.join(ids)}" if ids else "add it under [[forms]]"
        problems = [
            f"forms: two have the id {each!r}: give each its own"
            for each in sorted({x for x in ids if ids.count(x) > 1})
        ]
        if self.application_form is not None and self.application_form not in ids:
            problems.append(f"application_form: there is no form {self.application_form!r}: {has}")
        problems += [
            f"stages[{number}] ({stage.name}).asks.form: there is no form {stage.asks.form!r}: {has}"
            for number, stage in enumerate(self.stages, start=1)
            if stage.asks is not None and stage.asks.form not in ids
        ]
        used = {self.application_form, *(stage.asks.form for stage in self.stages if stage.asks)}
        problems += [
            f'forms[{number}] ({form.id}): nothing asks for it: write application_form = "{form.id}", or name it '
            "as the form of a stage's asks"
            for number, form in enumerate(self.forms, start=1)
            if form.id not in used
        ]
        problems += _asked_of_nobody(self.stages)
        problems = problems or [each for number in range(len(self.stages)) for each in self._unknown_questions(number)]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _unknown_questions(self, number: int) -> Iterator[str]:
        """The questions that the scorecard of a stage looks at, and that neither its form nor the application's has."""
        stage = self.stages[number]
        forms = (self.form_of(stage.name), self.form_of()) if stage.asks else (self.form_of(),)
        known = [question.id for form in forms for question in form.questions()]
        personal = frozenset[str]().union(*(form.personal for form in forms))
        for place, criterion in enumerate(stage.scorecard.criteria if stage.scorecard else (), start=1):
            where = f"stages[{number + 1}] ({stage.name}).scorecard.criteria[{place}] ({criterion.id}).looks_at: "
            for each in criterion.looks_at:
                if each in personal:
                    yield f"{where}the question {each!r} is marked personal, so readers do not see it: leave it out"
                elif each not in known:
                    near = get_close_matches(each, known, n=1)
                    named = " or ".join(dict.fromkeys(form.id for form in forms))
                    yield (
                        f"{where}there is no question {each!r}: "
                        + (f"did you mean {near[0]}?" if near else f"write the id of a question of the form {named}")
                    )

    @property
    def rules(self) -> Self:
        """The programme without its forms and scorecards, which are kept in the database and not in Temporal."""
        titles = {form.id: form.title for form in self.forms}
        stages = tuple(
            stage.model_copy(update={"scorecard": None, "asks": stage.asks and stage.asks.named(titles)})
            for stage in self.stages
        )
        return self.model_copy(update={"forms": (), "stages": stages})

    def form_of(self, stage: str = "") -> Form:
        """The form of an application, or of the further proposal that a stage asks for, by the stage's name.

        Raises:
            LookupError: the programme has no such form, or the stage asks for nothing.
        """
        if not stage and self.application_form is None:
            return text_form(self.proposal_limit)
        asking = next((each.asks for each in self.stages if each.name == stage), None)
        wanted = (asking.form if asking else None) if stage else self.application_form
        found = next((form for form in self.forms if form.id == wanted), None)
        if found is None:
            raise LookupError(f"{self.id} has no form {wanted!r}" if wanted else f"{stage} asks for no proposal")
        # Letters, receipts and the form itself call what a stage asks for by one name.
        titled = asking.title if stage and asking else None
        return found.model_copy(update={"title": titled}) if titled else found


def _asked_of_nobody(stages: tuple[Stage, ...]) -> Iterator[str]:
    """The stages that ask for a further proposal when nobody is in the challenge, or perhaps nobody is."""
    for number, (before, stage) in enumerate(pairwise((None, *stages)), start=1):
        if stage is None or stage.asks is None:
            continue
        key = f"stages[{number}] ({stage.name}).asks"
        if before is None:
            yield f"{key}: the first stage is filled from the applications: name the form as application_form instead"
        elif before.may_be_skipped:
            yield f"{key}: {before.name} before it may be skipped: take may_be_skipped away there"
