"""A language that nobody speaks, to find words that go past the catalogues: its letters all have accents.

What is read as English under this language was never given to `gettext`. Templates, Python and scripts are also looked
at as they are written, so that no branch is missed that a test does not reach.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

from domain.values.words import Language

_KEPT = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|%\(\w+\)\w|%%|\{\w*\}|<[^>]*>|&#?\w+;")
"""What the service fills in, and markup."""
_PATTERN = re.compile(r"[EdMyhHmsa :,.]+")
"""A date's pattern: it is no text."""
_ACCENTED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "áƀćðéƒĝĥíĵķľɱñóṕɋŕśťúṽŵẋýžÁƁĆÐÉƑĜĤÍĴĶĽṀÑÓṔɊŔŚŤÚṼŴẊÝŽ"
)
_SPOKEN = frozenset({"title", "aria-label", "aria-description", "alt", "placeholder", "label", "content"})
"""Attributes that people read or hear."""
_FILLED = "\x00"
"""Stands for what is filled in."""
_TRANSLATES = frozenset({"gettext", "ngettext", "_"})
_WRITES_LOGS = frozenset({"info", "warning", "error", "exception", "debug"})
_FOR_DEVELOPERS = frozenset({"ValueError", "KeyError", "AssertionError", "TypeError", "RuntimeError"})
_LETTERS = re.compile(r"[A-Za-z]")


class Accented:
    """A catalogue that knows every text."""

    def gettext(self, message: str, /) -> str:
        """See `domain.values.words.Catalogue`."""
        if _PATTERN.fullmatch(message):
            return message
        parts, end = [], 0
        for kept in _KEPT.finditer(message):
            parts += [message[end : kept.start()].translate(_ACCENTED), kept[0]]
            end = kept.end()
        return "".join([*parts, message[end:].translate(_ACCENTED)])

    def ngettext(self, msgid1: str, msgid2: str, n: int, /) -> str:
        """See `domain.values.words.Catalogue`."""
        return self.gettext(msgid1 if n == 1 else msgid2)


PSEUDO = Language("en-XA", Accented())


class _Reader(HTMLParser):
    """Reads what people see or hear of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        spoken = _SPOKEN - ({"content"} if held.get("name") != "description" else set())
        if tag == "input" and held.get("type") in ("submit", "button"):
            spoken |= {"value"}
        self.said += [value for name, value in attrs if value and (name in spoken or name.startswith("data-say"))]
        if tag in ("script", "style", "time", "code"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.said.append(data)


def in_english(html: str) -> list[str]:
    """The texts of a page that have English letters. Times and code are left out.

    Args:
        html: of the page, as it is sent.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return [text for each in reader.said if _LETTERS.search(text := " ".join(each.split()))]


def bare_in_page(source: str, environment: Environment) -> list[str]:
    """The words in a template that do not go through `gettext`, in whatever branch.

    Args:
        source: of the template.
        environment: that reads it, with the extension for translations.
    """
    tree = environment.parse(source)
    return in_english("".join(_skeleton(tree)).replace(_FILLED, "")) + list(_words_in_expressions(tree))


def _skeleton(node: nodes.Node) -> Iterator[str]:
    """What a template holds between its tags, in order."""
    if isinstance(node, nodes.Output):
        for each in node.nodes:
            yield each.data if isinstance(each, nodes.TemplateData) else _FILLED
            yield from _skeleton(each) if not isinstance(each, nodes.TemplateData) else ()
    else:
        for child in node.iter_child_nodes():
            yield from _skeleton(child)


def _words_in_expressions(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in _TRANSLATES:
        return
    if isinstance(node, nodes.Compare | nodes.Test):
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and _is_words(node.value):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _words_in_expressions(child)


def _is_words(text: str) -> bool:
    """Whether a text looks like words for people, and not like a name for programs."""
    return bool(re.search(r"[A-Za-z]+ +[A-Za-z]", text) or re.fullmatch(r"[A-Z][a-z]+", text))


def bare_in_code(source: str) -> list[str]:
    """The sentences in Python that do not go through `gettext`, but those of logs and of faults for developers.

    Args:
        source: of the module.
    """
    return list(_sentences(ast.parse(source)))


def _sentences(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
        if name in _TRANSLATES | _WRITES_LOGS | _FOR_DEVELOPERS:
            return
    if isinstance(node, ast.Assert | ast.Compare):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.match(r"[A-Z][\w’']* +\w", node.value):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from _sentences(child)


def bare_in_script(source: str) -> list[str]:
    """The words in a script: it has to take them from its page, where they were translated.

    Args:
        source: of the script.
    """
    code = re.sub(r"^\s*(//|\*|/\*).*$", "", source, flags=re.MULTILINE)
    return [text for _, text in re.findall(r"""(["'`])([A-Z][a-z]*[ .,:!?][^"'`\n]*)\1""", code)]
