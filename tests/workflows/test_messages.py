"""What people send, well or badly: taken once, or refused where they can see it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowUpdateFailedError
from temporalio.common import RawValue
from whenever import TimeDelta

from domain.announcements.occasions import Occasion
from domain.challenges.state import OrderState, Phase, State
from domain.values.refusals import Refused, TooLate
from store.challenges.rounds import keep_round
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import AIR, OPERATOR, SPONSOR, pilot
from tests.servers import dev_server
from tests.waiting import eventually
from workflows import interface
from workflows.stubs import LOOK_UP_REPORTS


def as_sent(data: bytes) -> RawValue:
    """A payload with any bytes in it."""
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=data))


SELECT: dict[str, Any] = {"by": SPONSOR, "stage": "exploration", "teams": ["air-quality-000000"]}

# What is sent under which name, what the refusal says, and who is told of it.
BADLY_SENT: dict[str, tuple[str, list[Any], str, str]] = {
    "nothing": ("select", [], "it came with 0 arguments", OPERATOR),
    "no object": ("select", ["air-quality"], "write one JSON object", OPERATOR),
    "a list": ("decline", [["exploration"]], "write one JSON object", OPERATOR),
    "no JSON": ("select", [as_sent(b"\xff{")], "write one JSON object", OPERATOR),
    "fields missing": ("select", [{"by": SPONSOR}], "stage: is missing; teams: is missing", SPONSOR),
    "wrong types": ("select", [SELECT | {"teams": 3}], "teams (3): write a list", SPONSOR),
    "a field too many": ("select", [SELECT | {"team": "x"}], "team (x): is not known here: write teams", SPONSOR),
    "two arguments": ("select", [SELECT, SELECT], "it came with 2 arguments", SPONSOR),
    "a lone surrogate": ("select", [as_sent(b'{"by": "\\ud800"}')], "cannot be read", OPERATOR),
    "deep nesting": ("select", [as_sent(b"[" * 100_000)], "cannot be read", OPERATOR),
    "a NUL in who sends": ("hold", [{"by": "a\0b", "reason": "x"}], "by: ", OPERATOR),
    "a NUL in the id": ("hold", [{"by": OPERATOR, "reason": "x", "decision_id": "a\0b"}], "decision_id: ", OPERATOR),
    "an address as sender": ("hold", [{"by": "robin@firm.example"}], "by: ", OPERATOR),
    "a stranger": ("select", [SELECT | {"by": "passer-by"}], "passer-by may not select teams for", OPERATOR),
    "an unknown name": ("abolish", [{"by": OPERATOR}], "No message 'abolish' is known: send one of", OPERATOR),
    "an unknown name and nothing": ("abolish", [], "No message 'abolish' is known", OPERATOR),
    "an unknown field of a session": ("participation", [{"by": OPERATOR, "on": "soon"}], "on (", OPERATOR),
    "too early": ("select", [SELECT], "decide after it is sealed", SPONSOR),
    "no settlement": (interface.PAYMENT_CHANGED, [{"what": 1}], "needs a payment's key and one of", OPERATOR),
    "no settlement that there is": (interface.PAYMENT_CHANGED, ["a/b/c/d/1", "paidd"], "one of under way, s", OPERATOR),
    "an empty settlement": (interface.PAYMENT_CHANGED, [], "The message of a payment cannot be read", OPERATOR),
    "without a reason": ("cancel", [{"by": OPERATOR}], "A cancellation needs a reason", OPERATOR),
}


@pytest.mark.parametrize("case", BADLY_SENT)
async def test_a_signal_that_cannot_be_followed_is_refused_visibly_and_the_challenge_goes_on(
    tmp_path: Path, case: str
) -> None:
    """Fails when handlers lack their default argument, when `read` raises what is no refusal, when a refusal is not
    announced, and when there is no handler for unknown names (invariants 6 and 7)."""
    name, arguments, says, told = BADLY_SENT[case]
    async with months() as environment, playing(tmp_path, environment) as play:
        await play.until(lambda state: state.opened)
        before = await play.state()
        await play.handle.signal(name, args=arguments)
        state = await play.until(lambda state: len(state.story) > len(before.story))

        assert state.having(story=before.story) == before
        (line,) = [line for line in play.record() if line.refused]
        assert (says in line.text, line.action) == (True, name)
        assert f"Refused: {name} by" in await play.details()
        assert play.told(Occasion.REFUSED) == {told: 1}
        assert await play.decide("hold", OPERATOR, reason="It still listens.")


async def test_a_settlement_of_a_payment_that_was_never_ordered_changes_nothing(tmp_path: Path) -> None:
    """Fails when any key is believed: its page cannot be written then, and the task is tried for ever."""
    async with months() as environment, playing(tmp_path, environment) as play:
        before = await play.until(lambda state: state.opened)
        await play.handle.signal(interface.PAYMENT_CHANGED, args=["no/such/payment", "settled"])
        state = await play.until(lambda state: len(state.story) > len(before.story))
        assert state.payments == before.payments == {}
        assert play.refusals() == [
            "no/such/payment is said to be settled, and the ledger has no such payment here: nothing has changed."
        ]
        assert await play.decide("hold", OPERATOR, reason="It still listens.")


async def test_a_forged_report_of_a_payment_changes_nothing_and_is_on_the_record(tmp_path: Path) -> None:
    """Fails when a report is believed: the challenge would close, and the team would wait for its money for ever."""
    async with months() as environment, playing(tmp_path, environment) as play:
        play.finance_works = False
        (key,) = await play.owed()
        before = await play.state()
        for how in OrderState:
            await play.handle.signal(interface.PAYMENT_CHANGED, args=[key, how])
        state = await play.until(lambda state: len(state.story) == len(before.story) + len(OrderState))
        assert state.having(story=before.story) == before
        says = "is said to be {}, and the ledger says that it is under way: nothing has changed."
        assert sorted(play.refusals()) == sorted(f"{key} {says.format(how)}" for how in OrderState)
        assert {(line.by, line.role) for line in play.record() if line.refused} == {("unknown", "unknown")}
        assert "Refused: payment_changed by unknown" in await play.details()

        play.finance_works = True
        await play.payments_over(1)
        assert len(play.refusals()) == len(OrderState)


async def test_reports_that_come_together_are_looked_up_together(tmp_path: Path) -> None:
    """Fails when each of 30 reports is an activity of its own: a payment file can have more."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        play.finance_works = False
        await play.owed()
        before = await play.state()
        async with play.without_worker():
            for number in range(30):
                await play.handle.signal(interface.PAYMENT_CHANGED, args=[f"no/such/payment/{number // 10}", "settled"])
        # The first is looked up alone, and the others, of three payments, once it is done.
        await play.until(lambda state: len(state.story) == len(before.story) + 1 + 3)
        looked_up = [
            event
            for event in (await play.handle.fetch_history()).events
            if event.activity_task_scheduled_event_attributes.activity_type.name == LOOK_UP_REPORTS.name
        ]
        assert len(looked_up) == 2


