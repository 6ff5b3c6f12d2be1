"""Golden files: what the service writes to Temporal today, as it was committed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.values.refusals import KINDS, NotReadable, Problem, TooLate, Unavailable
from tests.wire.examples import examples
from tests.wire.messages import messages, payload_types
from workflows.refusals import as_failure, refusal_in

FOLDER = Path(__file__).parent / "payloads"
MESSAGES = FOLDER.with_name("messages.json")
"""Every message by its name on the wire, with the types of its payloads."""

REFUSAL = "Refused"
"""The golden file of refusals: what Temporal keeps of their failures."""

WAY_OUT = """
Before the first release: write the files anew with `python tests/wire/write.py`, and say in the commit what changed.
After a release: open challenges hold payloads like the committed ones, and the service must still read them. First
copy {name}.json to {name}@VERSION.json: the tests go on reading the copy. Give a new field a default. Read a field
that goes, or changes its name or type, in its old form too. Then write the files anew.
"""
WAY_OUT_OF_OLD = """
{name}.json is what a release wrote, and open challenges may hold it. Change the type so that it reads this form too:
give a new field a default, and read a field that is gone or has another name or type in its old form.
"""
WAY_OUT_OF_NAMES = """
Before the first release: write the files anew with `python tests/wire/write.py`, and say in the commit what changed.
After a release: what is under way calls messages by the names that are committed. Go on taking a message by its old
name, with its old types, until no challenge that knows only the old one is open. Then write the files anew.
"""


class Golden(NamedTuple):
    """What one golden file is compared with.

    Args:
        values: the examples that it holds.
        write: one of them as JSON, as the service's data converter writes it.
        read: the way back.
    """

    values: list[Any]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]

    def text(self) -> str:
        """The file as it would be written today."""
        return pretty([self.write(value) for value in self.values])


class Refusal(NamedTuple):
    """A refusal, so that two can be compared."""

    code: str
    text: str
    problems: tuple[Problem, ...]


_REFUSALS = (
    Refusal(
        NotReadable.code,
        "teams: is missing stage: is missing",
        (Problem(field="teams", text="teams: is missing"), Problem(field="stage", text="stage: is missing")),
    ),
    Refusal(TooLate.code, "It has closed.", ()),
    Refusal(Unavailable.code, "The database is away.", ()),
)


def goldens() -> dict[str, Golden]:
    """Everything that has a golden file, by its name."""
    found = {name: golden_of(kind, examples(kind)) for name, kind in payload_types().items()}
    return found | {REFUSAL: Golden(list(_REFUSALS), _failure_written, _failure_read)}


def golden_of(kind: Any, values: list[Any]) -> Golden:
    """How values of one type are written and read.

    Args:
        kind: the type.
        values: examples of it.
    """

    def read(written: Any) -> Any:
        return _read(written, kind)

    return Golden(values, _written, read)


def index() -> dict[str, str]:
    """Every message by its name, and every refusal by its code, with the names of their payloads in a line."""
    refusals = {f"failure {code}": REFUSAL for code in KINDS}
    return {message.name: message.signature for message in messages()} | refusals


def pretty(value: Any) -> str:
    """JSON that a person compares line by line."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def type_in(path: Path) -> str:
    """The name of what is in a golden file: "State" in State.json, and in State@0.1.json, which release 0.1 wrote."""
    return path.stem.partition("@")[0]


def complaint(path: Path, golden: Golden) -> str:
    """What is wrong with a golden file, and what to do; nothing if all is well.

    Args:
        path: the committed file.
        golden: what is in it today.
    """
    name, committed, today = path.stem, path.read_text(encoding="utf-8"), golden.text()
    is_old = name != type_in(path)
    try:
        values = [golden.read(each) for each in json.loads(committed)]
    except (ValidationError, ValueError, RuntimeError) as error:
        said = f"{name}.json can no longer be read: {error}\n"
        return said + (WAY_OUT_OF_OLD.format(name=name) if is_old else _difference(committed, today, name))
    if is_old or (committed == today and values == golden.values):
        return ""
    return f"{name}.json is not what the service writes and reads today:\n" + _difference(committed, today, name)


def complaint_of_names(committed: str) -> str:
    """What has changed in the names and types of messages, and what to do; nothing if all is well.

    Args:
        committed: what is in the file of messages.
    """
    today = pretty(index())
    if committed == today:
        return ""
    said = f"{MESSAGES.name} does not list the messages of today:\n{_changed_lines(committed, today)}\n"
    return said + WAY_OUT_OF_NAMES


def _difference(committed: str, today: str, name: str) -> str:
    return f"{_changed_lines(committed, today)}\n{WAY_OUT.format(name=name)}"


def _changed_lines(committed: str, today: str) -> str:
    lines = unified_diff(committed.splitlines(), today.splitlines(), "committed", "today", n=2, lineterm="")
    return "\n".join(lines)


def _written(value: Any) -> Any:
    return json.loads(pydantic_data_converter.payload_converter.to_payload(value).data)


def _read(written: Any, kind: Any) -> Any:
    payload = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(written).encode())
    return pydantic_data_converter.payload_converter.from_payload(payload, kind)


def _failure_written(refusal: Refusal) -> Mapping[str, Any]:
    wire = Failure()
    failure = as_failure(KINDS[refusal.code].refusal(refusal.text, refusal.problems))
    converter = pydantic_data_converter
    converter.failure_converter.to_failure(failure, converter.payload_converter, wire)
    info = wire.application_failure_info
    return {
        "message": wire.message,
        "type": info.type,
        "non_retryable": info.non_retryable,
        "category": info.category,
        "details": [json.loads(each.data) for each in info.details.payloads],
    }


def _failure_read(written: Mapping[str, Any]) -> Refusal:
    wire, converter = Failure(message=written["message"]), pydantic_data_converter
    info = wire.application_failure_info
    info.type, info.non_retryable, info.category = written["type"], written["non_retryable"], written["category"]
    for each in written["details"]:
        info.details.payloads.append(converter.payload_converter.to_payload(each))
    refusal = refusal_in(converter.failure_converter.from_failure(wire, converter.payload_converter))
    if refusal is None:
        raise ValueError(f"{written['type']!r} is the code of no refusal")
    return Refusal(refusal.code, str(refusal), refusal.problems)
