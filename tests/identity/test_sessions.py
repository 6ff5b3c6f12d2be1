"""Sessions: what opens one, when it ends, and that nobody opens another's."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from domain.identity.proof import Way
from domain.identity.session import Session
from domain.values.refusals import NotSignedIn
from identity.sessions import Sessions
from store.database import tables
from store.database.database import Database
from tests.identity.conftest import Clock

ANN = "ann@applicants.example"
SAM = "sam@sepa.example"
"""A decider of the round."""
WHERE = "Firefox on Linux, 192.0.2.7"


@pytest.fixture
def sessions(kept: Database, clock: Clock) -> Sessions:
    return Sessions(kept, clock)


def begin(sessions: Sessions, mailbox: str = ANN) -> tuple[Session, str]:
    return sessions.begin(mailbox, Way.LINK, where=WHERE)


def rows(database: Database) -> str:
    with database.reading() as connection:
        return str(connection.execute(select(tables.sessions)).all())


def test_a_secret_opens_its_session_and_is_kept_nowhere(sessions: Sessions, kept: Database, clock: Clock) -> None:
    session, secret = sessions.begin("Ann@Applicants.EXAMPLE ", Way.ORGANISATION, issuer="https://login.example")
    found = sessions.look_up(secret)
    assert found == session
    assert (session.mailbox, session.issuer) == (ANN, "https://login.example")
    assert (session.proof.way, session.proof.at) == (Way.ORGANISATION, clock.now)
    assert secret not in rows(kept)
    assert len(secret) >= 22  # 128 bits and more


@pytest.mark.parametrize("secret", ["", "x", "é", "\ud800", "a" * 43, "a" * 100_000, "' OR 1=1 --", "\0"])
def test_what_is_no_secret_opens_nothing(sessions: Sessions, secret: str) -> None:
    begin(sessions)
    assert sessions.look_up(secret) is None


def test_the_id_of_a_session_and_the_hash_of_its_secret_open_nothing(sessions: Sessions, kept: Database) -> None:
    """Fails when whoever reads the database can sign in with what is in it."""
    session, _ = begin(sessions)
    with kept.reading() as connection:
        hash_ = connection.scalars(select(tables.sessions.c.secret)).one()
    assert sessions.look_up(session.id) is None
    assert sessions.look_up(hash_) is None


@pytest.mark.parametrize(("mailbox", "idle", "longest"), [(ANN, 8, 30 * 24), (SAM, 2, 12)])
def test_a_session_ends_when_it_is_not_used_and_for_good(
    sessions: Sessions, clock: Clock, mailbox: str, idle: int, longest: int
) -> None:
    """Also at the very instant. Whoever decides or releases has less time."""
    begun = clock.now
    _, left = begin(sessions, mailbox)
    clock.go_on(hours=idle, microseconds=-1)
    assert sessions.look_up(left) is not None
    clock.go_on(hours=idle)
    assert sessions.look_up(left) is None

    clock.now = begun
    session, used = begin(sessions, mailbox)
    for _ in range(longest // (idle - 1)):
        clock.go_on(hours=idle - 1)
        if clock.now < begun.add(hours=longest):
            assert sessions.look_up(used) is not None
    clock.now = session.ends.add(microseconds=-1)
    assert sessions.look_up(used) is not None
    clock.now = begun.add(hours=longest)
    assert sessions.look_up(used) is None
    assert sessions.of(mailbox) == ()


def test_somebody_who_comes_to_decide_has_the_shorter_times_at_once(
    sessions: Sessions, kept: Database, clock: Clock
) -> None:
    """Fails when a session keeps what its person was at the sign-in."""
    _, secret = begin(sessions)
    with kept.writing() as connection:
        connection.execute(update(tables.people).where(tables.people.c.id == "sam").values(mailbox=ANN))
    clock.go_on(hours=1)
    found = sessions.look_up(secret)
    assert found is not None
    assert found.decides
    clock.go_on(hours=2)
    assert sessions.look_up(secret) is None


def test_the_use_of_a_session_is_written_down_once_a_minute(sessions: Sessions, kept: Database, clock: Clock) -> None:
    _, secret = begin(sessions)
    before = rows(kept)
    clock.go_on(seconds=59)
    assert sessions.look_up(secret)
    assert rows(kept) == before
    clock.go_on(seconds=1)
    assert sessions.look_up(secret)
    assert sessions.of(ANN)[0].used == clock.now


def test_after_a_passkey_the_old_secret_and_the_old_id_are_gone(sessions: Sessions, clock: Clock) -> None:
    session, old = begin(sessions)
    clock.go_on(minutes=1)
    new = sessions.step_up(session)
    assert sessions.look_up(old) is None
    found = sessions.look_up(new)
    assert found is not None
    assert found.id != session.id
    assert (found.passkey, found.begun, found.proof.shown) == (True, session.begun, "link and passkey")
    assert not sessions.end(session.id, ANN)
    sessions.end_all(ANN)
    with pytest.raises(NotSignedIn):
        sessions.step_up(found)


def test_nobody_ends_the_session_of_another(sessions: Sessions) -> None:
    """Fails when the id alone is enough: ids are shown in lists."""
    session, secret = begin(sessions)
    assert not sessions.end(session.id, "mallory@other.example")
    assert not sessions.end(session.id, "")
    assert sessions.look_up(secret)
    assert sessions.end(session.id, ANN.upper())
    assert sessions.look_up(secret) is None
    assert not sessions.end(session.id, ANN)


def test_all_other_sessions_of_a_person_end_at_once_and_nobody_elses(sessions: Sessions) -> None:
    begun = [begin(sessions) for _ in range(3)]
    _, others = begin(sessions, SAM)
    assert [each.id for each in sessions.of(ANN)] != []
    assert sessions.end_all(ANN, but=begun[0][0].id) == 2
    assert [sessions.look_up(secret) is not None for _, secret in begun] == [True, False, False]
    assert sessions.end_all("") == 0
    assert sessions.look_up(others)
    assert sessions.end_all(ANN) == 1
