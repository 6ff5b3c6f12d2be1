"""Proofs on their way through Temporal: what comes with one, what comes with a wrong one, and what comes without."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowUpdateInput,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
)

from desk.proofs import going_with, taking_proofs
from domain.challenges.awards import orders_made
from domain.challenges.decisions import Decision, Hold, Resume
from domain.identity.asked import Asked
from domain.identity.proof import AT_TERMINAL, Proof, Way
from domain.identity.statement import read_header
from domain.payments.decisions import Release
from domain.payments.moves import PaymentRelease
from domain.payments.payment import PaymentStatus, PaymentToMake, payment_to_make
from identity.signatures import Verifier
from identity.signing_keys import make_key, retire_key
from service.wiring import rail_of
from store.record.record import RecordLine
from tests.identity.signing import key_files, signer_in
from tests.play import Play
from tests.playing import playing
from tests.replay import recording
from tests.rounds import FINANCE, OPERATOR, SPONSOR
from tests.sandbox import SANDBOX
from tests.servers import client_at, dev_server, share
from tests.waiting import HANGS, eventually
from tests.workflows.resetting import reset_to_start
from worker import build_worker
from workflows.interface import PROOF_HEADER, RENEW, TASK_QUEUE

PROVEN = Proof(way=Way.LINK, passkey=True)


def held(by: str = OPERATOR) -> Hold:
    """Somebody holds the challenge."""
    return Hold(by=by, decision_id=uuid.uuid4().hex, reason="We wait.")


def signed(folder: Path, play: Play, decision: Decision, role: str = "operator", workflow: str = "") -> str:
    """The proof of a decision, signed with the keys of a folder."""
    asked = Asked.of(decision, "")
    return signer_in(folder).sign(workflow or play.challenge.id, asked, decision.by, role, PROVEN)


async def updated(play: Play, decision: Decision, proof: str, workflow: str = "") -> str:
    """The answer to a decision that somebody sends past the desk, as an update."""
    handle = taking_proofs(play.client).get_workflow_handle(workflow or play.challenge.id)
    with going_with(proof):
        answer: str = await asyncio.wait_for(handle.execute_update(decision.kind, decision, result_type=str), HANGS)
        return answer


async def signalled(play: Play, decision: Decision, proof: str, workflow: str = "") -> RecordLine:
    """The line of the record about a decision that somebody sends past the desk, as a signal."""
    before = len(play.record())
    handle = taking_proofs(play.client).get_workflow_handle(workflow or play.challenge.id)
    with going_with(proof):
        await handle.signal(decision.kind, decision)
    await eventually(lambda: _has_more(play, before))
    return play.record()[-1]


async def _has_more(play: Play, before: int) -> bool:
    return len(play.record()) > before


async def by_command_line(play: Play, decision: Decision, header: str) -> tuple[int, str]:
    """The exit status of Temporal's own command line, which sends a decision with a header, and what it says."""
    return await command_line(
        *("workflow", "update", "execute", "--workflow-id", play.challenge.id, "--name", decision.kind),
        *("--input", decision.model_dump_json(), "--headers", f"{PROOF_HEADER}={header}"),
        play=play,
    )


async def command_line(*words: str, play: Play) -> tuple[int, str]:
    """The exit status of Temporal's own command line, and what it says."""
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("temporal")), *words),
        *("--address", play.client.service_client.config.target_host, "--namespace", play.client.namespace),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), HANGS)
    return process.returncode or 0, said.decode()


async def test_the_record_says_how_whoever_decides_at_the_desk_was_proven_and_keeps_what_was_signed(
    tmp_path: Path,
) -> None:
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        decision_id = uuid.uuid4().hex
        for _ in range(2):  # what is sent again is the same decision
            actor = await play.desk.actor(OPERATOR, AT_TERMINAL)
            await play.desk.challenges.decide(
                actor, play.challenge.id, "hold", reason="We wait.", decision_id=decision_id
            )
        (line,) = play.record("hold")
        assert (line.proof, line.role) == ("terminal", "operator")
        said = Verifier(key_files(tmp_path)["public_key_file"]).was_signed(line.signed)
        assert (said.workflow, said.decision, said.person) == (play.challenge.id, decision_id, OPERATOR)
        assert (said.role, said.proof) == ("operator", AT_TERMINAL)
        assert "@" not in line.signed


async def test_a_proof_counts_by_update_and_by_signal(tmp_path: Path) -> None:
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        hold, resume = held(), Resume(by=OPERATOR, decision_id="d-1")
        await updated(play, hold, signed(tmp_path, play, hold))
        line = await signalled(play, resume, signed(tmp_path, play, resume))
        assert [each.proof for each in (*play.record("hold"), line)] == ["link and passkey"] * 2
        assert read_header(line.signed).statement.decision == "d-1"
        assert not line.refused


Forgery = Callable[[Path, Play, Decision], str]


def _by_a_stranger(folder: Path, play: Play, decision: Decision) -> str:
    return signed(folder / "elsewhere", play, decision)


