"""Which version of the tables a database has, and how it gets the version of this release."""

from __future__ import annotations

import threading
from enum import Enum, auto
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps its state in a global variable


class Comparison(Enum):
    """How the tables of a database compare with those of this release."""

    MISSING = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()


def compare(connection: Connection) -> Comparison:
    """How the tables compare with those of this release."""
    current = set(MigrationContext.configure(connection).get_current_heads())
    if not current:
        return Comparison.MISSING
    heads, known = _revisions()
    if current == heads:
        return Comparison.CURRENT
    return Comparison.OLDER if current <= known else Comparison.NEWER


def upgrade(connection: Connection) -> None:
    """Brings the tables to this release, in the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")


@cache
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """The newest revisions of this release, and all that it knows. Each process reads the files once."""
    script = ScriptDirectory(str(_MIGRATIONS))
    return frozenset(script.get_heads()), frozenset(each.revision for each in script.walk_revisions())
