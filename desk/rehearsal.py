"""Rehearses a round: plays every person's part on the real service, with short days, and checks the books.

Only the people and the length of a day are simulated. Applications, decisions, payments and notices go through the
same desk, workflows and database as always. A rehearsal that stops before its end ends the challenges that it began.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from whenever import Instant, TimeDelta

from domain.permissions import Action, Actor
from domain.programmes.plan import plan_of
from domain.programmes.programme import Programme
from domain.programmes.rehearsal import applications_needed, shortened
from domain.programmes.round import REHEARSAL
from domain.values.calendar import seconds_between
from domain.values.refusals import Refused, RehearsalStopped
from domain.values.wording import counted

from .desk import Desk
from .rehearsal_cast import Say
from .rehearsal_ending import end, still_running
from .rehearsal_findings import Findings, findings_of
from .rehearsal_parts import Parts
from .rounds import RoundFile, check_operator

SUBMISSIONS = 80
"""How many applications are handed in during a round, as in the pilot. Some of them are too late. More are handed in if
the challenges need more."""

_LATE_OF_EACH = 8
"""One submission in this many comes after the closing."""

_TO_OPEN = TimeDelta(seconds=2)
_TO_OPEN_EACH = TimeDelta(milliseconds=100)
"""The time between the start of the challenges and the first opening. A short window must not pass during the start."""

_PATIENCE = 120.0
"""Seconds in which something must happen once a rehearsal takes more than twice its longest time."""

_NAMED = 10
"""How many challenges are named that are waited for."""

_GLANCE = 0.1
_GLANCE_EACH = 0.03
"""Seconds between two looks at each challenge: more in a round of many, which are all looked at."""


async def rehearse(desk: Desk, actor: Actor, round_name: str, day: float, say: Say, seed: int = 2016) -> Findings:
    """Plays a whole round.

    Args:
        desk: the desk of a running service.
        actor: who rehearses the round. The round's file must name the actor as an operator.
        round_name: the id of the round. The rehearsal opens a round of its own with the content of this round's file.
        day: how many seconds a day lasts.
        say: called for everything that happens.
        seed: the seed of all random choices.

    Raises:
        UnknownRound, FileRefused, NotAllowed, Unavailable: as for opening a round.
        RehearsalStopped: the caller's task was cancelled, somebody's part could not be played, days are too short for
            this machine, no worker started the challenges, or nothing happens any more. The message says which
            challenge and why, and whether any challenge of the rehearsal still runs.
    """
    file = await desk.rounds.read_file(actor, round_name)
    check_operator(desk.core, actor, Action.REHEARSE, file.round)
    await desk.core.threads.read(
        lambda: desk.core.letters
    )  # read now: days can be so short that an application that first waited for the letters would come too late
    start = desk.now() + _TO_OPEN + _TO_OPEN_EACH * len(file.challenges)
    rehearsed = _rehearsed(file, f"{file.round.id}{REHEARSAL}{desk.now().timestamp(unit='millisecond')}", start, day)
    opening = asyncio.ensure_future(desk.rounds.start(rehearsed))
    try:
        await asyncio.shield(opening)
        count = len(rehearsed.challenges)
        say("all", f"{counted(count, 'challenge')} open as the round {rehearsed.round.id}; a day lasts {day:g} s")
        glance = max(_GLANCE, _GLANCE_EACH * count)
        players = [
            Parts(desk, rehearsed.programme, each, day, glance, say, random.Random(f"{seed} {each.slug}"))
            for each in rehearsed.challenges
        ]
        await _play(players, rehearsed.programme, start)
        return await findings_of(desk, rehearsed.programme, players)
    except BaseException as stop:
        await asyncio.wait([opening])  # what is being opened cannot be ended yet
        begun, left = await _end(desk, rehearsed, say)
        if begun and isinstance(stop, Refused | asyncio.CancelledError):
            why = str(stop) or "The rehearsal was told to stop."
            raise RehearsalStopped(f"{why} {_what_is_left(left, round_name, actor)}") from None
        raise


def _rehearsed(file: RoundFile, name: str, start: Instant, day: float) -> RoundFile:
    """The round that is opened for the rehearsal."""
    short, brief = shortened(file.programme, file.challenges, start, day)
    renamed = tuple(each.model_copy(update={"id": f"{name}/{each.slug}"}) for each in brief)
    return RoundFile(round=file.round.model_copy(update={"id": name}), programme=short, challenges=renamed)


async def _play(players: Sequence[Parts], programme: Programme, start: Instant) -> None:
    ends = max(plan_of(player.challenge, programme).ends for player in players)
    try:
        async with asyncio.TaskGroup() as group:
            stalling = group.create_task(_stop_if_stalled(players, ends + (ends - start)))
            shares = zip(players, submissions(len(players), programme), strict=True)
            await asyncio.wait([group.create_task(player.play(*numbers)) for player, numbers in shares])
            stalling.cancel()
    except ExceptionGroup as failures:  # the first challenge that failed; the group has stopped the others
        raise failures.exceptions[0] from None


async def _stop_if_stalled(players: Sequence[Parts], ends: Instant) -> None:
    """Waits until a rehearsal takes too long and nothing happens any more. A busy machine only takes longer.

    Raises:
        RehearsalStopped: that is so. The message names what the challenges wait for.
    """
    now = players[0].desk.now
    since = ends
    while now() < since + TimeDelta(seconds=_PATIENCE):
        await asyncio.sleep(min(1.0, _PATIENCE))
        since = max(ends, *(player.moved for player in players))
    waiting = [player for player in players if not player.over]
    named = [await player.still_to_come() for player in waiting[:_NAMED]]
    more = [f"{len(waiting) - _NAMED} more are not over"] if len(waiting) > _NAMED else []
    stood = seconds_between(since, now())
    raise RehearsalStopped(f"Nothing has happened for {stood:.0f} seconds: {', '.join(named + more)}.")


def submissions(challenges: int, programme: Programme) -> list[tuple[int, int]]:
    """How many applications each challenge of a rehearsal gets in time, and how many too late."""
    shares = [SUBMISSIONS // challenges + (number < SUBMISSIONS % challenges) for number in range(challenges)]
    late = [max(1, share // _LATE_OF_EACH) for share in shares]
    needed = applications_needed(programme)
    return [(max(needed, share - too_late), too_late) for share, too_late in zip(shares, late, strict=True)]


async def _end(desk: Desk, file: RoundFile, say: Say) -> tuple[bool, tuple[str, ...]]:
    """Ends what is left of the rehearsal.

    Returns:
        Whether any challenge was begun, and the ids of the challenges that may still run: all of them, if the caller's
        task is cancelled again.
    """
    rows = await desk.core.challenges(file.round.id)
    if not rows:
        return False, ()
    say("all", "stopping: the challenges are cancelled (stop again to leave them running)")
    try:
        return True, await end(desk, file.challenges[0].operators[0], rows)
    except asyncio.CancelledError:
        return True, tuple(row.id for row in rows)


def _what_is_left(left: Sequence[str], round_name: str, actor: Actor) -> str:
    if not left:
        return "Nothing of it runs any more."
    command = f"starter.py rehearse {round_name} --end --as {actor.name}"
    return f"{still_running(left)} To end everything that rehearsals of this round left: {command}"
