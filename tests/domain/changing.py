"""Moments, a reason, and ways to look at a change: for the tests of all changes that people make to a challenge."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.announcements.occasions import Occasion
from domain.values.refusals import Refused

NOW = Instant("2016-07-20T12:00Z")
LATER = Instant("2016-09-01T12:00Z")
WHY = "The building is closed."


def refused(kind: type[Refused], change: Callable[[], object]) -> str:
    """The text with which a change is refused, which is one line."""
    with pytest.raises(kind) as caught:
        change()
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def occasions(announcement: Announcement) -> list[Occasion]:
    return [notice.occasion for notice in announcement.notices]
