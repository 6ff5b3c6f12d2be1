"""Files of further proposals: attached in the stage's own window, and sealed until that window closes."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.challenges.draft import Typed
from domain.identity.proof import AT_TERMINAL
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.refusals import NotAllowed, TooLate, UnknownTeam, WindowNotSealed
from store.challenges.applications import accept
from store.challenges.people import keep_people
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.record.record import announce
from tests.desk.attaching import declared, desk_at
from tests.store.attaching import FILES, SHEET, pieces, read
from tests.store.said import AIR, OPENS, applying, compose, opened, seal
from tests.store.test_further_proposals import CLOSING, ENDED, STAGE, Asked
from tests.store.writing import asking

ONE, OTHER = "a@applicants.example", "c@applicants.example"


@pytest.fixture
def asked(database: Database, round_: Round, programme: Programme) -> Asked:
    """Two teams are asked for a proposal with files, and one is not."""
    rules = asking(programme, FILES)
    keep_round(database, round_, rules, challenges_of(round_, rules), OPENS)
    with database.writing() as connection:
        keep_people(connection, round_)
    announce(database, opened(), compose)
    teams = [accept(database, AIR, applying(name), lambda: OPENS, compose).application for name in ("A", "B", "C")]
    seal(database)
    found = Asked(database, *teams)
    found.window(found.one, found.two)
    return found


async def test_files_of_a_further_proposal_are_sealed_until_its_own_window_closes(asked: Asked, tmp_path: Path) -> None:
    """Fails if the seal of the applications opens what is sent later."""
    async with desk_at(asked.database, tmp_path) as desk:
        desk.core.clock = lambda: ENDED
        actor = await desk.actor(ONE, AT_TERMINAL)
        words = (actor, AIR, asked.one, "costs", "costs.xlsx")
        done = await desk.attachments.attach(*words, pieces(SHEET), stage=STAGE)
        await desk.drafts.save(actor, asked.one, [Typed(question="idea", answer="More buses.")], STAGE)
        await desk.drafts.send(actor, asked.one, STAGE)
        assert [each.id for each in await desk.attachments.list(actor, AIR, asked.one, stage=STAGE)] == [done.id]
        assert await desk.attachments.list(actor, AIR, asked.one) == ()
        sponsor = await declared(desk)
        for way in (
            lambda: desk.attachments.list(sponsor, AIR, asked.one, stage=STAGE),
            lambda: desk.attachments.open(sponsor, AIR, done.id),
        ):
            with pytest.raises(WindowNotSealed):
                await way()
        assert await desk.attachments.list(sponsor, AIR, asked.one) == ()
        asked.seal()
        assert await read(desk, sponsor, done.id) == SHEET
        desk.core.clock = lambda: CLOSING
        with pytest.raises(TooLate):
            await desk.attachments.detach(actor, AIR, done.id)


async def test_only_who_is_asked_attaches_files_for_a_stage(asked: Asked, tmp_path: Path) -> None:
    async with desk_at(asked.database, tmp_path) as desk:
        desk.core.clock = lambda: ENDED
        other = await desk.actor(OTHER, AT_TERMINAL)
        words = (other, AIR, asked.other, "costs", "costs.xlsx")
        with pytest.raises((NotAllowed, UnknownTeam)):
            await desk.attachments.attach(*words, pieces(SHEET), stage=STAGE)
