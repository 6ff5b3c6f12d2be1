"""From a message as it was sent to a decision that is taken or refused."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from whenever import Date, Instant

from domain.announcements.announcement import Announcement, Entry, to_people
from domain.announcements.occasions import Occasion
from domain.values.refusals import AnotherDecision, NotReadable, Problem, Refused, UnknownMessage
from domain.values.wrong_values import in_words

from . import answers, cancellation, evidence, extension, holding, participation, selection, withdrawal
from .decisions import (
    DECISIONS,
    Cancel,
    Decision,
    Decline,
    Evidence,
    Extend,
    Hold,
    Participate,
    PublishAnswer,
    Resume,
    Select,
    Withdraw,
)
from .state import OrderState, State

_LONGEST = 1000
_MOST_TOLD = 5
"""How many problems of a message its refusal says in its line; the others are counted there."""
_AN_ID = re.compile(r"[a-z0-9-]{1,80}")
_SOMEBODY = "programme-office"
_HARMLESS = re.compile(r"[A-Za-z0-9 .:+-]{1,40}")


def read(kind: str, said: Sequence[bytes], known: Mapping[str, type[Decision]], situation: str) -> Decision:
    """The decision in a message.

    Args:
        kind: the name that it was sent under.
        said: its arguments as JSON; there has to be one.
        known: the decisions that can be meant, by their names.
        situation: of the challenge or payment that it was sent to.

    Returns:
        The decision; one without an id gets one made from its content and from where the challenge stands, so that
        the same words mean the same decision only as long as nothing has moved.

    Raises:
        UnknownMessage: nothing is known by that name.
        NotReadable: the JSON is not such a decision; names the field and what it takes.
    """
    model = _model(kind, known)
    if len(said) != 1:
        raise NotReadable(f"The {kind} cannot be read: it came with {len(said)} arguments; send one, a JSON object.")
    try:
        decision = model.model_validate_json(said[0] or b"null")
    except ValidationError as error:
        raise _not_readable(kind, model, error) from None
    if decision.decision_id:
        return decision
    return decision.model_copy(update={"decision_id": f"content-{_digest(decision, situation)}"})


def already_answered(state: State, decision: Decision) -> str | None:
    """The answer that a decision got when it came before; None if it is new.

    Raises:
        AnotherDecision: its id was used for another decision.
    """
    before = state.decisions.get(decision.decision_id)
    if before is None:
        return None
    if before.content != content_of(decision):
        raise AnotherDecision(f"The id {decision.decision_id!r} was used for another decision: give this one its own.")
    return before.text


def content_of(decision: Decision) -> str:
    """What a decision says, in short, whatever its id."""
    return _digest(decision.model_copy(update={"decision_id": ""}))


def texts_in(said: Sequence[bytes]) -> list[str]:
    """The texts that a message of ours brings, in order; of anything else, nothing."""
    try:
        return [text for text in map(json.loads, said) if isinstance(text, str)]
    except (ValueError, RecursionError):
        return []


def not_about_a_payment() -> NotReadable:
    """The refusal of what is sent like the word of a payment, and is none."""
    return NotReadable(
        f"The word of a payment cannot be read: it has a payment's key and one of {', '.join(OrderState)}. "
        "Payments send it by themselves: see `reconcile`."
    )


def _digest(decision: Decision, more: str = "") -> str:
    return hashlib.sha256(f"{decision.kind} {decision.model_dump_json()} {more}".encode()).hexdigest()[:16]


def make(kind: str, fields: Mapping[str, object], known: Mapping[str, type[Decision]] = DECISIONS) -> Decision:
    """A decision from its fields, as a front has them.

    Raises:
        UnknownMessage, NotReadable: see `read`.
    """
    model = _model(kind, known)
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise _not_readable(kind, model, error) from None


def decide(state: State, decision: Decision, now: Instant) -> tuple[State, Announcement]:
    """The state after a decision, and what is announced.

    Raises:
        Refused: one of its kinds, with the reason for the sender. A rule that itself breaks on a message refuses it
            too: a fault of ours must not stop a challenge for good.
    """
    try:
        return _by_its_rule(state, decision, now)
    except Refused:
        raise
    except Exception as fault:
        raise NotReadable(
            f"The {decision.kind} cannot be worked out ({type(fault).__name__}): nothing has changed; "
            "check its values, and tell whoever runs the service."
        ) from fault


def _by_its_rule(state: State, decision: Decision, now: Instant) -> tuple[State, Announcement]:
    match decision:
        case Select():
            return selection.select(state, decision, now)
        case Decline():
            return selection.decline(state, decision, now)
        case Extend():
            return extension.extend(state, decision, now)
        case Withdraw():
            return withdrawal.withdraw(state, decision, now)
        case Hold():
            return holding.hold(state, decision, now)
        case Resume():
            return holding.resume(state, decision, now)
        case Cancel():
            return cancellation.cancel(state, decision, now)
        case Participate():
            return participation.participate(state, decision, now)
        case Evidence():
            return evidence.judge(state, decision, now)
        case PublishAnswer():
            return answers.publish(state, decision, now)
    raise AssertionError(f"{type(decision).__name__} has no rule")


def refusal_announced(
    state: State, kind: str, said: Sequence[bytes], refusal: Refused, now: Instant, unique: str
) -> tuple[State, Announcement]:
    """A refusal, on the record and told to its sender; to the operators if nobody knows who that is.

    Args:
        state: the challenge, which does not change but for its story.
        kind: the name that the message was sent under.
        said: the message as it came.
        refusal: why it is refused.
        now: when.
        unique: what tells this refusal from every other.
    """
    by, kind = sender(said), printable(kind)[:60]
    role = state.role_of(by)
    reason = printable(str(refusal))
    new = state.telling(now, f"Refused: {kind} by {by}: {reason}")
    in_charge = role in ("sponsor", "operator", "releaser")
    return new, Announcement(
        key=f"{state.challenge.id}/refused/{unique}",
        challenge=state.challenge.id,
        entry=Entry(at=now, by=by, role=role, action=kind, stage=state.stage_name, text=reason, refused=True),
        notices=(
            to_people(
                (by,) if in_charge else (by, *state.challenge.operators),
                Occasion.REFUSED,
                {"action": kind, "reason": reason},
            ),
        ),
    )


def sender(said: Sequence[bytes]) -> str:
    """Who a message says that it is from, if it says so in the form of an id; nobody's address is kept."""
    try:
        content = json.loads(said[0]) if said else None
    except (ValueError, RecursionError):
        return "unknown"
    by = content.get("by") if isinstance(content, dict) else None
    return by if isinstance(by, str) and _AN_ID.fullmatch(by) else "unknown"


