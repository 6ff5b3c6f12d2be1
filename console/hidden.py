"""What nobody finds out by guessing: whether something is another's, or never was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException

from domain.values.refusals import (
    NotAllowed,
    NotProven,
    UnknownAttachment,
    UnknownChallenge,
    UnknownNotice,
    UnknownPayment,
    UnknownStage,
    UnknownTeam,
)

_NEVER_WAS = (UnknownAttachment, UnknownChallenge, UnknownNotice, UnknownPayment, UnknownStage, UnknownTeam)


@contextmanager
def hidden() -> Iterator[None]:
    """Answers the same for what somebody has no part in, and for what never was.

    Raises:
        HTTPException: there is no such page, as for any address that leads nowhere.
    """
    try:
        yield
    except (NotAllowed, NotProven, *_NEVER_WAS):
        raise HTTPException(404) from None
