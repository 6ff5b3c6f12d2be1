"""Sheets with marks that readers fill in, in CSV or TOML."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from domain.judging.marks import COLUMNS
from domain.values.refusals import FileRefused
from service.toml_files import parse_toml

from .options import text_of

_TOML = "scores"
_SEPARATORS = (",", ";", "\t")
"""Excel separates with semicolons where a comma stands in numbers."""


def rows_of(file: Path) -> Sequence[Mapping[str, object]]:
    """The rows of a sheet, as they are written. A file that ends with .toml has a table [[scores]] for each mark.

    Raises:
        FileRefused: the file cannot be read, or is no such sheet.
    """
    text = text_of(file, "The sheet")
    return _toml_rows(file, text) if file.suffix.lower() == ".toml" else _csv_rows(file, text)


def _toml_rows(file: Path, text: str) -> Sequence[Mapping[str, object]]:
    try:
        content = parse_toml(text)
    except ValueError as problem:
        raise FileRefused(f"{file}: {problem}") from None
    rows = content.get(_TOML)
    if content.keys() != {_TOML} or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FileRefused(f"{file}: write [[{_TOML}]] above each mark, with {', '.join(COLUMNS)}, and nothing else.")
    return rows


def _csv_rows(file: Path, text: str) -> Sequence[Mapping[str, object]]:
    head = text.lstrip("\ufeff\r\n ").partition("\n")[0]
    separator = max(_SEPARATORS, key=head.count)
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=separator, strict=True)
    try:
        columns, *lines = [line for line in reader if any(cell.strip() for cell in line)] or [[]]
    except csv.Error as error:
        raise FileRefused(f"{file}: line {reader.line_num} cannot be read ({error}): check its quotes.") from None
    named = [each.strip().lower() for each in columns]
    if sorted(named) != sorted(COLUMNS):
        raise FileRefused(f"{file}: the first line has to name the columns {', '.join(COLUMNS)}, each once.")
    for number, line in enumerate(lines, start=1):
        if len(line) != len(named):
            cells = f"row {number} has {len(line)} cells, not {len(named)}"
            raise FileRefused(f"{file}: {cells}: put text with a {separator!r} in it in quotes.")
    return [dict(zip(named, line, strict=True)) for line in lines]
