"""How a person signs in with their organisation, as a round file says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field, StringConstraints

from domain.values.model import Value

from .issuer import Issuer


class SignIn(Value):
    """How a person signs in with their organisation.

    Args:
        issuer: the address of the organisation's sign-in, exactly as the organisation announces it.
        subject: who they are there, for ever. If left out, whoever has the person's address there is the person.
    """

    issuer: Issuer
    subject: Annotated[
        str,
        StringConstraints(max_length=255, pattern=r"^[!-~]*$"),
        Field(description="who they are there: the `sub` of their ID token; if left out, the verified address counts"),
    ] = ""


def signing_in_alike(people: Iterable[tuple[str, SignIn | None]]) -> Iterator[str]:
    """A line for each human whom an organisation knows as one, and a round file as several.

    Args:
        people: their ids, and how they sign in.
    """
    signing = [(sign_in, id_) for id_, sign_in in people if sign_in is not None and sign_in.subject]
    for sign_in in dict.fromkeys(each for each, _ in signing):
        those = [id_ for each, id_ in signing if each == sign_in]
        if len(those) > 1:
            yield (
                f"people: {' and '.join(those)} sign in with the subject {sign_in.subject!r} at {sign_in.issuer}: "
                "one human is one person, so give each their own subject"
            )
