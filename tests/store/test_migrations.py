"""The tables: made from nothing, equal to what the code says, and never used in the wrong version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError
from whenever import Instant

from domain.announcements.announcement import Attention
from domain.payments.payment import PaymentStatus
from domain.values.money import Amount, Money
from domain.values.refusals import Unavailable
from store.challenges.rounds import find_challenge
from store.database import schema
from store.database.database import Database
from store.database.tables import METADATA
from store.payments.begun import Begun
from store.payments.embedded_rail import EmbeddedRail
from store.payments.reading import read_payments, under_way
from store.record.record import announce, read_notices, read_record
from tests.chained import KEYS
from tests.processes import forking
from tests.store.paying import Till, give_payee, to_make
from tests.store.postgres import fresh_postgres
from tests.store.racing import migrate
from tests.store.said import announcing, compose

MOMENTS = {
    "opened": Instant("2016-07-05T23:00Z"),
    "one": Instant("2016-08-20T12:00:00.123456Z"),
    "two": Instant("2016-08-20T12:00:01Z"),
    "three": Instant("2016-08-21T09:30Z"),
}


def checks(database: Database) -> dict[str, set[str | None]]:
    """The names of the check constraints of each table."""
    inspector = inspect(database.engine)
    return {name: {check["name"] for check in inspector.get_check_constraints(name)} for name in METADATA.tables}


def test_the_migrations_make_from_nothing_what_the_code_expects(empty_url: str) -> None:
    """Fails when a column, an index or a constraint is in one of the two only."""
    database = Database(empty_url, KEYS)
    database.migrate()
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    database.close()


def test_the_migrations_make_the_same_constraints_as_the_code(
    empty_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Alembic does not compare these. Fails when a check is in one of the two only."""
    sqlite = empty_url.startswith("sqlite")
    other = f"sqlite:///{tmp_path}/other.db" if sqlite else fresh_postgres(request.getfixturevalue("postgres"))
    migrated, made = Database(empty_url, KEYS), Database(other)
    migrated.migrate()
    with made.writing() as connection:
        METADATA.create_all(connection)

    assert checks(migrated) == checks(made)
    assert any(checks(made).values())
    migrated.close()
    made.close()


BEFORE_0002 = """
INSERT INTO people (round, id, name, email) VALUES ('old', 'olivia', 'Olivia', 'olivia@scheme.example');
INSERT INTO challenges (id, round, slug, position, question, sponsor, sponsor_name, time_zone, currency, opened_at,
    attention) VALUES ('old/air', 'old', 'air', 0, 'How?', 'sepa', 'SEPA', 'Europe/London', 'GBP', '{opened}',
    'the rail is down');
INSERT INTO windows (challenge, opens, closes, held) VALUES ('old/air', '{opened}', '{one}', false);
INSERT INTO applications (id, challenge, organisation, email, submission, received)
    VALUES ('air-1', 'old/air', 'Breathe', 'breathe@applicants.example', 'x', '{opened}');
INSERT INTO payments (key, challenge, stage, team, number, "of", net, vat, currency, requested_at, submitted_at,
    settled_at, rail_reference) VALUES
    ('old/air/trial/air-1/1', 'old/air', 'trial', 'air-1', 1, 4, 100, 20, 'GBP', '{one}', '{two}', '{three}', 'rail-1'),
    ('old/air/trial/air-1/2', 'old/air', 'trial', 'air-1', 2, 4, 200, 40, 'GBP', '{one}', '{two}', NULL, 'rail-2'),
    ('old/air/trial/air-1/3', 'old/air', 'trial', 'air-1', 3, 4, 300, 60, 'GBP', '{one}', NULL, NULL, ''),
    ('old/air/trial/air-1/4', 'old/air', 'trial', 'air-1', 4, 4, 400, 80, 'GBP', '{two}', NULL, NULL, '');
INSERT INTO rail_transfers (key, reference, pence, at) VALUES
    ('old/air/trial/air-1/1', 'rail-1', 120, '{two}'),
    ('old/air/trial/air-1/2', 'rail-2', 240, '{two}'),
    ('old/air/trial/air-1/3', 'rail-3', 360, '{two}');
INSERT INTO notices (key, challenge, occasion, recipient, address, subject, body, created_at)
    VALUES ('old/air/x/held/olivia', 'old/air', 'held', 'olivia', 'olivia@scheme.example', 'Held', 'On hold.', '{one}');
INSERT INTO record (key, challenge, at, "by", role, action, stage, text, reason, refused)
    VALUES ('old/air/hold', 'old/air', '{one}', 'olivia', 'operator', 'hold', '', 'On hold', 'Election', false)
"""
"""What an older release has written: a payment settled, one submitted, one that the rail took unnoticed, and one that
was only requested."""


@pytest.fixture
def older(empty_url: str) -> Iterator[Database]:
    """A database as the release before left it, brought to this one."""
    database = Database(empty_url, KEYS)
    if empty_url.startswith("sqlite"):
        Path(empty_url.removeprefix("sqlite:///")).parent.mkdir()
    with database.writing() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    # As the databases keep instants.
    form = "%Y-%m-%d %H:%M:%S.%f" + ("" if empty_url.startswith("sqlite") else "+00:00")
    moments = {name: at.to_stdlib().strftime(form) for name, at in MOMENTS.items()}
    with database.writing() as connection:
        for statement in BEFORE_0002.format(**moments).split(";\n"):
            connection.execute(text(statement))
    with pytest.raises(Unavailable, match="belongs to an older release"):
        database.check_migrated()
    database.migrate()
    database.check_migrated()
    yield database
    database.close()


