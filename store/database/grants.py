"""What each of the database's own roles may do: the grants in grants.sql, given again whenever the tables change."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

OWNER, WORKER, DESK, READER = "challenges_owner", "challenges_worker", "challenges_desk", "challenges_reader"
"""The roles. deploy/roles.sql makes them; without them the login in the database's URL does everything."""
_GRANTS = Path(__file__).parent / "grants.sql"
_THERE = text("SELECT count(*) FROM pg_roles WHERE rolname IN (:worker, :desk, :reader)").bindparams(
    worker=WORKER, desk=DESK, reader=READER
)
_OURS = text(
    "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AND coalesce((SELECT bool_and("
    "pg_has_role(relowner, 'USAGE')) FROM pg_class WHERE relname = 'alembic_version' AND relnamespace = "
    "to_regnamespace(current_schema())), true)"
)


def owns_the_tables(connection: Connection) -> bool:
    """Whether this login may change the tables."""
    return bool(connection.scalar(_OURS))


def give(connection: Connection) -> bool:
    """Gives each role its rights, and takes away what it has no more, in the connection's transaction.

    Returns:
        Whether there are such roles.
    """
    if connection.scalar(_THERE) != 3:
        return False
    # Past SQLAlchemy: the driver takes several statements at once only if there are no parameters.
    connection.connection.cursor().execute(_GRANTS.read_text(encoding="utf-8"))
    return True
