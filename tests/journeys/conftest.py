"""What holds of every journey."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.rounds import known_by


@pytest.fixture(autouse=True)
def nobody_is_known_by_the_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing of what people give is logged, nor are fields of a line that only some formats show (invariant 4).

    Fails when an activity logs the application that it deals with.
    """
    with caplog.at_level(logging.INFO):
        yield
    for record in caplog.get_records("call"):
        said = (caplog.handler.format(record), *map(str, vars(record).values()))
        assert [known for text in said for known in known_by(text)] == []