def test_payments_of_an_older_release_stand_as_they_did(older: Database) -> None:
    """Invariant 1. Fails when a status is taken over wrongly: a settled payment would be paid again, or one never."""
    kept = {
        payment.number: (payment.status, payment.attempt, payment.released_by, payment.reference)
        for payment in read_payments(older)
    }
    assert kept == {
        1: (PaymentStatus.SETTLED, 1, "service", "rail-1"),
        2: (PaymentStatus.SUBMITTED, 1, "service", "rail-2"),
        3: (PaymentStatus.REQUESTED, 0, "", ""),
        4: (PaymentStatus.REQUESTED, 0, "", ""),
    }
    first, *_, last = read_payments(older)
    assert (first.requested, first.submitted, first.settled) == (MOMENTS["one"], MOMENTS["two"], MOMENTS["three"])
    assert (last.requested, last.submitted, last.settled) == (MOMENTS["two"], None, None)
    assert (first.amount.net.pence, first.amount.vat.pence, first.currency, first.of) == (100, 20, "GBP", 4)


def test_transfers_of_an_older_release_are_known_to_the_rail_by_their_new_names(older: Database) -> None:
    """Invariant 1. Fails when the rail's own records keep the old names: it would not find what it has paid."""
    rail = EmbeddedRail(older)
    for number in (1, 2):
        key = f"old/air/trial/air-1/{number}"
        begun = under_way(older, key)
        assert begun == Begun(id=f"{key}/1", attempt=1, team="air-1", sealed="", rail="embedded", settled=number == 1)
        transfer = rail.find(f"{key}/1")
        assert transfer is not None
        assert transfer.reference == f"rail-{number}"
        assert (transfer.amount, transfer.currency) == (Money(120 * number), "GBP")
    assert under_way(older, "old/air/trial/air-1/4") is None


def test_what_the_rail_took_before_and_nobody_noted_is_found_and_not_paid_again(older: Database) -> None:
    """Invariant 1. The older release died between the two; the next attempt has the name that the rail knows."""
    team, key = "air-1", "old/air/trial/air-1/3"
    payment = to_make(team, 3, challenge="old/air")
    amount = Amount(net=Money(300), vat=Money(60))
    order = payment.order.model_copy(update={"key": key, "stage": "trial", "of": 4, "amount": amount})
    till = Till(older, payment.model_copy(update={"order": order, "releasers": ("olivia",)}))
    till.request()
    give_payee(older, team, challenge="old/air")
    till.request()
    till.release(by="olivia")
    transfer = EmbeddedRail(older).find(till.begun().id)
    assert transfer is not None
    assert (transfer.reference, transfer.id) == ("rail-3", f"{key}/1")


def test_what_needed_attention_in_an_older_release_is_shown_until_whoever_said_it_says_that_it_is_mended(
    older: Database,
) -> None:
    """Then it was kept under the challenge, also where a payment had said it."""
    assert find_challenge(older, "old/air").attention == "the rail is down"
    mended = Attention(text="the rail is down", mended=True, of="old/air/trial/air-1/3")
    announce(older, announcing("goes-on", challenge="old/air", attention=mended), compose)
    assert find_challenge(older, "old/air").attention == ""


def test_everything_else_of_an_older_release_is_there(older: Database) -> None:
    """Fails when a table is made anew without its rows, or its guards."""
    [notice] = read_notices(older)
    assert (notice.key, notice.body, notice.created) == ("old/air/x/held/olivia", "On hold.", MOMENTS["one"])
    [line] = read_record(older, "old/air")
    assert (line.text, line.reason, line.at) == ("On hold", "Election", MOMENTS["one"])
    with pytest.raises(IntegrityError, match="append-only"), older.writing() as connection:
        connection.execute(text("DELETE FROM record"))
    with older.reading() as connection:
        assert "payments_before" not in inspect(connection).get_table_names()


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    database = Database(empty_url, KEYS)
    database.migrate()
    database.migrate()
    database.check_migrated()
    database.close()


def test_several_processes_can_migrate_at_once(empty_url: str) -> None:
    """Fails on PostgreSQL without the advisory lock; now and then on SQLite without the wait of `_turn_to_wal`."""
    with forking().Pool(4) as pool:
        pool.map(migrate, [empty_url] * 8, chunksize=1)

    database = Database(empty_url, KEYS)
    database.check_migrated()
    database.close()


def test_a_database_without_tables_says_what_to_run_and_stays_as_it_is(empty_url: str) -> None:
    database = Database(empty_url, KEYS)
    with pytest.raises(Unavailable) as refused:
        database.check_migrated()
    said = str(refused.value)
    assert said.startswith("There is no database") or "lacks the tables of this release: start the worker" in said
    database.close()

    if empty_url.startswith("sqlite"):
        assert not Path(empty_url.removeprefix("sqlite:///")).exists()


def test_using_a_database_without_tables_says_what_to_run(empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        Path(empty_url.removeprefix("sqlite:///")).parent.mkdir()
    database = Database(empty_url, KEYS)
    with pytest.raises(Unavailable, match="lacks the tables of this release"), database.reading() as connection:
        connection.execute(text("SELECT * FROM challenges"))
    database.close()


def test_a_database_of_an_older_release_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version of this release is the next one to come."""
    heads, known = schema._revisions()
    monkeypatch.setattr(schema, "_revisions", lambda: (frozenset({"9999"}), known))
    assert heads < known

    with pytest.raises(Unavailable, match="older release: start the worker"):
        database.check_migrated()


def test_a_database_of_a_newer_release_is_refused_and_not_migrated(empty_url: str) -> None:
    database = Database(empty_url, KEYS)
    database.migrate()
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Unavailable, match="changed by a newer release"):
        database.check_migrated()
    with pytest.raises(Unavailable, match="changed by a newer release"):
        database.migrate()
    database.close()
