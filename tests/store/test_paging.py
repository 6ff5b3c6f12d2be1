"""Lists in pages: every item once and in order, whatever is added meanwhile; and no more than was asked for."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Select, event, update

from domain.announcements.announcement import to_people
from domain.announcements.occasions import Occasion
from domain.payments.payment import PaymentStatus
from domain.values.paging import Page, Paged
from domain.values.refusals import NotReadable, WindowNotSealed
from store.challenges.applications import page_of_applications, read
from store.challenges.rounds import challenges, page_of_challenges
from store.database import tables
from store.database.database import Database
from store.payments.file_list import page_of_files, read_files
from store.payments.payment_files import mark_written
from store.payments.reading import page_of_payments, page_of_transfers, read_payments, read_transfers
from store.record.notices import page_of_notices, read_notices
from store.record.record import announce, page_of_record, read_record
from tests.store.filing import batch
from tests.store.paying import Till, give_payee, to_make
from tests.store.said import AIR, CLOSES, MIDWAY, ROADS, announcing, applied, compose, facts, seal

LISTS: dict[str, Callable[[Database, Page], Paged[Any]]] = {
    "applications": lambda database, page: page_of_applications(database, page, AIR),
    "challenges": page_of_challenges,
    "notices": page_of_notices,
    "payment files": page_of_files,
    "payments": page_of_payments,
    "record": lambda database, page: page_of_record(database, page, AIR),
    "transfers": lambda database, page: page_of_transfers(database, page, AIR),
}
WHOLE: dict[str, Callable[[Database], tuple[Any, ...]]] = {
    "applications": lambda database: read(database, AIR),
    "challenges": challenges,
    "notices": read_notices,
    "payment files": read_files,
    "payments": read_payments,
    "record": lambda database: read_record(database, AIR),
    "transfers": lambda database: read_transfers(database, AIR),
}


@pytest.fixture
def full(open_: Database) -> Database:
    """A database with some of everything, most of it at one moment: its order hangs on the last column."""
    teams = [applied(open_, f"Team{number} Ltd") for number in range(3)]
    for number, team in enumerate(teams):
        give_payee(open_, team)
        till = Till(open_, to_make(team))
        till.brought_to(PaymentStatus.RELEASED)
        made = batch(open_, f"FILE{number}")
        assert made is not None
        mark_written(open_, made.id, CLOSES)
    seal(open_, AIR, CLOSES)
    return open_


def in_pages(read: Callable[[Page], Paged[Any]], limit: int) -> Iterator[tuple[Any, ...]]:
    """The pages of a list, one after the other."""
    page = Page(limit=limit)
    while True:
        found = read(page)
        yield found.items
        if not found.next:
            return
        page = Page(after=found.next, limit=limit)


@pytest.mark.parametrize("name", LISTS)
def test_the_pages_of_a_list_are_the_list(full: Database, name: str) -> None:
    """Fails when a page begins at the row where the one before ended, or two rows of one moment are taken for one."""
    whole = WHOLE[name](full)
    assert len(whole) >= (2 if name == "challenges" else 3)

    for limit in (1, 2, len(whole), len(whole) + 1):
        pages = list(in_pages(partial(LISTS[name], full), limit))
        assert tuple(item for page in pages for item in page) == whole
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert 0 < len(pages[-1]) <= limit


@pytest.mark.parametrize("name", LISTS)
def test_no_page_is_cut_out_of_a_list_that_was_read_as_a_whole(full: Database, name: str) -> None:
    """One row more than the page has is read: it tells whether there is another page."""
    limits = list[object]()

    def note(_: object, statement: object, *rest: object) -> None:
        if isinstance(statement, Select) and statement._order_by_clauses:
            limits.append(statement._limit)

    event.listen(full.engine, "before_execute", note)
    try:
        LISTS[name](full, Page(limit=1))
    finally:
        event.remove(full.engine, "before_execute", note)
    assert limits == [2]


def test_what_is_added_meanwhile_moves_nothing_to_another_page(full: Database) -> None:
    """Fails when pages are counted in rows: one that is added before makes the next page begin with a row again."""
    whole = [each.key for each in read_notices(full)]
    first = page_of_notices(full, Page(limit=2))
    earlier = to_people(("sam",), Occasion.CLOSING_SOON, facts(Occasion.CLOSING_SOON))
    announce(full, announcing("earlier", earlier, at=MIDWAY.subtract(hours=1)), compose)

    second = page_of_notices(full, Page(after=first.next, limit=2))
    assert [each.key for each in (*first.items, *second.items)] == whole[:4]


def test_notices_are_found_by_challenge_status_and_occasion(full: Database) -> None:
    received = [each for each in read_notices(full) if each.occasion == Occasion.APPLICATION_RECEIVED]
    with full.writing() as connection:
        failing = update(tables.notices).where(tables.notices.c.key == received[1].key)
        connection.execute(failing.values(status="failed", status_at=MIDWAY))

    def keys(**wanted: Any) -> list[str]:
        return [each.key for page in in_pages(partial(page_of_notices, full, **wanted), 2) for each in page]

    assert keys(occasion=Occasion.APPLICATION_RECEIVED) == [each.key for each in received]
    assert keys(status="failed") == [received[1].key]
    assert keys(challenges=[AIR], status="failed", occasion=Occasion.PAYMENT_SENT) == []
    assert keys(challenges=[AIR, ROADS]) == keys() != []
    assert keys(challenges=[ROADS]) == keys(challenges=[]) == []


def test_payments_are_found_by_challenge_and_status(full: Database) -> None:
    first, *others = read_payments(full)
    Till(full, to_make(first.team)).give_back()

    def keys(**wanted: Any) -> list[str]:
        return [each.key for page in in_pages(partial(page_of_payments, full, **wanted), 1) for each in page]

    assert keys(status=PaymentStatus.REJECTED) == [first.key]
    assert keys(challenges=[AIR], status=PaymentStatus.RELEASED) == [each.key for each in others]
    assert keys(challenges=[ROADS]) == keys(challenges=[]) == keys(status=PaymentStatus.SETTLED) == []


def test_challenges_are_found_by_round_and_id(full: Database) -> None:
    def ids(**wanted: Any) -> list[str]:
        return [each.id for page in in_pages(partial(page_of_challenges, full, **wanted), 1) for each in page]

    assert ids(round_="test-2016") == ids() == [ROADS, AIR]
    assert ids(challenges=[AIR]) == [AIR]
    assert ids(round_="another") == ids(challenges=[]) == []


def test_refusals_are_found_on_the_record(full: Database) -> None:
    refused = announcing("refused/1")
    announce(full, refused.model_copy(update={"entry": refused.entry.model_copy(update={"refused": True})}), compose)
    found = page_of_record(full, Page(), AIR, refused_only=True)
    assert [line.key for line in found.items] == [refused.key]


def test_no_page_of_applications_is_read_before_the_window_is_sealed(open_: Database) -> None:
    applied(open_)
    with pytest.raises(WindowNotSealed):
        page_of_applications(open_, Page(), AIR)


def written(*values: object) -> str:
    """Where a page would begin, as somebody makes it up."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


NOWHERE = (
    "x",
    "é",
    "%%%%",
    "W" * 1999,
    base64.urlsafe_b64encode(b"[" * 1400).decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    written(),
    written("a", "b", "c", "d"),
    written(1.5),
    written(None, None),
    written(2**63),
    written(True),
    written("2016-07-06T00:00:00Z", "\0"),
    written("2016-07-06T00:00:00Z", "\ud800"),
    written("yesterday", "key"),
    written("round", 2**70, "id"),
)


@pytest.mark.parametrize("name", LISTS)
def test_a_page_that_begins_nowhere_is_refused(full: Database, name: str) -> None:
    """Fails when what somebody made up comes to the database, which answers with an error of its own."""
    for after in NOWHERE:
        with pytest.raises(NotReadable, match="begin with the first page") as refused:
            LISTS[name](full, Page(after=after))
        assert [problem.field for problem in refused.value.problems] == ["after"], after
