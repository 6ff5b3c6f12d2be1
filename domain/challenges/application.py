"""An applicant's answer to a challenge: what it must have, and what the applicant gets back."""

from __future__ import annotations

import re

from whenever import Instant

from domain.values.model import Value
from domain.values.refusals import ApplicationRefused

_LONGEST_NAME = 300
_LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")


class Applying(Value):
    """What an applicant hands in. Personal data: it stays in the database.

    Args:
        organisation: who applies, a company or a person.
        email: where receipts and decisions go.
        proposal: the answer itself.
        submission: the sender's own id of this submission; the same one again gets the same receipt. Left empty, the
            content is the id.
    """

    organisation: str
    email: str
    proposal: str
    submission: str = ""


class Receipt(Value):
    """What says that an application was taken.

    Args:
        application: its id, which names the team from then on.
        challenge: what it answers.
        received: when it was taken, by the service's clock.
        repeated: whether it had been taken before.
    """

    application: str
    challenge: str
    received: Instant
    repeated: bool = False


class Application(Value):
    """An application as the sponsor reads it once the window is sealed."""

    id: str
    challenge: str
    organisation: str
    email: str
    proposal: str
    received: Instant
    withdrawn: Instant | None = None


def check_application(applying: Applying, limit: int) -> None:
    """That an application can be considered at all, whenever it comes.

    Args:
        applying: what was handed in.
        limit: the most characters that a proposal may have.

    Raises:
        ApplicationRefused: it has no organisation, no contact that letters can go to, no proposal, or is too long.
    """
    if not applying.organisation.strip():
        raise ApplicationRefused("The application names no organisation: say who applies.")
    if len(applying.organisation) > _LONGEST_NAME:
        raise ApplicationRefused(
            f"The organisation's name has {len(applying.organisation):,} characters, and {_LONGEST_NAME} is the most: "
            "shorten it."
        )
    # Such characters come along where an address is copied; a channel would refuse every letter to it.
    if not applying.email.strip().isprintable():
        raise ApplicationRefused(
            "The e-mail address has a character in it that nobody can see: type it in anew instead of copying it."
        )
    if len(applying.email) > _LONGEST_EMAIL:
        raise ApplicationRefused(
            f"The e-mail address has {len(applying.email):,} characters, and {_LONGEST_EMAIL} is the most: "
            "give a shorter one."
        )
    if not _EMAIL.fullmatch(applying.email.strip()):
        raise ApplicationRefused(
            "The application has no contact: give an e-mail address that receipts reach, such as name@company.example."
        )
    if not applying.proposal.strip():
        raise ApplicationRefused("The proposal is empty: write an answer to the challenge's question.")
    if len(applying.proposal) > limit:
        raise ApplicationRefused(
            f"The proposal has {len(applying.proposal):,} characters, and {limit:,} is the most: shorten it."
        )
