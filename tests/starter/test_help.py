"""Every command tells how it is used, with an example that is a command."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
import typer.main

from commands.app import PARTS, app
from tests.starter.commands import Commands

TOP: dict[str, Any] = vars(typer.main.get_command(app))["commands"]
COMMANDS = TOP | {
    f"{above} {name}": command
    for above in ("notices", "record")
    for name, command in vars(TOP[above])["commands"].items()
}
"""All that can be typed, with the commands below `notices` and `record` by both their words."""
PROMISED = [
    "plan",
    "open",
    "hand-over",
    "status",
    "apply",
    "interests",
    "readers",
    "assign",
    "applications",
    "select",
    "decline",
    "extend",
    "extend-stage",
    "amend",
    "admit",
    "withdraw",
    "contact",
    "hold",
    "resume",
    "cancel",
    "participation",
    "payments",
    "payee",
    "evidence",
    "release",
    "return",
    "undo-return",
    "cancel-payment",
    "submit",
    "settle",
    "reconcile",
    "answer",
    "feedback",
    "notices",
    "notices list",
    "notices show",
    "notices resend",
    "notices preview",
    "record",
    "record show",
    "record verify",
    "record heads",
    "retry",
    "renew",
    "rehearse",
]


def test_every_command_that_was_promised_is_there() -> None:
    assert set(PROMISED) <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself_with_an_example_that_can_be_typed(name: str) -> None:
    help_ = COMMANDS[name].help or ""
    (example,) = re.findall(r"Example: `starter\.py (.*?)`", help_, re.DOTALL)
    words, typed = shlex.split(example), name.split()

    assert words[: len(typed)] == typed
    COMMANDS[name].make_context(name, words[len(typed) :])  # raises if it is no such command
    shown = Commands({})(*typed, "--help")
    assert (shown.status, shown.err) == (0, "")
    assert "Example: starter.py" in shown.out


def test_every_command_stands_in_a_part_of_the_help_in_the_order_of_a_challenges_life() -> None:
    printed = Commands({})("--help").out
    assert re.findall(r"^│ ([a-z][a-z-]*) ", printed, re.MULTILINE) == [
        name for part in PARTS.values() for name in part
    ]
    places = [printed.index(part) for part in PARTS]
    assert places == sorted(places)
    assert "─ Commands ─" not in printed


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("select", "[OPTIONS] CHALLENGE STAGE TEAM…"),
        ("release", "[OPTIONS] PAYMENT…"),
        ("payments", "[OPTIONS] [CHALLENGE]"),
        ("notices show", "[OPTIONS] NOTICE"),
    ],
)
def test_the_usage_of_a_command_is_written_as_it_is_typed(name: str, usage: str) -> None:
    (line,) = [each for each in Commands({})(*name.split(), "--help").out.splitlines() if "Usage: " in each]
    assert line.strip().endswith(f"{name} {usage}")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json_and_prints_a_refusal_as_one_document(name: str) -> None:
    """Fails for a new command that is not made with `commands.options.command`."""
    (example,) = re.findall(r"Example: `starter\.py (.*?)`", COMMANDS[name].help or "", re.DOTALL)
    answer = Commands({"CHALLENGES_THREADS": "many"})(*shlex.split(example), "--json")

    assert answer.status == 1, answer
    assert json.loads(answer.out)["refused"]["code"] == "file-refused"
