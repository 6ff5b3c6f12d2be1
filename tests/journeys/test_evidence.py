"""Instalments that are paid once what a team has shown is accepted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from whenever import TimeDelta

from domain.announcements.occasions import Occasion
from domain.challenges.state import Outcome, Phase
from domain.payments.payment import PaymentStatus
from domain.programmes.programme import Programme
from domain.values.refusals import NotAllowed, ReasonMissing, TooLate
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import FINANCE, OPERATOR, SPONSOR, pilot

REPORT = "a report on the trial"


def half_on_evidence(stages: int) -> Programme:
    """The pilot's first stages; the first pays half at its start, and half once a report is accepted."""
    _, programme, _ = pilot()
    first, *others = programme.stages[:stages]
    assert first.pay is not None
    pay = first.pay.model_validate(
        {
            "fixed": "2000.00",
            "instalments": [
                {"share": "50%", "due": "start"},
                {"share": "50%", "due": "evidence", "evidence": REPORT},
            ],
        }
    )
    return programme.model_copy(update={"stages": (first.model_copy(update={"pay": pay}), *others)})


@asynccontextmanager
async def exploring(folder: Path, stages: int = 2) -> AsyncIterator[tuple[Play, str, str]]:
    """A challenge in its first stage with one team, whose first half is paid; the team, and the key of the second."""
    async with (
        months() as environment,
        playing(
            folder, environment, programme=half_on_evidence(stages), releasers=(FINANCE, OPERATOR, SPONSOR)
        ) as play,
    ):
        (team,) = await play.exploring(1)
        await play.payments_over(1)
        yield play, team, f"{play.challenge.id}/exploration/{team}/2"


async def test_an_instalment_is_paid_once_its_evidence_is_accepted_and_released_by_another_person(
    tmp_path: Path,
) -> None:
    """Holds that nothing is ordered before, that a rejection lets the team try again, and that whoever accepted
    cannot release. Fails where `_check_release` does not look who accepted."""
    async with exploring(tmp_path) as (play, team, key):
        assert play.paid() == {f"exploration/{team}/1": "1000.00"}
        with pytest.raises(ReasonMissing):
            await play.decide("evidence", OPERATOR, stage="exploration", team=team, accepted=False)
        with pytest.raises(NotAllowed):
            await play.decide("evidence", team, stage="exploration", team=team, accepted=True)
        reason = "It does not say how many citizens took part."
        await play.decide("evidence", SPONSOR, stage="exploration", team=team, accepted=False, reason=reason)
        assert play.told(Occasion.EVIDENCE_REJECTED) == {team: 1}
        assert (await play.state()).payments.keys() == {f"{play.challenge.id}/exploration/{team}/1"}

        await play.decide("evidence", OPERATOR, stage="exploration", team=team, accepted=True)
        assert play.told(Occasion.EVIDENCE_ACCEPTED) == {team: 1}
        await play.stands(key, PaymentStatus.PAYEE_KNOWN)
        with pytest.raises(NotAllowed, match="programme-office accepted its evidence, and a second person"):
            await play.release_past_the_desk(key, OPERATOR)
        with pytest.raises(NotAllowed, match="sepa-decider selected the team"):
            await play.release_past_the_desk(key, SPONSOR)
        with pytest.raises(TooLate, match="No evidence of"):
            await play.decide("evidence", SPONSOR, stage="exploration", team=team, number=2, accepted=True)
        await play.payments_over(2)

        assert play.paid() == {f"exploration/{team}/1": "1000.00", f"exploration/{team}/2": "1000.00"}
        assert [(line.by, line.reason) for line in play.record("evidence") if not line.refused] == [
            (SPONSOR, reason),
            (OPERATOR, ""),
        ]


async def test_evidence_that_is_accepted_while_the_sponsor_decides_is_paid_for_at_once(tmp_path: Path) -> None:
    """Fails where only a stage that runs, and the end, order what is due: the team then waits for the sponsor."""
    async with exploring(tmp_path) as (play, team, key):
        state = await play.stage_over()
        assert state.phase is Phase.DECIDING
        await play.decide("evidence", OPERATOR, stage="exploration", team=team, accepted=True)
        state = await play.payments_over(2)

        assert state.phase is Phase.DECIDING
        assert play.payment(key).status is PaymentStatus.SETTLED


async def test_a_challenge_that_is_over_waits_for_evidence_and_pays_what_is_accepted(tmp_path: Path) -> None:
    """Holds that the end of the last stage is no end for what was promised: the team is reminded every week. Fails
    where the challenge closes with evidence open."""
    async with exploring(tmp_path, stages=1) as (play, team, key):
        state = await play.stage_over()
        assert (state.phase, state.waits_for) == (Phase.ENDED, "evidence")
        assert play.books.challenge(play.challenge.id).waits_for == "evidence"
        before = play.told(Occasion.EVIDENCE_DUE)[team]
        for weeks in (1, 2):
            await play.skip_to(state.run.ends + TimeDelta(hours=24 * 7 * weeks))
            await play.until_told(Occasion.EVIDENCE_DUE, {team: before + weeks})

        await play.decide("evidence", SPONSOR, stage="exploration", team=team, accepted=True)
        result = await play.result()
        assert result.outcome is Outcome.COMPLETED
        assert result.paid == (key.removesuffix("2") + "1", key)
        assert play.told(Occasion.EVIDENCE_DUE) == {team: before + 2}


async def test_after_the_end_a_rejection_is_final_and_ends_the_wait(tmp_path: Path) -> None:
    """Fails where a rejection after the end leaves the instalment open: the challenge then waits for ever."""
    async with exploring(tmp_path, stages=1) as (play, team, key):
        await play.stage_over()
        await play.decide("evidence", OPERATOR, stage="exploration", team=team, accepted=False, reason="Not shown.")
        result = await play.result()

        assert result.outcome is Outcome.COMPLETED
        assert result.paid == (key.removesuffix("2") + "1",)
        (rejected,) = play.record("evidence")
        assert "rejected for good" in rejected.text
        assert [each.key for each in play.books.payments()] == list(result.paid)
