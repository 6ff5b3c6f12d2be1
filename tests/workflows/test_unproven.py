"""Decisions without a proof, sent past the desk to a real server: done and marked, kept, or refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from domain.announcements.occasions import Occasion
from domain.challenges.state import Phase
from domain.identity.proof import Proof, Unproven, Way
from domain.payments.payment import PaymentStatus
from domain.permissions import Actor
from domain.values.paging import Page, all_of
from domain.values.refusals import AwaitsConfirmation, NotAllowed, NotProven, OnHold, Refused, TooLate
from store.identity.unconfirmed import Unconfirmed, find
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import FINANCE, OPERATOR, SPONSOR
from tests.servers import dev_server
from tests.workflows.by_hand import by_client, by_command_line
from workflows.interface import NOT_PROVEN, RENEW, RETRY

KEY = Proof(way=Way.KEY)
HOLD = {"by": OPERATOR, "reason": "By hand."}
HOWS = [("signal", by_command_line), ("update", by_command_line), ("signal", by_client), ("update", by_client)]
WAYS = [f"{how} by {send.__name__.removeprefix('by_')}" for how, send in HOWS]
TWO, TWO_WAYS = HOWS[::3], WAYS[::3]
"""Each of the tools once, and each kind of message: where a test is long and does not depend on both together."""


@asynccontextmanager
async def opened(folder: Path, unproven: Unproven, *, at_once: bool = False) -> AsyncIterator[Play]:
    """A challenge under one policy, whose people act at the desk with a key file; `at_once` as for `playing`."""
    options = {"unproven": unproven}
    async with dev_server() as client, playing(folder, client, options=options, at_once=at_once) as play:
        play._proof = KEY
        yield play


async def acting(play: Play, person: str, proof: Proof = KEY) -> Actor:
    """Somebody with a proof."""
    return await play.desk.actor(play.mailbox(person), proof)


async def waiting(play: Play, person: str) -> list[Unconfirmed]:
    """What waits for somebody."""
    actor = await acting(play, person)
    return list(await all_of(lambda page: play.desk.confirmations.list(actor, page)))


async def kept(play: Play, person: str) -> Unconfirmed:
    """The decision that waits for somebody, once it has come."""
    await play.eventually(lambda: has(play, person))
    [one] = await waiting(play, person)
    return one


async def has(play: Play, person: str) -> bool:
    """Whether anything waits for somebody."""
    return bool(await waiting(play, person))


async def column(play: Play, workflow: str) -> Any:
    """What the list in the Temporal UI shows in the column "NotProven"."""
    described = await play.client.get_workflow_handle(workflow).describe()
    return described.typed_search_attributes.get(NOT_PROVEN)


@pytest.mark.parametrize(("how", "send"), TWO, ids=TWO_WAYS)
async def test_accepted_it_is_done_and_marked_as_not_proven(tmp_path: Path, how: str, send: Any) -> None:
    """Fails when a decision that anybody can have sent looks like the operator's own."""
    async with opened(tmp_path, Unproven.ACCEPT) as play:
        await send(play.client, play.challenge.id, how, "hold", HOLD)
        state = await play.until(lambda state: state.held is not None)
        assert state.not_proven == 1
        assert state.story[-1].text.endswith("(not proven)")
        assert [(line.by, line.proof, line.signed) for line in play.record("hold")] == [(OPERATOR, "not proven", "")]
        assert "| 1 decision came without a proof: see the record |" in await play.details()
        assert await column(play, play.challenge.id) is True

        await play.decide("resume", OPERATOR, reason="Signed.")
        state = await play.state()
        assert state.not_proven == play.books.challenge(play.challenge.id).not_proven == 1
        assert not state.story[-1].text.endswith("(not proven)")
        assert [line.proof for line in play.record("resume")] == ["terminal key"]


