"""The chain of the record: no line can be changed, removed, put in or put elsewhere unseen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select
from whenever import Instant

from domain.announcements.announcement import Entry
from domain.announcements.chain import Head, Verified, Wrong
from store.database.database import Database
from store.record import chain
from store.record.keys import RecordKeys
from store.record.record import announce, read_record
from store.record.verifying import heads, verify
from tests.chained import KEYS
from tests.store.postgres import copy_of
from tests.store.said import AIR, MIDWAY, ROADS, announcing, applied, compose, status
from tests.store.tampering import CHALLENGES, RECORD, chain_again, change, lines, put_in, set_head, tampering
from tests.waiting import HANGS

Attack = Callable[[Connection, list[dict[str, Any]]], None]
"""Does something to the lines of a challenge, of which there are five."""

_OTHER = RecordKeys(["B" * 43 + "="])
_ELSEWHERE = {"challenge": ROADS, "key": f"{AIR}/other"}
_CHANGED: dict[str, object] = {
    "at": MIDWAY.add(microseconds=1),
    **dict.fromkeys(
        ("by", "role", "action", "stage", "text", "reason", "proof", "signed", "principal", "previous", "hash"), "other"
    ),
    "refused": True,
    "number": 9,
    "id": 99,
    **_ELSEWHERE,
}


@pytest.fixture
def five(open_: Database) -> Database:
    """Five lines of a challenge, some with a status, between lines of another."""
    for number in range(4):
        announce(open_, announcing(f"hold/{number}", status=status() if number % 2 else None), compose)
        announce(open_, announcing(f"hold/{number}", challenge=ROADS), compose)
    assert verify(open_).fault is None
    return open_


def test_each_line_holds_the_hash_of_the_one_before_and_the_challenge_has_the_last(five: Database) -> None:
    record = read_record(five, AIR)

    assert [line.number for line in record] == [1, 2, 3, 4, 5]
    assert [line.previous for line in record] == [chain.NOTHING, *(line.hash for line in record[:-1])]
    assert len({line.hash for line in record}) == 5
    assert heads(five, [AIR]) == (Head(challenge=AIR, number=5, hash=record[-1].hash),)
    assert verify(five) == Verified(challenges=2, lines=10)


def test_a_line_that_is_there_already_changes_neither_chain_nor_head(five: Database) -> None:
    """Fails if the head moves although the line was not written."""
    before = heads(five)
    announce(five, announcing("hold/1", status=status()), compose)
    announce(five, announcing("hold/2"), compose)

    assert heads(five) == before
    announce(five, announcing("hold/5"), compose)
    assert (verify(five).fault, verify(five).lines) == (None, 11)


@pytest.mark.parametrize("column", _CHANGED)
@pytest.mark.parametrize("which", [0, 2, 4])
def test_every_column_of_every_line_that_is_changed_is_found(five: Database, column: str, which: int) -> None:
    """Fails if the hash does not cover the column."""
    before = lines(five)
    with tampering(five) as connection:
        change(connection, before[which], **{column: _CHANGED[column]})

    found = verify(five)
    if column == "id" and which == 4:  # the last one stays the last
        assert found.fault is None
        return
    assert found.fault is not None
    assert (found.fault.challenge, found.fault.line) == (AIR, which + 1)
    assert found.fault.wrong in (Wrong.CHANGED, Wrong.MISSING, Wrong.OUT_OF_ORDER)
    assert found.fault.text.startswith(f"{AIR}, line {which + 1}: ")


def _swap(connection: Connection, five: list[dict[str, Any]], *columns: str) -> None:
    change(connection, five[1], key="for a moment")
    change(connection, five[3], **{name: five[1][name] for name in columns})
    change(connection, five[1], **{name: five[3][name] for name in columns} | {"key": five[3]["key"]})


_SAID = ("key", "at", "by", "role", "action", "stage", "text", "reason", "refused", "proof", "signed", "principal")
_CHAINED = ("number", "previous", "hash")


@pytest.mark.parametrize(
    ("attack", "line", "wrong"),
    [
        pytest.param(lambda c, five: _remove(c, five[0]), 1, Wrong.MISSING, id="the first removed"),
        pytest.param(lambda c, five: _remove(c, five[2]), 3, Wrong.MISSING, id="one removed"),
        pytest.param(lambda c, five: _remove(c, five[4]), 5, Wrong.MISSING, id="the last removed"),
        pytest.param(lambda c, five: _remove(c, *five), 1, Wrong.MISSING, id="all removed"),
        pytest.param(lambda c, five: _swap(c, five, *_SAID), 2, Wrong.CHANGED, id="two swapped in what they say"),
        pytest.param(lambda c, five: _swap(c, five, *_SAID, *_CHAINED), 2, Wrong.OUT_OF_ORDER, id="two swapped"),
        pytest.param(lambda c, five: _renumber(c, five), 3, Wrong.CHANGED, id="one removed and the others renumbered"),
        pytest.param(lambda c, five: put_in(c, five[1], number=6), 6, Wrong.CHANGED, id="one put in after the last"),
        pytest.param(lambda c, five: put_in(c, five[1]), 6, Wrong.OUT_OF_ORDER, id="one put in twice"),
        pytest.param(lambda c, five: put_in(c, five[1], number=0), 6, Wrong.PUT_IN, id="one put in without a number"),
        pytest.param(lambda c, five: chain_again(c, _OTHER), 1, Wrong.CHANGED, id="all chained with another key"),
        pytest.param(lambda c, five: set_head(c, 4, five[3]["hash"]), 5, Wrong.HEAD, id="the head set back"),
        pytest.param(lambda c, five: set_head(c, 5, five[3]["hash"]), 5, Wrong.HEAD, id="another head"),
        pytest.param(lambda c, five: set_head(c, 0, ""), 1, Wrong.HEAD, id="no head"),
        pytest.param(lambda c, five: set_head(c, 6, five[4]["hash"]), 6, Wrong.MISSING, id="the head moved on"),
    ],
)
def test_every_attack_on_the_lines_is_found(five: Database, attack: Attack, line: int, wrong: Wrong) -> None:
    before = lines(five)
    with tampering(five) as connection:
        attack(connection, before)

    found = verify(five)
    assert found.fault is not None, "nobody has noticed"
    assert (found.fault.challenge, found.fault.line, found.fault.wrong) == (AIR, line, wrong)
    assert found.others == 0


def _remove(connection: Connection, *those: dict[str, Any]) -> None:
    connection.execute(delete(RECORD).where(RECORD.c.id.in_([line["id"] for line in those])))


def _renumber(connection: Connection, five: list[dict[str, Any]]) -> None:
    _remove(connection, five[2])
    for line in five[3:]:
        change(connection, line, number=line["number"] - 1)
    set_head(connection, 4, five[4]["hash"])


@pytest.mark.parametrize("said", [{}, {"challenge": AIR}])
def test_a_line_copied_from_another_challenge_is_found(five: Database, said: dict[str, str]) -> None:
    before, elsewhere = lines(five), lines(five, ROADS)
    with tampering(five) as connection:
        _remove(connection, before[4])
        put_in(connection, elsewhere[4], **said)
    found = verify(five)

    assert found.fault is not None
    assert (found.fault.challenge, found.fault.line) == (AIR, 5)
    assert found.others == (0 if said else 1)  # the other challenge has one too many


def test_a_record_without_its_last_lines_is_found_by_a_head_that_was_kept_elsewhere(five: Database) -> None:
    """Whoever removes them and sets the head back needs no key: only what was kept elsewhere shows it."""
    kept = heads(five)
    before = lines(five)
    with tampering(five) as connection:
        _remove(connection, *before[3:])
        set_head(connection, 3, before[2]["hash"])

    assert verify(five).fault is None
    fault = verify(five, kept=kept).fault
    assert fault is not None
    assert (fault.challenge, fault.line, fault.wrong) == (AIR, 5, Wrong.KEPT_HEAD)
    assert "the record ends with line 3" in fault.text


def test_another_record_under_the_right_key_is_found_by_a_head_that_was_kept_elsewhere(five: Database) -> None:
    kept, before = heads(five), lines(five)
    with tampering(five) as connection:
        change(connection, before[2], text="Nobody was paid")
        chain_again(connection, KEYS)

    assert verify(five).fault is None
    fault = verify(five, kept=kept).fault
    assert fault is not None
    assert (fault.challenge, fault.line, fault.wrong) == (AIR, 5, Wrong.KEPT_HEAD)


def test_heads_that_were_kept_on_the_way_still_fit_and_those_of_other_databases_do_not(five: Database) -> None:
    record = read_record(five, AIR)
    kept = [Head(challenge=AIR, number=line.number, hash=line.hash) for line in record]
    assert verify(five, kept=kept).fault is None
    assert verify(five, kept=kept).kept == 5

    twice = [*kept, kept[2].model_copy(update={"hash": "0" * 64})]
    fault = verify(five, kept=twice).fault
    assert fault is not None
    assert (fault.line, fault.wrong) == (3, Wrong.KEPT_HEAD)
    gone = verify(five, kept=[Head(challenge="test-2016/gone", number=1, hash="0" * 64)]).fault
    assert gone is not None
    assert "no such challenge" in gone.text


def test_lines_of_a_challenge_that_is_gone_are_found(five: Database) -> None:
    if five.engine.dialect.name == "sqlite":
        pytest.skip("SQLite itself refuses a line without its challenge, whoever adds it")
    before = lines(five)
    with tampering(five) as connection:
        put_in(connection, before[0], challenge="test-2016/gone")
    fault = verify(five).fault

    assert fault is not None
    assert fault.challenge == "test-2016/gone"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_done_to_one_line_is_found(five: Database, data: st.DataObject) -> None:
    """Any text in any column of any line; then all is put back as it was."""
    before = lines(five)
    line = data.draw(st.sampled_from(before))
    column = data.draw(
        st.sampled_from(["by", "role", "action", "stage", "text", "reason", "proof", "signed", "principal", "hash"])
    )
    letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    value = data.draw(st.text(letters, max_size=20).filter(lambda other: other != line[column]))
    with tampering(five) as connection:
        change(connection, line, **{column: value})
    fault = verify(five).fault
    with tampering(five) as connection:
        connection.execute(delete(RECORD).where(RECORD.c.challenge == AIR))
        connection.execute(insert(RECORD), before)

    assert fault is not None
    assert (fault.challenge, fault.line, fault.wrong) == (AIR, line["number"], Wrong.CHANGED)
    assert verify(five).fault is None


@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=9, max_size=9),
    number=st.integers(1, 2**31),
    refused=st.booleans(),
    at=st.integers(0, 4 * 10**15),
)
def test_what_is_hashed_is_the_canonical_json_of_rfc_8785(
    texts: list[str], number: int, refused: bool, at: int
) -> None:
    previous, key, by, role, action, stage, said, reason, proof = texts
    moment = Instant.from_utc(1970, 1, 1).add(microseconds=at, nanoseconds=999)
    line = Entry(
        at=moment,
        by=by,
        role=role,
        action=action,
        stage=stage,
        text=said,
        reason=reason,
        refused=refused,
        proof=proof,
        signed="signed",
        principal="jwt/ann",
    )
    when = moment.to_stdlib().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    array: list[str | int] = [
        previous,
        number,
        AIR,
        key,
        when,
        by,
        role,
        action,
        stage,
        said,
        reason,
        int(refused),
        proof,
        "signed",
        "jwt/ann",
    ]

    assert chain.content(previous, number, AIR, key, line) == rfc8785.dumps(array)


def test_many_writers_at_once_leave_one_chain(open_: Database) -> None:
    """Fails if somebody goes by a head that was read before the lock: two lines would follow from one."""
    url = open_.engine.url.render_as_string(hide_password=False)

    def write(writer: int) -> None:
        database = Database(url, KEYS)
        for number in range(12):
            one = announcing(f"hold/{writer}/{number}", status=status() if number % 2 else None)
            announce(database, one, compose)
        database.close()

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(write, writer) for writer in range(8)]:
            done.result(HANGS)

    assert verify(open_).fault is None
    assert [line.number for line in read_record(open_, AIR)] == list(range(1, 98))


def test_a_copy_of_the_database_verifies_like_the_first(five: Database, request: pytest.FixtureRequest) -> None:
    applied(five)
    copy = Database(_copied(five, request), KEYS)
    assert verify(copy, kept=heads(five)) == verify(five, kept=heads(five))
    assert verify(copy).lines == 10
    announce(copy, announcing("hold/after"), compose)
    assert verify(copy, kept=heads(five)).fault is None
    copy.close()


def _copied(database: Database, request: pytest.FixtureRequest) -> str:
    if database.engine.dialect.name == "sqlite":
        path = request.getfixturevalue("tmp_path") / "restored.db"
        with database.reading() as connection:
            connection.connection.cursor().execute("COMMIT")
            connection.connection.cursor().execute(f"VACUUM INTO '{path}'")
            connection.connection.cursor().execute("BEGIN")
        return f"sqlite:///{path}"
    database.close()
    return copy_of(str(request.getfixturevalue("migrated_postgres")))


def test_a_challenge_whose_row_says_more_than_its_lines_is_found_without_any_line(kept: Database) -> None:
    assert verify(kept).fault is None
    with tampering(kept) as connection:
        set_head(connection, 3, "0" * 64)
        assert connection.scalar(select(CHALLENGES.c.record_lines).where(CHALLENGES.c.id == AIR)) == 3

    fault = verify(kept).fault
    assert fault is not None
    assert (fault.line, fault.wrong) == (1, Wrong.MISSING)
