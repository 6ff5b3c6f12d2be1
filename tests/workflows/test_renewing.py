"""Any wait can be left for a fresh run, and nothing is lost on the way (invariant 8)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from whenever import Instant, TimeDelta

from activities.announcements import Announcing
from domain.announcements.occasions import Occasion
from domain.challenges.state import Outcome, Phase, State
from domain.payments.payment import PaymentSnapshot, PaymentStatus
from domain.values.calendar import lasting
from tests.journeys.dates import happened_at
from tests.play import Play
from tests.playing import months, playing
from tests.rails import BrokenRail, Making
from tests.replay import recording
from tests.rounds import FINANCE, OPERATOR, pilot, with_stages_of
from tests.servers import dev_server
from tests.waiting import eventually
from tests.workflows.asleep import without_worker_before_a_timer
from workflows import interface
from workflows.stubs import READ_CLOCK

_HOUR = TimeDelta(hours=1)


class Clock:
    """The clock that a challenge asks for the time: it can be put forward, on a server whose own time cannot."""

    def __init__(self) -> None:
        self.ahead = TimeDelta()

    async def reaches(self, play: Play, moment: Instant, said: Mapping[str, str]) -> None:
        """Puts it forward to a moment, and has the challenge look at it.

        Args:
            play: the challenge.
            moment: to which.
            said: a resumption that was sent before: sent again it changes nothing, but has the challenge look.
        """
        self.ahead = play.skipped = moment - Instant.now()
        await play.handle.signal("resume", dict(said))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """For the workers of this test."""
    clock, by_the_server = Clock(), Announcing.read_clock

    @READ_CLOCK.does
    def read_clock(announcing: Announcing, _: None) -> datetime:
        return (Instant(by_the_server(announcing, None)) + clock.ahead).to_stdlib()

    monkeypatch.setattr(Announcing, "read_clock", read_clock)
    return clock


async def renewed(play: Play) -> State:
    """Lets the challenge go on in a fresh run, and checks that nobody could tell."""
    run, before = await play.run_id(), await play.state()
    await play.handle.signal(interface.RENEW)
    await play.until_renewed(run)
    after = await play.state()
    # Payments may have been settled meanwhile.
    assert after.having(payments={}, story=()) == before.having(payments={}, story=())
    assert after.payments.keys() >= before.payments.keys()
    assert after.story[: len(before.story)] == before.story
    return after


async def test_a_challenge_renewed_at_every_wait_goes_its_way_as_if_it_were_not(tmp_path: Path, clock: Clock) -> None:
    """Fails when a deadline is computed anew in the new run, when something is kept beside the state, or when a step
    that was done is done again.

    On the real server, on which hours pass by a clock that is put forward: the time-skipping one can stand still for
    good after continue-as-new.
    """
    _, programme, _ = pilot()
    short = with_stages_of(_HOUR, programme.model_copy(update={"stages": programme.stages[:2]}))
    resumed = {"by": OPERATOR, "decision_id": "goes-on"}
    async with dev_server() as client, playing(tmp_path, client, programme=short, window=_HOUR) as play:
        await play.until(lambda state: state.opened)
        teams = await play.applied(3)
        await renewed(play)
        await play.decide("hold", OPERATOR, reason="A question.")
        await renewed(play)
        await play.decide("resume", **resumed)
        closes = (await play.state()).closes
        await clock.reaches(play, closes, resumed)
        state = await play.sealed()
        assert closes <= play.record("sealed")[0].at
        assert (await renewed(play)).decide_by == state.decide_by

        for stage, count in (("exploration", 3), ("accelerator", 1)):
            await play.decide("select", stage=stage, teams=teams[:count])
            ends = (await renewed(play)).run.ends
            await clock.reaches(play, ends, resumed)
            state = await play.stage_over()
            assert ends <= play.record("ended")[-1].at
            if state.phase is not Phase.ENDED:
                await renewed(play)
        result = await play.result()

        assert result.outcome is Outcome.COMPLETED
        assert len(result.paid) == len(play.paid()) == 4
        assert play.course() == [*("opened", "hold", "resume", "sealed"), *("select", "ended") * 2, "paid-up"]


async def test_a_challenge_renewed_before_it_opens_opens_in_time(tmp_path: Path) -> None:
    async with (
        months() as environment,
        playing(tmp_path, environment, opens_in=Play.DAY) as play,
    ):
        state = await renewed(play)
        assert not state.opened
        await play.skip_to(state.opens)
        await play.until(lambda state: state.opened)
        assert happened_at(play, "opened", play.challenge.opens)


async def test_a_challenge_renewed_while_it_waits_for_its_last_payments_ends_when_they_are_made(tmp_path: Path) -> None:
    broken = Making(BrokenRail)
    async with months() as environment, playing(tmp_path, environment, rail=broken) as play:
        (key,) = await play.owed()
        await play.decide("cancel", OPERATOR, reason="It is over.")
        await play.released()
        state = await renewed(play)
        assert (state.phase, len(state.unpaid)) == (Phase.ENDED, 1)

        broken.rail.mended = True
        result = await play.result()
        assert result.paid == (key,)


async def test_a_payment_renewed_at_every_wait_keeps_its_place(tmp_path: Path) -> None:
    """Holds that a payment goes on in a fresh run wherever it waits, with the same dates, and that nobody is asked or
    reminded again for that. Fails where the new run counts anew, or repeats a step."""
    async with months() as environment, playing(tmp_path, environment) as play:
        play.finance_works = False
        (key,) = await play.owed()
        team = play.payment(key).team

        async def renewed_as_it_stood() -> None:
            before, told = play.payment(key), len(play.books.notices())
            run = await recording.latest_run(play.client, key)
            await play.client.get_workflow_handle(key).signal(interface.RENEW)

            async def is_another() -> bool:
                return await recording.latest_run(play.client, key) != run

            await eventually(is_another)
            snapshot = await play.client.get_workflow_handle(key).query(interface.SNAPSHOT, result_type=PaymentSnapshot)
            assert snapshot is None or snapshot.status is before.status
            assert play.payment(key) == before
            assert len(play.books.notices()) == told

        requested = play.payment(key).requested
        await renewed_as_it_stood()
        await play.skip_to(requested + Play.DAY * 3)
        await play.until_told(Occasion.PAYMENT_REQUESTED, {team: 2})
        await renewed_as_it_stood()
        await play.give_payee(team)
        pay_by = (await play.stands(key, PaymentStatus.PAYEE_KNOWN)).pay_by
        assert pay_by is not None
        await renewed_as_it_stood()
        await play.skip_to(pay_by - Play.DAY * 3)
        await play.until_told(Occasion.PAYMENT_DUE, {FINANCE: 1})
        await renewed_as_it_stood()
        await play.release(key)
        state = await play.payments_over(1)

        assert state.payments.keys() == {key}
        assert play.told(Occasion.PAYMENT_DUE) == {FINANCE: 1}
        assert play.told(Occasion.PAYMENT_TO_RELEASE) == {FINANCE: 1}
        assert len(play.record("paid")) == 1


async def test_a_reminder_that_falls_due_while_no_worker_runs_is_sent_by_the_run_after_the_renewal(
    tmp_path: Path,
) -> None:
    """As when a worker is replaced by one of a newer build. Fails when the new run counts from its own start."""
    _, programme, _ = pilot()
    every = TimeDelta(seconds=3)
    often = programme.reminders.model_copy(update={"payment_overdue_every": lasting(every.total("seconds"))})
    programme = programme.model_copy(update={"reminders": often})
    async with dev_server() as client, playing(tmp_path, client, programme=programme, at_once=True) as play:
        play.finance_works = False
        (key,) = await play.owed()
        payment, run = client.get_workflow_handle(key), await recording.latest_run(client, key)

        def sent() -> list[Instant]:
            reminded = f"{key}/reminded-"
            return [Instant(line.key.removeprefix(reminded)) for line in play.record() if line.key.startswith(reminded)]

        async with without_worker_before_a_timer(play, key) as it_fires:
            await it_fires()
            before = sent()
            await payment.signal(interface.RENEW)

        async def is_sent() -> bool:
            return len(sent()) > len(before)

        await eventually(is_sent)
        first = sent()[len(before)]
        assert first in {play.payment(key).requested + every * number for number in range(1, 200)}
        assert await recording.latest_run(client, key) != run
        begun = (await payment.fetch_history()).events[0].event_time
        assert first <= Instant(begun.ToDatetime(tzinfo=UTC)), "it was due when the fresh run began"


async def test_many_messages_at_the_moment_of_renewal_are_all_handled(tmp_path: Path) -> None:
    async with months() as environment, playing(tmp_path, environment) as play:
        await play.until(lambda state: state.opened)
        run = await play.run_id()
        await asyncio.gather(
            play.handle.signal(interface.RENEW),
            *(play.handle.signal("abolish", {"by": OPERATOR, "number": number}) for number in range(20)),
        )
        await play.until_renewed(run)
        state = await play.until(lambda state: len(state.story) == 21)
        assert len(play.refusals()) == 20
        assert state.phase is Phase.WINDOW


async def test_a_renewed_run_looks_the_same_to_staff(tmp_path: Path) -> None:
    """Fails when what the page says is not in the state. The summary that a run is started with is not kept: Temporal
    drops it at continue-as-new, so the page has the question as its heading."""
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        columns, page = (await play.handle.describe()).typed_search_attributes, await play.details()
        await renewed(play)
        await renewed(play)

        assert (await play.handle.describe()).typed_search_attributes == columns
        assert await play.details() == page
        assert play.challenge.question in page.splitlines()[0]
