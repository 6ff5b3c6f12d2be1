"""The board of operators, as the database has it: in pages, in a number of statements that does not grow."""

from __future__ import annotations

from sqlalchemy import event, insert

from domain.announcements.announcement import Attention
from domain.challenges.board import Need, View
from domain.programmes.round import Round
from domain.values.paging import Page
from store.challenges import board
from store.challenges.people import keep_people
from store.database import tables
from store.database.database import Database
from store.record.record import announce
from tests.store.said import AIR, CLOSES, MIDWAY, ROADS, announcing, applied, compose, order, seal, status
from tests.store.test_unconfirmed import come, hold

ALL = View()


def seen(database: Database, view: View = ALL, *rounds: str) -> list[str]:
    """The challenges on the board, in its order, read one by one."""
    page, found = Page(limit=1), list[str]()
    while True:
        read = board.page_of(database, page, rounds or ("test-2016",), view, MIDWAY)
        found += [row.id for row in read.items]
        if not read.next:
            return found
        page = Page(limit=1, after=read.next)


def searched(database: Database, text: str) -> list[str]:
    """The challenges that a search finds."""
    return seen(database, View(search=text))


def test_the_pages_have_every_challenge_once_and_what_needs_a_person_first(open_: Database) -> None:
    announce(open_, announcing("now", challenge=ROADS, status=status("applications")), compose)
    announce(open_, announcing("now", status=status("selection for exploration")), compose)
    assert seen(open_) == [AIR, ROADS]
    announce(open_, announcing("broken", challenge=ROADS, attention=Attention(text="Broken.")), compose)
    assert seen(open_) == [ROADS, AIR]
    assert seen(open_, View(), "another") == []


def test_a_decision_to_confirm_needs_a_person(open_: Database) -> None:
    announce(open_, announcing("now", status=status("nothing").model_copy(update={"outcome": "completed"})), compose)
    assert [row.need for row in board.page_of(open_, Page(), ["test-2016"], ALL, MIDWAY).items][-1] is Need.NOBODY
    come(open_, hold())
    first = board.page_of(open_, Page(), ["test-2016"], ALL, MIDWAY).items[0]
    assert (first.id, first.need, first.unconfirmed) == (AIR, Need.NOW, 1)


def test_a_page_takes_as_many_statements_however_many_challenges_it_has(open_: Database) -> None:
    """Fails if each challenge is asked about by itself."""
    applied(open_)
    said = list[str]()

    def note(*arguments: object) -> None:
        said.append(str(arguments[2]))

    event.listen(open_.engine, "before_cursor_execute", note)
    try:
        counts = list[int]()
        for limit in (1, 2):
            said.clear()
            assert len(board.page_of(open_, Page(limit=limit), ["test-2016"], ALL, MIDWAY).items) == limit
            counts.append(len(said))
    finally:
        event.remove(open_.engine, "before_cursor_execute", note)
    assert counts[0] == counts[1] <= 6


def test_people_are_found_where_they_have_a_role(open_: Database, round_: Round) -> None:
    with open_.writing() as connection:
        keep_people(connection, round_)
        row = {"round": "test-2016", "id": "rita", "name": "Rita Roe", "email": "rita@readers.example"}
        connection.execute(insert(tables.people).values(**row, mailbox="rita@readers.example", role="reader"))
        connection.execute(insert(tables.readers).values(round="test-2016", person="rita", challenge=ROADS))
    assert sorted(searched(open_, "olivia")) == sorted(searched(open_, "sam")) == [AIR, ROADS]
    assert searched(open_, "rita") == searched(open_, "Rita@readers.example") == searched(open_, "Roe") == [ROADS]


def test_payments_and_applicants_are_found_once_the_window_is_sealed(open_: Database) -> None:
    team = applied(open_)
    assert searched(open_, team) == searched(open_, "Breathe Ltd") == []
    seal(open_, AIR, CLOSES)
    with open_.writing() as connection:
        made = order(team)
        money = {"net": made.amount.net.pence, "vat": made.amount.vat.pence}
        known = {
            name: getattr(made, name) for name in ("key", "challenge", "stage", "team", "number", "of", "currency")
        }
        connection.execute(insert(tables.payments).values(**known, **money, requested_at=CLOSES))
    for text in (team, "Breathe Ltd", "breathe@applicants.example", made.key, f"exploration/{team}"):
        assert searched(open_, text) == [AIR], text
    assert searched(open_, "breathe@") == [], "only a whole address is found"
