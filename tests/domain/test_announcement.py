"""What people are called for, and told once it is mended."""

from __future__ import annotations

import pytest
from whenever import Instant

from domain.announcements.announcement import Announcement, Attention
from domain.announcements.attention import attention_called, once_mended

NOW = Instant("2016-08-05T12:00Z")
CHALLENGE = "round/air-quality"
PAYMENTS = (f"{CHALLENGE}/exploration/team-a/1", f"{CHALLENGE}/exploration/team-b/1")


def called(of: str, *, mended: bool = False, unresolved: str = "") -> Announcement:
    attention = Attention(text="look at the ledger: it is shut", mended=mended, of=of, unresolved=unresolved)
    return attention_called(CHALLENGE, ("office",), attention, "exploration", NOW, "1")


def left(announcement: Announcement) -> str:
    """What lists show of it from then on."""
    assert announcement.attention is not None
    return announcement.attention.left


@pytest.mark.parametrize("of", ["", CHALLENGE, *PAYMENTS])
def test_who_is_called_reads_what_stands_still_and_what_to_type_once_it_is_mended(of: str) -> None:
    """Fails when two payments that stand still for one cause read alike, or no command is named."""
    call = called(of)
    (notice,) = call.notices
    for text in (call.entry.text, notice.facts["what"], left(call)):
        assert text.endswith(
            f"look at the ledger: it is shut; mend the cause, then `starter.py retry {of or CHALLENGE}`"
        )
        assert (f"{of}: look at" in text) is (of in PAYMENTS) or not of


@pytest.mark.parametrize("of", [CHALLENGE, *PAYMENTS])
def test_what_is_mended_leaves_what_else_stands_still_and_is_told_to_nobody(of: str) -> None:
    goes_on = called(of, mended=True)
    assert (left(goes_on), goes_on.notices) == ("", ())
    assert goes_on.entry.text.startswith("Goes on: ")
    assert "retry" not in goes_on.entry.text
    assert once_mended(called(of).entry.text) == goes_on.entry.text
    assert left(called(of, mended=True, unresolved="the rail is down")).endswith(
        f"the rail is down; mend the cause, then `starter.py retry {of}`"
    )
