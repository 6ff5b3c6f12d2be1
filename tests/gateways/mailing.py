"""The channel to a mail server, and what the channel raises."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from domain.values.refusals import Unavailable
from gateways.messaging.channels import PermanentFailure, TemporaryFailure
from gateways.messaging.smtp import Security, SmtpChannel
from tests.gateways.mailbox import Mailbox
from tests.gateways.notices import NOTICE
from tests.waiting import HANGS, SOON

PASSWORD = "opens-the-mail-server"


def channel_to(
    port: int, security: Security = "none", user: str = "", timeout: float = HANGS, patience: float | None = None
) -> closing[SmtpChannel]:
    """The channel to a port of this machine, closed at the end of a block."""
    sender, password = "Challenges <post@scheme.example>", PASSWORD if user else ""
    patience = timeout if patience is None else patience
    return closing(SmtpChannel("127.0.0.1", port, sender, user, password, security, timeout, patience))


def with_the_server(prepare: Callable[[Mailbox], None], user: str = "") -> BaseException:
    """What the channel raises when a mail server has been prepared so."""
    with (
        Mailbox(user=user, password="another") as mailbox,
        channel_to(mailbox.port, user=user, timeout=SOON) as channel,
    ):
        prepare(mailbox)
        with pytest.raises((TemporaryFailure, PermanentFailure, Unavailable)) as raised:
            channel.send(NOTICE)
    return raised.value
