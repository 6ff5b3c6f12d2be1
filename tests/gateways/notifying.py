"""The channel to a GOV.UK Notify on this machine."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from gateways.messaging.govuk_notify import NotifyChannel
from tests.gateways.notify import API_KEY, TEMPLATE, Notify
from tests.waiting import HANGS

UNKNOWN_ID = "740e5834-3a29-46b4-9a6f-16142fde533a"
"""An id as Notify makes them, which this one never made."""


def channel_to(notify: Notify, timeout: float = HANGS, **other: Any) -> closing[NotifyChannel]:
    """The channel, closed at the end of a block."""
    return closing(NotifyChannel(API_KEY, TEMPLATE, notify.url, timeout, **other))