async def test_a_selection_by_signal_is_as_good_as_one_by_update(tmp_path: Path) -> None:
    async with months() as environment, playing(tmp_path, environment) as play:
        teams = await play.applied(3)
        await play.sealed()
        await play.declare(SPONSOR)
        await play.handle.signal("select", {"by": SPONSOR, "stage": "exploration", "teams": teams})
        await play.until(lambda state: len(state.payments) == 3)
        state = await play.payments_over(3)

        assert state.run.active == tuple(teams)
        assert [(line.by, line.refused) for line in play.record("select")] == [(SPONSOR, False)]

        # By hand without an id: the same words later are another decision, which comes too late.
        await play.handle.signal("select", {"by": SPONSOR, "stage": "exploration", "teams": teams})

        async def is_refused() -> bool:
            return bool(play.refusals())

        await play.eventually(is_refused)
        assert [text.partition(" on ")[0] for text in play.refusals()] == ["exploration was decided"]
        assert len(play.books.payments()) == 3


async def test_any_decision_can_be_sent_by_signal(tmp_path: Path) -> None:
    async with months() as environment, playing(tmp_path, environment) as play:
        await play.handle.signal("hold", {"by": OPERATOR, "reason": "By hand."})
        state = await play.until(lambda state: state.held is not None)
        assert state.held is not None
        assert (state.held.by, state.held.reason) == (OPERATOR, "By hand.")


