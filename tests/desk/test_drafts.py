"""Who writes drafts: whoever has a draft's address, and nobody else, before the seal and after it."""

from __future__ import annotations

import logging

import pytest

from domain.challenges.draft import Typed
from domain.identity.proof import AT_TERMINAL
from domain.permissions import Actor
from domain.programmes.round import Round
from domain.values.paging import Page
from domain.values.refusals import ApplicationRefused, NotAllowed, UnknownTeam
from store.challenges.people import keep_people
from store.database.database import Database
from store.record.notices import read_notices
from store.record.record import read_record
from tests.desk.test_rights import desk_on
from tests.store.said import AIR, CLOSES, OPENS, seal
from tests.store.writing import ADDRESS, COMPLETE, complete, send

MARKER = "Zanzibar"
MIDWAY = OPENS.add(hours=24)


@pytest.fixture
def open_round(form_round: Database, round_: Round) -> Database:
    with form_round.writing() as connection:
        keep_people(connection, round_)
    return form_round


async def test_a_draft_goes_from_the_first_word_to_the_receipt(open_round: Database) -> None:
    async with desk_on(open_round) as desk:
        desk.core.clock = lambda: MIDWAY
        begun = await desk.drafts.begin(Actor(), AIR, organisation="Breathe Ltd", email=ADDRESS)
        assert {each.field for each in begun.problems} == {"summary", "idea", "tried"}
        actor, draft = await desk.actor(ADDRESS, AT_TERMINAL), begun.draft.application
        typed = [Typed(question=question, answer=answer) for question, answer in COMPLETE.items()]
        saved = await desk.drafts.save(actor, draft, typed)
        assert [each.other for each in saved] == [None] * len(typed)
        assert (await desk.drafts.read(actor, draft)).problems == ()
        receipt = await desk.drafts.send(actor, draft)
        assert (receipt.application, receipt.received) == (draft, MIDWAY)
        (row,) = (await desk.drafts.list(actor, Page())).items
        assert (row.application, row.sent_at) == (draft, MIDWAY)


@pytest.mark.parametrize("sealed", [False, True], ids=["open", "sealed"])
@pytest.mark.parametrize("name", ["", "sam", "olivia", "fiona", "rival@rival.example", "{draft}"])
async def test_nobody_else_reads_saves_or_sends_a_draft(open_round: Database, name: str, sealed: bool) -> None:
    """Fails where a decider, an operator, another applicant or somebody who knows the id gets in."""
    async with desk_on(open_round) as desk:
        desk.core.clock = lambda: MIDWAY
        draft = (await desk.drafts.begin(Actor(), AIR, organisation="Breathe", email=ADDRESS)).draft.application
        await desk.drafts.begin(Actor(), AIR, organisation="Rival", email="rival@rival.example")
        writer = await desk.actor(ADDRESS, AT_TERMINAL)
        await desk.drafts.save(writer, draft, [Typed(question="idea", answer=MARKER)])
        if sealed:
            seal(open_round, AIR, CLOSES)
        actor = await desk.actor(name.format(draft=draft), AT_TERMINAL)
        ways = (
            lambda: desk.drafts.read(actor, draft),
            lambda: desk.drafts.versions(actor, Page(), draft, "idea"),
            lambda: desk.drafts.save(actor, draft, [Typed(question="idea", answer="Mine.", builds_on=1)]),
            lambda: desk.drafts.send(actor, draft),
        )
        for way in ways:
            with pytest.raises(NotAllowed, match=draft):
                await way()
        assert (await desk.drafts.read(writer, draft)).draft.answered() == {"idea": MARKER}
    lines = read_record(open_round, AIR)[-len(ways) :]
    assert all(line.refused for line in lines)
    assert "rival@" not in str(lines)


async def test_refusals_say_nothing_of_what_was_typed(open_round: Database, caplog: pytest.LogCaptureFixture) -> None:
    """Neither to the record nor in letters or logs. What is refused is not kept either."""
    caplog.set_level(logging.DEBUG)
    async with desk_on(open_round) as desk:
        desk.core.clock = lambda: MIDWAY
        draft = (await desk.drafts.begin(Actor(), AIR, organisation=MARKER, email=ADDRESS)).draft.application
        writer = await desk.actor(ADDRESS, AT_TERMINAL)
        for typed in (
            Typed(question=MARKER, answer="x"),
            Typed(question="idea", answer=f"{MARKER}\0"),
            Typed(question="idea", answer=MARKER * 200_000),
            Typed(question="idea", answer=MARKER, builds_on=5),
        ):
            with pytest.raises(ApplicationRefused):
                await desk.drafts.save(writer, draft, [typed])
        await desk.drafts.save(writer, draft, [Typed(question="summary", answer=f"{MARKER}\n{MARKER}")])
        await desk.drafts.save(writer, draft, [Typed(question="tried", answer=MARKER)])
        with pytest.raises(ApplicationRefused):
            await desk.drafts.send(writer, draft)
        with pytest.raises(UnknownTeam):
            await desk.drafts.read(writer, "air-quality-zzzzzzz")
    lines = [line for line in read_record(open_round, AIR) if line.refused]
    assert [line.by for line in lines] == [draft] * 5
    assert MARKER not in str(lines) + str(read_notices(open_round, AIR)) + caplog.text


async def test_how_many_are_in_is_known_before_the_seal_and_only_to_those_in_charge(open_round: Database) -> None:
    sent, *_ = [complete(open_round, MIDWAY) for _ in range(3)]
    send(open_round, sent, MIDWAY)
    async with desk_on(open_round) as desk:
        for name in ("sam", "olivia"):
            (found,) = await desk.applications.so_far(await desk.actor(name, AT_TERMINAL), AIR)
            assert (found.sent, found.written) == (1, 2)
            assert found.in_words == "1 so far; 2 more are being written"
        for name in ("fiona", ADDRESS, "nobody"):
            with pytest.raises(NotAllowed, match="count the applications"):
                await desk.applications.so_far(await desk.actor(name, AT_TERMINAL), AIR)
        seal(open_round, AIR, CLOSES)
        assert await desk.applications.so_far(await desk.actor("sam", AT_TERMINAL), AIR) == ()
