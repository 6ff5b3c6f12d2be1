"""What staff read on the page of the run that sends notices."""

from __future__ import annotations

from whenever import Instant

from domain.delivery.delivery import Outbox, details

AT = Instant("2016-08-05T12:00Z")
OUTBOX = Outbox(channel="smtp", at=AT, waiting=3, sent=12, delivered=4, failed=1, lapsed=2)


def test_the_page_says_how_many_notices_have_come_how_far_each_on_a_line_of_its_own() -> None:
    """Fails as a table of five columns: the UI shows its head as one word."""
    page = details(OUTBOX, "")
    assert "Notices leave through **smtp**." in page
    assert [line for line in page.splitlines() if line.startswith("- ")] == [
        "- **waiting**: 3, to be sent or sent again",
        "- **sent**: 12; nobody knows yet whether they arrived",
        "- **delivered**: 4",
        "- **failed**: 1; they reached nobody",
        "- **lapsed**: 2, not sent because they were no longer true",
    ]
    assert "|" not in page


def test_the_page_says_how_old_its_numbers_can_be_in_words_for_everybody() -> None:
    page = details(OUTBOX, "")
    assert "Counted on Friday 5 August 2016, 12:00 UTC. The count is repeated about every ten minutes." in page
    assert "heartbeat" not in page


def test_what_needs_attention_comes_with_the_command_that_has_it_tried_again() -> None:
    """Fails when staff read of a message to the workflow that they cannot send."""
    for outbox in (None, OUTBOX):
        page = details(outbox, "The password is wrong")
        assert "**Needs attention:** The password is wrong; mend the cause, then `starter.py retry notices`." in page
        assert "No notice is lost. The service also tries again every minute." in page
        assert "Needs attention" not in details(outbox, "")
