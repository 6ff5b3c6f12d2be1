"""Every page, for everybody, in every state: as the table says, and nobody sees that there is what is not theirs."""

from __future__ import annotations

import pytest

from tests.console.access.cells import Row, State, Who
from tests.console.access.table import ROWS
from tests.console.access.trying import path_of, wrong
from tests.console.access.world import World

PAGES = [row for row in ROWS if row.method == "GET"]


@pytest.mark.parametrize("row", PAGES, ids=[row.route for row in PAGES])
def test_every_cell_is_as_the_table_says(there: World, row: Row) -> None:
    assert wrong(there, row) == []


@pytest.mark.parametrize("row", PAGES, ids=[row.route for row in PAGES])
def test_who_asks_for_the_head_of_a_page_gets_the_head_of_the_very_answer(there: World, row: Row) -> None:
    path = path_of(there, row, State.SENT)
    for who in (Who.NOBODY, Who.TEAM, Who.OTHER):
        visitor = there.visitors[who]
        whole, head = (visitor.send(method, path) for method in ("GET", "HEAD"))
        assert (head.status_code, head.headers.get("location")) == (whole.status_code, whole.headers.get("location"))
        assert head.content == b""
