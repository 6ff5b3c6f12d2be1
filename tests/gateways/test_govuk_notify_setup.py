"""What has to be set up right for messages through GOV.UK Notify: the key, the template, the address, the clock."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest
from notifications_python_client import authentication

from domain.values.refusals import Unavailable
from gateways.messaging.govuk_notify import NotifyChannel
from tests.gateways.certificates import certificate
from tests.gateways.notices import NOTICE, told
from tests.gateways.notify import API_KEY, SECRET, SERVICE, TEMPLATE, Notify
from tests.gateways.notifying import UNKNOWN_ID, channel_to

pytestmark = pytest.mark.usefixtures("no_proxy")


@pytest.mark.parametrize(
    "key",
    [
        f"name-{SERVICE}-{UNKNOWN_ID}",
        f"name-{UNKNOWN_ID}-{SECRET}",
    ],
)
def test_a_wrong_key_is_to_be_mended(notify: Notify, key: str) -> None:
    with (
        closing(NotifyChannel(key, TEMPLATE, notify.url)) as channel,
        pytest.raises(Unavailable, match=r"does not accept the API key \(403\): check the key"),
    ):
        channel.send(NOTICE)

    assert notify.messages == []


def test_a_clock_that_is_wrong_is_to_be_mended(
    notify: Notify, channel: NotifyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "epoch_seconds", lambda: int(time.time()) + 3600)
    with pytest.raises(Unavailable, match="this machine's clock is right to within 30 seconds"):
        channel.send(NOTICE)

    assert notify.messages == []


def test_a_template_that_is_not_there_is_to_be_mended(notify: Notify) -> None:
    with (
        closing(NotifyChannel(API_KEY, UNKNOWN_ID, notify.url)) as channel,
        pytest.raises(Unavailable, match="and that the e-mail template exists"),
    ):
        channel.send(NOTICE)


@pytest.mark.parametrize("key", ["", "secret", f"{SERVICE}-{SECRET}", f"name-{SERVICE}-{SECRET}x"])
def test_a_key_that_cannot_be_one_is_not_repeated(key: str) -> None:
    with pytest.raises(Unavailable, match="copy it again, or create a new one there") as refused:
        NotifyChannel(key, TEMPLATE)

    assert SECRET not in told(refused.value)


def test_a_template_has_an_id_of_notifys() -> None:
    with pytest.raises(Unavailable, match="copy it from the template's page"):
        NotifyChannel(API_KEY, "the notice one")


@pytest.mark.parametrize("url", ["http://notify.example", "http://192.0.2.1", "notify.example", "ftp://127.0.0.1", ""])
def test_nothing_goes_unsealed_to_another_machine(url: str) -> None:
    """Fails without the look at the address."""
    with pytest.raises(Unavailable, match="begin it with https://"):
        NotifyChannel(API_KEY, TEMPLATE, url)


def test_without_an_address_it_is_the_public_notify() -> None:
    with closing(NotifyChannel(API_KEY, TEMPLATE)) as channel:
        assert channel._client.base_url == "https://api.notifications.service.gov.uk"


def test_nothing_goes_to_a_notify_whose_certificate_is_not_trusted(tmp_path: Path) -> None:
    """Fails when the certificate is not looked at."""
    with (
        Notify(tls=certificate(tmp_path).context) as notify,
        channel_to(notify) as channel,
        pytest.raises(Unavailable, match=r"not have GOV\.UK Notify's certificate \(self.signed certificate\)"),
    ):
        channel.send(NOTICE)

    assert notify.requests == []


def test_a_channel_shows_no_key(channel: NotifyChannel) -> None:
    assert SECRET not in repr(channel)
    assert SECRET not in str(channel)
