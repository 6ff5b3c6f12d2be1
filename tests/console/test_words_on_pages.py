"""Pages under a language that nobody speaks: whatever is read as English has gone past the catalogues."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from console import front as console_front
from domain.programmes.round import Round
from store.database.database import Database
from tests.console.fronting import Fronted, Visitor, fronting
from tests.identity.conftest import Clock
from tests.pseudo import PSEUDO, in_english
from tests.words import ROOT

_LINK = re.compile(r'href="(/[^"#]*)"')
_NO_PAGE = re.compile(r"^/(static|api|feed|calendar)\b|\.ics$|\.atom$")
MOST_PAGES = 60
_DATA = re.compile(
    r"\w+day \d+ \w+ \d{4}(, [\d:]+ [ap]m \(.*?\))?|\S+@\S+|[a-z0-9]+(-[a-z0-9]+)+"
    r"|Firefox|a browser|link|Challenge service"
)
"""Dates, addresses, ids, the visitor's browser, how they signed in, and the name of the service, which is a setting."""


@pytest.fixture
def accented(people: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fronted]:
    """A front that speaks the pseudo-language."""
    monkeypatch.setattr(console_front, "languages_of", lambda named: (PSEUDO,))
    with fronting(people, clock) as front:
        yield front


def crawled(visitor: Visitor, start: str) -> Iterator[tuple[str, str]]:
    """The pages that can be reached by links, with their addresses."""
    waiting, seen = [start], {start}
    while waiting and len(seen) <= MOST_PAGES:
        path = waiting.pop(0)
        answer = visitor.get(path)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        yield path, answer.text
        found = {each.replace("&amp;", "&") for each in _LINK.findall(answer.text) if not _NO_PAGE.search(each)}
        waiting += sorted(found - seen)
        seen |= found


@pytest.mark.parametrize("mailbox", ["", "ann.orr@sepa.example"], ids=["anybody", "somebody who is signed in"])
def test_no_page_that_is_reached_by_links_has_words_in_english(accented: Fronted, round_: Round, mailbox: str) -> None:
    """Fails when a template, a heading or a label says something in English. What the round's file says is left out."""
    visitor = Visitor(accented)
    files = "\n".join(path.read_text(encoding="utf-8") for path in Path(ROOT / "programmes").glob("*.toml"))
    said = " ".join(f"{files} {round_.model_dump_json()}".split())
    try:
        if mailbox:
            visitor.sign_in(mailbox)
        pages = dict(crawled(visitor, "/")) | dict(crawled(visitor, "/sign-in")) | {"404": visitor.get("/none").text}
    finally:
        visitor.close()

    assert len(pages) >= 2
    assert all('lang="en-XA"' in page for page in pages.values())
    assert {path: texts for path, page in pages.items() if (texts := list(unexplained(page, said)))} == {}


def unexplained(page: str, said: str) -> Iterator[str]:
    """The English texts of a page that nobody wrote into the round."""
    for text in in_english(page):
        if text not in said and re.search(r"[A-Za-z]", _DATA.sub("", text)):
            yield text
