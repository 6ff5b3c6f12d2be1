"""How a message becomes a decision that is taken or refused."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from whenever import Date, Instant

from domain.announcements.announcement import Announcement, Entry, to_people
from domain.announcements.occasions import Occasion
from domain.values.refusals import AnotherDecision, NotReadable, Problem, Refused, UnknownMessage
from domain.values.wrong_values import in_words

from . import (
    admission,
    amendment,
    answers,
    cancellation,
    evidence,
    extension,
    hand_over,
    holding,
    participation,
    selection,
    stage_extension,
    withdrawal,
)
from .decisions import (
    DECISIONS,
    Admit,
    Amend,
    Cancel,
    Decision,
    Decline,
    Evidence,
    Extend,
    ExtendStage,
    HandOver,
    Hold,
    Participate,
    PublishAnswer,
    Resume,
    Select,
    Withdraw,
)
from .state import State

_LONGEST = 1000
_MOST_TOLD = 5
"""How many problems a refusal lists; it gives only the number of the others."""
_AN_ID = re.compile(r"[a-z0-9-]{1,80}")
_SOMEBODY = "programme-office"
_HARMLESS = re.compile(r"[A-Za-z0-9 .:+-]{1,40}")


def read(kind: str, said: Sequence[bytes], known: Mapping[str, type[Decision]], situation: str) -> Decision:
    """Reads the decision in a message.

    Args:
        kind: the name that it was sent under.
        said: the message's arguments as JSON; there must be exactly one.
        known: the decisions that the message can name.
        situation: of the challenge or payment to which the message was sent.

    Returns:
        The decision. A decision without an id gets an id made from its content and the challenge's situation, so the
        same message means the same decision only until something changes.

    Raises:
        UnknownMessage: no decision has that name.
        NotReadable: the JSON is not such a decision; names the field and what it takes.
    """
    model = _model(kind, known)
    if len(said) != 1:
        raise NotReadable(
            f"The {kind} cannot be read: it came with {len(said)} arguments; send exactly one JSON object."
        )
    try:
        decision = model.model_validate_json(said[0] or b"null")
    except ValidationError as error:
        raise _not_readable(kind, model, error) from None
    if decision.decision_id:
        return decision
    return decision.model_copy(update={"decision_id": f"content-{_digest(decision, situation)}"})


def already_answered(state: State, decision: Decision) -> str | None:
    """The answer that a decision got when it came before; None if the decision is new.

    Raises:
        AnotherDecision: its id was used for another decision.
    """
    before = state.decisions.get(decision.decision_id)
    if before is None:
        return None
    if before.content != content_of(decision):
        raise AnotherDecision(f"The id {decision.decision_id!r} was used for another decision: use a new id.")
    return before.text


def content_of(decision: Decision) -> str:
    """A hash of what a decision says, without its id."""
    return _digest(decision.model_copy(update={"decision_id": ""}))


def texts_in(said: Sequence[bytes]) -> list[str]:
    """The texts in a message of the service itself, in order; nothing for any other message."""
    try:
        return [text for text in map(json.loads, said) if isinstance(text, str)]
    except (ValueError, RecursionError):
        return []


def _digest(decision: Decision, more: str = "") -> str:
    return hashlib.sha256(f"{decision.kind} {decision.model_dump_json()} {more}".encode()).hexdigest()[:16]


def make(kind: str, fields: Mapping[str, object], known: Mapping[str, type[Decision]] = DECISIONS) -> Decision:
    """A decision from its fields, as the web or the command line has them.

    Raises:
        UnknownMessage, NotReadable: see `read`.
    """
    model = _model(kind, known)
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise _not_readable(kind, model, error) from None


def decide(state: State, decision: Decision, now: Instant, left: Collection[str] = ()) -> tuple[State, Announcement]:
    """The state after a decision, and what is announced.

    Args:
        state: the challenge.
        decision: the decision.
        now: when it is taken.
        left: for an amended amount, the keys of the payments that keep theirs: see `amendment.amend`.

    Raises:
        Refused: one of its kinds, with the reason for the sender. A rule that fails with an error also refuses the
            message: a bug must not stop a challenge for good.
    """
    try:
        return _by_its_rule(state, decision, now, left)
    except Refused:
        raise
    except Exception as fault:
        raise NotReadable(
            f"The {decision.kind} failed with an error ({type(fault).__name__}), and nothing has changed: "
            "check the values, and tell the people who run the service."
        ) from fault


def _by_its_rule(state: State, decision: Decision, now: Instant, left: Collection[str]) -> tuple[State, Announcement]:
    match decision:
        case Select():
            return selection.select(state, decision, now)
        case Amend():
            return amendment.amend(state, decision, now, left)
        case Decline():
            return selection.decline(state, decision, now)
        case Extend():
            return extension.extend(state, decision, now)
        case ExtendStage():
            return stage_extension.extend_stage(state, decision, now)
        case Admit():
            return admission.admit(state, decision, now)
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
        case HandOver():
            return hand_over.hand_over(state, decision, now)
    raise AssertionError(f"{type(decision).__name__} has no rule")


def refusal_announced(
    state: State, kind: str, said: Sequence[bytes], refusal: Refused, now: Instant, unique: str
) -> tuple[State, Announcement]:
    """A refusal, for the record. The sender is told, or the operators if the sender is unknown.

    Args:
        state: the challenge; only its story changes.
        kind: the name that the message was sent under.
        said: the message as it came.
        refusal: why it is refused.
        now: the present.
        unique: distinguishes this refusal from every other.
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
    """The sender that a message names, if it is in the form of an id; addresses are never kept."""
    try:
        content = json.loads(said[0]) if said else None
    except (ValueError, RecursionError):
        return "unknown"
    by = content.get("by") if isinstance(content, dict) else None
    return by if isinstance(by, str) and _AN_ID.fullmatch(by) else "unknown"


def printable(text: str) -> str:
    """The text without characters that a database or a terminal cannot show, cut to one line."""
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
    """The field and what it takes. The value is shown only if it looks like a mistyped id, number or date."""
    name = error["loc"][0]
    if error["type"] == "missing":
        return f"{where}: is missing"
    value = error["input"]
    shown = f" ({value})" if isinstance(value, str | int) and _HARMLESS.fullmatch(str(value).strip()) else ""
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(name), model.model_fields, n=1)
        return f"{where}{shown}: is not known here: {f'write {near[0]}, or ' if near else ''}leave it out"
    field = model.model_fields[str(name)]
    takes = field.description or "another value"
    problem = in_words(error, takes) if field.annotation not in (Date, Instant) else f"write {takes}"
    return f"{where}{shown}: {problem if shown else problem.replace(repr(value), 'this')}"


def _place(part: str | int) -> str:
    """The place in a list, counted from 1, or the name, which can be any text."""
    if isinstance(part, int):
        return f"[{part + 1}]"
    return f".{part}" if _HARMLESS.fullmatch(part) else ""
