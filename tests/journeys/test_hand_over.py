"""People who leave, and successors who go on in their place: in a challenge that is open, and in its payments."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from whenever import TimeDelta

from desk.people import HandOverDone
from domain.announcements.occasions import Occasion
from domain.identity.proof import AT_TERMINAL
from domain.payments.payment import PaymentSnapshot, PaymentStatus
from domain.values.refusals import NotAllowed, NotConfirmed, UnknownPerson
from tests.play import Play
from tests.playing import playing
from tests.rounds import FINANCE, OPERATOR, SPONSOR
from tests.servers import dev_server
from tests.waiting import SOON, eventually
from workflows import interface

LONG = TimeDelta(hours=24)


async def hands_over(play: Play, person: str, successor: str, by: str = OPERATOR) -> HandOverDone:
    """Somebody's role goes to somebody who is new."""
    actor = await play.desk.actor(by, AT_TERMINAL)
    return await play.desk.people.hand_over(
        actor, "pilot-2016", person, successor, "On leave.", name=successor, email=f"{successor}@successors.example"
    )


async def test_successors_decide_release_and_are_told_in_a_challenge_that_is_open(tmp_path: Path) -> None:
    """Fails where only the database knows: the workflow would refuse the successor, and remind whoever has left."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        play.finance_works = False
        teams = await play.applied(2)
        await play.sealed()
        for person, successor in ((SPONSOR, "dana"), (OPERATOR, "otto"), (FINANCE, "ann")):
            done = await hands_over(play, person, successor, "otto" if person == FINANCE else OPERATOR)
            assert play.challenge.id in done.challenges
            assert play.told(Occasion.HANDED_OVER)[person] >= 1
            assert play.told(Occasion.HANDED_OVER)[successor] >= 1

        play.challenge = challenge = (await play.state()).challenge
        assert (challenge.deciders, challenge.operators, challenge.releasers) == (("dana",), ("otto",), ("ann",))
        lines = [(line.by, line.role, line.text, line.reason) for line in play.record("hand-over")]
        assert lines == [
            (OPERATOR, "operator", f"{SPONSOR} hands over to dana, as sponsor", "On leave."),
            (OPERATOR, "operator", f"{OPERATOR} hands over to otto, as operator", "On leave."),
            ("otto", "operator", f"{FINANCE} hands over to ann, as releaser", "On leave."),
        ]
        with pytest.raises(NotAllowed, match="dana may"):
            await play.decide("select", SPONSOR, stage="exploration", teams=teams)
        await play.decide("select", "dana", stage="exploration", teams=teams)
        assert (await play.state()).run.selected_by == "dana"
        keys = await play.requested("exploration", teams)
        for team in teams:
            await play.give_payee(team)
        for key in keys:
            await play.stands(key, PaymentStatus.PAYEE_KNOWN)
        assert play.told(Occasion.PAYMENT_TO_RELEASE) == {"ann": 2}
        with pytest.raises(NotAllowed, match="ann may"):
            await play.release_past_the_desk(keys[0], FINANCE)
        for key in keys:
            await play.decide_payment(key, "release", "ann", payee_version=1)
            await play.stands(key, PaymentStatus.SETTLED)
        await play.decide("cancel", "otto", reason="The end.")
        play.finance_works = True
        await play.result()


async def test_a_payment_that_waits_is_released_by_the_successor_and_not_by_whoever_selected(tmp_path: Path) -> None:
    """The two-person rule looks at persons. Fails where a payment keeps the people whom it began with, and where
    whoever selected the team may release once they have the role, by their id or by their address."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        play.finance_works = False
        first, second = await play.owed(2)
        await play.releasable(first)
        await play.releasable(second)
        await hands_over(play, SPONSOR, "dana")
        actor = await play.desk.actor(OPERATOR, AT_TERMINAL)
        await play.desk.people.hand_over(actor, "pilot-2016", FINANCE, SPONSOR, "We are few.")

        handle = client.get_workflow_handle(first)

        async def knows() -> bool:
            snapshot = await handle.query(interface.SNAPSHOT, result_type=PaymentSnapshot)
            return bool(snapshot.releasers == (SPONSOR,))

        await eventually(knows)
        page: WorkflowMetadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        assert f"somebody other than {SPONSOR}" in page.current_details
        for name in (SPONSOR, "Challenge.Lead@SEPA.example"):
            with pytest.raises(NotAllowed, match=f"{SPONSOR} selected the team, and a second person must release it"):
                await play.decide_payment(first, "release", name, payee_version=1)
        with pytest.raises(NotAllowed, match="one mailbox is one person"):
            await play.desk.people.hand_over(
                actor, "pilot-2016", SPONSOR, "eve", "x", name="Eve", email="challenge.LEAD@sepa.example"
            )
        await hands_over(play, SPONSOR, "ann")
        for key in (first, second):
            await play.decide_payment(key, "release", "ann", payee_version=1)
            await play.stands(key, PaymentStatus.SETTLED)
        await play.decide("cancel", OPERATOR, reason="The end.")
        play.finance_works = True
        await play.result()


