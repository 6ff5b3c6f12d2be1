"""The command that changes the tables of the database."""

from __future__ import annotations

from service import log, settings
from service.wiring import database_of

from .document import answering, say_done
from .options import AsJson


def migrate(as_json: AsJson = False) -> None:
    """Bring the tables of the database to this release, and give the database's roles their rights.

    Only a login that owns the tables can do this, so the command asks for no person. Where workers have such a login,
    they do it when they start, and nobody needs the command. You can safely run it again.

    Example: `starter.py migrate`
    """
    with answering(as_json=as_json):
        options = settings.load()
        log.configure(options.model_copy(update={"log_level": "WARNING"}))
        database = database_of(options)
        try:
            database.migrate()
        finally:
            database.close()
        say_done("The tables are those of this release.")