def _of_another_challenge(folder: Path, play: Play, decision: Decision) -> str:
    return signed(folder, play, decision, workflow="pilot-2016/smart-roads")


def _of_another_decision(folder: Path, play: Play, decision: Decision) -> str:
    return signed(folder, play, held())


def _of_another_person(folder: Path, play: Play, decision: Decision) -> str:
    return signed(folder, play, decision.model_copy(update={"by": SPONSOR}), "sponsor")


def _of_another_content(folder: Path, play: Play, decision: Decision) -> str:
    return signed(folder, play, decision.model_copy(update={"reason": "Another."}))


def _in_another_role(folder: Path, play: Play, decision: Decision) -> str:
    return signed(folder, play, decision, "releaser")


def _spoilt(folder: Path, play: Play, decision: Decision) -> str:
    said = json.loads(signed(folder, play, decision))
    return json.dumps(said | {"statement": said["statement"] | {"way": "organisation"}})


FORGED: Mapping[str, tuple[Forgery, str]] = {
    "by a stranger": (_by_a_stranger, "does not have"),
    "of another challenge": (_of_another_challenge, "'pilot-2016/smart-roads'"),
    "of another decision": (_of_another_decision, "of the decision"),
    "of another person": (_of_another_person, f"by '{SPONSOR}'"),
    "of another content": (_of_another_content, "another content"),
    "in another role": (_in_another_role, "role releaser"),
    "of another way to sign in": (_spoilt, "is not the service's"),
    "no JSON": (lambda *_: "{nonsense", "cannot be read"),
    "null": (lambda *_: "null", "cannot be read"),
}


async def test_a_wrong_proof_is_refused_by_update_and_signal_whatever_it_is_and_is_on_the_record(
    tmp_path: Path,
) -> None:
    """Fails where a wrong proof counts like none: the decision would be done, and only not proven."""
    async with dev_server() as client, playing(tmp_path, client) as play:
        before = await play.until(lambda state: state.opened)
        signed(tmp_path, play, held())
        for forge, says in FORGED.values():
            decision = held()
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await updated(play, decision, forge(tmp_path, play, decision))
            assert says in str(refused.value.cause)
            line = play.record()[-1]
            # Of the person who has signed in another role nobody doubts who they are.
            proof = str(PROVEN.shown if forge is _in_another_role else "not proven")
            assert (says in line.text, line.refused, line.proof) == (True, True, proof)
            assert bool(line.signed) == (forge is _in_another_role)
            decision = held()
            line = await signalled(play, decision, forge(tmp_path, play, decision))
            assert (says in line.text, line.refused, line.by) == (True, True, OPERATOR)
        state = await play.state()
        assert state.having(story=before.story) == before
        decision = held()
        assert "On hold" in await updated(play, decision, signed(tmp_path, play, decision))


async def test_a_forged_header_of_the_command_line_is_refused_and_a_right_one_counts(tmp_path: Path) -> None:
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        forged, right = held(), held()
        signed(tmp_path, play, forged)
        status, said = await by_command_line(play, forged, signed(tmp_path / "elsewhere", play, forged))
        assert (status == 0, "which" in said and "does not have" in said) == (False, True)
        assert [line.refused for line in play.record("hold")] == [True]
        status, said = await by_command_line(play, right, signed(tmp_path, play, right))
        assert status == 0, said
        assert play.record("hold")[-1].proof == "link and passkey"


class _Empty(Interceptor):
    """Sends a header with nothing in it."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        class Sending(OutboundInterceptor):
            async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:  # noqa: A002
                input.headers = {PROOF_HEADER: Payload()}
                return await super().start_workflow_update(input)

        return Sending(next)


async def test_an_empty_header_is_a_wrong_proof_and_not_none(tmp_path: Path) -> None:
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        config = client.config()
        config["interceptors"] = [_Empty()]
        handle = Client(**config).get_workflow_handle(play.challenge.id)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update("hold", held())
        assert "cannot be read" in str(refused.value.cause)


async def test_nobody_has_an_activity_done_past_the_workflows(tmp_path: Path) -> None:
    """Temporal's command line can ask a worker for any activity, with any input. Fails where the worker does it: a
    payment would be made that nobody has released."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        play.finance_works = False
        (key,) = await play.owed()
        await play.releasable(key)
        move = PaymentRelease(payment=await _payment(play), decision=_release("forged"))
        before = len(play.record())
        status, said = await command_line(
            *("activity", "execute", "--activity-id", "forged", "--type", "release_payment"),
            *("--task-queue", TASK_QUEUE, "--start-to-close-timeout", "20s", "--input", move.model_dump_json()),
            play=play,
        )
        assert (status == 0, "for nobody else" in said) == (False, True), said
        assert play.payment(key).status is PaymentStatus.PAYEE_KNOWN
        assert len(play.record()) == before
        play.finance_works = True
        await play.released()


def _release(decision_id: str) -> Release:
    return Release(by=FINANCE, payee_version=1, decision_id=decision_id)


async def _payment(play: Play) -> PaymentToMake:
    state = await play.state()
    (order,) = orders_made(state).values()
    return payment_to_make(state, order)


