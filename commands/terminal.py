"""How the command line prints for people: tables, lines, one line for a refusal."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer
from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text
from whenever import Instant, Time

from domain.values.refusals import ApplicationRefused, FileRefused, Refused

REFUSED = 1
"""Exit status: the service refused the request, or a part of it. See also `domain.values.refusals.KINDS`."""
MISUSED = 2
"""Exit status: the command itself was wrong."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The system's errors for a full disk."""

_WIDE = 240
"""The width of a file or a pipe, in columns. Wide, because a folded line is hard to search."""
_STEERS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
"""Characters that move a terminal's cursor, colour text or turn its direction, and code points without a character."""
_FOLDED = 12
"""The least width, in columns, of a table's column whose text is folded and is at least this long."""
_BETWEEN_COLUMNS = 3

out = Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDE)


def say(line: str, indent: int = 0, *, bold: bool = False) -> None:
    """Prints a line for people, folded between words on a terminal.

    Args:
        line: printed as it is, never read as mark-up.
        indent: in columns.
        bold: whether the line is bold.
    """
    style = "bold" if bold else ""
    if out.is_terminal:
        for part in Text(_one_line(line), style=style).wrap(out, max(20, out.width - indent)):
            out.print(Text(" " * indent) + part)
    else:
        out.print(Text(" " * indent + _one_line(line), style=style), soft_wrap=True)


def show_entry(head: str, *lines: Sequence[object]) -> None:
    """Prints one of several things that have too many facts for a row of a table.

    Args:
        head: the first line, with the thing's id. It is never folded, so that people can copy the id.
        lines: printed below, indented. The parts of a line are joined with semicolons; empty parts are left out.
    """
    out.print(Text(_one_line(head)), soft_wrap=True)
    for parts in lines:
        if line := "; ".join(filter(None, map(_cell, parts))):
            say(line, indent=4)


def cut(text: str, before: int = 0) -> str:
    """The text, cut on a terminal to what fits on a line after `before` columns."""
    room = max(20, out.width - before)
    return text if not out.is_terminal or cell_len(text) <= room else f"{set_cell_size(text, room - 1).rstrip()}…"


def harmless(text: str) -> str:
    """The text, safe for a terminal: control characters, which a name or a proposal may contain, are replaced."""
    return _STEERS.sub("\N{REPLACEMENT CHARACTER}", text)


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], nothing: str = "") -> None:
    """Prints a table for people. Cells are printed as they are: what an applicant wrote is never read as mark-up.

    Args:
        title: printed above the table.
        columns: the headings. A heading that begins with ">" is for numbers, with "=" for ids or dates. Cells below
            these two are never folded. A column in which all cells are empty is left out.
        rows: the cells.
        nothing: printed instead if there are no rows.
    """
    if not rows:
        say(nothing)
        return
    table = Table(
        title=Text(title) if title else None,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    shown = [number for number in range(len(columns)) if any(_cell(row[number]) for row in rows)]
    for number in shown:
        heading = columns[number]
        table.add_column(
            heading.lstrip(">="),
            justify="right" if heading.startswith(">") else "left",
            overflow="fold",
            no_wrap=heading.startswith((">", "=")),
        )
    for row in rows:
        table.add_row(*(Text(_cell(row[number])) for number in shown))
    # Cells that are not folded are not cut either, however narrow the terminal is: people copy ids.
    width = out.width
    out.width = max(width, sum(_least(columns[number], [row[number] for row in rows]) for number in shown))
    out.print(table)
    out.width = width


def _least(heading: str, cells: Sequence[object]) -> int:
    """The least width of a column, with the space between the column and the next."""
    widest = max(cell_len(_cell(cell)) for cell in (heading.lstrip(">="), *cells))
    return _BETWEEN_COLUMNS + (widest if heading.startswith((">", "=")) else min(widest, _FOLDED))


def show_facts(title: str, facts: Sequence[tuple[str, object]]) -> None:
    """Prints names and values, one pair on a line; names without a value are left out."""
    out.print(Text(_one_line(title), style="bold"), soft_wrap=not out.is_terminal)
    width = max(len(name) for name, _ in facts) + 2
    grid = Table.grid(padding=(0, 0))
    grid.add_column(width=width, no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts:
        if _cell(value):
            grid.add_row(Text(name), Text(_cell(value)))
    out.print(grid)


def when(instant: Instant | None, zone: str, seconds: bool = False, begins: bool = False) -> str:
    """An instant in a place, for tables: "2016-08-08 17:00 BST". Midnight is shown as the end of the day before.

    Args:
        instant: None gives an empty text.
        zone: tz database name of the place.
        seconds: whether seconds are shown; then midnight is shown as any other instant.
        begins: whether something begins then; then midnight is shown as 00:00.
    """
    if instant is None:
        return ""
    local = instant.to_tz(zone)
    if seconds:
        return f"{local.to_stdlib():%Y-%m-%d %H:%M:%S %Z}"
    if local.time() == Time() and not begins:
        before = local.subtract(nanoseconds=1)
        return f"end of {before.date()} {before.tz_abbrev()}"
    return f"{local.to_stdlib():%Y-%m-%d %H:%M %Z}"


def somebody_is_there() -> bool:
    """Whether a person is at the terminal to answer a question."""
    return sys.stdin.isatty() and out.is_terminal


def say_refused(refusal: Refused) -> None:
    """Prints the line of a refusal, for a command that continues with other work and then exits with `REFUSED`.

    A refused file or setting, and a refused application, gets a line for each problem.
    """
    lines = [str(refusal)]
    if isinstance(refusal, FileRefused):
        lines = lines[0].split("\n")
    elif isinstance(refusal, ApplicationRefused) and refusal.problems:
        lines = [each.text for each in refusal.problems]
    for line in lines:
        complain(line)


def complain(line: str) -> None:
    """Prints a line on standard error."""
    typer.echo(harmless(" ".join(line.split())), err=True)


def misused(message: str) -> NoReturn:
    """Ends the command as misused, with one line and exit status 2.

    Raises:
        typer.Exit: always.
    """
    typer.echo(harmless(message), err=True)
    raise typer.Exit(MISUSED)


def _cell(value: object) -> str:
    return "" if value is None else _one_line(str(value))


def _one_line(text: str) -> str:
    """The text, safe for a terminal, and on one line: after a line break it would look like another entry."""
    return harmless(text.replace("\n", " "))