async def test_a_hand_over_that_stops_half_way_goes_on_when_it_is_sent_again(tmp_path: Path) -> None:
    """Also by an operator who has none of their rights any more. Fails where the second is refused, or is another."""
    options = {"answer_within": SOON}
    async with dev_server() as client, playing(tmp_path, client, window=LONG, options=options) as play:
        async with play.without_worker():
            with pytest.raises(NotConfirmed, match="otto has the role of programme-office in pilot-2016 now, but not"):
                await hands_over(play, OPERATOR, "otto")

        async def is_seen() -> bool:
            actor = await play.desk.actor("otto", AT_TERMINAL)
            found = [each.what for each in (await play.desk.reconciliation.reconcile(actor)).differences]
            return found == [f"does not know that otto has taken over from {OPERATOR}: send the hand-over again"]

        await eventually(is_seen)

        async def is_confirmed() -> bool:
            with suppress(NotConfirmed):  # Temporal asks the worker that has gone for a while
                return bool(await hands_over(play, OPERATOR, "otto"))
            return False

        await eventually(is_confirmed)
        for by in (OPERATOR, "otto", "programme.office@digital-directorate.example"):
            assert (await hands_over(play, OPERATOR, "otto", by)).number == 1
        with pytest.raises(NotAllowed):
            await hands_over(play, OPERATOR, "otto", FINANCE)

        play.challenge = (await play.state()).challenge
        assert play.challenge.operators == ("otto",)
        assert [line.by for line in play.record("hand-over") if not line.refused] == [OPERATOR]
        assert play.told(Occasion.HANDED_OVER) == {OPERATOR: 1, "otto": 1}
        await play.decide("cancel", "otto", reason="The end.")
        await play.result()


async def test_a_message_by_hand_gives_nobody_a_role(tmp_path: Path) -> None:
    """Fails where the workflow believes what the books of the round do not have."""
    async with dev_server() as client, playing(tmp_path, client, window=LONG) as play:
        fields = {"number": 1, "person": FINANCE, "successor": SPONSOR, "reason": "So there."}
        with pytest.raises(UnknownPerson, match="has not handed over to"):
            await play.decide("hand-over", OPERATOR, **fields)
        assert (await play.state()).challenge.releasers == (FINANCE,)
        assert len(play.refusals()) == 1
        await play.decide("cancel", OPERATOR, reason="The end.")
        await play.result()


async def test_a_challenge_that_has_ended_has_the_hand_over_on_its_record(tmp_path: Path) -> None:
    async with dev_server() as client, playing(tmp_path, client, window=LONG) as play:
        await play.decide("cancel", OPERATOR, reason="The end.")
        await play.result()
        done = await hands_over(play, OPERATOR, "otto")
        assert (await hands_over(play, OPERATOR, "otto")).number == done.number

        play.challenge = play.challenge.model_copy(update={"operators": ("otto",)})
        assert [line.text for line in play.record("hand-over")] == [f"{OPERATOR} hands over to otto, as operator"]