async def test_what_comes_without_a_proof_is_done_and_not_proven_where_the_challenge_accepts_it(tmp_path: Path) -> None:
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        await updated(play, held(), "")
        line = await signalled(play, Resume(by=OPERATOR, decision_id="d-1"), "")
        assert [(each.proof, each.signed) for each in (*play.record("hold"), line)] == [("not proven", "")] * 2
        assert not line.refused


async def test_a_proof_of_a_refused_decision_is_on_record_and_refuses_nothing_twice(tmp_path: Path) -> None:
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        resume = Resume(by=OPERATOR, decision_id="d-1")
        line = await signalled(play, resume, signed(tmp_path, play, resume))
        assert (line.refused, line.proof, line.by) == (True, "link and passkey", OPERATOR)
        assert "not on hold" in line.text
        assert len([each for each in play.record() if each.refused]) == 1


async def test_proofs_count_in_a_fresh_run_and_after_a_reset_also_when_their_key_was_retired(tmp_path: Path) -> None:
    """Fails where the reset refuses what was done: people would read of a hold that the challenge does not know."""
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        hold, resume = held(), Resume(by=OPERATOR, decision_id="d-1")
        await updated(play, hold, signed(tmp_path, play, hold))
        key = read_header(play.record("hold")[0].signed).statement.key
        private, public = key_files(tmp_path).values()
        make_key(private, public, play.now())
        retire_key(private, public, key, play.now())
        await reset_to_start(play, with_updates=True)
        await play.until(lambda state: state.held is not None)
        await play.handle.signal(RENEW)
        await updated(play, resume, signed(tmp_path, play, resume))
        lines = [line for line in play.record() if line.action in ("hold", "resume")]
        assert [(line.action, line.refused, line.proof) for line in lines] == [
            ("hold", False, "link and passkey"),
            ("resume", False, "link and passkey"),
        ]
        late = held()
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await updated(play, late, _with_key(play, late, lines[0].signed))
        assert "was retired on" in str(refused.value.cause) or "is not the service's" in str(refused.value.cause)


def _with_key(play: Play, decision: Decision, old: str) -> str:
    """A proof that says to be of a retired key."""
    said = json.loads(old)
    statement = said["statement"] | {"decision": decision.decision_id, "workflow": play.challenge.id}
    return json.dumps(said | {"statement": statement})


async def test_a_new_key_counts_at_once_with_every_worker_that_runs(tmp_path: Path) -> None:
    """Two workers share the work. Fails where one of them reads the public keys only when it starts."""
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        core = play.desk.core
        other = await client_at(share(), client.namespace)  # of one client, a task queue has one worker
        another = build_worker(other, core.database, rail_of(core.options, core.database), core.options, SANDBOX)
        private, public = key_files(tmp_path).values()
        async with another:
            keys = set()
            for turn in range(6):
                decision = held() if turn % 2 == 0 else Resume(by=OPERATOR, decision_id=f"d-{turn}")
                await updated(play, decision, signed(tmp_path, play, decision))
                keys.add(read_header(play.record()[-1].signed).statement.key)
                make_key(private, public, play.now())
        assert len(keys) == 6


async def test_a_payment_is_moved_by_nobody_with_a_wrong_proof_and_the_ledger_line_keeps_a_right_one(
    tmp_path: Path,
) -> None:
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        play.finance_works = False
        (key,) = await play.owed()
        await play.releasable(key)
        for number, (forge, says) in enumerate(FORGED.values()):
            decision = _release(f"forged-{number}")
            proof = forge(tmp_path, play, decision)
            if forge is _in_another_role:
                proof = signed(tmp_path, play, decision, "operator", key)
                says = "role operator"
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await updated(play, decision, proof, key)
            assert says in str(refused.value.cause) or key in str(refused.value.cause)
        assert play.payment(key).status is PaymentStatus.PAYEE_KNOWN
        right = _release("right")
        line = await signalled(play, right, signed(tmp_path, play, right, "releaser", key), key)
        await eventually(partial(_is_released, play))
        (line,) = [each for each in play.record("payment-release") if not each.refused]
        assert (line.proof, line.by, bool(line.signed)) == ("link and passkey", FINANCE, True)
        await eventually(partial(recording.is_closed, client, key))


async def _is_released(play: Play) -> bool:
    return any(not line.refused for line in play.record("payment-release"))


async def test_a_proof_goes_with_a_decision_that_starts_its_payment_again(tmp_path: Path) -> None:
    """The money comes back after the payment's workflow has ended. Fails where update-with-start carries no header."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        (key,) = await play.owed()
        await play.released()
        await eventually(partial(recording.is_closed, client, key))
        actor = await play.desk.actor(OPERATOR, AT_TERMINAL)
        await play.desk.payments.decide(actor, key, "return", reason="The bank called.")
        (line,) = play.record("payment-return")
        assert (line.proof, read_header(line.signed).statement.workflow) == ("terminal", key)
        play.finance_works = True
        await play.released()
