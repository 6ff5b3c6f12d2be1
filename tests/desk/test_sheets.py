"""Sheets keep every text as it is, and no spreadsheet program takes one for a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from whenever import PlainDateTime

from desk.sheets import as_csv, as_xlsx
from domain.values.refusals import FileRefused

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "'", '=HYPERLINK("http://x.example")']
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_csv(content: bytes) -> list[list[str]]:
    """The cells of a sheet as the guide says: what follows the first apostrophe, if a cell begins with one."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    return [[cell.removeprefix("'") for cell in row] for row in rows]


def read_texts(content: bytes) -> list[str]:
    """The texts of a workbook, as Excel reads them."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        tree = etree.fromstring(parts.read("xl/sharedStrings.xml"))
    texts = ["".join(each.itertext()) for each in tree.iter(f"{_MAIN}si")]
    return [re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text) for text in texts]


def cells(content: bytes) -> list[tuple[str, str | None]]:
    """The cells of a workbook below its headings: type and value."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        tree = etree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    found = [each for each in tree.iter(f"{_MAIN}c") if not str(each.get("r")).endswith("1")]
    return [(each.get("t", "n"), each.findtext(f"{_MAIN}v")) for each in found]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_in_csv_begins_like_a_formula(text: str) -> None:
    content = as_csv(["text"], [[text]])
    (_, (raw,)) = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))

    assert raw[0] == "'"
    assert read_csv(content)[1] == [text]


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
def test_every_text_comes_out_of_csv_as_it_went_in(rows: list[tuple[str, str]]) -> None:
    """Fails for a text with quotes, separators or breaks, or if the guard cannot be taken off."""
    assert read_csv(as_csv(["a", "b"], rows))[1:] == [list(row) for row in rows]


@given(st.lists(TEXTS.filter(bool), min_size=1, max_size=4, unique=True))
def test_every_text_comes_out_of_xlsx_as_it_went_in(texts: list[str]) -> None:
    """Fails when the library takes a text for a formula, a number or a link: that is no text then."""
    found = read_texts(as_xlsx("sheet", ["heading"], [[text] for text in texts]))

    assert [_breaks(text) for text in found if text != "heading"] == [
        _breaks(text) for text in texts if text != "heading"
    ]


def _breaks(text: str) -> str:
    """XML reads every break of a line as one character."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("text", [*FORMULAS[:4], "https://x.example/" + "y" * 3000, "0012", "1e5"])
def test_what_looks_like_something_else_stays_text_in_xlsx(text: str) -> None:
    assert [kind for kind, _ in cells(as_xlsx("sheet", ["heading"], [[text]]))] == ["s"]


def test_numbers_times_and_nothing_are_what_they_are_in_xlsx() -> None:
    found = cells(
        as_xlsx("sheet", list("abcd"), [[3, Decimal("66.67"), None, PlainDateTime(2016, 8, 1, 12).to_stdlib()]])
    )

    assert found == [("n", "3"), ("n", "66.67"), ("n", "42583.5")]


def test_a_text_that_xlsx_would_cut_is_refused() -> None:
    assert as_xlsx("sheet", ["text"], [["x" * 32_767]])
    with pytest.raises(FileRefused, match="Row 1: a text has 32,768 characters"):
        as_xlsx("sheet", ["text"], [["x" * 32_768]])
