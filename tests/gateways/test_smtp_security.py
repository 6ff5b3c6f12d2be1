"""How a connection to a mail server is sealed, who logs in, and what goes to no stranger."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.values.refusals import Unavailable
from gateways.messaging.channels import TemporaryFailure
from gateways.messaging.smtp import Security, SmtpChannel
from tests.gateways.certificates import Certificate, certificate
from tests.gateways.mailbox import Mailbox, Step, saying
from tests.gateways.mailing import PASSWORD, channel_to, with_the_server
from tests.gateways.notices import NOTICE, notice, told


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_sealed_connection_logs_in(security: Security, trusted: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.file))
    with (
        Mailbox(security=security, certificate=trusted, user="post", password=PASSWORD) as mailbox,
        channel_to(mailbox.port, security, "post") as channel,
    ):
        channel.send(NOTICE)
        channel.send(notice("another"))

    assert [(one.sealed, one.user) for one in mailbox.received] == [(True, "post")] * 2


def test_a_login_on_this_machine_needs_no_seal() -> None:
    with Mailbox(user="post", password=PASSWORD) as mailbox, channel_to(mailbox.port, user="post") as channel:
        channel.send(NOTICE)

    assert [(one.sealed, one.user) for one in mailbox.received] == [(False, "post")]


@pytest.mark.parametrize("host", ["mail.example", "192.0.2.1", "localhost.example"])
def test_nothing_goes_unsealed_to_another_machine(host: str) -> None:
    """Fails without the look at the host."""
    with pytest.raises(Unavailable, match=f"{host} is not on this machine.*starttls or tls"):
        SmtpChannel(host, 25, "post@scheme.example", security="none")


def test_a_server_that_hangs_up_before_tls_is_tried_later() -> None:
    """Fails when every trouble with TLS is one to be mended."""
    with (
        saying() as port,
        channel_to(port, "tls") as channel,
        pytest.raises(TemporaryFailure, match="cannot be reached"),
    ):
        channel.send(NOTICE)


def test_a_wrong_password_is_to_be_mended() -> None:
    with (
        Mailbox(user="post", password="another") as mailbox,
        channel_to(mailbox.port, user="post") as channel,
        pytest.raises(Unavailable, match=r"does not accept the user and password \(535\): check both"),
    ):
        channel.send(NOTICE)


def test_a_login_that_fails_for_now_is_tried_later() -> None:
    with Mailbox(user="post", password=PASSWORD) as mailbox, channel_to(mailbox.port, user="post") as channel:
        mailbox.will(Step.LOGIN, "454 4.7.0 Later", "454 4.7.0 Later")
        with pytest.raises(TemporaryFailure, match=r"asks to try again later \(454\)"):
            channel.send(NOTICE)


def test_a_login_that_is_asked_for_and_not_given_is_to_be_mended(
    trusted: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.file))
    with (
        Mailbox(security="starttls", certificate=trusted, user="post", password=PASSWORD) as mailbox,
        channel_to(mailbox.port, "starttls") as channel,
        pytest.raises(Unavailable, match=r"asks for a login \(530\): set its user and password"),
    ):
        channel.send(NOTICE)


def test_a_login_that_is_not_offered_is_to_be_mended(mailbox: Mailbox) -> None:
    with (
        channel_to(mailbox.port, user="post") as channel,
        pytest.raises(Unavailable, match="offers no suitable login: check its port, security and user"),
    ):
        channel.send(NOTICE)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_no_letter_and_no_password_go_to_a_server_whose_certificate_is_not_trusted(
    security: Security, trusted: Certificate
) -> None:
    """Fails when the certificate is not looked at."""
    with (
        Mailbox(security=security, certificate=trusted, user="post", password=PASSWORD) as mailbox,
        channel_to(mailbox.port, security, "post") as channel,
        pytest.raises(Unavailable, match=r"certificate that is not trusted \(self.signed certificate\)"),
    ):
        channel.send(NOTICE)

    assert mailbox.received == []


def test_a_certificate_of_another_server_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = certificate(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(others.file))
    with (
        Mailbox(security="tls", certificate=others) as mailbox,
        channel_to(mailbox.port, "tls") as channel,
        pytest.raises(Unavailable, match="check the server's name and its certificate"),
    ):
        channel.send(NOTICE)


def test_a_server_without_starttls_gets_nothing(mailbox: Mailbox) -> None:
    """Fails when a connection goes on unsealed."""
    with (
        channel_to(mailbox.port, "starttls") as channel,
        pytest.raises(Unavailable, match="does not offer STARTTLS: check its port and security"),
    ):
        channel.send(NOTICE)

    assert mailbox.received == []


def test_tls_with_a_server_that_speaks_plainly_is_to_be_mended(mailbox: Mailbox) -> None:
    with (
        channel_to(mailbox.port, "tls") as channel,
        pytest.raises(Unavailable, match="uses TLS differently: check its port and security"),
    ):
        channel.send(NOTICE)


def test_a_refused_login_shows_no_password() -> None:
    error = with_the_server(lambda mailbox: None, user="post")

    assert isinstance(error, Unavailable)
    assert PASSWORD not in told(error)


def test_a_channel_shows_no_password() -> None:
    with channel_to(25, user="post") as channel:
        assert PASSWORD not in repr(channel)
        assert PASSWORD not in str(channel)
