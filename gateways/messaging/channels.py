"""How notices leave: the protocol of a channel."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from pydantic import Field

from domain.values.model import Value


class Message(Value):
    """One notice on its way to one person. Personal data: it is never logged and never goes to Temporal.

    Args:
        key: the notice's business key. Two messages with the same key are the same message.
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
    """What a channel knows about a message that it has taken.

    Args:
        reference: the channel's own name for the message, never empty.
        progress: how far the message has come.
        reason: why the message failed, in words for the operators and without the address. Empty if it did not fail.
        again: whether the reason is temporary, so that sending the message again may succeed.
    """

    reference: str
    progress: Progress
    reason: str = ""
    again: bool = False


class PermanentFailure(Exception):
    """The channel will never take this message.

    Args:
        why: the reason, in words and without the address.
        doubtful: whether a channel that is set up wrongly would give the same answer to every message.
    """

    def __init__(self, why: str, *, doubtful: bool = False) -> None:
        super().__init__(why)
        self.doubtful = doubtful


class TemporaryFailure(Exception):
    """The channel cannot take the message now, or its answer was lost. Ask `find` first; another try may succeed.

    Args:
        why: the reason, in words and without the address.
        after: how many seconds the channel asks to wait before another try. None if it does not say.
        alone: whether the failure concerns this message only, so that others may be sent meanwhile.
        unknown: whether the channel may have taken the message all the same.
    """

    def __init__(self, why: str, after: float | None = None, *, alone: bool = False, unknown: bool = False) -> None:
        super().__init__(why)
        self.after = after
        self.alone = alone
        self.unknown = unknown


class Channel(Protocol):
    """Takes messages to people.

    All functions raise:
        TemporaryFailure: try again; the failure says when.
        PermanentFailure: give this message up.
        Unavailable: nothing can be sent until a person repairs something, such as a wrong password. Says what to do.
    """

    name: str
    """The name that staff read, such as "smtp"."""

    asks_again: bool
    """Whether `find` and `progress` have answers. A channel that forgets its messages has none."""

    def find(self, key: str) -> Delivery | None:
        """Looks a message up by its key. None if the channel never took the message or does not remember messages."""
        ...

    def send(self, message: Message) -> Delivery:
        """Hands one message over."""
        ...

    def progress(self, reference: str) -> Delivery:
        """Says how far a message that the channel has taken has come."""
        ...

    def close(self) -> None:
        """Closes the connection. The channel can be used again."""
        ...
