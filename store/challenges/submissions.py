"""What was handed in, as a row: its name, its id, and its fields as the service keeps them."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping

from domain.challenges.application import Applying, Receipt
from domain.challenges.firm import firm_of
from domain.forms.answers import written
from domain.values.addresses import mailbox_of, read_address
from domain.values.text import one_line
from store.database import tables

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


ALSO = tuple(tables.applications.c[name] for name in ("firm", "mailbox", "form", "answers"))
"""The columns of an application that this row has although they have defaults."""


def row_of(receipt: Receipt, applying: Applying, submission: str, form: str) -> dict[str, object]:
    """The row of an application that was checked.

    Args:
        receipt: for the application.
        applying: what was handed in.
        submission: the name of the submission.
        form: the version of the form that it answers.
    """
    return row_with(receipt, fields_of(applying), submission, form, written(applying.answers))


def row_with(
    receipt: Receipt, fields: Mapping[str, str], submission: str, form: str, answers: str
) -> dict[str, object]:
    """The same, with what `fields_of` made, and answers that were written, before anybody waited for them."""
    found = {"id": receipt.application, "challenge": receipt.challenge, "received": receipt.received}
    return {**fields, **found, "submission": submission, "form": form, "answers": answers}


def fields_of(applying: Applying) -> dict[str, str]:
    """What the row of an application that was checked says about the applicant, as the service keeps it."""
    email = read_address(applying.email)
    return {
        "organisation": one_line(applying.organisation),
        "email": email,
        "mailbox": mailbox_of(email),
        "firm": firm_of(applying.organisation),
    }


def name_of(challenge: str, applying: Applying, answers: str = "") -> str:
    """The name of a submission: a hash of the challenge and of the sender's id for the submission, or of its content.

    Args:
        challenge: id of the challenge.
        applying: what was handed in.
        answers: the answers as they are written, if somebody has written them already.
    """
    if applying.submission:
        content = json.dumps([challenge, applying.submission]).encode()
    else:
        text = answers or written(applying.answers)
        content = json.dumps([challenge, applying.organisation, applying.email]).encode() + text.encode(
            errors="surrogatepass"
        )
    return hashlib.sha256(content).hexdigest()


def name_of_draft(draft: str) -> str:
    """The name of the submission of a draft, whatever it says. No other submission has this name."""
    return hashlib.sha256(json.dumps({"draft": draft}).encode()).hexdigest()


def new_id(slug: str) -> str:
    """An id for an application to a challenge."""
    return f"{slug}-{random(6)}"


def new_draft_id(slug: str) -> str:
    """An id for a draft, which its application keeps. It is longer than `new_id`, so the two are never the same."""
    return f"{slug}-{random(7)}"


def draft_id_for(slug: str, once: str, mailbox: str) -> str:
    """The id of the draft that a page begins, the same however often the page is sent.

    Args:
        slug: of the challenge.
        once: a secret that the page has, different each time the page is opened.
        mailbox: whose draft it is.
    """
    digest = hashlib.sha256(json.dumps([slug, once, mailbox]).encode()).digest()
    return f"{slug}-{_in_letters(digest[:7])}"


def random(length: int) -> str:
    """A text that nobody can guess, easy to read and to type."""
    return _in_letters(secrets.token_bytes(length))  # one call to the system


def _in_letters(content: bytes) -> str:
    # 256 is a multiple of 32, so every character is equally likely.
    return "".join(_CROCKFORD[each % len(_CROCKFORD)] for each in content)
