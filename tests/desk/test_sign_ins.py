"""Links that are printed at the machine, and sessions that operators see and end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from domain.identity.proof import AT_TERMINAL, Proof, Way
from domain.permissions import Actor
from domain.programmes.round import Round
from domain.values.refusals import NotAllowed, NotProven, NotReadable, UnknownPerson, UnknownSession
from identity.links import Links
from identity.sessions import Sessions
from store.challenges.people import keep_people
from store.database import tables
from store.database.database import Database
from store.record.record import RecordLine, read_record
from tests.desk.asking import desk_on
from tests.store.said import AIR, MIDWAY, ROADS

FIONA, OLIVIA, ANN = "fiona@scheme.example", "olivia@scheme.example", "ann@applicants.example"


@pytest.fixture
def known(open_: Database, round_: Round) -> Database:
    """A round that is open, with its people."""
    with open_.writing() as connection:
        keep_people(connection, round_)
    return open_


async def print_link(database: Database, person: str, by: str = "", **settings: Any) -> str:
    """The link that is printed; with --print if somebody is named who asks."""
    async with desk_on(database, **settings) as desk:
        actor = await desk.actor(by, AT_TERMINAL) if by else Actor()
        return (await desk.sign_ins.print_link(actor, person, for_another=bool(by))).link


def said(database: Database, action: str) -> list[RecordLine]:
    return [each for row in (AIR, ROADS) for each in read_record(database, row) if each.action == action]


def begin(database: Database, mailbox: str) -> str:
    return Sessions(database, lambda: MIDWAY).begin(mailbox, Way.LINK, where="Firefox on Linux")[0].id


@pytest.mark.parametrize("person", ["fiona", FIONA, "Fiona@SCHEME.example", ANN])
async def test_a_service_that_sends_no_letters_prints_a_link(known: Database, person: str) -> None:
    link = await print_link(known, person)
    home, _, secret = link.rpartition("/link/")
    assert home == "http://localhost:8000"
    proven = Links(known, lambda: MIDWAY).sign_in(secret, "", "home")
    assert (proven.mailbox, proven.way) == (ANN if person == ANN else FIONA, Way.TERMINAL)
    assert said(known, "print-link") == []


@pytest.mark.parametrize("setting", [{"notice_channel": "smtp"}, {"organisations": Path("organisations.toml")}])
async def test_a_service_that_has_another_way_prints_none_unless_an_operator_says_so(
    known: Database, setting: dict[str, Any]
) -> None:
    """Fails when anybody at the machine can sign in as the sponsor of a service that sends letters."""
    with pytest.raises(NotAllowed, match="ask for a link at http://localhost:8000"):
        await print_link(known, "fiona", **setting)
    for stranger in ("sam", "fiona", "nobody", ANN):
        with pytest.raises(NotAllowed):
            await print_link(known, "fiona", by=stranger, **setting)
    with known.reading() as connection:
        assert connection.execute(select(tables.links)).all() == []
    assert await print_link(known, "fiona", by="olivia", **setting)
    lines = [each for each in said(known, "print-link") if not each.refused]
    assert [(each.challenge, each.by, each.text, each.proof) for each in lines] == [
        (challenge, "olivia", "A link to sign in was printed for fiona", "terminal") for challenge in (AIR, ROADS)
    ]


async def test_a_service_that_asks_for_proof_prints_none(known: Database) -> None:
    """Nothing could be done with it."""
    for by in ("", "olivia"):
        with pytest.raises(NotProven, match="proves nothing"):
            await print_link(known, "fiona", by=by, ask_for_proof=True)


async def test_whoever_signs_in_with_an_organisation_gets_none(known: Database) -> None:
    with known.writing() as connection:
        issuer = {"issuer": "https://login.example"}
        connection.execute(update(tables.people).where(tables.people.c.id == "fiona").values(issuer))
    for person, by in (("fiona", ""), (FIONA, "olivia")):
        with pytest.raises(NotAllowed, match=r"signs in with https://login\.example"):
            await print_link(known, person, by=by)


@pytest.mark.parametrize(("person", "kind"), [("nobody", UnknownPerson), ("x@y", NotReadable), ("", UnknownPerson)])
async def test_a_link_is_for_somebody(known: Database, person: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await print_link(known, person)


async def test_people_see_and_end_their_own_sessions_and_nobody_elses(known: Database) -> None:
    """Fails when the id of a session, or an address, is enough to end somebody's session."""
    mine, others = begin(known, ANN), begin(known, FIONA)
    ann = Actor(name=ANN, proof=Proof(way=Way.LINK))
    async with desk_on(known) as desk:
        assert [each.id for each in await desk.sign_ins.sessions(ann)] == [mine]
        assert [each.id for each in await desk.sign_ins.sessions(ann, ANN.upper())] == [mine]
        for person in (FIONA, "fiona"):
            with pytest.raises(NotAllowed):
                await desk.sign_ins.sessions(ann, person)
            with pytest.raises(NotAllowed):
                await desk.sign_ins.end(ann, person, others)
        with pytest.raises(UnknownSession):
            await desk.sign_ins.end(ann, session=others)
        assert await desk.sign_ins.end(ann) == 1
        assert await desk.sign_ins.end(ann) == 0
    assert [each.id for each in Sessions(known, lambda: MIDWAY).of(FIONA)] == [others]
    assert [each for each in said(known, "sessions") if not each.refused] == []


async def test_an_operator_ends_sessions_of_people_of_the_round_and_the_record_says_so(known: Database) -> None:
    begin(known, FIONA)
    first = begin(known, FIONA)
    async with desk_on(known) as desk:
        olivia = await desk.actor("olivia", AT_TERMINAL)
        assert len(await desk.sign_ins.sessions(olivia, "fiona")) == 2
        assert await desk.sign_ins.end(olivia, FIONA, first) == 1
        assert await desk.sign_ins.end(olivia, "fiona") == 1
        with pytest.raises(UnknownSession):
            await desk.sign_ins.end(olivia, FIONA, first)
    lines = said(known, "sessions")
    assert {(each.by, each.text) for each in lines} == {("olivia", "1 session of fiona ended")}
    assert len(lines) == 4
    assert FIONA not in str(lines)


async def test_a_name_alone_sees_no_sessions_where_the_service_asks_for_proof(known: Database) -> None:
    begin(known, OLIVIA)
    async with desk_on(known, ask_for_proof=True) as desk:
        for name in ("olivia", OLIVIA, ""):
            with pytest.raises((NotProven, NotAllowed, UnknownPerson)):
                await desk.sign_ins.sessions(await desk.actor(name, AT_TERMINAL), OLIVIA)