@pytest.mark.parametrize(("how", "send"), TWO, ids=TWO_WAYS)
async def test_refused_it_changes_nothing_and_is_on_the_record(tmp_path: Path, how: str, send: Any) -> None:
    """Fails when only one way to send is refused."""
    async with opened(tmp_path, Unproven.REFUSE) as play:
        before = await play.until(lambda state: state.opened)
        said = await send(play.client, play.challenge.id, how, "hold", HOLD)
        await play.until(lambda state: len(state.story) > len(before.story))
        assert how == "signal" or "not-proven" in str(said) or "came without a proof" in str(said)
        [line] = [line for line in play.record() if line.refused]
        assert (line.by, line.action, line.proof) == (OPERATOR, "hold", "not proven")
        assert line.text.startswith("The hold came without a proof of who has sent it")
        state = await play.state()
        assert state.having(story=before.story) == before

        with pytest.raises(NotProven, match="came without a proof"):
            await play.desk.challenges.decide(
                await acting(play, OPERATOR, Proof(way=Way.TERMINAL)), play.challenge.id, "hold", reason="A name."
            )
        assert [line.proof for line in play.record() if line.refused] == ["not proven", "terminal"]
        await play.decide("hold", OPERATOR, reason="Signed.")
        assert [line.proof for line in play.record("hold") if not line.refused] == ["terminal key"]


@pytest.mark.parametrize(("how", "send"), HOWS, ids=WAYS)
async def test_it_waits_for_the_person_whom_it_names_and_is_done_once_they_confirm_it(
    tmp_path: Path, how: str, send: Any
) -> None:
    """Fails when it is done at once, when the same message again is another one, and when somebody else can confirm."""
    async with opened(tmp_path, Unproven.CONFIRM) as play:
        before = await play.until(lambda state: state.opened)
        for _ in range(2):
            said = await send(play.client, play.challenge.id, how, "hold", HOLD)
            assert how == "signal" or "awaits-confirmation" in str(said) or "came without a proof" in str(said)
        one = await kept(play, OPERATOR)
        assert (one.kind, one.person, one.workflow) == ("hold", OPERATOR, play.challenge.id)
        assert one.principal == ""  # a development server authenticates nobody
        state = await play.until(lambda state: len(state.story) > len(before.story))
        assert state.having(story=before.story) == before
        assert one.id in state.story[-1].text
        assert [(line.action, line.refused) for line in play.record()[-1:]] == [("unconfirmed", False)]
        assert play.told(Occasion.UNCONFIRMED) == {OPERATOR: 1}
        assert play.told(Occasion.REFUSED) == {}

        confirm = play.desk.confirmations.confirm
        with pytest.raises(NotAllowed, match=f"it names {OPERATOR}"):
            await confirm(await acting(play, SPONSOR), one.id)
        with pytest.raises(NotProven, match="a name at a terminal is none"):
            await confirm(await acting(play, OPERATOR, Proof(way=Way.TERMINAL)), one.id)
        answer = await confirm(await acting(play, OPERATOR), one.id)
        state = await play.state()
        assert state.held is not None
        assert (state.held.by, state.held.reason, state.not_proven) == (OPERATOR, "By hand.", 0)
        assert await confirm(await acting(play, OPERATOR), one.id) == answer
        assert await waiting(play, OPERATOR) == []
        [line] = [line for line in play.record("hold") if not line.refused]
        assert (line.by, line.proof, bool(line.signed)) == (OPERATOR, "terminal key", True)
        assert await column(play, play.challenge.id) is None


async def test_two_who_confirm_at_once_make_one_decision(tmp_path: Path) -> None:
    async with opened(tmp_path, Unproven.CONFIRM) as play:
        await by_client(play.client, play.challenge.id, "signal", "hold", HOLD)
        one, actor = await kept(play, OPERATOR), await acting(play, OPERATOR)
        answers = await asyncio.gather(*(play.desk.confirmations.confirm(actor, one.id) for _ in range(3)))
        assert len(set(answers)) == 1
        assert len(play.record("hold")) == 1


async def test_what_a_rule_refuses_goes_on_waiting_and_can_be_confirmed_later(tmp_path: Path) -> None:
    """Fails when Temporal answers the second try like the first, or the row is settled by a refusal."""
    async with opened(tmp_path, Unproven.CONFIRM) as play:
        state = await play.until(lambda state: state.opened)
        closes = str(state.closes.add(hours=24 * 14))
        extend = {"by": OPERATOR, "closes": closes, "reason": "More time."}
        await by_client(play.client, play.challenge.id, "signal", "extend", extend)
        one, actor = await kept(play, OPERATOR), await acting(play, OPERATOR)
        await play.decide("hold", OPERATOR, reason="Elections.")
        with pytest.raises(OnHold):
            await play.desk.confirmations.confirm(actor, one.id)
        assert [each.id for each in await waiting(play, OPERATOR)] == [one.id]
        assert [(line.action, line.proof) for line in play.record() if line.refused] == [("extend", "terminal key")]
        await play.decide("resume", OPERATOR, reason="Over.")
        assert await play.desk.confirmations.confirm(actor, one.id)
        assert str((await play.state()).closes) == closes


