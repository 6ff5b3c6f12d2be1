"""What docs/threats.md says is shown by tests that there are."""

from __future__ import annotations

import ast
import re

import pytest

from tests.rounds import ROOT

TEXT = (ROOT / "docs/threats.md").read_text(encoding="utf-8")
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| wants to")]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
WHO = ("outside", "applicant", "sponsor", "operator", "releaser", "Temporal", "database", "backup", "machine")


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[test for _, test in NAMED])
def test_every_test_that_is_named_is_there(file: str, test: str) -> None:
    """Fails when a test is renamed or goes: then nothing shows any more what the table says."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}

    assert test in functions


def test_every_row_names_a_test_or_says_that_nothing_stops_it() -> None:
    bare = [row for row in ROWS if "`tests/" not in row and "*not stopped*" not in row]

    assert len(ROWS) > 30
    assert bare == []


def test_everybody_who_may_want_something_has_a_table() -> None:
    headings = [line for line in TEXT.splitlines() if line.startswith("## ")]

    assert [who for who in WHO if not any(who in heading for heading in headings)] == []
