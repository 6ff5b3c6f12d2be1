"""The world on which the table of routes is tried, once for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.programmes.programme import Programme
from domain.programmes.round import Round
from identity.limits import Limits
from tests.console.access.world import World, world
from tests.store.sqlite import fresh_sqlite


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, programme: Programme, round_: Round) -> Iterator[World]:
    """Everybody, and a challenge in each state. Nobody asks too often: other tests hold that down."""
    folder = tmp_path_factory.mktemp("access")
    with pytest.MonkeyPatch.context() as patch, world(fresh_sqlite(folder), folder, programme, round_) as made:
        patch.setattr(Limits, "count", lambda *_: None)
        yield made
