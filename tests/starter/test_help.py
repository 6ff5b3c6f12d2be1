"""Every command tells how it is used, with an example that is a command."""

from __future__ import annotations

import re
import shlex

import pytest
import typer.main

import starter
from tests.starter.commands import Commands

COMMANDS = typer.main.get_command(starter.app).commands  # type: ignore[attr-defined]
PROMISED = [
    "plan",
    "open",
    "status",
    "apply",
    "applications",
    "select",
    "decline",
    "extend",
    "withdraw",
    "hold",
    "resume",
    "cancel",
    "participation",
    "payments",
    "notices",
    "record",
    "rehearse",
]


def test_every_command_that_was_promised_is_there() -> None:
    assert set(PROMISED) <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself_with_an_example_that_can_be_typed(name: str) -> None:
    help_ = COMMANDS[name].help or ""
    (example,) = re.findall(r"Example: `starter\.py (.*?)`", help_, re.DOTALL)
    words = shlex.split(example)

    assert words[0] == name
    COMMANDS[name].make_context(name, words[1:])  # raises if it is no such command
    shown = Commands({})(name, "--help")
    assert shown.status == 0
    assert "Example: starter.py" in shown.out


@pytest.mark.parametrize(
    "name", ["plan", "open", "status", "apply", "applications", "payments", "notices", "record", "rehearse"]
)
def test_a_command_that_prints_data_can_print_json(name: str) -> None:
    assert any("--json" in parameter.opts for parameter in COMMANDS[name].params)
