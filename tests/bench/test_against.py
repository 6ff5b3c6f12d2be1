"""Two builds are measured side by side, each with its own modules."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from bench import against
from bench.__main__ import main, run
from bench.programs import ROOT, Program

there_is_another_build = pytest.mark.skipif(
    not against.is_known(against.BEFORE), reason="git has no other build to compare with"
)


@there_is_another_build
async def test_the_build_of_another_revision_is_measured_beside_this_one() -> None:
    measured = await asyncio.to_thread(run, [against.NAME], small=True)

    figures = {each.name.removeprefix(f"{against.NAME} {against.BEFORE}: "): each for each in measured}
    assert {"lifecycles", "processor time", "activities", "workflow tasks", "events"} < figures.keys()
    assert all(each.floor and each.ratio for each in measured)
    assert figures["activities"].floor == 56


@there_is_another_build
def test_the_files_of_another_revision_are_there_only_while_they_are_needed() -> None:
    with against.tree_of(against.BEFORE) as tree:
        shown = _git("-C", str(tree), "rev-parse", "HEAD")

    assert shown.startswith(against.BEFORE)
    assert not tree.exists()
    assert str(tree) not in _git("worktree", "list")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_a_revision_that_git_does_not_know_is_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--against", "no-such-revision"])

    with pytest.raises(SystemExit) as refused:
        main()

    assert refused.value.code == 2
    assert "git knows no revision 'no-such-revision' here" in capsys.readouterr().err


def test_a_program_that_fails_gives_no_answer() -> None:
    with (
        pytest.raises(RuntimeError, match="ended with 3 and did not answer"),
        Program(["-c", "import sys; sys.exit(3)"]) as program,
    ):
        program.ask({"what": "nothing"})
