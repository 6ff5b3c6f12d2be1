"""Tables as files for spreadsheet programs: CSV and XLSX. No text is lost, and none is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from domain.values.refusals import FileRefused

Cell = str | int | Decimal | datetime | None
"""A cell: text, a number, a time in the zone that its heading names, or nothing."""

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet program takes for the beginning of a formula, or leaves out before one."""

_LONGEST_CELL = 32_767
"""The most characters of a cell in XLSX: a format of Excel, which cuts what is longer."""

_TEXT_ONLY: dict[str, object] = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A table in CSV, as RFC 4180 describes it, in UTF-8 with a byte order mark: without the mark, Excel guesses.

    A text that begins like a formula, or with an apostrophe, gets an apostrophe before it. So the text is what follows
    the first apostrophe, if a cell begins with one.

    Args:
        columns: the headings.
        rows: the cells.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _guarded(cell: Cell) -> object:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("'", *_FORMULAS)) else cell


def as_xlsx(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A table in XLSX, on one sheet.

    Args:
        title: of the sheet, at most 31 characters.
        columns: the headings.
        rows: the cells.

    Raises:
        FileRefused: a text is too long for this format. CSV takes it.
    """
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _TEXT_ONLY) as book:
        sheet = book.add_worksheet(title)
        formats = {"head": book.add_format({"bold": True}), "time": book.add_format({"num_format": _TIME})}
        for number, row in enumerate((columns, *rows)):
            for place, cell in enumerate(row):
                _write(sheet, number, place, cell, formats)
        sheet.freeze_panes(1, 0)
    return content.getvalue()


_TIME = "yyyy-mm-dd hh:mm:ss"


def _write(sheet: Any, row: int, column: int, cell: Cell, formats: dict[str, Any]) -> None:
    """Writes one cell by its type. The library reports what it cut or left out only in the number that it returns."""
    match cell:
        case None:
            return
        case str():
            if len(cell) > _LONGEST_CELL:
                raise FileRefused(
                    f"Row {row}: a text has {len(cell):,} characters, and XLSX takes {_LONGEST_CELL:,}: use --csv."
                )
            done = sheet.write_string(row, column, cell, *([] if row else [formats["head"]]))
        case datetime():
            done = sheet.write_datetime(row, column, cell, formats["time"])
        case _:
            done = sheet.write_number(row, column, cell)
    if done:
        raise FileRefused(f"Row {row}: the sheet has no room for a cell: use --csv.")
