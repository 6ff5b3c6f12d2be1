"""Whatever goes over the wire is committed, so that a release knows what it has to keep reading."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from temporalio import workflow

from domain.values.model import Value
from tests.wire.examples import SHAPES, examples
from tests.wire.golden import FOLDER, MESSAGES, complaint, complaint_of_names, golden_of, goldens, index, type_in
from tests.wire.messages import DECIDED, parts, workflow_classes
from workflows import interface

GOLDENS = goldens()
COMMITTED = sorted(FOLDER.glob("*.json"))
_AN_ID = {interface.NOTICES, interface.TASK_QUEUE}


class Before(Value):
    """A message as it was."""

    team: str
    number: int = 0


class Renamed(Value):
    """The same message with a field that has another name."""

    group: str
    number: int = 0


class Longer(Value):
    """The same message with one more field."""

    team: str
    number: int = 0
    reason: str = ""


def committed(folder: Path, name: str) -> Path:
    """A golden file of the message as it was."""
    path = folder / f"{name}.json"
    path.write_text(golden_of(Before, examples(Before)).text(), encoding="utf-8")
    return path


def judged(path: Path, kind: type[BaseModel]) -> str:
    """What is said of a golden file where the message is another by now."""
    return complaint(path, golden_of(kind, examples(kind)))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_what_is_committed_is_what_the_service_writes_and_reads(path: Path) -> None:
    """Fails when a field of a message is added, left out, or has another name, type or form."""
    golden = GOLDENS.get(type_in(path))
    assert golden is not None, (
        f"Nothing on the wire is called {type_in(path)}: `python tests/wire/write.py` removes it."
    )
    said = complaint(path, golden)
    assert not said, said


def test_every_type_on_the_wire_has_a_golden_file_and_every_file_a_type() -> None:
    """Fails when an activity, a workflow, a query or a decision has a type of which nothing is committed."""
    without = sorted(set(GOLDENS) - {path.stem for path in COMMITTED})
    assert without == [], f"No golden file of {', '.join(without)}: write them with `python tests/wire/write.py`."
    strays = sorted({type_in(path) for path in COMMITTED} - set(GOLDENS))
    assert strays == [], f"Nothing on the wire is called {', '.join(strays)}: `python tests/wire/write.py` removes it."


def test_every_message_has_the_name_and_the_types_that_are_committed() -> None:
    """Fails when a message gets another name, or is gone: what is under way calls it by the old one."""
    said = complaint_of_names(MESSAGES.read_text(encoding="utf-8"))
    assert not said, said


def test_messages_of_every_sort_are_found() -> None:
    """Fails when they are looked for in a place from which they have moved."""
    sorts = {name.partition(" ")[0] for name in index()}
    assert sorts == {"activity", "workflow", "query", "signal", "update", "failure"}
    assert {found.name for found in map(workflow._Definition.must_from_class, workflow_classes())} == {
        interface.CHALLENGE,
        interface.PAYMENT,
        interface.DELIVERY,
    }


def test_every_name_by_which_others_send_something_is_a_message() -> None:
    """Fails for a signal that a handler takes by its name, without a signature, and that is not listed here."""
    constants = [value for name, value in vars(interface).items() if name.isupper() and isinstance(value, str)]
    named = {each for each in constants if re.fullmatch(r"[a-z_]+", each)} - _AN_ID
    assert interface.PAYMENT_CHANGED in named
    assert named <= {re.split(r"[ .]", name)[-1] for name in index()}


def test_every_workflow_that_takes_decisions_by_any_name_says_which() -> None:
    any_name = {
        found.name
        for found in map(workflow._Definition.must_from_class, workflow_classes())
        if None in found.updates or None in found.signals
    }
    assert any_name == set(DECIDED)


@pytest.mark.parametrize(
    "kind", [kind for kind in parts() if issubclass(kind, BaseModel)], ids=lambda kind: kind.__name__
)
def test_an_example_fills_every_field(kind: type[BaseModel]) -> None:
    """Fails when a field is added to a type whose examples are written by hand, and they leave it empty."""
    values = SHAPES.get(kind) or examples(kind)
    empty = [name for name in kind.model_fields if all(getattr(each, name) in (None, "", (), {}) for each in values)]
    assert empty == []


def test_a_field_that_changes_its_name_is_found_out(tmp_path: Path) -> None:
    said = judged(committed(tmp_path, "Before"), Renamed)
    assert "Before.json can no longer be read" in said
    assert '-  "team": "team"' in said
    assert '+  "group": "group",' in said
    assert "python tests/wire/write.py" in said


def test_a_field_that_is_new_is_found_out_although_the_old_form_is_read(tmp_path: Path) -> None:
    said = judged(committed(tmp_path, "Before"), Longer)
    assert "Before.json is not what the service writes and reads today" in said
    assert '+  "reason": "reason",' in said


@pytest.mark.parametrize(("kind", "is_read"), [(Before, True), (Longer, True), (Renamed, False)])
def test_what_a_release_wrote_has_to_be_read_and_need_not_be_what_is_written(
    tmp_path: Path, kind: Any, is_read: bool
) -> None:
    said = judged(committed(tmp_path, "Before@0.1"), kind)
    assert ("" if is_read else "Before@0.1.json can no longer be read") == said.partition(":")[0]
