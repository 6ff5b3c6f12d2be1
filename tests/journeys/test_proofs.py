"""Person × way × action: what a decision counts for, by who is named, what came with it, and the road that it took.

Each cell is one message past the desk, on a real server. Asserted are what its sender is told, and the record's line.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from domain.challenges.decisions import DECISIONS
from domain.identity.proof import Unproven
from domain.payments.decisions import PAYMENT_DECISIONS
from domain.permissions import RIGHTS, Action, Role
from domain.values.refusals import NotAllowed, NotProven
from tests.journeys.proving import DONE, FORGED, PROVEN, WAITS, Kind, Road, Sender, expected, proof_of
from tests.play import Play
from tests.playing import playing
from tests.rounds import FINANCE, OPERATOR, SPONSOR
from tests.servers import dev_server

ROLES = {OPERATOR: Role.OPERATOR, SPONSOR: Role.SPONSOR, FINANCE: Role.RELEASER}
STRANGER = "somebody-else"


class Doable(NamedTuple):
    """A decision that the rules take now.

    Args:
        kind: its name.
        by: who may decide it.
        fields: makes its fields, other ones each time.
        undo: makes it possible again, if that needs anything.
        workflow: gives the key of the payment that it is for.
    """

    kind: str
    by: str
    fields: Callable[[], Awaitable[Mapping[str, object]]]
    undo: Callable[[], Awaitable[object]] | None = None
    workflow: str = ""

    @property
    def right(self) -> tuple[Role, ...]:
        """The roles that may decide it."""
        return RIGHTS[Action(f"payment-{self.kind}" if self.workflow else self.kind)].roles


@asynccontextmanager
async def played(folder: Path, policy: Unproven, *, sealed: bool) -> AsyncIterator[tuple[Play, Sender]]:
    """A challenge that says what becomes of decisions without a proof."""
    options = {"unproven": policy}
    async with dev_server() as client, playing(folder, client, options=options, at_once=sealed) as play:
        yield play, Sender(play)


async def check(sender: Sender, each: Doable, proof: Kind, road: Road, policy: Unproven, by: str = "") -> None:
    """Sends one message in the name of whoever may send it, and checks what becomes of it."""
    fields = await each.fields()
    came = await sender.send(each.kind, each.by, str(ROLES.get(each.by, Role.TEAM)), proof, road, fields, each.workflow)
    outcome = expected(policy, proof, road)
    cell = f"{each.kind} with {proof} by {road}, {policy}"
    assert came.outcome == outcome, f"{cell}: {came}"
    assert (came.line.by, came.line.proof) == (each.by, proof_of(proof, road)), cell
    assert came.line.refused == (outcome == "not-proven"), cell
    assert bool(came.line.signed) == (came.line.proof != "not proven" and outcome != WAITS), cell
    if outcome == DONE and each.undo is not None:
        await each.undo()


async def check_wrong_people(sender: Sender, each: Doable, policy: Unproven) -> None:
    """Somebody in another role, and somebody unknown, are refused: with a true proof of who they are, and without."""
    wrong = [name for name, role in ROLES.items() if role not in each.right]
    for by, (proof, road) in zip(
        [*wrong, STRANGER], itertools.cycle([(Kind.PASSKEY, Road.UPDATE), (Kind.NONE, Road.SIGNAL)]), strict=False
    ):
        came = await sender.send(each.kind, by, str(ROLES.get(by, "")), proof, road, await each.fields(), each.workflow)
        # A payment's rule is asked once the proof was looked at.
        unproven = each.workflow and proof is Kind.NONE and policy is Unproven.REFUSE
        outcome = NotProven.code if unproven else NotAllowed.code
        assert (came.outcome, came.line.refused) == (outcome, True), (each.kind, by, came)
        assert came.line.proof == proof_of(proof, road)


async def check_all(sender: Sender, each: Doable, policy: Unproven, *, once: bool, by_command_line: bool) -> None:
    """Every way for one action. What changes nothing comes first; if it can be done once only, one way does it."""
    await check_wrong_people(sender, each, policy)
    roads = itertools.cycle((Road.UPDATE, Road.SIGNAL))
    forged = FORGED if by_command_line else FORGED[:2]
    for proof in forged:
        await check(sender, each, proof, next(roads), policy)
    ways: list[tuple[Kind, Road]] = [(Kind.NONE, Road.UPDATE), (Kind.NONE, Road.SIGNAL), (Kind.NAME, Road.UPDATE)]
    if by_command_line:
        await check(sender, each, Kind.ANOTHER_PERSON, Road.CLI_UPDATE, policy)
        ways += [(Kind.KEY, Road.CLI_SIGNAL), (Kind.CHANGED, Road.CLI_SIGNAL)]
    ways += [(proof, next(roads)) for proof in PROVEN]
    ways += [(Kind.LINK, Road.CLI_UPDATE)] if by_command_line else []
    changes = [way for way in ways if expected(policy, *way) == DONE]
    for proof, road in [way for way in ways if way not in changes] + (changes[:1] if once else changes):
        await check(sender, each, proof, road, policy)


@pytest.mark.parametrize("policy", Unproven)
async def test_while_applications_are_taken(tmp_path: Path, policy: Unproven) -> None:
    numbers = itertools.count(1)
    async with played(tmp_path, policy, sealed=False) as (play, sender):

        async def proven(kind: str) -> None:
            came = await sender.send(kind, OPERATOR, "operator", Kind.KEY, Road.UPDATE, {"reason": "Try it."})
            assert came.outcome == DONE, came

        async def resumed() -> None:
            await play.until(lambda state: state.held is not None)  # the record says so a moment before
            await proven("resume")

        async def answer() -> Mapping[str, object]:
            number = next(numbers)
            return {"question": f"Is it {number}?", "answer": "It is."}

        async def later() -> Mapping[str, object]:
            closes = (await play.state()).closes.to_tz("UTC").add(days=1).to_instant()
            return {"closes": closes, "reason": "There is more time."}

        async def of_a_team() -> Mapping[str, object]:
            return {"team": (await play.apply(next(numbers))).application, "reason": "It was a mistake."}

        async def why() -> Mapping[str, object]:
            return {"reason": "Why not?"}

        async def why_once_held() -> Mapping[str, object]:
            if (await play.state()).held is None:
                await proven("hold")
            return {"reason": "Enough."}

        doable = [
            Doable("answer", SPONSOR, answer),
            Doable("extend", OPERATOR, later),
            Doable("withdraw", OPERATOR, of_a_team),
            Doable("hold", OPERATOR, why, resumed),
            Doable("resume", SPONSOR, why_once_held, lambda: play.until(lambda state: state.held is None)),
        ]
        for each in doable:
            await check_all(sender, each, policy, once=False, by_command_line=each.kind == "hold")
        await _refused_by_its_rule(play, sender, {each.kind for each in doable} | {"cancel", "hand-over"})
        await check_all(sender, Doable("cancel", SPONSOR, why), policy, once=True, by_command_line=False)


NOT_YET: dict[str, Mapping[str, object]] = {
    "select": {"stage": "exploration", "teams": ["air-quality-000000"]},
    "decline": {"stage": "exploration", "reason": "No."},
    "amend": {"stage": "exploration", "team": "air-quality-000000", "amount": "1.00", "reason": "No."},
    "evidence": {"stage": "exploration", "team": "air-quality-000000", "accepted": True},
    "extend-stage": {"stage": "exploration", "longer": "P1W", "reason": "No."},
    "participation": {"stage": "exploration", "on": "2016-07-01", "people": 3, "summary": "Three came."},
    "admit": {"application": "air-quality-000000", "reason": "No."},
}
"""What the rules refuse while applications are taken."""


async def _refused_by_its_rule(play: Play, sender: Sender, tried: set[str]) -> None:
    """Every other decision is refused by its rule, whatever came with it, and the record says what that was worth."""
    assert set(NOT_YET) | tried == set(DECISIONS)
    for kind, fields in NOT_YET.items():
        by = OPERATOR if Role.OPERATOR in RIGHTS[Action(kind)].roles else SPONSOR
        for proof, road in ((Kind.PASSKEY, Road.UPDATE), (Kind.NONE, Road.SIGNAL), (Kind.CHANGED, Road.UPDATE)):
            came = await sender.send(kind, by, str(ROLES[by]), proof, road, fields)
            assert came.outcome not in (DONE, "not-proven", WAITS), (kind, came)
            assert (came.line.refused, came.line.by) == (True, by), (kind, came)
            assert came.line.proof == proof_of(proof, road), (kind, came)
    assert (await play.state()).runs == ()


@pytest.mark.parametrize("policy", Unproven)
async def test_once_teams_are_selected_and_paid(tmp_path: Path, policy: Unproven) -> None:
    async with played(tmp_path, policy, sealed=True) as (play, sender):
        teams = await play.applied(3)
        await play.sealed()
        for person in (SPONSOR, OPERATOR):
            await play.declare(person)

        async def teams_taken() -> Mapping[str, object]:
            return {"stage": "exploration", "teams": teams}

        select = Doable("select", SPONSOR, teams_taken)
        await check_all(sender, select, policy, once=True, by_command_line=False)
        keys = await play.requested("exploration", teams)
        for key in keys:
            await play.releasable(key)

        async def met() -> Mapping[str, object]:
            today = play.desk.now().to_tz(play.programme.time_zone).date()
            return {"stage": "exploration", "on": today, "people": 3, "summary": f"Three came {len(play.record())}."}

        await check_all(sender, Doable("participation", teams[0], met), policy, once=True, by_command_line=False)
        await _payments(play, sender, policy, keys)


async def _payments(play: Play, sender: Sender, policy: Unproven, keys: list[str]) -> None:
    first, second, _ = keys

    async def to_present_details() -> Mapping[str, object]:
        return {"payee_version": 1}

    async def why() -> Mapping[str, object]:
        return {"reason": "It is not owed."}

    release = Doable("release", FINANCE, to_present_details, workflow=first)
    await check_all(sender, release, policy, once=True, by_command_line=False)
    assert set(PAYMENT_DECISIONS) == {"release", "cancel", "return", "undo-return"}
    for kind, fields in (("return", {}), ("undo-return", {"attempt": 1})):
        for proof, road in ((Kind.PASSKEY, Road.UPDATE), (Kind.NONE, Road.SIGNAL)):
            came = await sender.send(
                kind, OPERATOR, "operator", proof, road, {"reason": "It is back.", **fields}, second
            )
            refused_by_rule = proof is Kind.PASSKEY or policy is Unproven.ACCEPT  # the ledger alone knows the rule
            assert came.outcome not in ((DONE, "not-proven", WAITS) if refused_by_rule else (DONE,)), (kind, came)
            assert came.line.proof == proof_of(proof, road), (kind, came)
    cancel = Doable("cancel", OPERATOR, why, workflow=second)
    await check_all(sender, cancel, policy, once=True, by_command_line=policy is Unproven.REFUSE)
