"""What tests of the activities share: both databases of the tests of the store, a provider, and a payment on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from domain.payments.payment import PaymentStatus
from gateways.banking.http_rail import HttpRail
from store.database.database import Database
from tests.activities.paying import Cashier
from tests.gateways.provider import TOKEN, Provider
from tests.store.conftest import (  # noqa: F401
    database,
    kept,
    migrated_postgres,
    open_,
    postgres,
    programme,
    round_,
    sqlite_folder,
    url,
)
from tests.store.said import CLOSES


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A payment provider with empty books."""
    with Provider(clock=lambda: CLOSES) as provider:
        yield provider


@pytest.fixture
def rail(provider: Provider) -> Iterator[HttpRail]:
    """The rail to the provider."""
    with closing(HttpRail(provider.url, TOKEN)) as rail:
        yield rail


@pytest.fixture
def cashier(open_: Database, rail: HttpRail) -> Cashier:  # noqa: F811
    """A payment whose team has given its bank details, and the activities that pay it through the provider."""
    return Cashier.of(open_, rail)


@pytest.fixture
def requested(cashier: Cashier) -> Cashier:
    """A payment that waits for a second person."""
    assert cashier.run(cashier.paying.request).status is PaymentStatus.PAYEE_KNOWN
    return cashier
