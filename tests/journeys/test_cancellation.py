"""A challenge is cancelled, at any point of its life."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from pathlib import Path

import pytest

import worker
from activities.announcements import Announcing
from domain.announcements.occasions import Occasion
from domain.challenges.state import Outcome, Phase
from domain.challenges.steps import ToAnnounce
from domain.values.refusals import TooLate
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import OPERATOR, SPONSOR
from tests.waiting import HANGS
from workflows.stubs import ANNOUNCE

PLACES = ("window", "deciding", "exploration", "accelerator", "pre-commercial", "commercialisation")


async def brought_to(play: Play, place: str) -> list[str]:
    """Lets a challenge go up to a place in its life; the teams in it there, or its applicants."""
    if place in ("window", "deciding"):
        await play.until(lambda state: state.opened)
        applicants = await play.applied(2)
        if place == "deciding":
            await play.sealed()
        return applicants
    if place == "exploration":
        return await play.exploring(2)
    winner = await play.accelerating()
    for stage in PLACES[4 : PLACES.index(place) + 1]:
        await play.stage_over()
        await play.decide("select", stage=stage, teams=[winner], amounts={winner: "1000"})
    return [winner]


@pytest.mark.parametrize("place", PLACES)
async def test_a_challenge_is_cancelled_with_a_reason_in_any_stage(tmp_path: Path, place: str) -> None:
    """Fails when a cancellation leaves the challenge in its phase."""
    async with months() as environment, playing(tmp_path, environment) as play:
        those_in = await brought_to(play, place)
        ordered = (await play.state()).payments
        reason = "The body that posed it is dissolved."
        await play.decide("cancel", OPERATOR, reason=reason)
        result = await play.result()

        assert (result.outcome, result.reason) == (Outcome.CANCELLED, reason)
        told = play.told(Occasion.CANCELLED)
        assert {told[each] for each in (*those_in, SPONSOR, OPERATOR)} == {1}
        # What was due before is paid all the same, and nothing else.
        assert set(result.paid) >= set(ordered)
        assert len(play.paid()) == len(result.paid)
        row = play.books.challenge(play.challenge.id)
        assert (row.outcome, row.outcome_reason, row.until) == ("cancelled", reason, None)
        with pytest.raises(TooLate):
            await play.apply(99)
        with pytest.raises(TooLate, match=r"has ended \(cancelled\)"):
            await play.decide("cancel", OPERATOR, reason="Twice.")


@pytest.mark.parametrize("place", PLACES[:4])
async def test_a_challenge_that_is_cancelled_in_temporal_ends_as_any_other(tmp_path: Path, place: str) -> None:
    """Fails when the window is not sealed with it."""
    async with months() as environment, playing(tmp_path, environment) as play:
        those_in = await brought_to(play, place)
        await play.handle.cancel()
        result = await play.result()

        assert result.outcome is Outcome.CANCELLED
        assert result.reason == "cancelled in Temporal, without a reason"
        told = play.told(Occasion.CANCELLED)
        assert {told[each] for each in (*those_in, SPONSOR, OPERATOR)} == {1}
        assert play.books.challenge(play.challenge.id).outcome == "cancelled"
        assert len(play.paid()) == len(result.paid)
        with pytest.raises(TooLate):
            await play.apply(99)


async def test_what_falls_due_as_a_challenge_is_cancelled_in_temporal_is_known_to_it_and_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when a cancellation takes from the challenge what it was just announcing: the payments for it are in the
    ledger, and the challenge ends without them (invariant 1)."""
    announced, may_answer = threading.Event(), threading.Event()

    class Late(Announcing):
        """Answers late, the first time, that a stage has ended for which something is due."""

        @ANNOUNCE.does
        def announce(self, what: ToAnnounce) -> datetime:
            """See `Announcing`."""
            answer = super().announce(what)
            if what.payments and what.announcement.entry.action == "ended" and not announced.is_set():
                announced.set()
                may_answer.wait(HANGS)
            return answer

    monkeypatch.setattr(worker, "Announcing", Late)
    deputy = "city-council-deputy"
    async with (
        months() as environment,
        playing(tmp_path, environment, round_name="round-two", slug="school-journeys") as play,
    ):
        teams = await play.applied(2)
        await play.sealed()
        await play.decide("select", deputy, stage="interview", teams=teams)
        await play.until(lambda state: state.stage == 1)
        await play.decide("select", deputy, stage="exploration", teams=teams)
        ends = (await play.state()).run.ends
        ending = asyncio.create_task(play.skip_to(ends))
        await asyncio.to_thread(announced.wait, HANGS)
        await play.handle.cancel()
        state = await play.until(lambda state: state.phase is Phase.ENDED)
        may_answer.set()
        await ending
        result = await play.result()

        keys = {f"{play.challenge.id}/exploration/{team}/{number}" for team in teams for number in (1, 2)}
        assert state.payments.keys() == set(result.paid) == keys
        assert len(play.paid()) == len(keys)
        assert result.outcome is Outcome.CANCELLED
        assert play.course()[-4:] == ["select", "ended", "ended", "paid-up"]


async def test_a_challenge_on_hold_can_be_cancelled(tmp_path: Path) -> None:
    """Fails when a hold keeps a challenge from being cancelled."""
    async with months() as environment, playing(tmp_path, environment) as play:
        await play.exploring()
        await play.decide("hold", OPERATOR, reason="A complaint came in.")
        await play.decide("cancel", reason="The complaint is right.")
        result = await play.result()

        assert (result.outcome, len(result.paid)) == (Outcome.CANCELLED, 3)
