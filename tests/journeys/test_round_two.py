"""A later round under other rules, to show that nothing of the pilot is hard-wired."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from domain.challenges.state import Outcome, Phase
from domain.values.refusals import TooEarly
from tests.journeys.dates import happened_at, selection_due, stage_ends
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import OPERATOR

SPONSOR = "city-council-deputy"


@asynccontextmanager
async def six_interviewed(folder: Path) -> AsyncIterator[tuple[Play, list[str]]]:
    """A challenge of the second round in which the sponsor is about to choose among six who were interviewed."""
    async with (
        months() as environment,
        playing(folder, environment, round_name="round-two", slug="school-journeys") as play,
    ):
        teams = await play.applied(8)
        await play.sealed()
        await play.decide("select", SPONSOR, stage="interview", teams=teams[:6])
        await play.until(lambda state: state.phase is Phase.DECIDING and state.stage == 1)
        yield play, teams


async def test_an_interview_sifts_takes_no_time_and_pays_nothing(tmp_path: Path) -> None:
    """Fails when a stage without a duration lasts an hour."""
    async with six_interviewed(tmp_path) as (play, teams):
        state = await play.state()

        assert happened_at(play, "ended", state.run.begins)
        assert state.field == tuple(teams[:6])
        assert state.decide_by == selection_due(play, state, "ended")
        assert play.books.payments(play.challenge.id) == ()


async def test_instalments_with_vat_are_paid_at_the_start_and_at_the_end_and_a_stage_is_skipped(
    tmp_path: Path,
) -> None:
    """Fails when the last instalment is paid with the first."""
    async with six_interviewed(tmp_path) as (play, teams):
        one, two, three, *_ = teams
        await play.decide("select", SPONSOR, stage="exploration", teams=[one, two, three])
        state = await play.payments_over(3)
        assert state.run.ends == stage_ends(play, state)
        assert play.paid() == {f"exploration/{team}/1": "1800.00" for team in (one, two, three)}

        await play.decide("withdraw", OPERATOR, team=three, reason="They were bought.")
        await play.stage_over()
        await play.payments_over(5)
        assert {key for key in play.paid() if key.endswith("/2")} == {f"exploration/{one}/2", f"exploration/{two}/2"}

        with pytest.raises(TooEarly, match="accelerator comes before pre-commercial and may not be skipped"):
            await play.decide("select", SPONSOR, stage="pre-commercial", teams=[one], amounts={one: "60000"})
        await play.decide("select", SPONSOR, stage="accelerator", teams=[one])
        await play.stage_over()
        await play.decide("select", SPONSOR, stage="commercialisation", teams=[one])
        state = await play.state()
        assert [run.stage for run in state.runs] == ["interview", "exploration", "accelerator", "commercialisation"]
        await play.stage_over()
        result = await play.result()

        assert result.outcome is Outcome.COMPLETED
        assert play.paid() == {
            f"exploration/{one}/1": "1800.00",
            f"exploration/{one}/2": "1800.00",
            f"exploration/{two}/1": "1800.00",
            f"exploration/{two}/2": "1800.00",
            f"exploration/{three}/1": "1800.00",
            f"accelerator/{one}/1": "9600.00",
            f"accelerator/{one}/2": "14400.00",
        }
        vat = sum(payment.amount.vat.pence for payment in play.books.payments(play.challenge.id))
        assert vat == 5 * 300_00 + 4000_00


async def test_an_amount_agreed_with_vat_included_is_paid_to_the_penny(tmp_path: Path) -> None:
    """Fails when VAT that is included is added."""
    async with six_interviewed(tmp_path) as (play, teams):
        winner = teams[0]
        for stage in ("exploration", "accelerator"):
            await play.decide("select", SPONSOR, stage=stage, teams=[winner])
            await play.stage_over()
        await play.decide("select", SPONSOR, stage="pre-commercial", teams=[winner], amounts={winner: "60000.01"})
        await play.stage_over()
        await play.payments_over(6)

        agreed = [each for each in play.books.payments(play.challenge.id) if each.stage == "pre-commercial"]
        assert [each.number for each in agreed] == [1, 2]
        assert sum(each.amount.gross.pence for each in agreed) == 60000_01
        assert sum(each.amount.net.pence for each in agreed) == 50000_01