async def test_a_selection_that_the_rules_or_the_database_refuse_by_signal_changes_nothing(tmp_path: Path) -> None:
    """Fails when a refusal by an activity is treated as a fault, or raised out of a signal handler."""
    async with months() as environment, playing(tmp_path, environment) as play:
        teams = await play.applied(4)
        await play.sealed()
        await play.declare(SPONSOR)
        message = {"by": SPONSOR, "stage": "exploration"}
        await play.handle.signal("select", message | {"teams": teams})
        await play.handle.signal("select", message | {"teams": [teams[0], "air-quality-000000"]})
        await play.until(lambda state: "is not an application" in state.story[-1].text)

        assert [text.partition(":")[0] for text in play.refusals()] == [
            "Exploration takes 1 to 3 teams",
            f"air-quality-000000 is not an application to {AIR}",
        ]
        assert play.told(Occasion.REFUSED) == {SPONSOR: 2}
        assert (await play.state()).phase is Phase.DECIDING
        await play.decide("select", stage="exploration", teams=teams[:3])


async def test_a_message_sent_before_the_first_task_is_handled(tmp_path: Path) -> None:
    """Fails without `@workflow.init`: the handler would find no state."""
    async with months() as environment, playing(tmp_path, environment) as play:
        round_, programme, challenges = pilot()
        now = play.now()
        early = next(each for each in challenges if each.slug == "smart-roads").model_copy(
            update={"opens": now, "closes": now + TimeDelta(hours=100)}
        )
        keep_round(play.desk.core.database, round_, programme, (early,), now)
        await play.client.start_workflow(
            interface.CHALLENGE,
            State.of(early, programme),
            id=early.id,
            task_queue=interface.TASK_QUEUE,
            start_signal="hold",
            start_signal_args=[{"by": OPERATOR, "reason": "Before it began."}],
        )

        async def on_hold() -> bool:
            return any(line.action == "hold" for line in play.books.record(early.id))

        await eventually(on_hold)  # an update that comes with the first task can be handled before the signal
        await play.desk.challenges.decide(await play.actor(OPERATOR), early.id, "resume")
        assert [line.action for line in play.books.record(early.id)] == ["opened", "hold", "resume"]


async def test_every_refusal_of_a_decision_reaches_its_sender_and_the_record(tmp_path: Path) -> None:
    """Fails when a kind of refusal is lost on its way, or its line of the record (invariant 6)."""
    async with months() as environment, playing(tmp_path, environment) as play:
        teams = await play.applied(4)
        expected = [
            await refused(play, "too-early", "select", stage="exploration", teams=teams[:3]),
            await refused(play, "not-allowed", "cancel", by="nss-decider", reason="Not theirs."),
            await refused(play, "not-allowed", "select", by=OPERATOR, stage="exploration", teams=teams[:3]),
            await refused(play, "reason-missing", "hold"),
            await refused(play, "too-late", "resume"),
            await refused(play, "deadline-refused", "extend", closes=play.now(), reason="Sooner."),
            await refused(play, "not-readable", "extend", closes="soon", reason="Soon."),
            await refused(play, "not-readable", "withdraw", by=OPERATOR, reason="Whose?"),
            await refused(play, "unknown-team", "withdraw", by=OPERATOR, team="a9-000000", reason="Unknown."),
            await refused(play, "unknown-message", "abolish"),
        ]
        await play.sealed()
        stage: dict[str, Any] = {"stage": "exploration"}
        expected += [
            await refused(play, "unknown-stage", "select", stage="expedition", teams=teams[:3]),
            await refused(play, "too-early", "select", stage="accelerator", teams=teams[:1]),
            await refused(play, "wrong-number", "select", **stage, teams=[]),
            await refused(play, "wrong-number", "select", **stage, teams=teams),
            await refused(play, "named-twice", "select", **stage, teams=[teams[0], teams[0]]),
            await refused(play, "named-twice", "select", **stage, teams=teams[:1], reserve=teams[:1]),
            await refused(play, "unknown-team", "select", **stage, teams=["smart-roads-000000"]),
            await refused(play, "wrong-amount", "select", **stage, teams=teams[:1], amounts={teams[0]: "1"}),
            await refused(play, "reason-missing", "decline", **stage),
            await refused(play, "unknown-stage", "participation", stage="expedition", **session(play)),
            await refused(play, "too-early", "participation", **stage, **session(play)),
        ]
        await play.decide("hold", reason="Until the rest is tried.")
        expected += [
            await refused(play, "on-hold", "select", **stage, teams=teams[:3]),
            await refused(play, "on-hold", "hold", reason="Twice."),
        ]
        await play.decide("resume")
        assert play.refusals() == expected
        assert (await play.state()).runs == ()


