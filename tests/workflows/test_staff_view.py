"""What staff see in the Temporal UI, who read no code."""

from __future__ import annotations

from pathlib import Path

from whenever import TimeDelta

from tests.playing import OPERATOR, SPONSOR, dev_server, eventually, playing
from workflows.interface import NEEDS_ATTENTION, OUTCOME, ROUND, STAGE, UNTIL, WAITS_FOR
from workflows.interface import SPONSOR as SPONSOR_COLUMN


async def test_the_list_and_the_page_of_a_challenge_say_where_it_stands_and_who_must_act(tmp_path: Path) -> None:
    """Fails when a column is not brought up to date, or a child has no summary."""
    async with dev_server() as client, playing(tmp_path, client, window=TimeDelta(seconds=2)) as play:
        opened = await play.until(lambda state: state.opened)
        described = await play.handle.describe()
        columns = described.typed_search_attributes
        assert await described.static_summary() == play.challenge.question
        assert (columns.get(ROUND), columns.get(SPONSOR_COLUMN)) == ("pilot-2016", "sepa")
        assert (columns.get(STAGE), columns.get(WAITS_FOR)) == ("window", "applications")
        until = columns.get(UNTIL)
        assert until is not None
        assert abs((until - opened.closes.to_stdlib()).total_seconds()) < 0.001
        assert columns.get(OUTCOME) is None
        assert not columns.get(NEEDS_ATTENTION)

        teams = await play.exploring(3, reserve=1)
        state = await play.payments_over()
        columns = (await play.handle.describe()).typed_search_attributes
        assert (columns.get(STAGE), columns.get(WAITS_FOR)) == ("exploration", "end of exploration")
        page = await play.details()
        assert page.startswith(f"## {play.challenge.question}")
        for said in (*teams, state.at(state.run.ends), "£2,000", "end of exploration", f"by {SPONSOR}", "paid"):
            assert said in page
        payment = await client.get_workflow_handle(next(iter(state.payments))).describe()
        assert await payment.static_summary() == f"£2,000 to {teams[0]} for exploration"

        await play.decide("cancel", OPERATOR, reason="It is over.")
        await play.handle.result()
        columns = (await play.handle.describe()).typed_search_attributes
        assert (columns.get(OUTCOME), columns.get(WAITS_FOR), columns.get(UNTIL)) == ("cancelled", "nothing", None)

        async def is_listed() -> bool:
            return bool(
                [each async for each in client.list_workflows("Outcome = 'cancelled' AND Round = 'pilot-2016'")]
            )

        await eventually(is_listed)  # the list follows a moment later


async def test_every_timer_and_write_in_a_history_says_what_it_is_for(tmp_path: Path) -> None:
    async with dev_server() as client, playing(tmp_path, client, window=TimeDelta(seconds=2)) as play:
        await play.exploring(1)
        await play.payments_over()
        events = (await play.handle.fetch_history()).events
        wanted = [
            event
            for event in events
            if event.HasField("timer_started_event_attributes")
            or event.HasField("start_child_workflow_execution_initiated_event_attributes")
        ]
        assert len(wanted) >= 3
        assert all(event.user_metadata.summary.data for event in wanted)
