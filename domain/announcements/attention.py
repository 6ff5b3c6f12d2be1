"""What the record says and operators are told when a person must solve a problem."""

from __future__ import annotations

from whenever import Instant

from .announcement import Announcement, Attention, Entry, to_people
from .occasions import Occasion

_CALLS, _GOES_ON, _REMEDY = "Needs attention: ", "Goes on: ", "mend the cause, then `starter.py retry "


def remedy(of: str) -> str:
    """What a person must do when a workflow stands still, in words.

    Args:
        of: id of the workflow: a challenge's id, a payment's key, or the id of the workflow that sends notices.
    """
    return f"{_REMEDY}{of}`"


def attention_called(
    challenge: str, operators: tuple[str, ...], attention: Attention, stage: str, now: Instant, unique: str
) -> Announcement:
    """Tells the operators that a step stands still until a person solves the problem; or records that the step goes on.

    Args:
        challenge: id of the challenge.
        operators: who is told.
        attention: the problem, in the step's own words.
        stage: the stage to which the step belongs.
        now: the present.
        unique: distinguishes this call from every other.
    """
    of = attention.of or challenge
    # Several payments of one challenge can stand still for the same cause: their keys distinguish the problems.
    named, then = "" if of == challenge else f"{of}: ", f"; {remedy(of)}"
    what, left = f"{named}{attention.text}", attention.left
    text = f"{_GOES_ON}{what}" if attention.mended else f"{_CALLS}{what}{then}"
    told = () if attention.mended else (to_people(operators, Occasion.ATTENTION, {"what": f"{what}{then}"}),)
    return Announcement(
        key=f"{challenge}/attention/{unique}",
        challenge=challenge,
        entry=Entry(at=now, by="service", role="service", action="attention", stage=stage, text=text),
        attention=attention.model_copy(update={"unresolved": f"{named}{left}{then}" if left else ""}),
        notices=told,
    )


def once_mended(call: str) -> str:
    """What the record says once the problem is solved for which an earlier line called a person."""
    what, _, _ = call.removeprefix(_CALLS).rpartition(f"; {_REMEDY}")
    return f"{_GOES_ON}{what}"
