"""Marks that readers give: what a mark must say, and everything that is wrong with many of them at once.

A refusal repeats neither marks nor reasons: it goes on the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from domain.values.model import Value
from domain.values.refusals import Problem, ScoreRefused, UnknownTeam

from .scorecard import Criterion, Scorecard

COLUMNS = ("application", "criterion", "mark", "reason")
"""What a row of a sheet with marks has."""

LONGEST_REASON = 5_000
"""The most characters of a reason."""

_NO_TEXT = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\ud800-\\udfff]")
_WHOLE = re.compile(r"[0-9]{1,3}")
_AN_ID = re.compile(r"[a-z0-9-]{1,80}")
_AS_ID = "name it by its id, such as air-quality-7kx3qm"


class Given(Value):
    """A mark for one criterion of one application, with its reason. It never goes to Temporal.

    Args:
        application: id of the application.
        criterion: id of the criterion.
        mark: one of its scale's.
        reason: why, in words that may be quoted to the applicant.
    """

    application: str
    criterion: str
    mark: int
    reason: str


def read_marks(scorecard: Scorecard, rows: Sequence[Mapping[str, object]]) -> tuple[Given, ...]:
    """Reads marks as somebody wrote them, and checks them against the scorecard.

    Args:
        scorecard: the criteria of the stage.
        rows: each with the keys of `COLUMNS`. A row without mark and reason says nothing and is passed over.

    Raises:
        ScoreRefused: something is wrong. The refusal names all problems, with the number of the row if there are
            several rows.
    """
    criteria = {each.id: each for each in scorecard.criteria}
    problems: list[Problem] = []
    given: list[Given] = []
    first: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows, start=1):
        if _says_nothing(row):
            continue
        texts = list(_wrong(criteria, row))
        key = (_text(row.get("application")), _text(row.get("criterion")))
        if key in first:
            texts.append(("criterion", f"{key[1]} of {key[0]} has a mark in row {first[key]} already: leave one out."))
        first.setdefault(key, number)
        where = f"Row {number}: " if len(rows) > 1 else ""
        problems += (Problem(field=f"{number}.{field}" if where else field, text=where + text) for field, text in texts)
        if not texts:
            mark = int(_text(row["mark"]))
            given.append(Given(application=key[0], criterion=key[1], mark=mark, reason=_text(row["reason"])))
    if not problems and not given:
        problems = [Problem(field="", text="There is no mark: give one, with its reason.")]
    if problems:
        raise ScoreRefused.for_problems(problems)
    return tuple(given)


def check_id(application: str) -> None:
    """Checks that somebody names an application by what can be an id. Anything else may be personal.

    Raises:
        UnknownTeam: they do not. The refusal does not repeat what they typed.
    """
    if not _AN_ID.fullmatch(application):
        raise UnknownTeam(f"No application has such an id: {_AS_ID}.")


def _says_nothing(row: Mapping[str, object]) -> bool:
    """Whether a row of a sheet is still to be filled in."""
    rest = (row.get("mark"), row.get("reason"))
    return row.keys() <= set(COLUMNS) and all(each is None or str(each).strip() == "" for each in rest)


def _wrong(criteria: Mapping[str, Criterion], row: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """What is wrong with one row: pairs of a key and a sentence."""
    for key in row:
        if key not in COLUMNS:
            yield "", f"A row has {', '.join(COLUMNS)} and nothing else: leave the rest out."
    if not _AN_ID.fullmatch(_text(row.get("application"))):
        yield "application", f"The application is missing or no id: {_AS_ID}."
    criterion = criteria.get(_text(row.get("criterion")))
    if criterion is None:
        yield "criterion", f"The scorecard has no such criterion: name one of {', '.join(criteria)}."
    yield from _wrong_mark(criterion, row.get("mark"))
    yield from _wrong_reason(_text(row.get("reason")))


def _wrong_mark(criterion: Criterion | None, written: object) -> Iterator[tuple[str, str]]:
    text = _text(written)
    if not text:
        yield "mark", "The mark is missing: give one of the scale's."
    elif criterion is not None and not _is_on_scale(criterion, text):
        marks = ", ".join(str(each.mark) for each in criterion.scale)
        yield "mark", f"The mark for {criterion.id} is not on its scale: give one of {marks}."


def _is_on_scale(criterion: Criterion, text: str) -> bool:
    return bool(_WHOLE.fullmatch(text)) and int(text) in {each.mark for each in criterion.scale}


def _wrong_reason(reason: str) -> Iterator[tuple[str, str]]:
    if not reason:
        yield "reason", "The mark has no reason: every mark needs one, in words that the applicant may be told."
    if len(reason) > LONGEST_REASON:
        yield "reason", f"The reason has {len(reason):,} characters: shorten it to {LONGEST_REASON:,} at most."
    if found := _NO_TEXT.search(reason):
        yield (
            "reason",
            f"The reason has an invalid character at position {found.start() + 1:,}: write it as plain text.",
        )


def _text(value: object) -> str:
    """A value of a row as text, without spaces around it; empty for what is neither text nor a number."""
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def unmarked(
    scorecard: Scorecard, applications: Iterable[str], marked: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, Criterion]]:
    """What is left to mark: pairs of an application and a criterion, in the order of both.

    Args:
        scorecard: the criteria of the stage.
        applications: ids of those that somebody reads.
        marked: the pairs of application and criterion that they have marked.
    """
    done = set(marked)
    for application in applications:
        for criterion in scorecard.criteria:
            if (application, criterion.id) not in done:
                yield application, criterion