async def test_a_decision_that_waits_too_long_is_refused_and_can_be_dropped(tmp_path: Path) -> None:
    options = {"unproven": Unproven.CONFIRM}
    async with months() as environment, playing(tmp_path, environment, options=options) as play:
        play._proof = KEY
        await play.applied(3)
        state = await play.until(lambda state: state.opened)
        extend = {"by": OPERATOR, "closes": str(state.closes.add(hours=24)), "reason": "More time."}
        assert await by_client(play.client, play.challenge.id, "update", "extend", extend) == "awaits-confirmation"
        one, actor = await kept(play, OPERATOR), await acting(play, OPERATOR)
        await play.sealed()
        with pytest.raises(Refused):
            await play.desk.confirmations.confirm(actor, one.id)
        assert await has(play, OPERATOR)
        with pytest.raises(NotAllowed):
            await play.desk.confirmations.drop(await acting(play, SPONSOR), one.id, "Not mine.")
        dropped = await play.desk.confirmations.drop(actor, one.id, "Not mine.")
        assert dropped == await play.desk.confirmations.drop(actor, one.id, "Not mine.")
        assert not await has(play, OPERATOR)
        with pytest.raises(TooLate, match="was dropped before"):
            await play.desk.confirmations.confirm(actor, one.id)
        assert [(line.by, line.proof, line.reason) for line in play.record("unconfirmed-dropped")] == [
            (OPERATOR, "terminal key", "Not mine.")
        ]
        assert play.told(Occasion.REFUSED)[OPERATOR] >= 1


async def test_nobody_confirms_in_the_name_of_somebody_who_has_handed_over_their_role(tmp_path: Path) -> None:
    async with opened(tmp_path, Unproven.CONFIRM) as play:
        await by_client(play.client, play.challenge.id, "signal", "hold", HOLD)
        one = await kept(play, OPERATOR)
        heir = {"name": "Ann Orr", "email": "ann@body.example"}
        actor = await acting(play, OPERATOR)
        await play.desk.people.hand_over(actor, play.challenge.round, OPERATOR, "ann-orr", "On leave.", **heir)
        for person in (OPERATOR, "ann-orr"):
            with pytest.raises(NotAllowed):
                await play.desk.confirmations.confirm(await acting(play, person), one.id)
        assert (await play.state()).held is None
        assert find(play.desk.core.database, one.id).settled is None


@pytest.mark.parametrize(("how", "send"), TWO, ids=TWO_WAYS)
async def test_a_release_without_a_proof_pays_nothing_until_finance_confirms_it(
    tmp_path: Path, how: str, send: Any
) -> None:
    """Fails when the policy holds for challenges only: a release moves money."""
    async with opened(tmp_path, Unproven.CONFIRM, at_once=True) as play:
        play.finance_works = False
        (key,) = await play.owed()
        await play.releasable(key)
        release = {"by": FINANCE, "payee_version": 1}
        await send(play.client, key, how, "release", release)
        one = await kept(play, FINANCE)
        assert (one.kind, one.workflow) == ("release", key)
        assert play.payment(key).status is PaymentStatus.PAYEE_KNOWN
        # What a rule refuses is not kept: the sponsor releases nothing.
        await send(play.client, key, how, "release", release | {"by": SPONSOR})
        await play.eventually(lambda: refused(play, SPONSOR))
        assert not await has(play, SPONSOR)

        assert await play.desk.confirmations.confirm(await acting(play, FINANCE), one.id)
        await play.stands(key, PaymentStatus.SETTLED)
        [line] = [line for line in play.record("payment-release") if not line.refused]
        assert (line.by, line.proof, bool(line.signed)) == (FINANCE, "terminal key", True)
        assert await play.desk.confirmations.confirm(await acting(play, FINANCE), one.id)
        assert len(play.record("payment-release")) == 2


