"""Passkeys of people: whoever has one added or removed is told, and an operator helps those who have lost theirs."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from whenever import TimeDelta

from desk.desk import Desk
from domain.identity.passkey import Passkey
from domain.identity.proof import AT_TERMINAL, Way
from domain.identity.session import Session
from domain.permissions import Actor
from domain.programmes.round import Round
from domain.values.refusals import NotAllowed, ReasonMissing, SecondStepMissing, UnknownPasskey, UnknownPerson
from identity.passkeys import Passkeys
from identity.persons import Persons
from store.challenges import drafts
from store.challenges.people import keep_people
from store.database import tables
from store.database.database import Database
from store.record.notices import read_notices
from store.record.record import RecordLine, read_record
from tests.desk.asking import desk_on
from tests.identity.authenticator import ORIGIN, Authenticator
from tests.store.said import AIR, MIDWAY, ROADS, applied

SAM, BREATHE, STRANGER = "sam@sepa.example", "breathe@applicants.example", "ann@nowhere.example"


@pytest.fixture
def known(open_: Database, round_: Round) -> Database:
    """A round that is open, with its people and one application."""
    with open_.writing() as connection:
        keep_people(connection, round_)
    applied(open_)
    return open_


def session(mailbox: str, *, passkey: bool = False) -> Session:
    ends = MIDWAY + TimeDelta(hours=12)
    return Session(id="one", mailbox=mailbox, way=Way.LINK, passkey=passkey, begun=MIDWAY, used=MIDWAY, ends=ends)


def signed_in(database: Database, whose: Session) -> Actor:
    return Persons(database).actor(whose)


async def added(desk: Desk, database: Database, mailbox: str) -> Passkey:
    """A passkey that somebody has added themselves."""
    whose = session(mailbox)
    answer = Authenticator().make(Passkeys(desk.core.options, database, lambda: MIDWAY).begin_adding(whose))
    return await desk.passkeys.add(signed_in(database, whose), whose, "Sam's phone", answer)


def lines(database: Database, challenge: str) -> list[RecordLine]:
    return [line for line in read_record(database, challenge) if "passkey" in line.action]


def told(database: Database) -> list[tuple[str, str, str, str]]:
    return [
        (each.occasion, each.recipient, each.address, each.body)
        for each in read_notices(database)
        if each.occasion.startswith("passkey")
    ]


async def test_whoever_has_a_passkey_added_or_removed_is_told_once_and_the_record_of_each_challenge_says_so(
    known: Database,
) -> None:
    """Fails where somebody who reads the mailbox of a decider adds a passkey, and nobody hears of it."""
    async with desk_on(known, web_address=ORIGIN) as desk:
        passkey = await added(desk, known, SAM)
        own = session(SAM, passkey=True)
        await desk.passkeys.remove_own(signed_in(known, own), own, passkey.id)

    for challenge in (AIR, ROADS):
        assert [(each.by, each.role, each.action, each.text, each.proof) for each in lines(known, challenge)] == [
            ("sam", "sponsor", "own-passkeys", "A passkey of sam was added", "link"),
            ("sam", "sponsor", "own-passkeys", "A passkey of sam was removed", "link and passkey"),
        ]
    (first, second) = sorted(told(known))
    assert first[:3] == ("passkey-added", "sam", SAM)
    assert "Sam's phone" in first[3]
    assert second[:3] == ("passkey-removed", "sam", SAM)
    assert "was removed from your sign-in by you: Sam's phone" in second[3]


async def test_a_team_is_told_too_and_whoever_has_nothing_here_is_not(known: Database) -> None:
    async with desk_on(known, web_address=ORIGIN) as desk:
        await added(desk, known, BREATHE)
        await added(desk, known, STRANGER)
    assert [(each[0], each[2]) for each in told(known)] == [("passkey-added", BREATHE)]
    (line,) = lines(known, AIR)
    assert (line.role, "Breathe" in line.text, "@" in line.text) == ("team", False, False)


async def test_whoever_has_a_draft_is_told_and_whoever_only_writes_with_them_can_add_one_too(known: Database) -> None:
    """Fails where somebody who has sent nothing cannot add a passkey, because no application has their address."""
    draft = drafts.begin(known, AIR, "Smell Ltd", "smell@applicants.example", lambda: MIDWAY)
    with known.writing() as connection:
        row = {"application": draft, "mailbox": "with@applicants.example", "invited_by": "smell", "since": MIDWAY}
        connection.execute(insert(tables.writers).values(**row))
    async with desk_on(known, web_address=ORIGIN) as desk:
        await added(desk, known, "smell@applicants.example")
        await added(desk, known, "with@applicants.example")

    assert [(each[0], each[2]) for each in told(known)] == [("passkey-added", "smell@applicants.example")]
    assert [each.role for each in lines(known, AIR)] == ["team", "writer"]


async def test_nothing_is_added_or_removed_where_nobody_could_be_told(
    known: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where a passkey is there and its letter is not: both are written at once."""

    def gone(*_: object) -> None:
        raise RuntimeError("no room")

    async with desk_on(known, web_address=ORIGIN) as desk:
        passkey = await added(desk, known, SAM)
        own = session(SAM, passkey=True)
        monkeypatch.setattr("identity.passkeys.put", gone)
        with pytest.raises(RuntimeError):
            await desk.passkeys.remove_own(signed_in(known, own), own, passkey.id)
        with pytest.raises(RuntimeError):
            await added(desk, known, BREATHE)
        passkeys = Passkeys(desk.core.options, known)
        assert [each.id for each in passkeys.of(SAM)] == [passkey.id]
        assert passkeys.of(BREATHE) == ()


