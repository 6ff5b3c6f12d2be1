"""Files on the command line: attached, listed, detached, read after the seal, and refused in one line."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import worker
from embedded import Service
from store.database import tables
from store.database.database import Database
from store.files import sweeping
from tests.gateways.documents import pdf
from tests.processes import Program
from tests.starter.commands import OPERATOR, PROGRAMME, SPONSOR, Commands, of_nothing_else, one_line, write_round
from tests.store.said import seal
from tests.waiting import HANGS

TAY = "tay@tay.example"
CONTENT_MARKER, NAME_MARKER = "Zanzibar-costs-4711", "Ypsilanti"
FORM = """
[[forms]]
id = "application"
title = "Application"

[[forms.sections]]
title = "All"

[[forms.sections.questions]]
id = "costs"
title = "What does it cost?"
kind = "file"
types = ["csv", "xlsx"]
size = "2 kB"
"""
ASKING = (
    PROGRAMME.replace('id = "brief"', 'id = "filing"')
    .replace("[terms]", 'application_form = "application"\n[terms]')
    .replace("\n[[stages]]", f"{FORM}\n[[stages]]", 1)
)


@pytest.fixture(scope="module")
def open_round(starter: Commands, teams: dict[str, list[str]]) -> str:
    """A round whose applications are files, opened."""
    folder = Path(starter.environment["CHALLENGES_PROGRAMMES"])
    write_round(folder, {"sluice": 86_400, "ferry": 86_400}, "file-round", programme=("filing", ASKING))
    assert starter("open", "file-round").status == 0
    return "file-round"


@pytest.fixture
def draft(starter: Commands, open_round: str) -> str:
    """The id of a new draft for the challenge "sluice"."""
    return str(starter.data("draft", "sluice", "--organisation", "Tay", "--email", TAY)["application"])


@pytest.fixture
def costs(tmp_path: Path) -> Path:
    """A table with a marker, in a file whose name has another."""
    file = tmp_path / f"costs of {NAME_MARKER}.csv"
    file.write_text(f"what;how much\n{CONTENT_MARKER};12\n")
    return file


def attach(starter: Commands, draft: str, file: Path, challenge: str = "sluice") -> Any:
    """What a program is told of a file that was attached."""
    return starter.data("attach", challenge, draft, "costs", str(file), "--as", TAY)


def test_a_file_is_attached_listed_read_and_detached_by_its_applicant(
    starter: Commands, draft: str, costs: Path, tmp_path: Path
) -> None:
    done = starter("attach", "sluice", draft, "costs", str(costs), "--as", TAY)
    assert (done.status, done.err) == (0, "")
    assert f"to {draft}: csv, {costs.stat().st_size} bytes, not scanned." in done.out
    (row,) = starter.data("attachments", "sluice", draft, "--as", TAY)
    assert (row["name"], row["kind"], row["scan"]) == (costs.name, "csv", "not scanned")
    listed = starter("attachments", "sluice", draft, "--as", TAY).out
    assert costs.name in listed
    assert "not scanned" in listed

    to = tmp_path / "back.csv"
    words = ("attachment", "sluice", row["id"], "--to", str(to), "--as", TAY)
    assert "csv" in starter(*words).out
    assert to.read_bytes() == costs.read_bytes()
    assert to.stat().st_mode & 0o077 == 0
    assert f"{to} is there already" in one_line(starter(*words))

    assert f"Detached from {draft}" in starter("detach", "sluice", row["id"], "--as", TAY).out
    assert starter.data("attachments", "sluice", draft, "--as", TAY) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("costs.csv", b"1;2\n" * 600, "more than 2 kB: attach a smaller one"),
        ("costs.csv", b"", "the file is empty"),
        ("costs.pdf", pdf(), "the file is of kind pdf, and the question takes csv or xlsx"),
        ("costs.csv", bytes(range(256)), "of no kind that can be attached"),
    ],
    ids=["large", "empty", "pdf", "bytes"],
)
def test_a_wrong_file_is_refused_in_one_line(
    starter: Commands, draft: str, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    words = ("attach", "sluice", draft, "costs", str(tmp_path / name), "--as", TAY)
    assert said in one_line(starter(*words))
    refused = json.loads(starter(*words, "--json").out)["refused"]
    assert (refused["code"], [each["field"] for each in refused["problems"]]) == ("attachment-refused", ["costs"])
    assert starter.data("attachments", "sluice", draft, "--as", TAY) == []


def test_files_that_cannot_be_read_or_written_are_said(
    starter: Commands, draft: str, costs: Path, tmp_path: Path
) -> None:
    for wrong in ("none.csv", "."):
        words = ("attach", "sluice", draft, "costs", str(tmp_path / wrong), "--as", TAY)
        assert "is not a file" in one_line(starter(*words))
    row = attach(starter, draft, costs)
    words = ("attachment", "sluice", row["id"], "--to", str(tmp_path / "no" / "such.csv"), "--as", TAY)
    assert "cannot be written" in one_line(starter(*words))
    assert "has no attachment" in one_line(starter("attachment", "sluice", "none", "--to", "x", "--as", TAY))


def test_readers_read_what_was_sent_after_the_seal_and_nothing_of_it_is_anywhere_else(
    starter: Commands, service: Service, open_round: str, database: Database, costs: Path, tmp_path: Path
) -> None:
    """The content is nowhere in clear; the name is in the database alone."""
    draft = str(starter.data("draft", "ferry", "--organisation", "Tay", "--email", TAY)["application"])
    row = attach(starter, draft, costs, "ferry")
    assert starter("send", draft, "--as", TAY).status == 0
    to = tmp_path / "read.csv"
    for who in (SPONSOR, OPERATOR):
        for words in (("attachments", "ferry", draft), ("attachment", "ferry", row["id"], "--to", str(to))):
            assert "before its window is sealed" in one_line(starter(*words, "--as", who))
    seal(database, "file-round/ferry")
    assert "interests" in one_line(starter("attachments", "ferry", draft, "--as", SPONSOR))
    assert starter("interests", "ferry", "--none", "--as", SPONSOR).status == 0
    assert [each["id"] for each in starter.data("attachments", "ferry", draft, "--as", SPONSOR)] == [row["id"]]
    assert starter("attachment", "ferry", row["id"], "--to", str(to), "--as", SPONSOR).status == 0
    assert to.read_bytes() == costs.read_bytes()

    found = {marker: files_with(service.folder, marker) for marker in (CONTENT_MARKER, NAME_MARKER)}
    assert found[CONTENT_MARKER] == set()
    assert found[NAME_MARKER]
    assert found[NAME_MARKER] <= {"service.db", "service.db-wal", "service.db-shm"}
    shown = starter("record", "ferry", "--as", OPERATOR).out + starter("notices", "list", "--as", OPERATOR).out
    assert CONTENT_MARKER not in shown
    assert NAME_MARKER not in shown


def test_a_worker_removes_what_nobody_has_attached_as_it_starts(
    starter: Commands, service: Service, draft: str, costs: Path, tmp_path: Path, database: Database
) -> None:
    """Nobody asks it to."""
    costs.write_text("of;this;test\n")
    row = attach(starter, draft, costs)
    assert sweeping.is_needed(database)
    starter("detach", "sluice", row["id"], "--as", TAY)
    end = time.monotonic() + HANGS
    with Program(worker.main, [], of_nothing_else(service.address), tmp_path / "log"):
        while find_file(database, row["id"]):
            assert time.monotonic() < end, (tmp_path / "log").read_text()
            time.sleep(0.2)  # a glance, not a wait for time to pass


def find_file(database: Database, attachment: str) -> bool:
    """Whether the database still knows an attachment."""
    with database.reading() as connection:
        known = select(tables.attachments.c.id).where(tables.attachments.c.id == attachment)
        return connection.execute(known).first() is not None


def files_with(folder: Path, marker: str) -> set[str]:
    """The names of all files of the service that have a text, in whatever encoding."""
    wanted = [marker.encode(encoding) for encoding in ("utf-8", "utf-16-le")]
    found = set()
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a journal of Temporal's database, which is gone a moment later
            if path.is_file() and any(each in path.read_bytes() for each in wanted):
                found.add(path.name)
    return found