async def refused(play: Play, code: str, decision: str, by: str = SPONSOR, **fields: object) -> str:
    """Sends what must be refused in a certain way, and gives the words."""
    with pytest.raises(Refused) as caught:
        await play.decide(decision, by, **fields)
    assert caught.value.code == code, f"{decision}: {caught.value!r}"
    return str(caught.value)


def session(play: Play) -> dict[str, Any]:
    """A participation session of today."""
    return {"on": play.now().to_tz("Europe/London").date(), "people": 5, "summary": "Maps."}


async def test_an_update_without_a_message_is_refused(tmp_path: Path) -> None:
    async with months() as environment, playing(tmp_path, environment) as play:
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await play.handle.execute_update("select")
        assert "The select cannot be read" in str(caught.value.cause)
        assert len(play.refusals()) == 1


async def test_the_same_decision_again_gets_its_first_answer_and_happens_once(tmp_path: Path) -> None:
    """Fails when handled ids are not kept in the state, or not carried over continue-as-new."""
    async with months() as environment, playing(tmp_path, environment) as play:
        teams = await play.applied(3)
        await play.sealed()
        decision: dict[str, Any] = {"decision_id": "sponsor-42", "stage": "exploration", "teams": teams}
        first = await play.decide("select", **decision)
        again = await play.decide("select", **decision)

        run = await play.run_id()
        await play.handle.signal(interface.RENEW)
        await play.until_renewed(run)
        after = await play.decide("select", **decision)

        assert first == again == after
        assert len(play.record("select")) == 1
        assert play.refusals() == []
        assert len((await play.state()).runs) == 1


async def test_of_two_selections_at_once_exactly_one_is_taken(tmp_path: Path) -> None:
    """Fails when handlers do not take their turns: both pass the checks while the first one is written down."""
    async with months() as environment, playing(tmp_path, environment) as play:
        teams = await play.applied(6)
        await play.sealed()
        answers = await asyncio.gather(
            *(play.decide("select", stage="exploration", teams=choice) for choice in (teams[:3], teams[3:])),
            return_exceptions=True,
        )

        lost = [answer for answer in answers if isinstance(answer, TooLate)]
        assert len(lost) == 1
        won = await play.payments_over(3)
        assert won.run.active in (tuple(teams[:3]), tuple(teams[3:]))
        assert len(play.books.payments(AIR)) == 3
        assert [line.refused for line in play.record("select")] == [False, True]


async def test_what_comes_after_the_end_is_too_late_and_on_the_record(tmp_path: Path) -> None:
    async with months() as environment, playing(tmp_path, environment) as play:
        await play.applied(1)
        await play.decide("cancel", OPERATOR, reason="It is over.")
        await play.result()

        with pytest.raises(TooLate, match=r"has ended \(cancelled\)") as caught:
            await play.decide("select", stage="exploration", teams=["air-quality-000000"])
        assert play.refusals() == [str(caught.value)]
        assert play.books.challenge(AIR).outcome == "cancelled"
