"""The sending of notices, with moments to die at and with time that passes faster."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial, wraps
from typing import Any, TypeVar

from whenever import Instant

import worker
from activities import delivery
from activities.delivery import Delivering
from gateways.messaging.channels import Channel, Delivery, Message
from service import wiring
from store.database.database import Database
from store.outbox import outbox
from tests.crashes.dying import AFTER, BEFORE, Deaths, under_way
from tests.waiting import SOON

SENDER = "sender"
"""Whose deaths these are: the business key of what it does at the time is left to chance."""

FASTER = 90
"""Seconds that pass for whoever sends while one passes on this machine: a claim lasts for ten."""
_CHANNEL_SECONDS = SOON
_BEAT_EVERY = 0.1
MISSED_AFTER = timedelta(milliseconds=500)
"""How long Temporal takes to notice that a sender is gone; if one is only slow, there are two for a while."""

_STEPS = ("claim", "question", "note_sent", "note_delivered", "note_failed", "note_later", "put_back")
"""What a sender asks of the outbox, by the names in `store.outbox.outbox`."""

_T = TypeVar("_T")


class ChannelOfDeath:
    """A channel with moments to die at: before it is asked, and once it has answered, or has not."""

    def __init__(self, channel: Channel, deaths: Deaths) -> None:
        self.name, self.asks_again = channel.name, channel.asks_again
        self._channel = channel
        self._deaths = deaths

    def find(self, key: str) -> Delivery | None:
        """See `gateways.messaging.channels.Channel`."""
        return self._asked("find", lambda: self._channel.find(key))

    def send(self, message: Message) -> Delivery:
        """See `gateways.messaging.channels.Channel`."""
        return self._asked("send", lambda: self._channel.send(message))

    def progress(self, reference: str) -> Delivery:
        """See `gateways.messaging.channels.Channel`."""
        return self._asked("progress", lambda: self._channel.progress(reference))

    def close(self) -> None:
        """See `gateways.messaging.channels.Channel`."""
        self._channel.close()

    def _asked(self, step: str, ask: Callable[[], _T]) -> _T:
        self._deaths.die_once(SENDER, step, BEFORE)
        try:
            return ask()
        finally:
            self._deaths.die_once(SENDER, step, AFTER)


def make_mortal(deaths: Deaths, start: Instant) -> None:
    """Gives the sender of this process moments to die at, and time that has passed faster since an instant."""
    for step in _STEPS:
        vars(outbox)[step] = _with_deaths(deaths, step, getattr(outbox, step))
    vars(wiring)["_CHANNEL_SECONDS"] = _CHANNEL_SECONDS
    vars(delivery)["_BEAT_EVERY"] = _BEAT_EVERY

    def dying(database: Database, channel: Channel | None, rate: float, compose: Any, **clocks: Any) -> Delivering:
        return Delivering(database, channel and ChannelOfDeath(channel, deaths), rate, compose, **clocks)

    vars(worker)["Delivering"] = partial(
        dying,
        clock=lambda: start + FASTER * (Instant.now() - start),
        seconds=lambda: FASTER * time.monotonic(),
    )


def _with_deaths(deaths: Deaths, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(work)
    def mortal(*args: Any, **kwargs: Any) -> Any:
        deaths.die_once(SENDER, step, BEFORE)
        with under_way(SENDER, step):
            found = work(*args, **kwargs)
        if found is not None or step.startswith("note") or step == "put_back":  # or else there was nothing to do
            deaths.die_once(SENDER, step, AFTER)
        return found

    return mortal