async def test_an_operator_of_the_persons_rounds_lists_and_removes_what_was_lost(known: Database) -> None:
    async with desk_on(known, web_address=ORIGIN) as desk:
        passkey = await added(desk, known, SAM)
        olivia = await desk.actor("olivia", AT_TERMINAL)
        assert await desk.passkeys.list(olivia, "sam") == await desk.passkeys.list(olivia, "Sam@SEPA.example")
        assert [each.name for each in await desk.passkeys.list(olivia, SAM)] == ["Sam's phone"]
        with pytest.raises(ReasonMissing):
            await desk.passkeys.remove(olivia, "sam", passkey.id, " ")
        done = await desk.passkeys.remove(olivia, "sam", passkey.id, "Her telephone\nwas stolen.")
        assert done == "The passkey Sam's phone of sam was removed"
        with pytest.raises(UnknownPasskey):
            await desk.passkeys.remove(olivia, "sam", passkey.id, "Again.")
        assert await desk.passkeys.list(olivia, "sam") == []

    line = lines(known, ROADS)[-1]
    assert (line.by, line.role, line.action, line.reason) == (
        *("olivia", "operator", "passkeys"),
        "Her telephone was stolen.",
    )
    assert "removed from your sign-in by the programme office" in sorted(told(known))[-1][3]


@pytest.mark.parametrize("who", ["sam", "fiona", "nobody", BREATHE])
async def test_nobody_else_learns_of_passkeys_or_removes_them(known: Database, who: str) -> None:
    """Fails where somebody removes the second step of another, or learns who has one."""
    async with desk_on(known, web_address=ORIGIN) as desk:
        passkey = await added(desk, known, SAM)
        actor = await desk.actor(who, AT_TERMINAL)
        for person in ("sam", "nobody-at-all", "not an address@"):
            with pytest.raises(NotAllowed):
                await desk.passkeys.list(actor, person)
            with pytest.raises(NotAllowed):
                await desk.passkeys.remove(actor, person, passkey.id, "Why not?")
        assert len(Passkeys(desk.core.options, known).of(SAM)) == 1


async def test_an_operator_who_signed_in_with_a_browser_needs_a_passkey_to_remove_one(known: Database) -> None:
    async with desk_on(known, web_address=ORIGIN, second_step=True) as desk:
        passkey = await added(desk, known, SAM)
        olivia = signed_in(known, session("olivia@scheme.example"))
        with pytest.raises(SecondStepMissing):
            await desk.passkeys.remove(olivia, "sam", passkey.id, "Lost.")
        with pytest.raises(UnknownPerson):
            await desk.passkeys.list(await desk.actor("olivia", AT_TERMINAL), "nobody-at-all")
