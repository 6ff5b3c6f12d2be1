"""Which challenge a request is about, if the public may know of it."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from console.front import Front
from domain.programmes.round import is_rehearsed


def challenge_of(request: Request, front: Front) -> str:
    """The id of the challenge in the address, whether or not there is one.

    Raises:
        HTTPException: it is one that is only rehearsed: as for one that never was.
    """
    return public(f"{request.path_params['round']}/{request.path_params['slug']}", front)


def public(challenge: str, front: Front) -> str:
    """The id of a challenge that somebody names; see `challenge_of`."""
    if is_rehearsed(challenge) and not front.options.show_rehearsals:
        raise HTTPException(404)
    return challenge
