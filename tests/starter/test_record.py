"""`record`: showing it, verifying it, and the heads that people keep elsewhere."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import embedded
from domain.announcements.chain import Head, heads_in
from service.record_heads import HeadLog
from store.database.database import Database
from store.record.notices import read_notices
from tests.starter.commands import FINANCE, OPERATOR, SPONSOR, Commands, one_line, write_round

DALE = "dale"
AS = ("--as", OPERATOR)


@pytest.fixture(scope="module")
def dale(service: embedded.Service, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Commands to the service, with a round of two challenges that is open."""
    folder = tmp_path_factory.mktemp("dale")
    starter = Commands(service.address | {"CHALLENGES_PROGRAMMES": str(folder)})
    write_round(folder, {"brook": 86_400, "verify": 86_400}, DALE)
    assert starter("open", DALE, *AS).status == 0
    for name in ("brook", "verify"):
        starter.waits_for(f"{DALE}/{name}", "applications")
    return starter


def elsewhere(service: embedded.Service, folder: Path, *tampered: str) -> dict[str, str]:
    """The setting for a copy of the service's database in which somebody has done something."""
    copy = folder / "copy.db"
    url = service.address["CHALLENGES_DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(url)) as there, closing(sqlite3.connect(copy)) as here:
        there.backup(here)
        for (trigger,) in here.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            here.execute(f'DROP TRIGGER "{trigger}"')
        for statement in tampered:
            assert here.execute(statement).rowcount > 0, f"nothing was done by {statement}"
        here.commit()
    return {"CHALLENGES_DATABASE_URL": f"sqlite:///{copy}"}


def test_a_record_that_nobody_has_touched_is_as_it_was_written(dale: Commands) -> None:
    answer = dale("record", "verify", f"{DALE}/brook", *AS)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out == "The record is as it was written: 1 line of 1 challenge.\n"

    found = json.loads(dale("record", "verify", *AS, "--json").out)
    assert (found["fault"], found["others"]) == (None, 0)
    assert found["lines"] >= found["challenges"] >= 2


def test_a_challenge_with_the_name_of_a_command_is_shown_with_its_round(dale: Commands) -> None:
    shown, in_full = (dale("record", *words, f"{DALE}/verify", *AS) for words in ((), ("show",)))

    assert shown.status == 0
    assert "opened" in shown.out
    assert shown.out == in_full.out
    assert dale("record", *AS, f"{DALE}/brook").status == 0


def test_the_first_line_that_somebody_has_changed_is_named_with_status_1(
    dale: Commands, service: embedded.Service, tmp_path: Path
) -> None:
    """Fails if `verify` believes what the database says of itself."""
    said = f"UPDATE record SET text = 'Nothing' WHERE challenge = '{DALE}/brook'"
    place = elsewhere(service, tmp_path, said)

    line = one_line(dale("record", "verify", f"{DALE}/brook", *AS, **place))
    assert line.startswith(f"{DALE}/brook, line 1: changed since it was written")
    assert dale("record", "verify", f"{DALE}/verify", *AS, **place).status == 0
    document = dale("record", "verify", *AS, "--json", **place)
    assert (document.status, json.loads(document.out)["fault"]["wrong"]) == (1, "changed")
    assert json.loads(document.out)["fault"]["line"] == 1


def test_lines_that_were_removed_with_the_head_set_back_are_found_by_heads_that_were_kept(
    dale: Commands, service: embedded.Service, tmp_path: Path
) -> None:
    assert dale("hold", f"{DALE}/verify", "--reason", "A test.", *AS).status == 0
    letter = tmp_path / "letter.txt"
    letter.write_text("Please keep this:\n\n  " + dale("record", "heads", f"{DALE}/verify", *AS).out)
    [head] = heads_in(letter.read_text())
    back = (
        f"UPDATE challenges SET record_lines = {head.number - 1}, record_head = "
        f"(SELECT hash FROM record WHERE challenge = '{DALE}/verify' AND number = {head.number - 1}) "
        f"WHERE id = '{DALE}/verify'"
    )
    gone = f"DELETE FROM record WHERE challenge = '{DALE}/verify' AND number = {head.number}"
    place = elsewhere(service, tmp_path, back, gone)

    assert dale("record", "verify", f"{DALE}/verify", *AS, **place).status == 0
    for kept in (("--heads", str(letter)), ("--head", str(head))):
        line = one_line(dale("record", "verify", f"{DALE}/verify", *kept, *AS, **place))
        assert line.startswith(f"{DALE}/verify, line {head.number}: is missing: its hash was kept elsewhere")
        answer = dale("record", "verify", f"{DALE}/verify", *kept, *AS)
        assert "It agrees with 1 head kept elsewhere." in answer.out


def test_heads_are_sent_to_people_and_who_got_them_is_on_the_record(dale: Commands, database: Database) -> None:
    before = [Head.model_validate(each) for each in json.loads(dale("record", "heads", *AS, "--json").out)]
    told = dale("record", "heads", "--tell", FINANCE, "--tell", SPONSOR, *AS)
    assert (told.status, told.err) == (0, "")

    letters = [each for each in read_notices(database) if each.occasion == "record-heads"]
    assert {each.recipient for each in letters} == {FINANCE, SPONSOR}
    kept = {head for each in letters for head in heads_in(each.body)}
    assert kept == set(before)
    assert "were told to" in dale("record", f"{DALE}/brook", *AS).out
    assert dale("record", "verify", *AS).status == 0


def test_heads_are_told_to_nobody_whom_no_round_knows_and_by_operators_only(dale: Commands) -> None:
    line = one_line(dale("record", "heads", "--tell", FINANCE, "--tell", "stranger", *AS))
    assert line.startswith("No round of yours knows stranger")
    assert "may not tell people the head" in one_line(dale("record", "heads", "--tell", FINANCE, "--as", SPONSOR))
    assert "may not read the record" in one_line(dale("record", "verify", "--as", "nobody-at-all"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--head", "brook:1"), "There is no head in --head brook:1"),
        (("--heads", "/nowhere.txt"), "The file /nowhere.txt cannot be read"),
    ],
)
def test_what_is_no_head_is_misuse(dale: Commands, words: tuple[str, ...], said: str) -> None:
    assert one_line(dale("record", "verify", *words, *AS), 2).startswith(said)


def test_the_worker_logs_heads_that_have_moved_and_no_others() -> None:
    first, second = (Head(challenge=f"{DALE}/brook", number=number, hash="0" * 64) for number in (1, 2))
    other = Head(challenge=f"{DALE}/verify", number=7, hash="1" * 64)
    days = iter([(first, other), (first, other), (second, other)])
    log = HeadLog(lambda: next(days))
    with capture_logs() as logged:
        for _ in range(3):
            log.write()

    assert [each["head"] for each in logged] == [str(first), str(other), str(second)]
