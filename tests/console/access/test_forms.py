"""Every form, by everybody, in every state: as the table says, and nobody sees that there is what is not theirs."""

from __future__ import annotations

import pytest

from tests.console.access.cells import Row
from tests.console.access.table import ROWS
from tests.console.access.trying import wrong
from tests.console.access.world import World

FORMS = [row for row in ROWS if row.method != "GET"]


@pytest.mark.parametrize("row", FORMS, ids=[row.route for row in FORMS])
def test_every_cell_is_as_the_table_says(there: World, row: Row) -> None:
    assert wrong(there, row) == []
