"""What the pages of a challenge share for those who work on it: its address, and what nobody finds out by guessing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException
from starlette.requests import Request

from domain.values.refusals import (
    NotAllowed,
    NotProven,
    UnknownAttachment,
    UnknownChallenge,
    UnknownStage,
    UnknownTeam,
)

WORK = "/work/challenges/{round}/{slug}"
"""Where the pages of a challenge are for those who work on it."""


def challenge_in(request: Request) -> str:
    """The challenge that the address names, as the desk asks for it."""
    return f"{request.path_params['round']}/{request.path_params['slug']}"


def base_of(request: Request) -> str:
    """The address below which the pages of the challenge are."""
    return f"/work/challenges/{challenge_in(request)}"


@contextmanager
def hidden() -> Iterator[None]:
    """Answers the same for what somebody has no part in, and for what never was: nobody finds out by guessing.

    Raises:
        HTTPException: there is no such page, as for any address that leads nowhere.
    """
    try:
        yield
    except (NotAllowed, NotProven, UnknownChallenge, UnknownStage, UnknownTeam, UnknownAttachment):
        raise HTTPException(404) from None
