"""What somebody can do to the record who has the database's own password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.engine import RowMapping

from store.database import tables
from store.database.database import Database
from store.record import chain
from store.record.keys import RecordKeys
from tests.store.said import AIR

RECORD, CHALLENGES = tables.record, tables.challenges


@contextmanager
def tampering(database: Database) -> Iterator[Connection]:
    """A transaction in which nothing refuses to change the record: no trigger, and no unique number."""
    sqlite = database.engine.dialect.name == "sqlite"
    with database.writing() as connection:
        if sqlite:
            triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'record'"
            found = connection.exec_driver_sql(triggers).all()
            for each in found:
                connection.exec_driver_sql(f'DROP TRIGGER "{each.name}"')
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("DROP INDEX record_challenge_number"))
        yield connection
        unique = "CREATE UNIQUE INDEX record_challenge_number ON record (challenge, number) WHERE number > 0"
        doubled = "SELECT 1 FROM record WHERE number > 0 GROUP BY challenge, number HAVING count(*) > 1"
        if connection.execute(text(doubled)).first() is not None:
            unique = unique.replace("UNIQUE ", "")
        connection.execute(text(unique))
        for each in found if sqlite else ():
            connection.exec_driver_sql(each.sql)


def lines(database: Database, challenge: str = AIR) -> list[dict[str, Any]]:
    """The lines of a challenge as they are stored."""
    with database.reading() as connection:
        found = select(RECORD).where(RECORD.c.challenge == challenge).order_by(RECORD.c.id)
        return [dict(row) for row in connection.execute(found).mappings()]


def change(connection: Connection, line: RowMapping | dict[str, Any], **values: Any) -> None:
    """Changes columns of a line."""
    connection.execute(update(RECORD).where(RECORD.c.id == line["id"]).values(values))


def put_in(connection: Connection, line: dict[str, Any], **values: Any) -> None:
    """Adds a copy of a line, with another key and whatever else is said."""
    new = {name: value for name, value in line.items() if name != "id"} | {"key": f"{line['key']}/again"} | values
    connection.execute(insert(RECORD).values(new))


def set_head(connection: Connection, number: int, hashed: str, challenge: str = AIR) -> None:
    """Makes a line the last one, as far as the challenge's row says it."""
    head = {"record_lines": number, "record_head": hashed}
    connection.execute(update(CHALLENGES).where(CHALLENGES.c.id == challenge).values(head))


def chain_again(connection: Connection, keys: RecordKeys, challenge: str = AIR) -> None:
    """Computes all hashes of a challenge anew, as somebody can who does not know the key and takes another."""
    number, previous = 0, chain.NOTHING
    stored = chain.stored(connection.dialect.name).where(RECORD.c.challenge == challenge).order_by(RECORD.c.id)
    for line in connection.execute(stored).all():
        number += 1
        hashed = keys.hash(chain.canonical((previous, number, *line[4:])))
        change(connection, {"id": line.id}, number=number, previous=previous, hash=hashed)
        previous = hashed
    set_head(connection, number, previous, challenge)
