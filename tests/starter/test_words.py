"""What is typed means what it says."""

from __future__ import annotations

import pytest
import typer.main

import starter
from commands.common import listed

SELECT = vars(typer.main.get_command(starter.app))["commands"]["select"]


@pytest.mark.parametrize(
    ("words", "teams", "reserve"),
    [
        ("a b --reserve c d", "a b", "c d"),
        ("--reserve c d --reason why a b", "a b", "c d"),
        ("a b --reserve c --reserve d", "a b", "c d"),
        ("a b --reserve=c d", "a b", "c d"),
        ("a,b --reserve c,d", "a b", "c d"),
        ("--reserve c d -- a b", "a b", "c d"),
        ("a b", "a b", ""),
    ],
)
def test_a_selection_takes_who_is_named_and_keeps_in_reserve_who_stands_after_that_word(
    words: str, teams: str, reserve: str
) -> None:
    """Fails when `--reserve` takes one word: the others would be selected, and paid."""
    typed = ["market", "exploration", "--as", "somebody", *words.split()]
    given = SELECT.make_context("select", typed).params

    assert (listed(given["teams"]), listed(given["reserve"])) == (teams.split(), reserve.split())
