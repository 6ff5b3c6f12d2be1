"""Late applications: admitted only before anybody has read an application, and kept nowhere if they are not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from domain.announcements.announcement import Announcement, to_teams
from domain.announcements.occasions import Occasion
from domain.challenges.application import Receipt
from domain.values.refusals import ApplicationRefused, TooEarly, TooLate, UnknownChallenge, UnknownTeam
from store.challenges import late
from store.challenges.applications import accept, count, read
from store.challenges.rounds import find_challenge
from store.database import tables
from store.database.database import Database
from store.record.record import announce, read_notices, read_record
from tests.chained import KEYS
from tests.store.said import AIR, CLOSES, ROADS, announcing, applied, applying, compose, facts, seal
from tests.store.test_races import wait_for_waiting
from tests.waiting import HANGS

AFTER = CLOSES.add(hours=2)


@pytest.fixture
def closed(open_: Database) -> Database:
    """A window that is sealed with one application, which nobody has read."""
    applied(open_)
    seal(open_)
    return open_


@pytest.fixture
def elsewhere(url: str) -> Iterator[Database]:
    """The same database, from another process as it were."""
    database = Database(url, KEYS)
    yield database
    database.close()


def handed_in(database: Database, name: str = "Tardy Ltd", challenge: str = AIR) -> Receipt:
    """A late application is handed in."""
    return late.hand_in(database, challenge, applying(name), lambda: AFTER)


def admitting(application: str, key: str = "admit/1") -> Announcement:
    told = to_teams((application,), Occasion.APPLICATION_ADMITTED, facts(Occasion.APPLICATION_ADMITTED))
    return announcing(key, told, at=AFTER).model_copy(update={"admitted": application})


def admit(database: Database, application: str, key: str = "admit/1") -> None:
    """A late application is admitted."""
    announce(database, admitting(application, key), compose)


def waiting(database: Database) -> list[str]:
    """The applications for which it is not decided whether they are admitted."""
    with database.reading() as connection:
        return list(connection.scalars(select(tables.late_applications.c.id)))


def test_a_late_application_counts_once_it_is_admitted_and_not_before(closed: Database) -> None:
    """Fails when it can be read, or counts, before it is admitted; and when it is admitted twice."""
    receipt = handed_in(closed)
    assert (receipt.received, receipt.repeated) == (AFTER, False)
    assert (count(closed, AIR), find_challenge(closed, AIR).applications) == (1, 1)
    assert handed_in(closed) == receipt, "the same submission has the same id"

    admit(closed, receipt.application)
    admit(closed, receipt.application)  # as after a crash
    assert waiting(closed) == []
    assert (count(closed, AIR), find_challenge(closed, AIR).applications) == (2, 2)
    [told] = [each for each in read_notices(closed) if each.occasion == Occasion.APPLICATION_ADMITTED]
    assert (told.recipient, told.address) == (receipt.application, "tardy@applicants.example")
    assert handed_in(closed) == receipt.model_copy(update={"repeated": True})
    again = accept(closed, AIR, applying("Tardy Ltd"), lambda: AFTER, compose)
    assert (again.application, again.repeated) == (receipt.application, True)
    assert [each.organisation for each in read(closed, AIR)] == ["Breathe Ltd", "Tardy Ltd"]
    assert seal(closed, at=AFTER) == 1, "what the sealing counted stays"


def test_nothing_is_admitted_once_anybody_has_read_an_application(closed: Database) -> None:
    """Fails when somebody who knows the other answers can let in one more."""
    receipt = handed_in(closed)
    read(closed, AIR)
    with pytest.raises(TooLate, match="were first read on"):
        admit(closed, receipt.application)
    with pytest.raises(TooLate, match="were first read on"):
        handed_in(closed, "Later Ltd")
    assert count(closed, AIR) == 1
    assert f"{AIR}/admit/1" not in [each.key for each in read_record(closed, AIR)]


def test_reading_once_more_keeps_the_time_of_the_first_reading(closed: Database) -> None:
    def read_at() -> Any:
        with closed.reading() as connection:
            return connection.scalars(select(tables.windows.c.read_at).where(tables.windows.c.challenge == AIR)).one()

    assert read_at() is None
    read(closed, AIR)
    first = read_at()
    read(closed, AIR)
    assert read_at() == first is not None
    seal(closed, ROADS)
    handed_in(closed, challenge=ROADS)


def test_what_is_not_admitted_is_kept_nowhere(closed: Database) -> None:
    receipt = handed_in(closed)
    late.drop(closed, receipt.application)
    assert waiting(closed) == []
    with pytest.raises(UnknownTeam):
        admit(closed, receipt.application)


def test_a_late_application_is_checked_as_any_other_and_only_after_the_seal(open_: Database) -> None:
    with pytest.raises(TooEarly, match="is not sealed yet"):
        handed_in(open_)
    applied(open_)
    seal(open_)
    with pytest.raises(ApplicationRefused) as caught:
        late.hand_in(open_, AIR, applying(email="nowhere", proposal=""), lambda: AFTER)
    assert [problem.field for problem in caught.value.problems] == ["email", "proposal"]
    with pytest.raises(UnknownChallenge):
        late.hand_in(open_, "test-2016/nothing", applying(), lambda: AFTER)
    with pytest.raises(UnknownTeam):
        admit(open_, handed_in(open_, challenge=AIR).application.replace("air", "oil"))
    assert len(waiting(open_)) == 1


@pytest.mark.parametrize("first", ["read", "admit"])
def test_whoever_reads_at_that_moment_sees_the_late_application_or_it_is_refused(
    closed: Database, elsewhere: Database, first: str
) -> None:
    """Fails when a list is read without it, and it is admitted all the same."""
    application = handed_in(closed).application
    actions = {"read": lambda: read(elsewhere, AIR), "admit": lambda: admit(elsewhere, application)}
    order = [first, *(name for name in actions if name != first)]
    with ThreadPoolExecutor(2) as pool:
        kept: list[Future[Any]] = []
        with closed.writing() as connection:
            connection.execute(select(tables.windows).with_for_update()).all()
            for name in order:
                kept.append(pool.submit(actions[name]))
                if closed.engine.dialect.name == "postgresql":
                    wait_for_waiting(closed, kept)
        answers: dict[str, Any] = {
            name: each.exception(HANGS) or each.result() for name, each in zip(order, kept, strict=True)
        }

    seen = [each.id for each in answers["read"]]
    admitted = not isinstance(answers["admit"], TooLate)
    assert (application in seen) == admitted
    assert len(seen) == count(closed, AIR)
