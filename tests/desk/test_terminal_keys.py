"""The terminal as a way to sign in: whose a key file is, what it opens, and who makes and ends it."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from domain.identity.proof import AT_TERMINAL, NOT_PROVEN, Way
from domain.permissions import Actor, Role
from domain.programmes.programme import Programme
from domain.programmes.round import Person, Round, challenges_of
from domain.values.refusals import (
    FileRefused,
    NotAllowed,
    NotProven,
    NotReadable,
    TooLate,
    Unavailable,
    UnknownPerson,
    UnknownTerminalKey,
)
from identity.signing_keys import make_first_key
from store.challenges.people import keep_people
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.record.notices import read_notices
from store.record.record import RecordLine, read_record
from tests.desk.asking import ALL, desk_on
from tests.identity.signing import key_files
from tests.store.said import AIR, CLOSES, OPENS, ROADS, applied

OLIVIA, FIONA, SAM = "olivia@scheme.example", "fiona@scheme.example", "sam@sepa.example"
OPERATOR = "olivia"


@pytest.fixture
def known(open_: Database, round_: Round) -> Database:
    """A round that is open, with its people."""
    with open_.writing() as connection:
        keep_people(connection, round_)
    return open_


async def key_of(database: Database, person: str, file: Path, by: str = OPERATOR) -> Path:
    """A key file that an operator has made."""
    async with desk_on(database) as desk:
        await desk.terminal_keys.make(await desk.actor(by, AT_TERMINAL), person, file)
    return file


async def at_terminal(database: Database, claimed: str = "", **settings: Any) -> Actor:
    """Who the service takes somebody at a terminal for."""
    async with desk_on(database, **settings) as desk:
        return await desk.at_terminal(claimed)


def lines_about_keys(database: Database, challenge: str = AIR) -> list[RecordLine]:
    return [line for line in read_record(database, challenge) if line.action == "terminal-keys"]


async def test_a_key_file_says_who_is_there_and_the_mailbox_says_in_which_roles(
    known: Database, tmp_path: Path
) -> None:
    file = await key_of(known, "fiona", tmp_path / "fiona.key")

    for claimed in ("", "fiona", "Fiona@SCHEME.example"):
        actor = await at_terminal(known, claimed, terminal_key_file=file)
        assert (actor.name, actor.proof.way, actor.proof.is_shown) == (FIONA, Way.KEY, True)
        assert {(grant.role, grant.person) for grant in actor.grants} == {(Role.RELEASER, "fiona")}


@pytest.mark.parametrize("claimed", ["frank", "olivia", OLIVIA, "nobody-at-all"])
async def test_a_name_beside_a_key_file_has_to_be_the_same_persons(
    known: Database, tmp_path: Path, claimed: str
) -> None:
    file = await key_of(known, "fiona", tmp_path / "fiona.key")

    with pytest.raises(NotAllowed, match=f"is not that of {claimed}: leave out --as"):
        await at_terminal(known, claimed, terminal_key_file=file)


async def test_without_a_key_file_a_name_is_only_a_claim(known: Database) -> None:
    assert (await at_terminal(known, "fiona")).proof == AT_TERMINAL
    assert (await at_terminal(known)).proof == NOT_PROVEN


async def test_a_key_opens_the_rounds_of_its_person_and_not_those_of_another_with_the_same_id(
    known: Database, round_: Round, tmp_path: Path
) -> None:
    """Fails where the id counts: another round's fiona is somebody else."""
    other = round_.model_copy(
        update={"id": "other-2016", "releasers": (Person(id="fiona", name="F", email="fiona@other.example"),)}
    )
    file = await key_of(known, "fiona", tmp_path / "fiona.key")
    with known.writing() as connection:
        keep_people(connection, other)

    shown = await at_terminal(known, "fiona", terminal_key_file=file)
    claimed = await at_terminal(known, "fiona")

    assert {grant.round for grant in shown.grants} == {round_.id}
    assert {grant.round for grant in claimed.grants} == {round_.id, "other-2016"}
    with pytest.raises(UnknownPerson, match="another person in another round: give the address"):
        await key_of(known, "fiona", tmp_path / "again.key")


