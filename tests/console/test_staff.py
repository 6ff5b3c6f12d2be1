"""The page on which the work of sponsors, readers, operators and finance begins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.console.fronting import Visitor

Visit = Callable[..., Visitor]
SAM, OLIVIA, ANN = "sam@sepa.example", "olivia@scheme.example", "ann@nowhere.example"
_LINK = '<a href="/staff">'


@pytest.mark.parametrize("who", [SAM, OLIVIA])
def test_whoever_works_on_challenges_finds_what_waits_for_them(visit: Visit, who: str) -> None:
    """Fails when the link leads from no page, or the page leads nowhere."""
    visitor = visit()
    visitor.sign_in(who)
    page = visitor.get("/staff")
    assert (page.status_code, _LINK in page.text, 'href="/decisions"' in page.text) == (200, True, True)


def test_whoever_only_applies_is_led_to_their_applications(visit: Visit) -> None:
    """Fails when applicants are shown what they have no part in."""
    visitor = visit()
    visitor.sign_in(ANN)
    page = visitor.get("/staff")
    assert (page.status_code, _LINK in page.text) == (200, False)
    assert 'href="/decisions"' not in page.text
    assert 'href="/applications"' in page.text
