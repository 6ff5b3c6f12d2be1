"""What handlers of messages have in common: what came, and what becomes of a refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from .refusals import as_failure
from .steps import Steps
from .stubs import CHECK_PROOF

with workflow.unsafe.imports_passed_through():
    from domain.challenges.decisions import Decision
    from domain.challenges.messages import printable, read, sender
    from domain.identity.asked import Asked, ToCheck
    from domain.identity.proof import Unproven
    from domain.identity.statement import content_of
    from domain.values.refusals import AwaitsConfirmation, NotProven, Refused, Unavailable

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


async def check_operator(steps: Steps, kind: str, unproven: Unproven) -> None:
    """Checks that whoever sends the message that is being handled may have a run try again, or go on in a fresh run.

    Args:
        steps: of the run.
        kind: name of the message.
        unproven: what becomes of decisions without a proof there.

    Raises:
        NotProven: they may not.
        Unavailable: nobody can check the proof now.
    """
    header = came_with_it()
    if not header and unproven is Unproven.ACCEPT:
        return
    if not header:
        raise NotProven(
            f"The {kind} came without a proof of who has sent it: use the command, with a sign-in or a key file."
        )
    asked = Asked(kind=kind, content=content_of(None), header=header)
    await steps.try_briefly(CHECK_PROOF, ToCheck(asked=asked, unproven=unproven), f"see who asks for the {kind}")


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
    except (AwaitsConfirmation, Unavailable) as none:  # the one is on record already, the other is no refusal
        raise as_failure(none) from None
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
