"""Every page, for everybody, in every state: as the table says, and nobody sees that there is what is not theirs."""

from __future__ import annotations

import pytest

from tests.console.access.cells import Row
from tests.console.access.table import ROWS
from tests.console.access.trying import wrong
from tests.console.access.world import World

PAGES = [row for row in ROWS if row.method == "GET"]


@pytest.mark.parametrize("row", PAGES, ids=[row.route for row in PAGES])
def test_every_cell_is_as_the_table_says(there: World, row: Row) -> None:
    assert wrong(there, row) == []
