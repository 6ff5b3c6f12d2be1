"""What handlers of messages have in common: what came, and what becomes of a refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from .refusals import as_failure

with workflow.unsafe.imports_passed_through():
    from domain.challenges.decisions import Decision
    from domain.challenges.messages import printable, read, sender
    from domain.identity.asked import Asked
    from domain.values.refusals import Refused

    from .proofs import came_with_it


def said_in(arguments: Sequence[RawValue]) -> list[bytes]:
    """The arguments of a message as they came, unread."""
    return [argument.payload.data for argument in arguments]


def asked_by(decision: Decision) -> Asked:
    """What is asked for by the message that is being handled."""
    return Asked.of(decision, came_with_it())


def asked_in(kind: str, said: Sequence[bytes], known: Mapping[str, type[Decision]], situation: str) -> Asked:
    """As `asked_by`, of a message that is refused, and perhaps cannot be read. For the arguments see `read`."""
    try:
        return asked_by(read(kind, said, known, situation))
    except Refused:
        return Asked(kind=printable(kind)[:60], by=sender(said), header=came_with_it())


@asynccontextmanager
async def on_record(refuse: Callable[[Refused], Awaitable[None]]) -> AsyncIterator[None]:
    """A refusal within is put on record, and raised to its sender.

    Args:
        refuse: puts it on record.

    Raises:
        ApplicationError: the refusal.
    """
    try:
        yield
    except Refused as refusal:
        await refuse(refusal)
        raise as_failure(refusal) from None


@contextmanager
def unanswered(signal: str) -> Iterator[None]:
    """A refusal within goes to the log only, apart from the record: a signal has nobody to raise a refusal to.

    Args:
        signal: its name.
    """
    try:
        yield
    except ApplicationError as refusal:
        workflow.logger.warning("signal refused", extra={"signal": signal, "refusal": refusal.type})