def printable(text: str) -> str:
    """The text without what a database or a terminal cannot show, and not longer than a line may be."""
    return "".join(character for character in text if character.isprintable())[:_LONGEST]


def _model(kind: str, known: Mapping[str, type[Decision]]) -> type[Decision]:
    model = known.get(kind)
    if model is None:
        raise UnknownMessage(f"No message {kind[:60]!r} is known: send one of {', '.join(sorted(known))}.")
    return model


def _not_readable(kind: str, model: type[Decision], error: ValidationError) -> NotReadable:
    problems = [_problem(model, each) for each in error.errors()]
    told = [problem.text for problem in problems[:_MOST_TOLD]]
    if more := len(problems) - len(told):
        told.append(f"and {more:,} more")
    return NotReadable(f"The {kind} cannot be read: {'; '.join(told)}."[:_LONGEST], problems)


def _problem(model: type[Decision], error: ErrorDetails) -> Problem:
    name, *inside = error["loc"] or ("",)
    if not name:
        return Problem(field="", text=f'the message: write one JSON object, such as {{"by": "{_SOMEBODY}"}}')
    known = str(name) if str(name) in model.model_fields or _HARMLESS.fullmatch(str(name)) else "a field"
    where = f"{known}{''.join(_place(part) for part in inside)}"[:80]
    return Problem(field=where if known == name else "", text=_in_field(model, where, error))


def _in_field(model: type[Decision], where: str, error: ErrorDetails) -> str:
    """The field and what it takes. Its value only if it can be no more than a slip in an id, a number or a date."""
    name = error["loc"][0]
    if error["type"] == "missing":
        return f"{where}: is missing"
    value = error["input"]
    shown = f" ({value})" if isinstance(value, str | int) and _HARMLESS.fullmatch(str(value).strip()) else ""
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(name), model.model_fields, n=1)
        return f"{where}{shown}: is not known here: {f'write {near[0]}, or ' if near else ''}leave it out"
    field = model.model_fields[str(name)]
    takes = field.description or "it otherwise"
    problem = in_words(error, takes) if field.annotation not in (Date, Instant) else f"write {takes}"
    return f"{where}{shown}: {problem if shown else problem.replace(repr(value), 'this')}"


def _place(part: str | int) -> str:
    """Where in a list, counted as people count, or under which name, which can be anything too."""
    if isinstance(part, int):
        return f"[{part + 1}]"
    return f".{part}" if _HARMLESS.fullmatch(part) else ""
