"""Teams that leave, and those that take their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.announcements.occasions import Occasion
from domain.challenges.state import Outcome
from domain.payments.payment import PaymentStatus
from domain.values.refusals import NotAllowed, TooLate, UnknownTeam
from tests.gateways.status_report import Said
from tests.journeys.filing import paying_by_files, said
from tests.playing import months, playing
from tests.rounds import FINANCE, OPERATOR, SPONSOR


async def test_a_team_leaves_exploration_and_the_reserve_comes_in_and_is_paid(tmp_path: Path) -> None:
    """Fails when whoever comes in is due nothing."""
    async with months() as environment, playing(tmp_path, environment) as play:
        stays, leaves, also_stays, first, second = (await play.exploring(3, reserve=2))[:5]
        ends = (await play.state()).run.ends

        await play.decide("withdraw", leaves, team=leaves, reason="Our engineer left us.")
        state = await play.payments_over(4)

        assert state.run.active == (stays, also_stays, first)
        assert state.run.reserve == (second,)
        assert state.run.ends == ends
        assert play.paid() == {f"exploration/{team}/1": "2000.00" for team in (stays, leaves, also_stays, first)}
        assert play.told(Occasion.FROM_RESERVE) == {first: 1}
        assert play.told(Occasion.TEAM_LEFT) == {SPONSOR: 1, OPERATOR: 1}
        assert play.told(Occasion.WITHDRAWN) == {leaves: 1}
        assert [(line.by, line.role) for line in play.record("withdraw")] == [(leaves, "team")]

        await play.stage_over()
        with pytest.raises(UnknownTeam, match="is not a team in exploration"):
            await play.decide("select", stage="accelerator", teams=[leaves])
        await play.decide("select", stage="accelerator", teams=[first])
        assert (await play.state()).run.active == (first,)


async def test_an_operator_takes_a_team_out_without_replacing_it(tmp_path: Path) -> None:
    """Fails when the reserve comes in unasked."""
    async with months() as environment, playing(tmp_path, environment) as play:
        *teams, reserve = await play.exploring(3, reserve=1)
        with pytest.raises(NotAllowed):
            await play.decide("withdraw", team=teams[0], reason="The sponsor does not take teams out.")

        await play.decide("withdraw", OPERATOR, team=teams[0], replace=False, reason="Their part is done.")
        state = await play.state()

        assert state.run.active == (teams[1], teams[2])
        assert state.run.reserve == (reserve,)
        assert play.told(Occasion.FROM_RESERVE) == {}
        with pytest.raises(TooLate, match="left Exploration on"):
            await play.decide("withdraw", OPERATOR, team=teams[0], reason="Once more.")


async def test_a_challenge_that_every_team_has_left_is_discontinued(tmp_path: Path) -> None:
    """Fails when a challenge goes on without teams."""
    async with months() as environment, playing(tmp_path, environment) as play:
        teams = await play.exploring()
        for team in teams:
            await play.decide("withdraw", team, team=team, reason="We cannot do it in two weeks.")
        result = await play.result()

        assert result.outcome is Outcome.DISCONTINUED
        assert result.reason == "every team has left Exploration"
        # What fell due before they left is theirs.
        assert play.paid() == {f"exploration/{team}/1": "2000.00" for team in teams}


async def test_an_application_withdrawn_before_the_closing_can_no_longer_be_selected(tmp_path: Path) -> None:
    """Fails when the withdrawal does not reach the database."""
    async with months() as environment, playing(tmp_path, environment) as play:
        stays, leaves = await play.applied(2)
        await play.decide("withdraw", leaves, team=leaves, reason="We have no time.")
        state = await play.sealed()
        assert state.applications == 1

        with pytest.raises(UnknownTeam, match="was withdrawn"):
            await play.decide("select", stage="exploration", teams=[stays, leaves])
        await play.decide("select", stage="exploration", teams=[stays])
        assert (await play.state()).run.active == (stays,)


async def test_money_that_was_released_does_not_leave_after_its_team_until_somebody_says_so_again(
    tmp_path: Path,
) -> None:
    """Fails when the payment's workflow does not hear that its release is void, and when the file has it all the
    same."""
    async with paying_by_files(tmp_path, 2) as (play, (stays, leaves)):
        team = play.payment(leaves).team
        await play.decide("withdraw", team, team=team, reason="We have closed down.")

        (file,) = await play.submit(FINANCE)
        assert file.count == 1
        await play.stands(stays, PaymentStatus.SUBMITTED)
        await play.stands(leaves, PaymentStatus.PAYEE_KNOWN)
        assert play.payment(leaves).team_left is not None
        held = await play.desk.payment_files.held(await play.desk.actor(FINANCE))
        assert [each.key for each in held] == [leaves]

        await play.release(leaves)
        (second,) = await play.submit(FINANCE)
        assert second.count == 1
        await play.stands(leaves, PaymentStatus.SUBMITTED)
        for each in (file, second):
            keys = [f"{key}/1" for key in ((stays,) if each is file else (leaves,))]
            await play.settle(said(tmp_path, each.id, {key: Said("ACSC") for key in keys}), FINANCE)
        await play.payments_over()
