"""What tests of the gateways share: servers of this machine, and the ways to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateways.banking.http_rail import HttpRail
from gateways.messaging.govuk_notify import NotifyChannel
from tests.gateways.certificates import Certificate, certificate
from tests.gateways.mailbox import Mailbox
from tests.gateways.notify import Notify
from tests.gateways.notifying import channel_to
from tests.gateways.provider import Provider
from tests.gateways.transfers import AT, rail_to
from tests.waiting import SOON


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider with empty books."""
    with Provider(clock=lambda: AT) as provider:
        yield provider


@pytest.fixture
def rail(provider: Provider) -> Iterator[HttpRail]:
    """The rail to the provider, with all the time that the rail needs."""
    with rail_to(provider) as rail:
        yield rail


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that wants no seal and no login."""
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate of this machine, for tests that say whether it is trusted."""
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxy this machine has, nothing to this machine goes through the proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def notify() -> Iterator[Notify]:
    """GOV.UK Notify without any message."""
    with Notify() as notify:
        yield notify


@pytest.fixture
def channel(notify: Notify) -> Iterator[NotifyChannel]:
    """The channel to Notify, which does not wait long."""
    with channel_to(notify, timeout=SOON) as channel:
        yield channel
