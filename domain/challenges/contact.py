"""The contact of an application: an operator changes the address or the name. Addresses are in no record."""

from __future__ import annotations

from collections.abc import Callable

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry
from domain.permissions import Role
from domain.values.addresses import read_address
from domain.values.model import Value
from domain.values.refusals import ApplicationRefused, Problem, ReasonMissing, Refused, refuse_for_all
from domain.values.text import one_line

from .application import LONGEST_NAME

_ADDRESS, _NAME = "the e-mail address", "the name"


class Contact(Value):
    """What an application's contact is to be. Personal data: it stays in the database.

    Args:
        email: the address; empty if it does not change.
        organisation: the name of the company or person; empty if it does not change.
    """

    email: str = ""
    organisation: str = ""


def read_contact(email: str, organisation: str, reason: str) -> Contact:
    """Reads what an operator types. The refusal repeats nothing of it.

    Raises:
        Refused: the address, the name or the reason cannot be taken; names all that is wrong.
    """
    faults = [*_wrong("email", email, read_address), *_wrong("organisation", organisation, _name)]
    if (email.strip() or organisation.strip()) and not reason.strip():
        faults.append(ReasonMissing("A change of a contact needs a reason, for the people who are told."))
    refuse_for_all(faults)
    return Contact(email=email.strip(), organisation=one_line(organisation))


def _wrong(field: str, given: str, read: Callable[[str], str]) -> list[Refused]:
    """What is wrong with a field; nothing for a field that is left empty."""
    try:
        if given.strip():
            read(given)
    except ValueError as error:
        text = f"The new {_CALLED[field]} {error}."
        return [ApplicationRefused(text, [Problem(field=field, text=text)])]
    return []


def _name(given: str) -> str:
    if len(given) > LONGEST_NAME:
        raise ValueError(f"has {len(given):,} characters: shorten it to {LONGEST_NAME} at most")
    return one_line(given)


_CALLED = {"email": "e-mail address", "organisation": "name"}


def changed_in_words(*, address: bool, name: bool) -> str:
    """What was changed: "the e-mail address and the name"."""
    return " and ".join([*([_ADDRESS] if address else []), *([_NAME] if name else [])])


def contact_changed(
    challenge: str, stage: str, team: str, changed: str, by: str, reason: str, now: Instant, unique: str
) -> Announcement:
    """The line of the record about a change of a team's contact. It has neither addresses nor names.

    Args:
        challenge, stage, team: whose contact it is.
        changed: see `changed_in_words`.
        by, reason: the operator, and why.
        now: the present.
        unique: distinguishes this change from every other.
    """
    text = f"Contact of {team}: {changed} changed"
    return Announcement(
        key=f"{challenge}/contact/{team}/{unique}",
        challenge=challenge,
        entry=Entry(at=now, by=by, role=Role.OPERATOR, action="contact", stage=stage, text=text, reason=reason),
    )
