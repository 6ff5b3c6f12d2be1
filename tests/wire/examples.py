"""Examples of what goes over the wire, made from the types alone, so that a new type needs no new example."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from whenever import Date, Instant, ItemizedDelta

from domain.announcements.announcement import OutgoingNotice, ToApplicants, ToPeople, ToSpokenOf, ToTeams
from domain.announcements.occasions import FACTS, OUTSIDE, SAMPLES, Occasion
from domain.forms.attachments import FileKind
from domain.forms.form import Choice, Form, Kind, Marking, Question, Section, ShownIf
from domain.judging.scorecard import Criterion, Mark, Scorecard
from domain.programmes.pay import Due, Instalment, Pay
from domain.programmes.programme import Asks, Stage
from domain.programmes.round import Challenge
from domain.values.calendar import WorkingDays
from domain.values.money import Money, Vat

_TEAM, _STAGE = "air-quality-7kx3qm", "exploration"
_WHOM = (
    ToApplicants(without=(_TEAM,)),
    ToTeams(teams=(_TEAM,)),
    ToPeople(people=("sepa-decider",)),
    ToSpokenOf(stage=_STAGE, without=(_TEAM,)),
)


def _notice(number: int, occasion: Occasion) -> OutgoingNotice:
    facts = {name: SAMPLES[occasion][name] for name in sorted(FACTS[occasion])}
    return OutgoingNotice(
        occasion=occasion, whom=_WHOM[number % len(_WHOM)], facts=facts, lapses=True, payment="a/payment"
    )


_SCALE = (Mark(mark=0, means="No answer"), Mark(mark=4, means="Convincing"))
_CRITERION = Criterion(id="benefit", title="Benefit", scale=_SCALE)
_FULL_CRITERION = Criterion(
    id="cost", title="Cost", hint="Over five years", weight=2, scale=_SCALE, looks_at=("price",), pass_mark=4
)
_SCORECARD = Scorecard(criteria=(_CRITERION, _FULL_CRITERION))

_FORM = Form(
    id="application",
    title="Application",
    sections=(
        Section(
            title="All",
            hint="Read first",
            questions=(
                Question(
                    id="stand",
                    title="How far are you?",
                    hint="Roughly",
                    kind=Kind.CHOICE,
                    choices=(Choice(id="new", title="New"), Choice(id="in-use", title="In use")),
                ),
                Question(
                    id="users",
                    title="Who uses it?",
                    required=False,
                    most_words=10,
                    most_characters=80,
                    shown_if=ShownIf(question="stand", answer="in-use"),
                    marking=Marking.PUBLIC,
                ),
                Question(
                    id="costs",
                    title="What does it cost?",
                    kind=Kind.FILE,
                    types=(FileKind.XLSX, FileKind.PDF),
                    size="5 MB",
                    most_files=3,
                ),
            ),
        ),
    ),
)

SHAPES: Mapping[type, tuple[BaseModel, ...]] = {
    OutgoingNotice: tuple(
        _notice(number, occasion) for number, occasion in enumerate(each for each in Occasion if each not in OUTSIDE)
    ),
    Instalment: (
        Instalment(amount=Money(150_000)),
        Instalment(share="50%", due=Due.EVIDENCE, evidence="A trial with citizens"),
    ),
    Pay: (
        Pay(agreed_up_to=Money(5_000_000)),
        Pay(
            fixed=Money(200_000),
            vat=Vat.ADDED,
            vat_rate=Decimal("17.5"),
            instalments=(Instalment(amount=Money(50_000)), Instalment(amount=Money(150_000), due=Due.END)),
        ),
    ),
    Question: tuple(_FORM.questions()),
    Section: _FORM.sections,
    Form: (_FORM,),
    Criterion: (_CRITERION, _FULL_CRITERION),
    Scorecard: (_SCORECARD,),
    Stage: (
        Stage(name="interview", title="Interview", target=6, max=6, decision_within=WorkingDays(10)),
        # The last stage of a programme may not be skipped, so the example with the most fields is not.
        Stage(
            name="interview", title="Interview", target=6, max=6, decision_within=WorkingDays(1), may_be_skipped=True
        ),
        Stage(
            name=_STAGE,
            title="Exploration",
            min=2,
            target=3,
            max=4,
            decision_within=ItemizedDelta(weeks=1),
            duration=ItemizedDelta(weeks=2),
            pay=Pay(fixed=Money(200_000)),
            participation_sessions=3,
            asks=Asks(form="fuller", within=ItemizedDelta(weeks=3)),
            scorecard=_SCORECARD,
        ),
    ),
}
"""The types whose fields depend on one another, in all their shapes, from the fewest fields to the most."""

_OF_A_FIELD: Mapping[tuple[type, str], object] = {(Challenge, "id"): "pilot-2016/air-quality"}
"""What a field takes that takes no plain word and gives no example itself."""

_PLAIN: Mapping[Any, object] = {
    int: 2,
    float: 1.5,
    bool: True,
    datetime: datetime(2016, 8, 1, 23, 0, 0, 123456, tzinfo=UTC),
    Date: Date(2016, 9, 20),
    Instant: Instant("2016-08-01T23:00:00.123456Z"),
    ItemizedDelta: ItemizedDelta(weeks=2),
    Money: Money(150_000),
}

Make = Callable[[Any, str], Any]
"""Makes a value of a type, for a field of some name."""


def examples(kind: Any) -> list[Any]:
    """What a golden file holds of a type.

    Args:
        kind: a type on the wire.

    Returns:
        All shapes of a type in `SHAPES`, and all values of an enumeration. For any other model two examples: one with
        every field filled, and one with only the fields that a sender has to fill.
    """
    if kind in SHAPES:
        return list(SHAPES[kind])
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return list(kind)
    filled, bare = full(kind), least(kind)
    return [filled] if filled == bare else [filled, bare]


def full(kind: Any, field: str = "text") -> Any:
    """A value of a type with every field filled; a text is the name of its field.

    Args:
        kind: the type.
        field: the name of the field that it is for.

    Raises:
        TypeError: there is no example of such a type yet.
    """
    if kind in SHAPES:
        return SHAPES[kind][-1]
    if inspect.isclass(kind) and issubclass(kind, BaseModel):
        return kind.model_validate({name: _filled(kind, name, each) for name, each in kind.model_fields.items()})
    return _made(kind, field, full)


def least(kind: Any, field: str = "text") -> Any:
    """A value of a type with nothing in it that can be left out or be nothing; see `full`."""
    if kind in SHAPES:
        return SHAPES[kind][0]
    if NoneType in get_args(kind):
        return None
    if inspect.isclass(kind) and issubclass(kind, BaseModel):
        needed = {name: each for name, each in kind.model_fields.items() if each.is_required()}
        return kind.model_validate({name: _needed(kind, name, each) for name, each in needed.items()})
    return _made(kind, field, least)


def _filled(model: type[BaseModel], name: str, field: FieldInfo) -> Any:
    if field.annotation is bool:
        return field.default is not True  # a flag that is not at its default
    return _for_field(model, name, field, full)


def _needed(model: type[BaseModel], name: str, field: FieldInfo) -> Any:
    return _for_field(model, name, field, least)


def _for_field(model: type[BaseModel], name: str, field: FieldInfo, make: Make) -> Any:
    if (model, name) in _OF_A_FIELD:
        return _OF_A_FIELD[model, name]
    return field.examples[0] if field.annotation is str and field.examples else make(field.annotation, name)


def _made(kind: Any, field: str, make: Make) -> Any:
    """What is no model: one value, or a collection of one."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        [given, *_] = [*(each.examples for each in inner[1:] if isinstance(each, FieldInfo) and each.examples), None]
        return given[0] if given and inner[0] is str else make(inner[0], field)
    if origin in (Union, UnionType):
        return make(next(each for each in inner if each is not NoneType), field)
    if origin is tuple:
        return (make(inner[0], field),)
    if inspect.isclass(origin) and issubclass(origin, Mapping):
        return {make(inner[0], field): make(inner[1], field)}
    if origin is Literal:
        return inner[0]
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return next(iter(kind))
    if kind is str:
        return field.replace("_", "-")
    if kind not in _PLAIN:
        raise TypeError(f"There is no example of {kind} for the field {field!r}: add one to tests/wire/examples.py.")
    return _PLAIN[kind]
