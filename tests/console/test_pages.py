"""The markup of pages: balanced, with names that are there once, labels for fields, and headings in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from tests.console.fronting import Fronted, Visitor
from tests.store.test_unconfirmed import come, hold

Visit = Callable[..., Visitor]
OLIVIA = "olivia@scheme.example"
_VOID = {"meta", "link", "input", "br", "img", "hr"}
_KNOWN = {
    *(
        "html",
        "head",
        "title",
        "body",
        "header",
        "footer",
        "main",
        "nav",
        "h1",
        "h2",
        "p",
        "a",
        "b",
        "ul",
        "li",
        "dl",
        "div",
        "dt",
    ),
    *("dd", "form", "label", "span", "button", "textarea", "script", *_VOID),
}
_NEVER = ("style", "onclick", "onload", "onsubmit")
"""What the policy of pages forbids, so that it would be dead markup."""


class Markup(HTMLParser):
    """Reads a page as strictly as nobody else does.

    Args:
        text: of the page.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.ids: Counter[str] = Counter()
        self.named: set[str] = set()
        self.headings: list[int] = []
        self.fields: list[dict[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{each}> is not closed" for each in self._open]
        self.faults += [f"id {name} stands {times} times" for name, times in self.ids.items() if times > 1]
        self.faults += [f"{name} is named and not there" for name in self.named - set(self.ids)]
        self.faults += [f"no label for {each}" for each in self.fields if each.get("id") not in self.named]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        held = {name: value or "" for name, value in attrs}
        self.faults += [f"<{tag}> is not known"] if tag not in _KNOWN else []
        self.faults += [f"<{tag}> has {each}" for each in _NEVER if each in held]
        self.faults += [f"<{tag}> has a script" for each in held.values() if each.startswith("javascript:")]
        if tag not in _VOID:
            self._open.append(tag)
        if "id" in held:
            self.ids[held["id"]] += 1
        self.named |= {each for name in ("for", "aria-describedby") for each in held.get(name, "").split()}
        if held.get("href", "").startswith("#"):
            self.named.add(held["href"].removeprefix("#"))
        if tag in ("input", "textarea") and held.get("type") != "hidden":
            self.fields.append(held)
        if tag in ("h1", "h2"):
            self.headings.append(int(tag[1]))
        if tag == "button" and held.get("type", "submit") != "submit":
            self.faults.append("a button does nothing without scripts")

    def handle_endtag(self, tag: str) -> None:
        """See HTMLParser."""
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")


def check(text: str) -> None:
    """Checks a page."""
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">\n')
    markup = Markup(text)
    assert markup.faults == []
    assert markup.headings.count(1) == 1
    assert text.count("<title>") == text.count('<main id="main" tabindex="-1" ') == 1


def test_every_page_is_well_made(front: Fronted, visit: Visit) -> None:
    """Fails for a field without a label, a name that stands twice, and a tag that stays open."""
    come(front.database, hold(reason='<b>Elections</b> & "more"'))
    come(front.database, hold(id="2", reason="\u202eTurned\nround"))
    stranger, other, olivia = visit(), visit(), visit()
    check(stranger.get("/sign-in?wanted=/passkeys").text)
    check(stranger.fill_in("/sign-in", "/sign-in", address='"><script>').text)
    olivia.ask(OLIVIA)
    check(olivia.get("/sign-in/sent").text)
    path = front.letters()[OLIVIA]
    check(other.get(path).text)
    check(other.follow(path, code="1").text)
    check(olivia.get(path).text)
    assert olivia.follow(path).status_code == 303
    for page in ("/account", "/signed-in", "/passkeys", "/passkeys/add", "/decisions", "/nowhere", "/sign-out"):
        check(olivia.get(page).text)
    decisions = olivia.get("/decisions").text
    assert "&lt;b&gt;Elections&lt;/b&gt; &amp; &#34;more&#34;" in decisions
    for to, fields in (
        ("/passkeys/add", {"name": "", "answer": "{}"}),
        ("/passkeys/remove", {"id": "none"}),
        ("/decisions/drop", {"id": decisions.partition('id="reason-')[2].partition('"')[0], "reason": ""}),
        ("/decisions/drop", {"id": "none", "reason": "<i>"}),
        ("/sign-out", {}),
    ):
        check(olivia.post(to, {"token": olivia.token("/account"), **fields}).text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<p><b></p></b>", "</p> closes nothing"),
        ("<p>", "<p> is not closed"),
        ('<p id="a"></p><p id="a"></p>', "id a stands 2 times"),
        ('<input id="a">', "no label for {'id': 'a'}"),
        ('<a href="#gone"></a>', "gone is named and not there"),
        ('<p style="x"></p>', "<p> has style"),
        ("<marquee></marquee>", "<marquee> is not known"),
    ],
)
def test_the_check_sees_what_it_is_there_to_see(text: str, fault: str) -> None:
    assert fault in Markup(text).faults
