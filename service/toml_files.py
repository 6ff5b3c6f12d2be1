"""Reads TOML files that people write, and says in our words where a file is no TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from domain.values import toml
from domain.values.refusals import Problem

_LARGEST = 1_000_000
"""Bytes. A round of a hundred challenges has about thirty thousand."""

_TOKEN = re.compile(
    r"""(?P<other>\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*)"""
    r"""|(?<![\w.:+-])(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9:.]+"""
    r"""(?:[Zz]|[+-][0-9:]+)?(?:\[[^\]\s]*\])?)"""
)
"""A string, a comment, or a time without quotes."""


def read_toml(path: Path, *, quoting: bool = True) -> tuple[dict[str, Any] | None, list[Problem]]:
    """The content of a TOML file; None with the problem if the file cannot be read.

    Args:
        path: of the file.
        quoting: see `parse_toml`.
    """
    try:
        return _read(path, quoting), []
    except ValueError as problem:
        return None, [Problem(field="", text=f"{path}: {problem}")]


def _read(path: Path, quoting: bool) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise ValueError("there is no such file: check the name") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise ValueError(f"has more than {_LARGEST:,} bytes: leave out what does not belong there")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8: save it in that encoding") from None
    return parse_toml(text, quoting=quoting)


def parse_toml(text: str, parse_float: Callable[[str], Any] = float, *, quoting: bool = True) -> dict[str, Any]:
    """The content of a TOML text. Times that TOML lacks, such as 17:00 without seconds or 24:00, become text.

    Args:
        text: the text.
        parse_float: makes a value of a number with a fraction, from its digits.
        quoting: whether a message may repeat the line that is wrong, or only its key because the line is personal.

    Raises:
        ValueError: the text is not TOML, or is absurd. The message says where and what to do.
    """
    with suppress(tomllib.TOMLDecodeError):
        return toml.loads(text, parse_float)
    try:
        return toml.loads(_TOKEN.sub(_in_quotes, text), parse_float)
    except tomllib.TOMLDecodeError as error:
        problem = _problem(str(error), text, quoting=quoting)
    raise ValueError(problem)


def _in_quotes(token: re.Match[str]) -> str:
    """A time that TOML would refuse, as text, which the reader of times reads. Everything else stays as it is."""
    if not token["time"]:
        return token[0]
    try:
        tomllib.loads(f"a = {token[0]}")
    except tomllib.TOMLDecodeError as error:
        return token[0] if _NO_SUCH_TIME in str(error) else f'"{token[0]}"'
    return token[0]


_NO_SUCH_TIME = "Invalid date or datetime"
_MANY = (
    "stages",
    "instalments",
    "sponsors",
    "challenges",
    "operators",
    "releasers",
    "readers",
    "deciders",
    "engagement",
    "changes",
)
"""The keys of tables that a file has several of."""


def _problem(message: str, text: str, *, quoting: bool) -> str:
    """The message of tomllib in our words, with the number and the text of the line in the file."""
    said, _, where = message.partition(" (at ")
    found = re.match(r"line ([0-9]+), column ([0-9]+)", where)
    lines = text.split("\n")
    number = min(int(found[1]), len(lines)) if found else len(lines)
    while number > 1 and not lines[number - 1].strip() and not found:
        number -= 1
    rest = lines[number - 1][int(found[2]) - 1 :].strip() if found else ""
    line = re.sub(r"\s+#.*", "", lines[number - 1]).strip()
    if not quoting:
        key = re.match(r"([a-z0-9-]+)\s*=", line)
        return f"line {number}{f' ({key[1]})' if key else ''}: {_remedy(said, '', '')}"
    return f"line {number}: {_cut(line)}: {_remedy(said, line, rest)}"


def _remedy(said: str, line: str, rest: str) -> str:
    """What is wrong with a line, and what to write instead.

    Args:
        said: the message of tomllib.
        line: the line.
        rest: what follows on the line from the place where tomllib stopped.
    """
    heading = re.match(r"\[+ *([\w.-]+)", line)
    if said == _NO_SUCH_TIME:
        return "this date or time does not exist: write one that is in the calendar"
    if said.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate")):
        if heading and heading[1].rpartition(".")[2] in _MANY:
            return f"there is also a heading with single brackets: write [[{heading[1]}]] above each of them"
        return "the key appears twice: keep one of the two"
    if said.endswith("declaration"):
        return "the brackets of this heading do not match: write it as [pay] or [[stages]]"
    if said == "Unclosed array":
        return "a list before this point lacks a comma or its closing bracket: add it"
    if said == "Unclosed inline table" and rest:
        return f"the table lacks a comma or its closing brace before {_cut(rest)}: add it"
    if said == "Unclosed inline table":
        return 'write the table on one line, such as { share = "50%", due = "end" }'
    if said.startswith((r"Illegal character '\n'", "Unterminated string", 'Expected "')):
        return "the text has no closing quote: add it"
    if rest.startswith("%"):
        return 'a percentage is text: write it in quotes, such as "50%"'
    return f"{said[:1].lower()}{said[1:]}: write key = value, with text in quotes"


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
