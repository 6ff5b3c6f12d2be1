"""Notices at the desk: an operator alone reads and resends them; anyone sees the words that the pilot would use."""

from __future__ import annotations

import pytest

from domain.announcements.occasions import Occasion
from domain.values.refusals import NotAllowed, NotSentAgain, Unavailable, UnknownNotice
from store.database.database import Database
from store.outbox import outbox
from tests.desk.asking import ALL, NOBODY, acting, desk_on, refusals
from tests.store.posting import GONE, POST, notice, taken, told
from tests.store.said import MIDWAY, ROADS, applied, compose


def failed(database: Database) -> str:
    """The key of a notice that could not be delivered."""
    key = told(database)
    outbox.note_failed(database, taken(database), GONE, MIDWAY, compose)
    return key


async def test_an_operator_lists_notices_by_how_far_they_came_and_by_what_they_are_about(open_: Database) -> None:
    key = failed(open_)
    applied(open_, challenge=ROADS)
    async with desk_on(open_) as desk:
        olivia = await acting(desk, "olivia")
        everything = (await desk.notices.list(olivia, ALL)).items
        about_roads = (await desk.notices.list(olivia, ALL, ROADS)).items
        gone = (await desk.notices.list(olivia, ALL, status="failed")).items
        held = (await desk.notices.list(olivia, ALL, occasion=Occasion.HELD)).items
    assert {each.occasion for each in everything} == {"held", "attention", "application-received"}
    assert [each.occasion for each in about_roads] == ["application-received"]
    assert [each.key for each in gone] == [each.key for each in held] == [key]


@pytest.mark.parametrize("who", ["sam", "fiona", "breathe@applicants.example", ""])
async def test_nobody_else_reads_a_notice_or_has_it_sent_again(open_: Database, who: str) -> None:
    key = failed(open_)
    applied(open_)
    async with desk_on(open_) as desk:
        actor = await acting(desk, who)
        for asked in (
            desk.notices.list(actor, ALL),
            desk.notices.find(actor, key),
            desk.notices.send_again(actor, key),
        ):
            with pytest.raises(NotAllowed):
                await asked
    assert notice(open_, key).status == "failed"
    assert [line.action for line in refusals(open_)] == ["read-notices", "resend"]


async def test_a_notice_that_failed_is_sent_again_once(open_: Database) -> None:
    key = failed(open_)
    async with desk_on(open_) as desk:
        olivia = await acting(desk, "olivia")
        assert await desk.notices.send_again(olivia, key.partition("/")[2]) == key
        with pytest.raises(NotSentAgain):
            await desk.notices.send_again(olivia, key)
    assert outbox.claim(open_, POST, MIDWAY, compose) is not None


@pytest.mark.parametrize("key", ["nothing", "", "x" * 5000, "sam"])
async def test_a_key_that_names_no_notice_or_several_is_refused(open_: Database, key: str) -> None:
    told(open_)
    told(open_, number=1)
    async with desk_on(open_) as desk:
        with pytest.raises(UnknownNotice):
            await desk.notices.find(await acting(desk, "olivia"), key)


async def test_anyone_sees_the_words_of_every_occasion(database: Database) -> None:
    async with desk_on(database) as desk:
        letters = await desk.notices.preview(NOBODY, *Occasion)
    assert set(letters) == set(Occasion)
    assert not [occasion for occasion, letter in letters.items() if not letter.subject or not letter.body]


async def test_the_sending_cannot_be_retried_while_temporal_is_away(open_: Database) -> None:
    async with desk_on(open_) as desk:
        with pytest.raises(Unavailable):
            await desk.notices.retry(await acting(desk, "fiona"))
        with pytest.raises(NotAllowed):
            await desk.notices.retry(await acting(desk, "sam"))
