"""Applications at the desk: anyone applies in time, and only those in charge read, once the window is sealed."""

from __future__ import annotations

import pytest
from whenever import Instant

from domain.announcements.occasions import Occasion
from domain.challenges.application import Applying
from domain.forms.answers import only_text
from domain.values.paging import Page
from domain.values.refusals import (
    ApplicationRefused,
    InterestsMissing,
    NotAllowed,
    TooLate,
    Unavailable,
    WindowNotSealed,
)
from store.challenges import applications
from store.database.database import Database
from store.record.notices import read_notices
from tests.desk.asking import ALL, NOBODY, STRANGER, acting, desk_on, refusals
from tests.store.said import AIR, CLOSES, MICROSECOND, applied, applying, seal


async def test_nobody_in_particular_applies_and_has_a_receipt_and_a_letter(open_: Database) -> None:
    async with desk_on(open_) as desk:
        receipt = await desk.applications.apply(NOBODY, AIR, applying())
        again = await desk.applications.apply(await acting(desk, STRANGER), AIR, applying())
    assert (again.application, again.received, again.repeated) == (receipt.application, receipt.received, True)
    [letter] = [each for each in read_notices(open_, AIR) if each.occasion == Occasion.APPLICATION_RECEIVED]
    assert letter.address == "breathe@applicants.example"
    assert receipt.application in letter.body


@pytest.mark.parametrize(("at", "in_time"), [(CLOSES - MICROSECOND, True), (CLOSES, False)])
async def test_the_desks_own_clock_decides_whether_it_is_in_time(open_: Database, at: Instant, in_time: bool) -> None:
    async with desk_on(open_, at) as desk:
        if in_time:
            assert (await desk.applications.apply(NOBODY, AIR, applying())).received == at
        else:
            with pytest.raises(TooLate):
                await desk.applications.apply(NOBODY, AIR, applying())
    assert applications.count(open_, AIR) == int(in_time)


async def test_a_form_with_several_faults_names_all_of_them_and_the_record_repeats_nothing_of_it(
    open_: Database,
) -> None:
    wrong = Applying(organisation="", email="ada at lovelace", answers=only_text("x" * 1001))
    async with desk_on(open_) as desk:
        with pytest.raises(ApplicationRefused) as refused:
            await desk.applications.apply(NOBODY, AIR, wrong)
    assert {problem.field for problem in refused.value.problems} == {"organisation", "email", "proposal"}
    [line] = refusals(open_)
    assert "lovelace" not in line.text
    assert applications.count(open_, AIR) == 0


async def test_nobody_reads_before_the_seal_and_that_is_on_the_record(open_: Database) -> None:
    applied(open_)
    async with desk_on(open_, CLOSES) as desk:
        for who in ("sam", "olivia"):
            with pytest.raises(WindowNotSealed):
                await desk.applications.list(await acting(desk, who), ALL, AIR)
    assert [(line.by, line.action) for line in refusals(open_)] == [
        ("sam", "read-applications"),
        ("olivia", "read-applications"),
    ]


async def test_once_it_is_sealed_those_in_charge_read_in_the_order_of_receipt(open_: Database) -> None:
    ids = [applied(open_, name) for name in ("Tay Ltd", "Breathe Ltd", "Clyde Ltd")]
    seal(open_, AIR, CLOSES)
    async with desk_on(open_, CLOSES) as desk:
        for who in ("sam", "olivia"):
            actor = await acting(desk, who)
            with pytest.raises(InterestsMissing, match=f"{who} has not declared their interests for 3 applications"):
                await desk.applications.list(actor, ALL, AIR)
            await desk.interests.declare_none(actor, AIR)
            first = await desk.applications.list(actor, Page(limit=2), AIR)
            rest = await desk.applications.list(actor, Page(after=first.next, limit=2), AIR)
            assert {each.id for each in (*first.items, *rest.items)} == set(ids)
            assert (*first.items, *rest.items) == applications.read(open_, AIR)
        for who in ("fiona", "tay@applicants.example", ""):
            with pytest.raises(NotAllowed):
                await desk.applications.list(await acting(desk, who), ALL, AIR)
    assert [line.by for line in refusals(open_)] == ["sam", "olivia", "fiona", ids[0], "unknown"]


async def test_feedback_waits_for_temporal_and_keeps_nothing_meanwhile(open_: Database) -> None:
    team = applied(open_)
    before = read_notices(open_)
    async with desk_on(open_) as desk:
        with pytest.raises(Unavailable):
            await desk.applications.give_feedback(await acting(desk, "sam"), AIR, "exploration", team, "Well argued.")
        with pytest.raises(NotAllowed):
            await desk.applications.give_feedback(await acting(desk, "fiona"), AIR, "exploration", team, "No.")
    assert read_notices(open_) == before
