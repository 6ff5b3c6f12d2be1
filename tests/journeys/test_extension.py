"""The deadline is moved, and moved again."""

from __future__ import annotations

from pathlib import Path

import pytest
from whenever import TimeDelta

from domain.announcements.occasions import Occasion
from domain.values.refusals import DeadlineRefused, TooLate
from tests.journeys.dates import happened_at
from tests.playing import months, playing
from tests.rounds import OPERATOR, SPONSOR


async def test_a_deadline_extended_twice_is_told_to_everybody_and_kept_to_the_instant(tmp_path: Path) -> None:
    """Fails when an extension does not move the closing."""
    async with months() as environment, playing(tmp_path, environment) as play:
        first = (await play.apply(1)).application
        was = play.challenge.closes
        once, twice = was + TimeDelta(hours=100), was + TimeDelta(hours=200)

        await play.decide("extend", OPERATOR, closes=once, reason="The questions session was late.")
        await play.skip_to(was)
        second = (await play.apply(2)).application
        assert play.books.challenge(play.challenge.id).closes == once
        await play.decide("extend", closes=twice, reason="It is holiday time.")
        await play.skip_to(once)
        third = (await play.apply(3)).application
        state = await play.sealed()

        assert state.applications == 3
        assert happened_at(play, "sealed", twice)
        assert play.told(Occasion.DEADLINE_MOVED) == {SPONSOR: 2, OPERATOR: 2, first: 2, second: 1}
        assert [(line.by, line.reason) for line in play.record("extend")] == [
            (OPERATOR, "The questions session was late."),
            (SPONSOR, "It is holiday time."),
        ]
        with pytest.raises(TooLate, match="its window closed"):
            await play.apply(4)
        assert third in {application.id for application in play.books.applications(play.challenge.id)}


async def test_a_deadline_only_moves_to_a_later_time_to_come_while_the_window_is_open(tmp_path: Path) -> None:
    """Fails when a deadline may come nearer."""
    async with months() as environment, playing(tmp_path, environment) as play:
        closes = play.challenge.closes
        await play.apply(1)
        with pytest.raises(DeadlineRefused, match="is in the past"):
            await play.decide("extend", closes=play.now() - TimeDelta(seconds=1), reason="Sooner.")
        with pytest.raises(DeadlineRefused, match="is not after"):
            await play.decide("extend", closes=closes, reason="The same.")
        assert (await play.state()).closes == closes

        await play.sealed()
        with pytest.raises(TooLate, match="for good"):
            await play.decide("extend", closes=closes + TimeDelta(hours=900), reason="Once more.")
        assert happened_at(play, "sealed", closes)
