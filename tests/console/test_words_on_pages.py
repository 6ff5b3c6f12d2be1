"""Pages under a language that nobody speaks: whatever is read as English has gone past the catalogues."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest

from console import front as console_front
from domain.programmes.programme import Programme
from domain.programmes.round import Round
from store.database.database import Database
from tests.console.fronting import Fronted, Visitor, fronting
from tests.identity.conftest import Clock
from tests.pseudo import PSEUDO, in_english

_LINK = re.compile(r'href="(/[^"#]*)"')
_NO_PAGE = re.compile(r"^/(static|api|feed|calendar)\b|\.ics$|\.atom$")
MOST_PAGES = 60
_DATA = re.compile(
    r"\w+day \d+ \w+ \d{4}(, [\d:]+ [ap]m \(.*?\))?|\S+@\S+|[a-z0-9]+(-[a-z0-9]+)+"
    r"|Firefox|a browser|link|Challenge service|__Host-\w+"
)
"""Dates, addresses, ids, the browser, how they signed in, cookies, and the name of the service, which is a setting."""


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
def test_no_page_that_is_reached_by_links_has_words_in_english(
    accented: Fronted, round_: Round, programme: Programme, mailbox: str
) -> None:
    """Fails when a template, a heading or a label says something in English. What the round's file says is left out."""
    visitor = Visitor(accented)
    written = [each.model_dump(mode="json") for each in (round_, programme, programme.form_of(""))]
    said = sorted(texts_of(written), key=len, reverse=True)
    try:
        if mailbox:
            visitor.sign_in(mailbox)
        pages = dict(crawled(visitor, "/")) | dict(crawled(visitor, "/sign-in")) | {"404": visitor.get("/none").text}
    finally:
        visitor.close()

    assert len(pages) >= 2
    assert all('lang="en-XA"' in page for page in pages.values())
    assert {path: texts for path, page in pages.items() if (texts := list(unexplained(page, said)))} == {}


def texts_of(written: object) -> Iterator[str]:
    """All texts in what somebody wrote into a round or a programme."""
    if isinstance(written, str):
        yield " ".join(written.split())
    elif isinstance(written, dict):
        yield from (text for each in written.values() for text in texts_of(each))
    elif isinstance(written, list):
        yield from (text for each in written for text in texts_of(each))


def unexplained(page: str, said: Sequence[str]) -> Iterator[str]:
    """The English texts of a page that nobody wrote into the round.

    Args:
        page: as it was sent.
        said: what somebody wrote, the longest first.
    """
    for text in in_english(page):
        rest = text
        for each in said:
            if len(each) > 3:
                rest = rest.replace(each, "")
        if re.search(r"[A-Za-z]", _DATA.sub("", rest)):
            yield text
