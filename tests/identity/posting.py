"""What tests of links say: who asks, in which browser, and what is in the letter."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from gateways.messaging.letters import Letters
from identity.link_letters import LinkLetter, LinkLetters
from identity.links import Links, Proven
from store.database import tables
from store.database.database import Database
from tests.identity.conftest import Clock

ANN = "ann@applicants.example"
MINE, OTHERS = "browser-of-ann-1234567890", "browser-of-another-1234567"
HOME = "192.0.2.7"
WEB = "https://challenges.example"


class Post:
    """The worker's side: has the next letter, and what is in it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.letters = LinkLetters(database, Letters().compose, WEB, clock)

    def next(self) -> LinkLetter:
        """The next letter, which goes out."""
        letter = self.letters.take()
        assert letter is not None
        self.letters.note_sent(letter)
        return letter

    def secret(self) -> str:
        """The secret in the next letter."""
        return secret_in(self.next())


def secret_in(letter: LinkLetter) -> str:
    (line,) = [line for line in letter.body.splitlines() if line.startswith(WEB)]
    return line.removeprefix(f"{WEB}/link/")


def rows(database: Database) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(select(tables.links)).all())


def sign_in(links: Links, secret: str, browser: str = MINE, code: str = "") -> Proven:
    return links.sign_in(secret, browser, HOME, code)
