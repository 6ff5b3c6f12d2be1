"""What staff see in the Temporal UI, who read no code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from domain.values.money import Money, total
from domain.values.refusals import TooLate
from tests.playing import months, playing
from tests.rounds import OPERATOR, SPONSOR
from tests.servers import dev_server
from tests.waiting import eventually
from workflows.interface import NEEDS_ATTENTION, OUTCOME, ROUND, STAGE, UNTIL, WAITS_FOR
from workflows.interface import SPONSOR as SPONSOR_COLUMN


async def test_the_list_and_the_page_of_a_challenge_say_where_it_stands_and_who_must_act(tmp_path: Path) -> None:
    """Fails when a column is not brought up to date, or a payment has no summary."""
    async with dev_server() as client, playing(tmp_path, client) as play:
        opened = await play.until(lambda state: state.opened)
        described = await play.handle.describe()
        columns = described.typed_search_attributes
        assert await described.static_summary() == play.challenge.question
        assert await described.static_details() == (
            "The challenge air-quality is posed by Scottish Environment Protection Agency (SEPA). "
            "Its programme is “Pilot 2016: public challenges, answered by companies”."
        )
        assert (columns.get(ROUND), columns.get(SPONSOR_COLUMN)) == ("pilot-2016", "sepa")
        assert (columns.get(STAGE), columns.get(WAITS_FOR)) == ("window", "applications")
        until = columns.get(UNTIL)
        assert until is not None
        assert abs((until - opened.closes.to_stdlib()).total_seconds()) < 0.001
        assert columns.get(OUTCOME) is None
        assert not columns.get(NEEDS_ATTENTION)
        assert (await play.details()).startswith(f"## {play.challenge.question}")


async def test_the_list_and_the_page_of_a_challenge_follow_it_to_its_end(tmp_path: Path) -> None:
    """Fails as the one before it."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        teams = await play.exploring(3, reserve=1)
        state = await play.payments_over()
        columns = (await play.handle.describe()).typed_search_attributes
        assert (columns.get(STAGE), columns.get(WAITS_FOR)) == ("exploration", "end of exploration")
        page = await play.details()
        assert page.startswith(f"## {play.challenge.question}")
        for said in (*teams, state.at(state.run.ends), "£2,000", "end of Exploration", f"by {SPONSOR}", "paid"):
            assert said in page
        payment = await client.get_workflow_handle(next(iter(state.payments))).describe()
        assert await payment.static_summary() == f"£2,000 to {teams[0]} for Exploration"

        await play.decide("cancel", OPERATOR, reason="It is over.")
        await play.handle.result()
        columns = (await play.handle.describe()).typed_search_attributes
        assert (columns.get(OUTCOME), columns.get(WAITS_FOR), columns.get(UNTIL)) == ("cancelled", "nothing", None)

        async def is_listed() -> bool:
            return bool(
                [each async for each in client.list_workflows("Outcome = 'cancelled' AND Round = 'pilot-2016'")]
            )

        await eventually(is_listed)  # the list follows a moment later


async def test_the_list_says_of_a_payment_what_it_waits_for_and_until_when(tmp_path: Path) -> None:
    """Fails when payments are rows without columns, among which nobody finds what waits for a release."""
    async with months() as environment, playing(tmp_path, environment) as play:
        play.finance_works = False
        (key,) = await play.owed()

        async def shows(*columns: object) -> None:
            wanted = (ROUND, STAGE, WAITS_FOR, UNTIL)

            async def does() -> bool:
                known = (await play.client.get_workflow_handle(key).describe()).typed_search_attributes
                return [known.get(each) for each in wanted] == ["pilot-2016", "exploration", *columns]

            await eventually(does)

        await shows("bank details", None)
        await play.releasable(key)
        pay_by = play.payment(key).pay_by
        assert pay_by is not None
        await shows("release", pay_by.to_stdlib())
        await play.release(key)
        await shows("nothing", pay_by.to_stdlib())


async def test_every_timer_and_write_in_a_history_says_what_it_is_for(tmp_path: Path) -> None:
    """Holds it for a challenge and for its payment. Fails when an activity is called without a summary."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        await play.exploring(1)
        state = await play.payments_over()
        for workflow in (play.challenge.id, *state.payments):
            events = (await client.get_workflow_handle(workflow).fetch_history()).events
            timers = [event for event in events if event.HasField("timer_started_event_attributes")]
            writes = [event for event in events if event.HasField("activity_task_scheduled_event_attributes")]
            assert timers, workflow
            assert writes, workflow
            assert all(event.user_metadata.summary.data for event in (*timers, *writes)), workflow


async def test_the_page_says_the_sums_that_the_ledger_has(tmp_path: Path) -> None:
    """Fails when an instalment on the page is not what the ledger paid, such as the whole award."""
    deputy = "city-council-deputy"
    async with (
        months() as environment,
        playing(tmp_path, environment, round_name="round-two", slug="school-journeys") as play,
    ):
        teams = await play.applied(6)
        await play.sealed()
        await play.decide("select", deputy, stage="interview", teams=teams)
        await play.until(lambda state: state.stage == 1)
        await play.decide("select", deputy, stage="exploration", teams=teams[:2])
        await play.stage_over()
        await play.until(lambda state: len(state.payments) == 4)
        await play.payments_over()

        page = await play.details()
        settled = [payment.amount for payment in play.books.payments(play.challenge.id) if payment.settled]
        assert len(settled) == 4
        lines = re.findall(r"^- (£\S+) \(.* and VAT\) to (\S+) for Exploration, (.*): paid$", page, re.MULTILINE)
        assert [(team, which) for _, team, which in lines] == [
            (team, f"instalment {number} of 2") for team in teams[:2] for number in (1, 2)
        ]
        gross = total(amount.gross for amount in settled)
        assert total(Money.parse(shown) for shown, _, _ in lines) == gross == Money(4 * 1800_00)
        net = total(amount.net for amount in settled)
        assert f"Paid in all: {gross.shown()} ({net.shown()} and VAT)" in page.splitlines()


async def test_nothing_is_left_to_pay_only_after_the_last_payment(tmp_path: Path) -> None:
    """Fails when the line is dated by what the run knew before the payments that it waited for."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        await play.exploring(2)
        await play.decide("cancel", OPERATOR, reason="It is over.")
        await play.payments_over()
        await play.handle.result()

        [paid_up] = play.record("paid-up")
        others = [line for line in play.record() if line.action != "paid-up"]
        assert any(line.text.startswith("£2,000 for ") and line.text.endswith(": settled") for line in others)
        assert all(line.at < paid_up.at for line in others)
        _, _, story = (await play.details()).partition("### What happened\n\n")
        assert story.splitlines()[0].endswith(": Nothing is left to pay")


async def test_a_refused_decision_is_told_from_what_happened_in_the_timeline(tmp_path: Path) -> None:
    """Fails when the write of a refusal is called as the write of a decision is."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        teams = await play.exploring(1)
        with pytest.raises(TooLate) as refused:
            await play.decide("select", stage="exploration", teams=teams)
        summaries = [
            json.loads(event.user_metadata.summary.data)
            for event in (await play.handle.fetch_history()).events
            if event.HasField("activity_task_scheduled_event_attributes")
        ]
        assert f"Refused: {refused.value}" in summaries
        assert str(refused.value) not in summaries
