"""Where the service asks for proof, a name alone opens nothing but what anyone may do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from domain.challenges.application import Applying
from domain.forms.answers import only_text
from domain.identity.proof import AT_TERMINAL
from domain.permissions import Actor
from domain.values.refusals import NotProven
from store.database import tables
from store.database.database import Database
from store.record.record import read_record
from tests.desk.asking import desk_on, refusals
from tests.desk.test_rights import FOR_ANYONE, NAMES, PAYER, calls
from tests.desk.test_terminal_keys import OLIVIA, key_of
from tests.desk.test_terminal_keys import known as known
from tests.store.paying import Till, to_make
from tests.store.said import AIR, CLOSES, applied


@pytest.fixture
def paying(known: Database) -> Till:
    till = Till(known, to_make(applied(known)))
    till.request(CLOSES)
    return till


WRITING = {"applications.apply", "drafts.begin", "drafts.begin_on_page"}
"""What anyone may do, in their own name."""


@pytest.mark.parametrize("name", sorted(set(NAMES) - (FOR_ANYONE - WRITING) - {"bank_reports.settle"}))
async def test_a_name_alone_does_nothing_that_not_anyone_may_do(paying: Till, name: str) -> None:
    """Whoever reaches a terminal could type any name. Fails for a method that goes by the name alone."""
    with paying.database.reading() as connection:
        contact = connection.scalars(select(tables.applications.c.email)).one()
    settings: dict[str, Any] = {"payment_rail": "files", **PAYER}
    async with desk_on(paying.database, ask_for_proof=True, **settings) as desk:
        for claimed in ("olivia", "sam", "fiona", OLIVIA, contact, ""):
            actor = await desk.at_terminal(claimed)
            assert actor.grants == ()
            with pytest.raises(NotProven):
                await calls(desk, actor, paying)[name]()
    assert paying.team not in {line.by for line in refusals(paying.database)}


@pytest.mark.parametrize("name", ["challenges.list", "challenges.find", "forms.read"])
async def test_what_anyone_may_do_needs_no_key(paying: Till, name: str) -> None:
    async with desk_on(paying.database, ask_for_proof=True) as desk:
        assert await calls(desk, await desk.at_terminal(""), paying)[name]()


def handed_in(email: str) -> Applying:
    return Applying(organisation="Tay", email=email, answers=only_text("Maps."))


async def test_an_application_comes_from_whoever_has_its_address_or_from_an_operator_who_is_named(
    known: Database, tmp_path: Path
) -> None:
    team = await key_of(known, "team@tay.example", tmp_path / "team.key")
    office = await key_of(known, "olivia", tmp_path / "office.key")
    finance = await key_of(known, "fiona", tmp_path / "finance.key")
    async with desk_on(known, ask_for_proof=True, terminal_key_file=team) as desk:
        own = await desk.applications.apply(await desk.at_terminal(""), AIR, handed_in("Team@TAY.example"))
        begun = await desk.drafts.begin(await desk.at_terminal(""), AIR, organisation="Tay", email="team@tay.example")
        assert begun.draft.email == "team@tay.example"
    async with desk_on(known, ask_for_proof=True, terminal_key_file=office) as desk:
        operator = await desk.at_terminal("")
        other = await desk.applications.apply(operator, AIR, handed_in("paper@post.example"))
        with pytest.raises(NotProven, match="comes from whoever has its address"):
            await desk.drafts.begin(operator, AIR, organisation="Post", email="paper@post.example")
    async with desk_on(known, ask_for_proof=True, terminal_key_file=finance) as desk:
        with pytest.raises(NotProven, match="or let an operator hand it in"):
            await desk.applications.apply(await desk.at_terminal(""), AIR, handed_in("rival@rival.example"))
    lines = [line for line in read_record(known, AIR) if line.action == "apply" and not line.refused]
    assert [(line.by, line.proof) for line in lines] == [("olivia", "terminal key")]
    assert lines[0].text == f"olivia handed in {other.application} for the applicant"
    assert own.application != other.application


async def test_a_link_that_the_terminal_printed_shows_nothing_more(known: Database) -> None:
    """A browser session by such a link has roles, and no proof. Fails where the roles alone are looked at."""
    async with desk_on(known) as believing:
        grants = (await believing.actor(OLIVIA, AT_TERMINAL)).grants
    by_printed_link = Actor(name=OLIVIA, proof=AT_TERMINAL, grants=grants)
    async with desk_on(known, ask_for_proof=True) as desk:
        for address in (OLIVIA, "paper@post.example"):
            with pytest.raises(NotProven, match="comes from whoever has its address"):
                await desk.applications.apply(by_printed_link, AIR, handed_in(address))
        with pytest.raises(NotProven):
            await desk.challenges.decide(by_printed_link, AIR, "hold", reason="Why not?")