# What the file is like.


async def test_the_file_is_its_owners_alone_and_the_database_has_no_secret(known: Database, tmp_path: Path) -> None:
    file = await key_of(known, "fiona", tmp_path / "fiona.key")

    text = file.read_text()
    found = re.search(r"^([0-9a-f]{12})\.([A-Za-z0-9_-]{43})$", text, re.MULTILINE)
    assert found is not None
    assert file.stat().st_mode & 0o777 == 0o600
    with known.reading() as connection:
        (row,) = connection.execute(select(tables.terminal_keys)).all()
    assert row.id == found[1]
    assert found[2] not in str(row)
    assert found[2] not in str(read_record(known, AIR)) + str(read_notices(known))
    assert os.listdir(tmp_path) == ["fiona.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o700])
async def test_a_file_that_others_can_open_proves_nothing(known: Database, tmp_path: Path, mode: int) -> None:
    file = await key_of(known, "fiona", tmp_path / "fiona.key")
    file.chmod(mode)

    with pytest.raises(NotProven, match=f"open to more than its owner: run chmod 600 {file}"):
        await at_terminal(known, terminal_key_file=file)


async def test_a_file_of_another_login_proves_nothing(
    known: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await key_of(known, "fiona", tmp_path / "fiona.key")
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)

    with pytest.raises(NotProven, match="belongs to another login"):
        await at_terminal(known, terminal_key_file=file)


def changed(text: str) -> Iterator[str]:
    """The text of a key file, damaged in different ways."""
    comment, key = text.splitlines()
    yield ""
    yield comment
    yield f"{key}\n{key}"
    yield key[:-1]
    yield f"{key}x"
    yield key.replace(".", ":")
    yield "é" * 60
    yield "x" * 10_000


async def test_a_damaged_file_is_refused_in_one_line_that_gives_nothing_away(known: Database, tmp_path: Path) -> None:
    file = await key_of(known, "fiona", tmp_path / "fiona.key")
    whole = file.read_text()
    for text in changed(whole):
        file.write_text(text)
        with pytest.raises(NotProven, match="does not hold exactly one key") as refused:
            await at_terminal(known, terminal_key_file=file)
        assert whole.splitlines()[1][13:] not in str(refused.value)


async def test_another_secret_under_a_known_id_proves_nothing(known: Database, tmp_path: Path) -> None:
    """Fails where the id alone is looked up: anybody can read it in the list."""
    file = await key_of(known, "fiona", tmp_path / "fiona.key")
    other = await key_of(known, "frank", tmp_path / "frank.key")
    id_, secret = file.read_text().split()[-1][:13], other.read_text().split()[-1][13:]
    file.write_text(id_ + secret)

    with pytest.raises(NotProven, match="is not known"):
        await at_terminal(known, terminal_key_file=file)


async def test_what_is_no_file_is_refused_and_never_waited_for(known: Database, tmp_path: Path) -> None:
    """A pipe without a writer would keep the command waiting for ever."""
    pipe, listening = tmp_path / "pipe", tmp_path / "socket"
    os.mkfifo(pipe, 0o600)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(listening))
        for path in (tmp_path, pipe, listening, tmp_path / "nothing"):
            with pytest.raises(NotProven, match=r"is not a file|cannot be read"):
                await at_terminal(known, terminal_key_file=path)


async def test_an_existing_file_stays_and_no_key_is_made(known: Database, tmp_path: Path) -> None:
    file = tmp_path / "fiona.key"
    file.write_text("something else")

    with pytest.raises(FileRefused, match="There is a file"):
        await key_of(known, "fiona", file)
    with pytest.raises(FileRefused, match="cannot be made"):
        await key_of(known, "fiona", tmp_path / "nowhere" / "fiona.key")

    assert file.read_text() == "something else"
    assert lines_about_keys(known) == []
    with known.reading() as connection:
        assert connection.execute(select(tables.terminal_keys)).all() == []


