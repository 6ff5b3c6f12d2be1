"""The database: connections, transactions, and the version of its tables."""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import psycopg
from psycopg.errors import Diagnostic
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import ConnectionPoolEntry

from domain.values.refusals import Unavailable
from store.record.keys import KeepsKeys

from . import grants, schema
from .failures import NOT_SET_UP, place_of, unavailable, without_values

WAIT_SECONDS = 30
"""How long a transaction waits for a lock that another transaction holds."""

_CONNECT_SECONDS = 10
_GLANCE = 0.01
_CONNECTIONS = 20
_RESTED = 1.0
"""Seconds after which a connection that nobody used is asked whether it still lives."""
_MIGRATION_LOCK = 2016_07_06  # any number that no other program takes on the same server
_READING = {"reading": True}
_ALONE = {"alone": True}
"""For statements that allow no transaction around them."""


class Database:
    """A database in SQLite or PostgreSQL.

    Args:
        url: "sqlite:///path" or "postgresql://user:password@host/name".
        record_keys: the keys of the record's chain. Whoever writes no line of the record needs none.
        password: of the user in the URL, unless the URL has it. SQLite has none.

    Raises:
        Unavailable: the URL names neither. The message does not repeat the URL, which may contain a password.
    """

    def __init__(self, url: str, record_keys: KeepsKeys | None = None, *, password: str = "") -> None:
        self._url = _understood(url)
        self.record_keys = record_keys
        if password and self._url.get_backend_name() != "sqlite":
            self._url = self._url.set(password=password)
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        # Writers in this process queue here, without polling. Other processes wait for SQLite's own lock.
        self._turn = threading.Lock() if self._is_sqlite else None
        self.engine = create_engine(
            self._url,
            hide_parameters=True,  # parameters are personal data, and errors go into logs
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
            execution_options={"record_keys": record_keys},  # for whoever has a connection only
            connect_args={"timeout": WAIT_SECONDS} if self._is_sqlite else {"connect_timeout": _CONNECT_SECONDS},
        )
        if self._is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "connect", _prepare_postgresql)
            _ask_those_that_rested(self.engine)
        event.listen(self.engine, "handle_error", self._explain)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes. The transaction is rolled back if the block raises.

        Raises:
            Unavailable: the database cannot be reached or written to, or is locked for too long.
        """
        with self._plainly(), self._in_turn(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self, *, as_of_one_moment: bool = False) -> Iterator[Connection]:
        """For statements that only read. On SQLite they see the same rows, and do not wait for writers.

        On PostgreSQL, each statement sees what is committed when it begins, in a transaction of its own: one around
        them would give nothing at READ COMMITTED, and take two more ways to the server and back.

        Args:
            as_of_one_moment: whether all statements see the same rows, also on PostgreSQL.

        Raises:
            Unavailable: the database cannot be reached.
        """
        with self._plainly(), self.engine.connect() as connection:
            connection = connection.execution_options(**_READING)
            if not self._is_sqlite:
                level = "REPEATABLE READ" if as_of_one_moment else "AUTOCOMMIT"
                connection = connection.execution_options(isolation_level=level)
            with connection.begin():
                yield connection

    def migrate(self) -> None:
        """Brings the tables to this release, and makes SQLite's file and folder if they are missing.

        Several processes may call this at once: one migrates, the others wait. In PostgreSQL, the roles of
        `store.database.grants` get their rights in the same transaction, so that no role ever lacks a new table.

        Raises:
            Unavailable: the database cannot be reached or written to, a newer release has changed it, or this login
                may not change tables that have to be changed.
        """
        if self._is_sqlite:
            self._make_folder()
        with self.writing() as connection:  # on SQLite, the lock of this transaction keeps the others waiting
            if not self._is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            comparison = schema.compare(connection)
            if comparison is schema.Comparison.NEWER:
                raise self._newer()
            ours = self._is_sqlite or grants.owns_the_tables(connection)
            if comparison is not schema.Comparison.CURRENT:
                if not ours:
                    raise Unavailable(
                        f"The tables of the database {place_of(self._url)} are not those of this release, and this "
                        "login may not change them: run `starter.py migrate` with the login that owns them."
                    )
                schema.upgrade(connection)
            if ours and not self._is_sqlite:
                grants.give(connection)

    def rewrite(self, tables: Sequence[str]) -> None:
        """Writes tables again, so that the database's own files keep nothing that was blanked or deleted in them.

        SQLite writes its whole file again. Others wait meanwhile, seconds for a large table. You can safely call this
        again.

        Args:
            tables: their names.

        Raises:
            Unavailable: others used the database for too long, or this login may not do this. Old content may still be
                in its files.
        """
        with self._plainly(), self._in_turn(), self.engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT", **_ALONE)
            if not self._is_sqlite:
                self._rewrite_postgresql(connection, tables)
                return
            connection.exec_driver_sql("VACUUM")
            if connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]:
                raise Unavailable(f"The database {place_of(self._url)} is too busy: try again in a moment.")

    def _rewrite_postgresql(self, connection: Connection, tables: Sequence[str]) -> None:
        passed_over: list[str] = []  # PostgreSQL only warns of a table that the login may not write again

        def heard(said: Diagnostic) -> None:
            passed_over.append(str(said.message_primary))

        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        driver.add_notice_handler(heard)
        try:
            for table in tables:
                connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {table}")
            # The planner keeps examples of what is in each column.
            connection.exec_driver_sql("VACUUM (FULL) pg_statistic")
        finally:
            driver.remove_notice_handler(heard)
        if passed_over:
            raise Unavailable(
                f"The database {place_of(self._url)} does not let this login write its tables again, so its files may "
                f"keep what was erased ({passed_over[0]}): run this again with the login that owns the tables."
            )

    def check_migrated(self) -> None:
        """Checks that the tables are those of this release. Changes nothing.

        Raises:
            Unavailable: the tables are missing, older or newer. The message says what to run.
        """
        if self._is_sqlite and not Path(str(self._url.database)).exists():
            raise Unavailable(
                f"There is no database {place_of(self._url)}: start the service (make run), or say with "
                "CHALLENGES_DATABASE_URL where its database is."
            )
        with self.reading() as connection:
            comparison = schema.compare(connection)
        match comparison:
            case schema.Comparison.MISSING:
                raise Unavailable(f"The database {place_of(self._url)} {NOT_SET_UP}.")
            case schema.Comparison.OLDER:
                raise Unavailable(
                    f"The database {place_of(self._url)} belongs to an older release: "
                    "start the worker of this release, which brings it up to date, or run `starter.py migrate`."
                )
            case schema.Comparison.NEWER:
                raise self._newer()
            case schema.Comparison.CURRENT:
                return

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise Unavailable(f"The database {place_of(self._url)} is too busy: try again in a moment.")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Drops the cause of an error: the cause can contain values of rows, and errors go into logs."""
        try:
            yield
        except Unavailable as refusal:
            raise refusal from None
        except NoConnectionFree:
            raise Unavailable(
                f"The database {place_of(self._url)} is too busy: all {_CONNECTIONS} connections were in use "
                f"for {WAIT_SECONDS} seconds. Try again in a moment."
            ) from None
        except DBAPIError as error:
            # Errors of statements that the driver runs by itself, which the engine does not see.
            fault = unavailable(error.orig, self._url) if error.orig else None
            raise fault or without_values(error) from None

    def _explain(self, context: ExceptionContext) -> Unavailable | None:
        """The engine calls this for every error of the driver."""
        return unavailable(context.original_exception, self._url)

    def _make_folder(self) -> None:
        folder = Path(str(self._url.database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                f"The folder {folder} for the database cannot be made ({error.strerror}): make it, or name another one."
            ) from None

    def _newer(self) -> Unavailable:
        return Unavailable(
            f"The database {place_of(self._url)} was changed by a newer release: run that release or a later one."
        )


def _understood(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        url = None
    if url is not None and url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url is not None and url.drivername == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise Unavailable(
        "The database's URL is not understood: write sqlite:///path/to/file.db or postgresql://user:password@host/name."
    )


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # `_begin_sqlite` begins transactions; the driver would begin too late
    _turn_to_wal(connection)  # readers do not wait for writers
    for pragma in (
        "synchronous = FULL",  # committed data survives a power cut
        "fullfsync = ON",  # also on macOS
        "foreign_keys = ON",
        "secure_delete = ON",  # what is blanked or deleted leaves nothing in the file
        "recursive_triggers = ON",  # so that INSERT OR REPLACE cannot delete from the record either
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _turn_to_wal(connection: Any) -> None:
    """Several processes may do this to a new database at once, and SQLite does not wait here by itself."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() >= until:
                raise
            time.sleep(_GLANCE)


def _begin_sqlite(connection: Connection) -> None:
    # Otherwise a transaction that reads and then writes could fail when another transaction wrote in between.
    options = connection.get_execution_options()
    if not options.get("alone", False):
        connection.exec_driver_sql("BEGIN" if options.get("reading", False) else "BEGIN IMMEDIATE")


def _prepare_postgresql(connection: Any, _: object) -> None:
    connection.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
    connection.commit()


def _ask_those_that_rested(engine: Engine) -> None:
    """Whoever takes a connection that has rested asks first whether the server still has it, and else gets another.

    The pool could ask each time. But where many come at once, each question is one more way to the server and back.
    """

    def given_back(_: object, held: ConnectionPoolEntry) -> None:
        held.info["rests_since"] = time.monotonic()

    def taken(connection: Any, held: ConnectionPoolEntry, _: object) -> None:
        if time.monotonic() - held.info.get("rests_since", math.inf) < _RESTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error  # the pool takes a new one, and drops all others

    event.listen(engine, "checkin", given_back)
    event.listen(engine, "checkout", taken)
