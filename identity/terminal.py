"""The terminal as a way to sign in: a key file that one login alone can read says who the person is.

Without this file a name at a terminal is only a claim: whoever reaches the database could type the name of the sponsor.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.identity.proof import AT_TERMINAL, NOT_PROVEN, Proof, Way
from domain.values.addresses import mailbox_of
from domain.values.refusals import FileRefused, NotAllowed, NotProven
from service.settings import PREFIX, Settings
from store.database.database import Database
from store.identity import terminal_keys
from store.identity.terminal_keys import TerminalKey
from store.key_file import write_new
from store.record.notices import Compose

from .signing_keys import make_first_key

SETTING = f"{PREFIX}TERMINAL_KEY_FILE"
_KEY = re.compile(r"([0-9a-f]{12})\.([A-Za-z0-9_-]{43})")
_SECRET_BYTES = 32
_ID_BYTES = 6
_LONGEST = 4096
"""Bytes of a key file; the service writes far fewer."""
_READ_AND_WRITE_BY_ITS_OWNER = 0o600


class Shown(NamedTuple):
    """Who is at a terminal.

    Args:
        name: a mailbox if they have a key; otherwise the name that they gave, which may be empty.
        proof: how they have shown it.
    """

    name: str
    proof: Proof


def who_is_there(database: Database, options: Settings, claimed: str, at: Instant) -> Shown:
    """Who is at this terminal: by the key file of the settings, or else by the name that they give.

    Args:
        database: where keys are looked up.
        options: name the key file.
        claimed: the name that was given; empty if none was. Beside a key file it must be the same person's.
        at: now.

    Raises:
        NotProven: the key file cannot be used, or its key is not known or has ended.
        NotAllowed: the name is not that of the person with the key.
        Unavailable: the database cannot be used.
    """
    if options.terminal_key_file == Path():
        return Shown(claimed, AT_TERMINAL if claimed else NOT_PROVEN)
    key, secret = _read(options.terminal_key_file)
    mailbox = terminal_keys.use(database, key, _hash(secret), at)
    if claimed and not _is_theirs(database, mailbox, claimed):
        raise NotAllowed(
            f"The terminal key {key} is not that of {claimed}: leave out --as to act as the person with the key, or "
            f"name the key file of {claimed} in {SETTING}."
        )
    return Shown(mailbox, Proof(way=Way.KEY, at=at))


def make_key(
    database: Database,
    file: Path,
    mailbox: str,
    by: str,
    at: Instant,
    announcing: Callable[[str], Sequence[Announcement]],
    compose: Compose,
    *,
    only_first: bool = False,
) -> TerminalKey:
    """Makes a key and writes it into a new file. The database keeps a hash: whoever reads it cannot act as anybody.

    Args:
        database: where the key is kept.
        file: the new file, which only its owner can read.
        mailbox: whose key it is.
        by: who makes it.
        at: when.
        announcing: what the record of each challenge says. It gets the key's id.
        compose: finds the words of notices.
        only_first: whether the key must be the first of all.

    Raises:
        FileRefused: there is a file, or it cannot be made there. No key is made.
        TooLate: the key is not the first.
        Unavailable: the database cannot be written to. No file is left.
    """
    id_, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    key = TerminalKey(id=id_, mailbox=mailbox, made_by=by, made_at=at)
    _write(file, f"# Whoever can read this file can act as the person it was made for.\n{id_}.{secret}\n")
    try:
        terminal_keys.add(database, key, _hash(secret), announcing(id_), compose, only_first=only_first)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return key


def check_owns_the_service(options: Settings, now: Instant) -> None:
    """Checks that this login has the keys that sign decisions. Such a login can sign as anybody: a key adds nothing.

    If there are no such keys yet, they are made.

    Args:
        options: name the keys.
        now: the present.

    Raises:
        NotAllowed: another login has them.
        Unavailable: they cannot be read or made, as where they are another login's.
    """
    file = options.signing_key_file
    make_first_key(file, options.public_key_file, now)
    if os.name == "posix" and file.stat().st_uid != os.geteuid():
        raise NotAllowed(
            f"The signing key {file} belongs to another login: only that login makes the first terminal key."
        )


def _is_theirs(database: Database, mailbox: str, claimed: str) -> bool:
    if "@" in claimed:
        return mailbox_of(claimed) == mailbox
    return mailbox in terminal_keys.mailboxes_of(database, claimed)


def _read(file: Path) -> tuple[str, str]:
    """The id and the secret in a key file.

    Raises:
        NotProven: the file cannot be used. The message never repeats what is in the file.
    """
    try:
        # Without O_NONBLOCK a pipe in the file's place would keep the command waiting for ever.
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as opened:
            _check_is_ones_own(file, os.fstat(descriptor))
            text = opened.read(_LONGEST).decode("ascii", errors="replace")
    except OSError as error:
        raise NotProven(
            f"The terminal key file {file} cannot be read ({error.strerror}): name your own key file in {SETTING}, or "
            "ask an operator for one."
        ) from None
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    found = [_KEY.fullmatch(line) for line in lines if line]
    if len(found) != 1 or found[0] is None:
        raise NotProven(
            f"The terminal key file {file} does not hold exactly one key as it was made: ask an operator for a new one."
        )
    return found[0][1], found[0][2]


def _check_is_ones_own(file: Path, found: os.stat_result) -> None:
    """Checks that a file is this login's own and that nobody else can read it: otherwise it proves nothing.

    Raises:
        NotProven: it is not.
    """
    if not stat.S_ISREG(found.st_mode):
        raise NotProven(f"The terminal key {file} is not a file: name the key file that was made for you in {SETTING}.")
    if os.name != "posix":
        return
    if found.st_uid != os.geteuid():
        raise NotProven(
            f"The terminal key file {file} belongs to another login: name your own in {SETTING}. If it is yours, let "
            "an administrator give it to your login with chown."
        )
    if stat.S_IMODE(found.st_mode) & ~_READ_AND_WRITE_BY_ITS_OWNER:
        raise NotProven(
            f"The terminal key file {file} is open to more than its owner: run chmod 600 {file}. If others could read "
            "it, let an operator end the key and make a new one."
        )


def _write(file: Path, text: str) -> None:
    try:
        is_new = write_new(file, text)
    except OSError as error:
        raise FileRefused(
            f"The key file {file} cannot be made ({error.strerror}): name a file in a folder that you may write to."
        ) from None
    if not is_new:
        raise FileRefused(f"There is a file {file}: name a new one, so that no key is lost.")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