async def test_no_file_is_left_when_the_key_cannot_be_kept(
    known: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise Unavailable("The database is away.")

    monkeypatch.setattr("identity.terminal.terminal_keys.add", gone)
    with pytest.raises(Unavailable):
        await key_of(known, "fiona", tmp_path / "fiona.key")

    assert os.listdir(tmp_path) == []


# Who makes and ends keys.


async def test_a_key_is_on_the_record_of_each_challenge_of_its_person_who_gets_one_notice(
    known: Database, tmp_path: Path
) -> None:
    file = await key_of(known, "fiona", tmp_path / "fiona.key")
    key = file.read_text().split()[-1][:12]

    for challenge in (AIR, ROADS):
        (line,) = lines_about_keys(known, challenge)
        assert (line.by, line.role, line.text) == (OPERATOR, "operator", f"A terminal key was made for fiona: {key}")
        assert line.proof == "terminal"
    (notice,) = [each for each in read_notices(known) if each.occasion == "terminal-key-made"]
    assert (notice.recipient, notice.address) == ("fiona", FIONA)
    assert f"made for you by {OPERATOR}" in notice.body


@pytest.mark.parametrize("by", ["sam", "fiona", "frank", "nobody", "", "stranger@other.example"])
async def test_only_an_operator_makes_keys(known: Database, tmp_path: Path, by: str) -> None:
    for person in ("fiona", "stranger@other.example"):
        with pytest.raises(NotAllowed):
            await key_of(known, person, tmp_path / "fiona.key", by)
    assert os.listdir(tmp_path) == []


async def test_an_operator_makes_no_key_for_somebody_with_a_role_in_anothers_round(
    known: Database, round_: Round, programme: Programme, tmp_path: Path
) -> None:
    """Whoever makes a key can use it. Fails where one round that they share is enough."""
    office = (Person(id="otto", name="Otto", email="otto@other.example"),)
    other = round_.model_copy(update={"id": "other-2016", "operators": office})
    keep_round(known, other, programme, challenges_of(other, programme), OPENS)

    with pytest.raises(NotAllowed, match="may not make or end terminal keys for people of other-2016"):
        await key_of(known, "fiona", tmp_path / "fiona.key")
    await key_of(known, OLIVIA, tmp_path / "olivia.key")  # only of the one round


async def test_a_person_who_is_not_known_or_no_address_gets_no_key(known: Database, tmp_path: Path) -> None:
    with pytest.raises(UnknownPerson, match="nobody-here has no role in any round that was opened"):
        await key_of(known, "nobody-here", tmp_path / "a.key")
    with pytest.raises(NotReadable, match="The address"):
        await key_of(known, "fiona@nowhere", tmp_path / "a.key")


async def test_an_applicant_has_a_key_for_the_address_of_the_application(known: Database, tmp_path: Path) -> None:
    team = applied(known)
    with known.reading() as connection:
        address = connection.scalars(select(tables.applications.c.email)).one()
    file = await key_of(known, address, tmp_path / "team.key")

    actor = await at_terminal(known, terminal_key_file=file)

    assert {(grant.role, grant.person) for grant in actor.grants} == {(Role.TEAM, team)}


async def test_a_key_that_has_ended_proves_nothing(known: Database, tmp_path: Path) -> None:
    file = await key_of(known, "fiona", tmp_path / "fiona.key")
    key = file.read_text().split()[-1][:12]
    async with desk_on(known) as desk:
        operator = await desk.actor(OPERATOR, AT_TERMINAL)
        assert await desk.terminal_keys.end(operator, key) == f"The terminal key {key} has ended"
        assert await desk.terminal_keys.end(operator, key) == f"The terminal key {key} had ended before"

    with pytest.raises(NotProven, match=f"The terminal key {key} has ended: olivia ended it"):
        await at_terminal(known, terminal_key_file=file)
    assert [line.text for line in lines_about_keys(known)][1:] == [f"A terminal key of fiona ended: {key}"]


async def test_people_see_and_end_their_own_keys_and_no_others(known: Database, tmp_path: Path) -> None:
    own = await key_of(known, "fiona", tmp_path / "fiona.key")
    others = await key_of(known, "frank", tmp_path / "frank.key")
    key, other = (file.read_text().split()[-1][:12] for file in (own, others))
    async with desk_on(known, ask_for_proof=True, terminal_key_file=own) as desk:
        fiona = await desk.at_terminal("")
        (seen,) = (await desk.terminal_keys.list(fiona, ALL)).items
        assert (seen.id, seen.mailbox, seen.made_by) == (key, FIONA, OPERATOR)
        assert seen.used_at is not None
        with pytest.raises(NotAllowed):
            await desk.terminal_keys.end(fiona, other)
        assert await desk.terminal_keys.end(fiona, key) == f"The terminal key {key} has ended"
    async with desk_on(known) as desk:
        keys = (await desk.terminal_keys.list(await desk.actor(OPERATOR, AT_TERMINAL), ALL)).items
        assert {each.id: each.ended_by for each in keys} == {key: "fiona", other: ""}
        with pytest.raises(UnknownTerminalKey):
            await desk.terminal_keys.end(await desk.actor(OPERATOR, AT_TERMINAL), "000000000000")


# The first key.


async def test_the_login_with_the_signing_key_makes_the_first_key_and_only_the_first(
    known: Database, tmp_path: Path
) -> None:
    async with desk_on(known, ask_for_proof=True, **key_files(tmp_path)) as desk:
        made = await desk.terminal_keys.make(Actor(), OLIVIA, tmp_path / "first.key", first=True)
        assert (made.mailbox, made.made_by) == (OLIVIA, "service")
        with pytest.raises(TooLate, match=f"The terminal key {made.id} is there"):
            await desk.terminal_keys.make(Actor(), FIONA, tmp_path / "second.key", first=True)
    assert not (tmp_path / "second.key").exists()
    (line,) = lines_about_keys(known)
    assert (line.by, line.text) == ("service", f"A terminal key was made for olivia: {made.id}")


async def test_before_any_round_the_first_key_is_made_and_opens_nothing_else(
    database: Database, tmp_path: Path
) -> None:
    async with desk_on(database, **key_files(tmp_path)) as desk:
        with pytest.raises(NotAllowed, match="make the first key with --first"):
            await desk.terminal_keys.make(await desk.actor(OPERATOR, AT_TERMINAL), OLIVIA, tmp_path / "a.key")
        await desk.terminal_keys.make(Actor(), OLIVIA, tmp_path / "first.key", first=True)

    actor = await at_terminal(database, terminal_key_file=tmp_path / "first.key", ask_for_proof=True)
    assert (actor.name, actor.grants) == (OLIVIA, ())


async def test_another_login_makes_no_first_key(
    known: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where the first key is anybody's to make: whoever comes first would be the operator."""
    signing = tmp_path / "signing.key"
    async with desk_on(known, **key_files(tmp_path)) as desk:
        make_first_key(signing, tmp_path / "signing.pub", CLOSES)
        own = signing.stat().st_uid
        monkeypatch.setattr("identity.terminal.os.geteuid", lambda: own + 1)
        with pytest.raises(NotAllowed, match="belongs to another login"):
            await desk.terminal_keys.make(Actor(), OLIVIA, tmp_path / "first.key", first=True)
        monkeypatch.undo()
        signing.chmod(0o644)
        with pytest.raises(Unavailable, match="open to more than its owner"):
            await desk.terminal_keys.make(Actor(), OLIVIA, tmp_path / "first.key", first=True)
    assert not (tmp_path / "first.key").exists()
