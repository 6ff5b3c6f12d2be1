"""Sheets of rankings and marks, written as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from desk.open import Mark
from desk.sheets import Cell, as_csv, as_xlsx
from domain.judging.ranking import Result, Row, shown
from domain.judging.seeing import Ranked
from domain.values.refusals import FileRefused
from domain.values.wording import counted


def write_ranking(ranked: Ranked, csv: str, xlsx: str) -> str:
    """Writes a ranking as a sheet with a row for each application that is seen. Returns what was done, in words.

    Raises:
        FileRefused: a file cannot be written.
    """
    rows = [place.row for place in ranked.places if place.row is not None]
    criteria = [each.criterion for each in rows[0].results] if rows else []
    columns = ["place", "rank", "application", "total in %", "passes", "marks missing"]
    columns += [f"{criterion}: {part}" for criterion in criteria for part in ("mark", "lowest", "highest", "agreed")]
    return _write("ranking", columns, [tuple(_of_row(row)) for row in rows], csv, xlsx)


def _of_row(row: Row) -> Iterator[Cell]:
    yield row.place
    yield row.rank
    yield row.application
    yield None if row.total is None else Decimal(shown(row.total))
    yield "yes" if row.passes else "no"
    yield row.missing
    for result in row.results:
        yield from _of_result(result)


def _of_result(result: Result) -> Iterator[Cell]:
    tally = result.tally
    yield None if result.mark is None else Decimal(shown(result.mark))
    yield tally.lowest if tally.number else None
    yield tally.highest if tally.number else None
    yield tally.agreed


def write_marks(marks: Sequence[Mark], zone: str, csv: str, xlsx: str) -> str:
    """Writes marks as a sheet with a row for each mark. Returns what was done, in words.

    Args:
        marks: the marks.
        zone: tz database name of the challenge's time zone, in which times are written.
        csv, xlsx: names of files; empty for none.

    Raises:
        FileRefused: a file cannot be written.
    """
    columns = ["application", "stage", "reader", "criterion", "mark", "reason", "version", f"at ({zone})", "counts"]
    rows = [
        (
            *(each.application, each.stage, each.person, each.criterion, each.mark, each.reason, each.version),
            each.at.to_tz(zone).to_plain().to_stdlib(),
            "yes" if each.counts else "no",
        )
        for each in marks
    ]
    return _write("marks", columns, rows, csv, xlsx)


def _write(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], csv: str, xlsx: str) -> str:
    made: dict[str, Callable[[], bytes]] = {
        csv: lambda: as_csv(columns, rows),
        xlsx: lambda: as_xlsx(title, columns, rows),
    }
    files = {Path(name): make() for name, make in made.items() if name}  # both are made before one is written
    for path, content in files.items():
        try:
            path.write_bytes(content)
        except OSError as error:
            raise FileRefused(f"{path} cannot be written ({error.strerror}): name another file.") from None
    return f"Wrote {counted(len(rows), 'row')} to {' and '.join(map(str, files))}."
