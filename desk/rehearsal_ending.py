"""Ends what a rehearsal has begun and nobody plays any more. Otherwise its challenges would run on for ever.

A challenge is cancelled, and so is each of its payments that has not left. If a challenge has ended and still waits for
evidence, the evidence is rejected for good. All of this goes through the desk, as always.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from domain.identity.proof import BY_SERVICE
from domain.payments.payment import OVER, PaymentStatus
from domain.permissions import Action, Actor
from domain.programmes.round import REHEARSAL
from domain.values.paging import all_of
from domain.values.refusals import NotConfirmed, Refused, RehearsalStopped, TooLate, Unavailable
from store.challenges.rounds import ChallengeRow
from store.payments.reading import Payment

from .desk import Desk
from .rehearsal_parts import NOTHING
from .rounds import check_operator

_WITHIN = 15.0
_WITHIN_EACH = 1.0
"""Seconds in which everything has to end: more for many challenges and payments. Nobody waits longer."""

_REASON = "The rehearsal was stopped."
_NOT_CANCELLED = (*OVER, PaymentStatus.SUBMITTED)
_GLANCE = 0.3
_NAMED = 10
_EVIDENCE = "evidence"


async def end_rehearsals(desk: Desk, actor: Actor, round_name: str) -> tuple[str, ...]:
    """Ends all rehearsals of a round that still run, also one that somebody plays now.

    Args:
        desk: the desk of a running service.
        actor: who asks. The round's file must name the actor as an operator.
        round_name: the id of the round that was rehearsed.

    Returns:
        The ids of the challenges that were ended.

    Raises:
        UnknownRound, FileRefused, NotAllowed: as for a rehearsal.
        RehearsalStopped: some challenges still run. The message names them.
    """
    file = await desk.rounds.read_file(actor, round_name)
    check_operator(desk.core, actor, Action.REHEARSE, file.round)
    rows = [row for row in await desk.core.challenges() if row.round.startswith(f"{file.round.id}{REHEARSAL}")]
    running = [row for row in rows if not await _is_over(desk, actor, row)]
    left = await end(desk, actor.name, running)
    if left:
        raise RehearsalStopped(f"{still_running(left)} Check that a worker is running, then ask for the end again.")
    return tuple(row.id for row in running)


async def end(desk: Desk, operator: str, rows: Sequence[ChallengeRow]) -> tuple[str, ...]:
    """Ends rehearsed challenges and their payments.

    Args:
        desk: the desk of a running service.
        operator: the id of an operator of the challenges.
        rows: the challenges.

    Returns:
        The ids of the challenges that may still run, after a bounded time.
    """
    actor = await desk.actor(operator, BY_SERVICE)
    ended = await asyncio.gather(*(_end_in_time(desk, actor, row, _WITHIN_EACH * len(rows)) for row in rows))
    return tuple(row.id for row, has_ended in zip(rows, ended, strict=True) if not has_ended)


def still_running(left: Sequence[str]) -> str:
    """A sentence about challenges that may still run, which names a few of them."""
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return f"Still running: {', '.join(left[:_NAMED])}{more}."


async def _end_in_time(desk: Desk, actor: Actor, row: ChallengeRow, more: float) -> bool:
    try:
        unpaid = [payment for payment in await _payments(desk, actor, row) if payment.status not in OVER]
        async with asyncio.timeout(_WITHIN + more + _WITHIN_EACH * len(unpaid)):
            while not await _has_ended(desk, actor, row):  # noqa: ASYNC110
                await asyncio.sleep(_GLANCE)
    except (TimeoutError, Refused):
        return False
    return True


async def _has_ended(desk: Desk, actor: Actor, row: ChallengeRow) -> bool:
    """Goes a step towards the end of a challenge, its evidence and its payments. Says whether the end is reached.

    Raises:
        Refused: the actor may not do so.
    """
    row = await desk.core.find(row.id)
    try:
        if not row.outcome:
            await desk.challenges.decide(actor, row.id, Action.CANCEL, reason=_REASON)
            return False
        if row.waits_for == _EVIDENCE:
            await _reject_evidence(desk, actor, row)
        unpaid = [each for each in await _payments(desk, actor, row) if each.status not in _NOT_CANCELLED]
        await asyncio.gather(*(desk.payments.decide(actor, each.key, "cancel", reason=_REASON) for each in unpaid))
    except TooLate:  # it has ended or left meanwhile; or it was never started, and then nothing of it runs
        return not row.outcome and not row.started
    except (NotConfirmed, Unavailable):
        return False
    return await _is_over(desk, actor, row)


async def _reject_evidence(desk: Desk, actor: Actor, row: ChallengeRow) -> None:
    for each in (await desk.challenges.state(actor, row.id)).open_evidence:
        which = {"stage": each.stage, "team": each.team, "number": each.number}
        await desk.interests.declare(actor, row.id, each.team)  # nobody decides on a team before that
        await desk.challenges.decide(actor, row.id, Action.EVIDENCE, **which, accepted=False, reason=_REASON)


async def _is_over(desk: Desk, actor: Actor, row: ChallengeRow) -> bool:
    if not row.outcome or row.waits_for != NOTHING:
        return False
    return all(payment.status in OVER for payment in await _payments(desk, actor, row))


async def _payments(desk: Desk, actor: Actor, row: ChallengeRow) -> tuple[Payment, ...]:
    return await all_of(lambda page: desk.payments.list(actor, page, row.id))