async def refused(play: Play, person: str) -> bool:
    """Whether something was refused to somebody."""
    return any(line.refused and line.by == person for line in play.record())


@pytest.mark.parametrize("unproven", [Unproven.ACCEPT, Unproven.REFUSE])
async def test_a_release_by_hand_is_done_and_marked_or_refused(tmp_path: Path, unproven: Unproven) -> None:
    async with opened(tmp_path, unproven, at_once=True) as play:
        play.finance_works = False
        (key,) = await play.owed()
        await play.releasable(key)
        said = await by_client(play.client, key, "update", "release", {"by": FINANCE, "payee_version": 1})
        if unproven is Unproven.REFUSE:
            assert said == "not-proven"
            assert [(line.by, line.proof) for line in play.record() if line.refused] == [(FINANCE, "not proven")]
            assert play.payment(key).status is PaymentStatus.PAYEE_KNOWN
            return
        await play.stands(key, PaymentStatus.SETTLED)
        assert [line.proof for line in play.record("payment-release")] == ["not proven"]
        assert await column(play, key) is True
        assert play.books.challenge(play.challenge.id).not_proven == 1


@pytest.mark.parametrize("unproven", [Unproven.CONFIRM, Unproven.REFUSE])
async def test_a_retry_and_a_renewal_without_a_proof_are_refused_on_the_record(
    tmp_path: Path, unproven: Unproven
) -> None:
    """Fails when whoever reaches Temporal can have runs begin anew, or payments ordered again."""
    async with opened(tmp_path, unproven, at_once=True) as play:
        play.finance_works = False
        (key,) = await play.owed()
        run = await play.run_id()
        for workflow in (play.challenge.id, key):
            assert await by_client(play.client, workflow, "update", RETRY) == "not-proven"
            await by_client(play.client, workflow, "signal", RENEW)
        await play.eventually(lambda: four_refused(play))
        assert await play.run_id() == run
        actions = sorted(line.action for line in play.record() if line.refused)
        assert actions == ["payment-renew", "payment-retry", "renew", "retry"]

        terminal, key_file = await acting(play, OPERATOR, Proof(way=Way.TERMINAL)), await acting(play, OPERATOR)
        for subject, what in ((play.desk.challenges, play.challenge.id), (play.desk.payments, key)):
            with pytest.raises(NotProven):
                await subject.retry(terminal, what)
            assert await subject.retry(key_file, what)
        assert await play.desk.rounds.renew(key_file, play.challenge.id) == (play.challenge.id, key)
        await play.until_renewed(run)


async def four_refused(play: Play) -> bool:
    """Whether all four messages are on the record."""
    return len(play.refusals()) == 4


async def test_a_hand_over_and_the_withdrawal_of_a_team_are_kept_too(tmp_path: Path) -> None:
    """Every decision goes the same way, and a team confirms in its own name."""
    async with opened(tmp_path, Unproven.CONFIRM, at_once=True) as play:
        team, *_ = await play.exploring(1)
        message = {"by": team, "team": team, "reason": "Enough."}
        assert await by_client(play.client, play.challenge.id, "update", "withdraw", message) == "awaits-confirmation"
        one = await kept(play, team)
        assert play.told(Occasion.UNCONFIRMED) == {team: 1}
        await play.desk.confirmations.confirm(await acting(play, team), one.id)
        state = await play.until(lambda state: state.phase is Phase.ENDED)
        assert state.run.active == ()


async def test_at_a_terminal_a_name_alone_waits_as_well(tmp_path: Path) -> None:
    """Fails when `--as` passes for a proof where the round asks for one."""
    async with opened(tmp_path, Unproven.CONFIRM) as play:
        terminal = await acting(play, OPERATOR, Proof(way=Way.TERMINAL))
        with pytest.raises(AwaitsConfirmation):
            await play.desk.challenges.decide(terminal, play.challenge.id, "hold", reason="A name.")
        assert [(line.action, line.proof) for line in play.record()[-1:]] == [("unconfirmed", "terminal")]
        page = await play.desk.confirmations.list(await acting(play, OPERATOR), Page())
        assert [each.kind for each in page.items] == ["hold"]
