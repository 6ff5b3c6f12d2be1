"""Sheets of marks as people write and save them."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.mark_sheets import rows_of
from commands.output.judging_sheets import write_marks, write_ranking
from domain.judging.ranking import Judged, ranking
from domain.judging.seeing import Place, Ranked
from domain.values.refusals import FileRefused
from tests.domain.judging import CARD, judged, tally

ROW = {"application": "air-1", "criterion": "merit", "mark": "4", "reason": "Clear, and cheap."}


@pytest.mark.parametrize(
    "text",
    [
        'application,criterion,mark,reason\nair-1,merit,4,"Clear, and cheap."\n',
        "\r\napplication;criterion;mark;reason\r\nair-1;merit;4;Clear, and cheap.\r\n",
        "application\tcriterion\tmark\treason\nair-1\tmerit\t4\tClear, and cheap.\n",
        '\ufeffMark,Reason,Application,Criterion\n4,"Clear, and cheap.",air-1,merit\n\n',
        '\n\napplication,criterion,mark,reason\n,,,\nair-1,merit,4,"Clear, and cheap."',
    ],
)
def test_a_sheet_is_read_however_a_spreadsheet_program_saved_it(tmp_path: Path, text: str) -> None:
    sheet = tmp_path / "marks.csv"
    sheet.write_text(text, encoding="utf-8")

    assert rows_of(sheet) == [ROW]


def test_a_reason_keeps_its_lines_and_quotes(tmp_path: Path) -> None:
    sheet = tmp_path / "marks.csv"
    sheet.write_text('application,criterion,mark,reason\na,b,1,"One,\n""two"";\n\'three"\n', encoding="utf-8")

    assert rows_of(sheet)[0]["reason"] == 'One,\n"two";\n\'three'


def test_a_file_in_toml_has_a_table_for_each_mark(tmp_path: Path) -> None:
    sheet = tmp_path / "marks.toml"
    sheet.write_text(
        '[[scores]]\napplication = "air-1"\ncriterion = "merit"\nmark = 4\nreason = """\nTwo\nlines."""\n',
        encoding="utf-8",
    )

    assert rows_of(sheet) == [{**ROW, "mark": 4, "reason": "Two\nlines."}]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("marks.csv", "", "the first line has to name the columns application, criterion, mark, reason"),
        ("marks.csv", "application,mark\nair-1,4\n", "the first line has to name"),
        ("marks.csv", "application,criterion,mark,reason,mark\n", "the first line has to name"),
        ("marks.csv", "application,criterion,mark,reason\na,b,1,Clear, and cheap.\n", "row 1 has 5 cells, not 4"),
        ("marks.csv", 'application,criterion,mark,reason\na,b,1,"never ends\n', "cannot be read"),
        ("marks.toml", "[scores]\nmark = 4\n", r"write \[\[scores\]\] above each mark"),
        ("marks.toml", "mark = 4\n", r"write \[\[scores\]\]"),
        ("marks.toml", "[[scores]]\nmark = \n", "line 2"),
    ],
)
def test_what_is_no_sheet_is_refused_in_a_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    sheet = tmp_path / name
    sheet.write_text(text, encoding="utf-8")
    with pytest.raises(FileRefused, match=says) as caught:
        rows_of(sheet)
    assert "\n" not in str(caught.value)


def test_a_ranking_becomes_a_sheet_with_a_row_for_each_place_that_is_seen(tmp_path: Path) -> None:
    rows = ranking(CARD, [judged("a", [5, 4]), Judged(application="b", tallies={"merit": tally(3, missing=1)})])
    places = (*(Place(application=row.application, row=row) for row in rows), Place(application="c", hidden="no"))
    csv, xlsx = tmp_path / "ranking.csv", tmp_path / "ranking.xlsx"

    said = write_ranking(Ranked(stage="exploration", places=places), str(csv), str(xlsx))

    assert said == f"Wrote 2 rows to {csv} and {xlsx}."
    head, first, second = csv.read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("place,rank,application,total in %,passes,marks missing,merit: mark,merit: lowest,")
    assert first == "1,1,a,82.50,yes,0,4.50,4,5,,3.00,3,3,,0.00,0,0,"
    assert second.startswith(",,b,,yes,1,3.00,3,3,,")
    assert xlsx.read_bytes()[:2] == b"PK"


def test_a_sheet_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="name another file"):
        write_marks([], "Europe/London", str(tmp_path / "nowhere" / "marks.csv"), "")
