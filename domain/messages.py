"""From a message as it was sent to a decision that is taken or refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from whenever import Instant

from . import changes, selection
from .announcement import Announcement, Entry, Occasion, to_people
from .challenge import State
from .decisions import (
    DECISIONS,
    Cancel,
    Decision,
    Decline,
    Extend,
    Hold,
    Participate,
    Resume,
    Select,
    Withdraw,
)
from .refusals import NotReadable, Refused, UnknownMessage

_LONGEST = 1000


def read(kind: str, data: bytes, state: State) -> Decision:
    """The decision in a message.

    Args:
        kind: the name that it was sent under.
        data: its JSON.
        state: the challenge that it was sent to.

    Returns:
        The decision; one without an id gets one made from its content and from where the challenge stands, so that
        the same words mean the same decision only as long as nothing has moved.

    Raises:
        UnknownMessage: nothing is known by that name.
        NotReadable: the JSON is not such a decision; names the field and what it takes.
    """
    model = _model(kind)
    try:
        decision = model.model_validate_json(data or b"null")
    except ValidationError as error:
        raise _not_readable(kind, error) from None
    if decision.decision_id:
        return decision
    standing = f"{state.waits_for} {state.deadline} {state.held}"
    content = hashlib.sha256(f"{decision.model_dump_json()} {standing}".encode()).hexdigest()[:16]
    return decision.model_copy(update={"decision_id": f"content-{content}"})


def make(kind: str, fields: Mapping[str, object]) -> Decision:
    """A decision from its fields, as a front has them.

    Raises:
        UnknownMessage, NotReadable: see `read`.
    """
    try:
        return _model(kind).model_validate(fields)
    except ValidationError as error:
        raise _not_readable(kind, error) from None


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
            return changes.extend(state, decision, now)
        case Withdraw():
            return changes.withdraw(state, decision, now)
        case Hold():
            return changes.hold(state, decision, now)
        case Resume():
            return changes.resume(state, decision, now)
        case Cancel():
            return changes.cancel(state, decision, now)
        case Participate():
            return changes.participate(state, decision, now)
    raise AssertionError(f"{type(decision).__name__} has no rule")


def refusal_announced(
    state: State, kind: str, data: bytes, refusal: Refused, now: Instant, unique: str
) -> tuple[State, Announcement]:
    """A refusal, on the record and told to its sender; to the operators if nobody knows who that is.

    Args:
        state: the challenge, which does not change but for its story.
        kind: the name that the message was sent under.
        data: the message as it came.
        refusal: why it is refused.
        now: when.
        unique: what tells this refusal from every other.
    """
    by = _sender(data)
    role = state.role_of(by)
    text = f"Refused: {kind[:60]} by {by}: {refusal}"[:_LONGEST]
    known = (by,) if role in ("sponsor", "operator") else state.challenge.operators
    new = state.telling(now, text)
    return new, Announcement(
        key=f"{state.challenge.id}/refused/{unique}",
        challenge=state.challenge.id,
        entry=Entry(
            at=now,
            by=by,
            role=role,
            action=kind[:60],
            stage=state.stage_name,
            text=str(refusal)[:_LONGEST],
            refused=True,
        ),
        tellings=(to_people(known, Occasion.REFUSED, {"action": kind[:60], "reason": str(refusal)[:_LONGEST]}),),
    )


def _sender(data: bytes) -> str:
    try:
        content = json.loads(data or b"null")
    except ValueError:
        return "unknown"
    by = content.get("by") if isinstance(content, dict) else None
    return by[:60] if isinstance(by, str) and by else "unknown"


def _model(kind: str) -> type[Decision]:
    model = DECISIONS.get(kind)
    if model is None:
        raise UnknownMessage(f"No message {kind[:60]!r} is known: send one of {', '.join(sorted(DECISIONS))}.")
    return model


def _not_readable(kind: str, error: ValidationError) -> NotReadable:
    problems = "; ".join(_problem(dict(each)) for each in error.errors()[:5])
    return NotReadable(f"The {kind} cannot be read: {problems}."[:_LONGEST])


def _problem(error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the message"
    value = "" if error["type"] == "missing" else f" ({json.dumps(error['input'], default=str)[:60]})"
    return f"{where}{value}: {str(error['msg']).removeprefix('Value error, ')}"
