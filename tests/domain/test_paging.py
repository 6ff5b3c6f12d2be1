"""Pages: none without a bound, and all of them together are the list."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from domain.values.paging import MOST, Page, Paged, everything


@pytest.mark.parametrize("limit", [0, -1, MOST + 1])
def test_a_page_has_a_bound(limit: int) -> None:
    with pytest.raises(ValidationError, match="limit"):
        Page(limit=limit)


@pytest.mark.parametrize("number", [0, 1, MOST, MOST + 1, 3 * MOST])
def test_everything_is_each_item_once_and_in_order(number: int) -> None:
    """Fails when a page is left out or read twice, at the edges too."""
    asked: list[Page] = []

    def read(page: Page) -> Paged[int]:
        asked.append(page)
        start = int(page.after or 0)
        end = min(start + page.limit, number)
        return Paged(items=tuple(range(start, end)), next=str(end) if end < number else "")

    assert list(everything(read)) == list(range(number))
    assert len(asked) == max(1, -(-number // MOST))


def test_nothing_is_read_before_it_is_wanted() -> None:
    """Fails when all pages are read at once: a list of any length would stand in memory."""

    def read(page: Page) -> Paged[str]:
        if page.after:
            raise AssertionError("the second page is not wanted yet")
        return Paged(items=("one", "two"), next="two")

    items = everything(read)
    assert [next(items), next(items)] == ["one", "two"]
