"""How notices leave: the protocol of a channel."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from pydantic import Field

from domain.values.model import Value


class Message(Value):
    """One notice on its way to one person. Personal data: it is never logged and never goes to Temporal.

    Args:
        key: the notice's business key: whatever is sent under one key is one message.
        address: e-mail address.
        subject: one line.
        body: plain text.
    """

    key: str
    address: str = Field(repr=False)
    subject: str = Field(repr=False)
    body: str = Field(repr=False)


class Progress(StrEnum):
    """How far a message has come."""

    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(Value):
    """What a channel knows of a message that it took.

    Args:
        reference: the channel's own name for it, not empty.
        progress: how far it has come.
        reason: why it failed, in words for the operators, without the address; empty otherwise.
        again: whether it failed for a reason that passes, so that it is worth sending again.
    """

    reference: str
    progress: Progress
    reason: str = ""
    again: bool = False


class PermanentFailure(Exception):
    """The channel will not take this message, however often it is asked.

    Args:
        why: in words, without the address.
        doubtful: whether it says the same of every message if it is set up wrongly.
    """

    def __init__(self, why: str, *, doubtful: bool = False) -> None:
        super().__init__(why)
        self.doubtful = doubtful


class TemporaryFailure(Exception):
    """The channel cannot take it now, or its answer is not known; `find` tells, and another try may succeed.

    Args:
        why: in words, without the address.
        after: seconds to wait before another try, as the channel asks; None if it does not say.
        alone: whether it is about this message only: others may be sent meanwhile.
        unknown: whether the message may have been taken all the same.
    """

    def __init__(self, why: str, after: float | None = None, *, alone: bool = False, unknown: bool = False) -> None:
        super().__init__(why)
        self.after = after
        self.alone = alone
        self.unknown = unknown


class Channel(Protocol):
    """Takes messages to people.

    Raises, in all its functions:
        TemporaryFailure: try again, and how.
        PermanentFailure: give this message up.
        Unavailable: nothing can be sent until a person mends it (a wrong key or password): says what to do.
    """

    name: str
    """Such as "smtp", for what staff read."""

    asks_again: bool
    """Whether `find` and `progress` know anything: a channel that forgets what it took finds nothing."""

    def find(self, key: str) -> Delivery | None:
        """What the channel knows of a message by its key; None if it never took it, or does not keep such knowledge."""
        ...

    def send(self, message: Message) -> Delivery:
        """Hands one message over."""
        ...

    def progress(self, reference: str) -> Delivery:
        """How far a message has come that it took."""
        ...

    def close(self) -> None:
        """Hangs up. The channel may be used again."""
        ...
