"""Where the pages of a challenge are for those who work on it."""

from __future__ import annotations

from starlette.requests import Request

OF_CHALLENGE = "/staff/challenges/{round}/{slug}"
"""The address below which they are, as a route."""


def challenge_in(request: Request) -> str:
    """The challenge that the address names, as the desk asks for it."""
    return f"{request.path_params['round']}/{request.path_params['slug']}"


def base_of(request: Request) -> str:
    """The address below which the pages of the challenge are."""
    return f"/staff/challenges/{challenge_in(request)}"
