"""What the record says, and operators are told, when something has to be mended by a person."""

from __future__ import annotations

from whenever import Instant

from .announcement import Announcement, Attention, Entry, to_people
from .occasions import Occasion

_CALLS, _GOES_ON, _REMEDY = "Needs attention: ", "Goes on: ", "mend the cause, then `starter.py retry "


def remedy(of: str) -> str:
    """What a person does about what stands still in a workflow, in words.

    Args:
        of: id of the workflow: a challenge's, a payment's key, or that of the sending of notices.
    """
    return f"{_REMEDY}{of}`"


def attention_called(
    challenge: str, operators: tuple[str, ...], attention: Attention, stage: str, now: Instant, unique: str
) -> Announcement:
    """That a step stands still until a person mends its cause, told to the operators; or that it goes on.

    Args:
        challenge: id of the challenge.
        operators: who is told.
        attention: what it is, in the step's own words.
        stage: the stage that it belongs to.
        now: when.
        unique: what tells this call from every other.
    """
    of = attention.of or challenge
    # Payments of one challenge can stand still for one cause: only with their keys are these different things.
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
    """What the record says once that is mended which a line of it has called a person for."""
    what, _, _ = call.removeprefix(_CALLS).rpartition(f"; {_REMEDY}")
    return f"{_GOES_ON}{what}"
