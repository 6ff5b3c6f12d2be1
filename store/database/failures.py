"""What a database error means, and what a person can do about it: one line, without a password."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from domain.values.refusals import Unavailable

NOT_SET_UP = "lacks the tables of this release: start the worker, which makes them, or run `starter.py migrate`"
_LOCKED = "was kept locked by something else for too long: try again, and look for a process that hangs"
_FULL = "has no room left: free space on its disk, then try again"
_READ_ONLY = "cannot be written to: check who owns it and how its disk is mounted"
_DAMAGED = "is damaged, or its disk is: check the disk, and restore it from a backup"

_SQLITE = {
    "SQLITE_FULL": _FULL,
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_CANTOPEN": "cannot be opened: check that its folder exists and may be written to",
    "SQLITE_IOERR": "cannot be read or written: check its disk, also for room",
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": "is not an SQLite database: name another file, or move this one away",
}

_POSTGRESQL = {
    "08": "broke off the connection: see that the server runs, then try again",
    "25006": _READ_ONLY,
    "3D000": "does not exist: create it, or name another",
    "40": "was asked for conflicting changes at one time: try again",
    "42501": "does not let this login do that: use the login for this process, or run `starter.py migrate` as owner",
    "42703": NOT_SET_UP,
    "42P01": NOT_SET_UP,
    "53100": _FULL,
    "53300": "takes no more connections: raise max_connections, or run fewer workers",
    "53": "has run out of memory or another resource: see its log",
    "55P03": _LOCKED,
    "57": "is shutting down or starting: try again in a moment",
    "58": _DAMAGED,
    "XX": _DAMAGED,
}
"""By SQLSTATE or its class (appendix A of the PostgreSQL manual). The longest code that matches counts."""


def place_of(url: URL) -> str:
    """How people name a database: its file, or its name and server, without user and password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "this machine"
    port = f":{url.port}" if url.port else ""
    return f"{url.database or 'postgres'} at {host if isinstance(host, str) else ','.join(host)}{port}"


def unavailable(error: BaseException, url: URL) -> Unavailable | None:
    """The refusal for an error of the driver. None if the error does not mean that the database is unavailable.

    Args:
        error: the driver's own error.
        url: the URL of the database.
    """
    trouble = None
    if isinstance(error, sqlite3.Error):
        trouble = _trouble_of_sqlite(error)
    elif isinstance(error, psycopg.Error):
        trouble = _trouble_of_postgresql(error, url)
    return Unavailable(f"The database {place_of(url)} {trouble}.") if trouble else None


def without_values(error: DBAPIError) -> DBAPIError:
    """The error without the values of a row, which PostgreSQL adds on further lines."""
    if not isinstance(error.orig, psycopg.Error):
        return error
    brief = type(error.orig)(_first_line(error.orig))
    return type(error)(error.statement, None, brief, hide_parameters=True)


def _trouble_of_sqlite(error: sqlite3.Error) -> str | None:
    name = getattr(error, "sqlite_errorname", "")
    for beginning, trouble in _SQLITE.items():
        if name == beginning or name.startswith(f"{beginning}_"):
            return trouble
    return NOT_SET_UP if str(error).startswith(("no such table", "no such column")) else None


def _trouble_of_postgresql(error: psycopg.Error, url: URL) -> str | None:
    state = error.sqlstate or ""
    for length in (5, 2):
        if state[:length] in _POSTGRESQL:
            return _POSTGRESQL[state[:length]]
    if isinstance(error, psycopg.OperationalError):
        said = _without_password(_first_line(error), url)
        return f"cannot be reached ({said}): check that the server runs, its address and the login"
    return None


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).strip()


def _without_password(text: str, url: URL) -> str:
    for password in (url.password, url.query.get("password")):
        if isinstance(password, str) and password:
            text = text.replace(password, "***")
    return text
