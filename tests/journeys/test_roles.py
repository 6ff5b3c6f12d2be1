"""A challenge and its payments on PostgreSQL, with the worker and the desk under the logins of an installation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from whenever import Instant, TimeDelta

from domain.challenges.state import Outcome
from domain.payments.payment import PaymentStatus
from store.database import tables
from store.database.database import Database
from store.database.grants import DESK, WORKER
from store.identity.sweeping import sweep
from tests.gateways.status_report import Said
from tests.journeys.filing import OTHER, PAYER, said, turned_away
from tests.playing import months, playing
from tests.rounds import FINANCE, OPERATOR
from tests.servers import dev_server
from tests.store.postgres import postgres_server
from tests.store.roles import Logins, database_with_roles


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def logins(server: str, tmp_path: Path) -> Logins:
    """A database for one test, with a login for each part of the service."""
    folder = tmp_path / "passwords"
    folder.mkdir()
    return database_with_roles(server, folder)


def login_of(database: Database) -> str:
    with database.reading() as connection:
        return str(connection.scalar(text("SELECT current_user")))


async def test_a_challenge_is_played_and_paid_with_a_login_for_each_part(logins: Logins, tmp_path: Path) -> None:
    """Fails when the worker or the desk lacks a right that it needs, for what it does every day."""
    async with (
        months() as environment,
        playing(tmp_path, environment, database_url=logins.worker, desk_url=logins.desk) as play,
    ):
        assert login_of(play.desk.core.database) == DESK
        teams = await play.applied(4)
        await play.decide("hold", OPERATOR, reason="The site is down.")
        await play.decide("resume", OPERATOR, reason="The site is up.")
        await play.sealed()
        await play.decide("select", stage="exploration", teams=teams[:2], reserve=teams[2:3])
        await play.decide("withdraw", OPERATOR, team=teams[1], reason="The firm closes.")
        await play.stage_over()
        await play.decide("decline", stage="accelerator", reason="No budget this year.")
        result = await play.result()

        assert result.outcome is Outcome.DISCONTINUED
        assert play.paid() == {f"exploration/{team}/1": "2000.00" for team in teams[:3]}
        assert (await play.reconcile()).differences == ()
        operator = await play.actor(OPERATOR)
        assert (await play.desk.erasing.erase(operator, team=teams[3], confirmed=True)).done


async def test_money_leaves_in_a_file_and_comes_back_with_a_login_for_each_part(logins: Logins, tmp_path: Path) -> None:
    options = {"payment_rail": "files", **PAYER}
    async with (
        dev_server() as client,
        playing(
            tmp_path, client, database_url=logins.worker, desk_url=logins.desk, options=options, at_once=True
        ) as play,
    ):
        (key,) = await play.owed(1)
        await play.released()
        await turned_away(play, key, tmp_path)
        await play.give_payee(play.payment(key).team, number=OTHER)
        await play.release(key)
        (file,) = await play.submit(FINANCE)
        await play.stands(key, PaymentStatus.SUBMITTED)
        await play.settle(said(tmp_path, file.id, {f"{key}/2": Said("ACSC")}), FINANCE)
        await play.stands(key, PaymentStatus.SETTLED)


def test_the_worker_removes_what_is_over_of_sign_ins_and_reads_no_secret(logins: Logins) -> None:
    """Fails when the sweep reads whole rows: the worker may not, and nothing would ever be removed."""
    now = Instant.from_utc(2027, 7, 7)
    long_ago = now - TimeDelta(hours=24 * 400)
    session = {"mailbox": "robin@firm.example", "way": "link", "passkey": False, "where": "Firefox"}
    times = {"begun_at": long_ago, "used_at": long_ago, "ends_at": long_ago}
    worker = Database(logins.worker)
    desk = Database(logins.desk)
    try:
        with desk.writing() as connection:
            connection.execute(tables.sessions.insert().values(id="one", secret="hash", **session, **times))
        assert login_of(worker) == WORKER

        assert sweep(worker, now) == 1
    finally:
        desk.close()
        worker.close()
