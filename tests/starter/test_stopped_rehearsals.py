"""A rehearsal that stops before its end leaves nothing behind that runs, or says what it leaves."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from desk.player import Player
from desk.rehearsal_parts import Parts
from domain.programmes.programme import Stage
from domain.values.refusals import NotConfirmed, RehearsalStopped
from embedded import ROOT
from service.connection import connect, quiet
from tests.starter.commands import OPERATOR, ROUND, Commands, of_nothing_else, write_round
from tests.starter.test_rehearsal import DAY, ON_EVIDENCE, behind_the_desk, scheme, stage
from tests.waiting import HANGS, eventually

STOPPED = "Nothing of it runs any more."


@pytest.fixture
def rehearsing(starter: Commands, tmp_path: Path) -> Commands:
    """Commands with a round of two challenges, whose second stage lasts longer than any test."""
    paid = '[stages.pay]\nfixed = "100.00"\n'
    stages = (stage("trial", 1, 2, 3, "P1D", paid), stage("use", 1, 1, 1, "P4Y", paid))
    write_round(tmp_path, dict.fromkeys(("one", "two"), 86_400 * 60), programme=scheme(*stages))
    return Commands(starter.environment | {"CHALLENGES_PROGRAMMES": str(tmp_path)})


def nothing_runs(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits until Temporal has no running workflow of a rehearsal."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", commands.environment["TEMPORAL_ADDRESS"])
    ids: list[str] = []

    async def none_runs() -> bool:
        listed = (await connect(quiet())).list_workflows("ExecutionStatus = 'Running'")
        ids[:] = [each.id async for each in listed if "-rehearsal-" in each.id]
        return not ids

    try:
        asyncio.run(eventually(none_runs, within=60))
    except TimeoutError:
        pytest.fail(f"still running: {ids}")


@contextmanager
def in_a_process(commands: Commands) -> Iterator[subprocess.Popen[str]]:
    """A rehearsal, as from a shell, with a day in which years pass until it ends."""
    words = ["rehearse", ROUND, "--day", DAY, "--as", OPERATOR]
    with subprocess.Popen(
        [sys.executable, str(ROOT / "starter.py"), *words],
        env=of_nothing_else(commands.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_rehearsal_that_is_told_to_stop_ends_what_it_began(
    rehearsing: Commands, monkeypatch: pytest.MonkeyPatch, told: signal.Signals
) -> None:
    """Fails when its challenges run on, at its pace, with nobody who plays them."""
    with in_a_process(rehearsing) as process:
        assert process.stdout is not None
        said = ""
        while "use: " not in said:  # payments of the first stage are made, those of the second not yet
            said += (line := process.stdout.readline())
            assert line, process.communicate(timeout=HANGS)
        (name,) = {word for word in said.replace(";", " ").split() if word.startswith(f"{ROUND}-rehearsal-")}
        process.send_signal(told)
        out, err = process.communicate(timeout=HANGS)

    assert (process.returncode, err) == (1, f"The rehearsal was told to stop. {STOPPED}\n")
    assert "stopping: the challenges are cancelled" in out
    nothing_runs(rehearsing, monkeypatch)
    for challenge in ("one", "two"):
        row = rehearsing.status(f"{name}/{challenge}")
        assert (row["outcome"], row["outcome_reason"]) == ("cancelled", "The rehearsal was stopped.")
        over = {payment["status"] for payment in rehearsing.payments(f"{name}/{challenge}")}
        assert over <= {"settled", "cancelled"}


def test_a_programme_that_cannot_be_played_to_its_end_leaves_nothing_behind(
    rehearsing: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = (stage("trial", 2, 2, 2, "PT1S", ON_EVIDENCE), stage("use", 3, 3, 3, "PT1S"))
    write_round(tmp_path, dict.fromkeys(("one", "two"), 86_400 * 60), programme=scheme(*narrow))
    answer = rehearsing("rehearse", ROUND, "--day", DAY)

    assert answer.status == 1
    (line,) = answer.err.splitlines()
    assert line.startswith("The rehearsal stopped at ")
    assert "Use takes 3 teams: 2 were named" in line
    assert line.endswith(STOPPED)
    nothing_runs(rehearsing, monkeypatch)


def test_evidence_that_is_still_open_after_the_end_does_not_keep_a_challenge_running(
    rehearsing: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when only cancelling is tried: a challenge that has ended cannot be cancelled, and waits for evidence."""

    async def never_accepts(player: Parts, stage: Stage, teams: tuple[str, ...]) -> None:
        async def has_ended() -> bool:
            return bool((await player.row()).outcome)

        await player.eventually(has_ended)
        raise RehearsalStopped(f"{teams} show nothing for {stage.name}.")

    write_round(tmp_path, {"one": 86_400 * 60}, programme=scheme(stage("trial", 1, 2, 2, "PT1S", ON_EVIDENCE)))
    monkeypatch.setattr(Parts, "_accept_evidence", never_accepts)
    answer = rehearsing("rehearse", ROUND, "--day", DAY)

    assert answer.err.endswith(f"show nothing for trial. {STOPPED}\n")
    nothing_runs(rehearsing, monkeypatch)


def test_what_cannot_be_ended_is_named_with_the_command_that_ends_it(
    rehearsing: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_a_stranger(decide: Callable[..., Any]) -> Callable[..., Any]:
        async def answer(actor: Any, challenge: str, kind: str, **fields: object) -> str:
            stranger = actor.model_copy(update={"name": "stranger", "grants": ()})
            return str(await decide(stranger, challenge, kind, **fields))

        return answer

    with monkeypatch.context() as changed:
        behind_the_desk(changed, challenges=by_a_stranger)
        answer = rehearsing("rehearse", ROUND, "--day", DAY)

    assert answer.status == 1
    (line,) = answer.err.splitlines()
    assert line.startswith("The rehearsal stopped at ")
    assert "stranger may not select teams for" in line
    said, _, command = line.partition(" To end everything that rehearsals of this round left: starter.py ")
    assert all(f"/{challenge}" in said.partition("Still running: ")[2] for challenge in ("one", "two"))
    assert command == f"rehearse {ROUND} --end --as {OPERATOR}"

    ended = rehearsing.data(*command.split())["ended"]
    assert {each.rpartition("/")[2] for each in ended} >= {"one", "two"}
    nothing_runs(rehearsing, monkeypatch)
    assert rehearsing(*command.split()).out == "No rehearsal of this round was running.\n"


def test_only_an_operator_ends_the_rehearsals_of_a_round(rehearsing: Commands) -> None:
    answer = rehearsing("rehearse", ROUND, "--end", "--as", "stranger")

    assert answer.status == 1
    assert answer.err.startswith(f"stranger may not rehearse {ROUND}: ")


def test_a_decision_that_is_not_confirmed_is_sent_again_and_taken_once(
    rehearsing: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when a machine that answers late ends the rehearsal, or when a second selection is refused."""
    asked: list[object] = []
    once = Player.ask

    async def answers_late(player: Player, request: Callable[[], Any]) -> Any:
        answer = await once(player, request)
        if request.__qualname__.startswith("Player.decide.") and player.challenge not in asked:
            asked.append(player.challenge)
            raise NotConfirmed("The answer came too late.")
        return answer

    monkeypatch.setattr(Player, "ask", answers_late)
    write_round(tmp_path, {"one": 86_400 * 60})
    answer = rehearsing("rehearse", ROUND, "--day", DAY)

    assert (answer.status, answer.err, len(asked)) == (0, "", 1)
