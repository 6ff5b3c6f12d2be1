"""The scorecard as a form: its criteria with a reader's own marks, what they typed, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.forms import Form
from desk.judging import Looked
from domain.judging.marks import COLUMNS, LONGEST_REASON
from domain.judging.scorecard import Criterion, Scorecard
from domain.values.model import Value
from domain.values.refusals import Problem

MARK, REASON = "mark-", "reason-"
"""Begin the names of the fields of a criterion, which may have any id."""
AGREED_MARK, AGREED_REASON = "agreed-mark", "agreed-reason"
"""The fields of what was agreed."""


class Scored(Value):
    """A criterion as fields of a page.

    Args:
        criterion: what is marked.
        mark, reason: what is written there.
        longest: the most characters of a reason.
    """

    criterion: Criterion
    mark: str = ""
    reason: str = ""
    longest: int = LONGEST_REASON

    @property
    def options(self) -> list[tuple[str, str]]:
        """The marks of the scale, with what each means."""
        return [(str(each.mark), f"{each.mark}: {each.means}") for each in self.criterion.scale]


def scored(looked: Looked, form: Form | None) -> tuple[Scored, ...]:
    """The criteria of the scorecard, with what was typed, or else with the reader's own marks.

    Args:
        looked: the application with its scorecard.
        form: what was sent, if it was not kept.
    """
    if looked.to_read.scorecard is None or looked.sheet is None:
        return ()
    own = {each.criterion: (str(each.mark), each.reason) for each in looked.sheet.own}
    if form is not None and AGREED_MARK not in tuple(form):  # a form answers for every name
        own = {each.id: _typed(form, each) for each in looked.to_read.scorecard.criteria}
    return tuple(
        Scored(criterion=each, mark=own.get(each.id, ("", ""))[0], reason=own.get(each.id, ("", ""))[1])
        for each in looked.to_read.scorecard.criteria
    )


def rows_in(form: Form, scorecard: Scorecard, application: str) -> list[Mapping[str, object]]:
    """What was typed, as the desk takes marks: a row for each criterion that has a mark or a reason.

    Args:
        form: of the page.
        scorecard: of the stage.
        application: id of the application.
    """
    typed = [(each.id, *_typed(form, each)) for each in scorecard.criteria]
    return [
        dict(zip(COLUMNS, (application, criterion, mark, reason), strict=True))
        for criterion, mark, reason in typed
        if mark or reason.strip()
    ]


def at_fields(problems: Sequence[Problem], rows: Sequence[Mapping[str, object]], scorecard: Scorecard) -> list[Problem]:
    """What is wrong with marks, each at its field of the page, and with the criterion's title for a row's number.

    Args:
        problems: as the desk names them.
        rows: in which the marks were given.
        scorecard: of the stage.
    """
    titles = {each.id: each.title for each in scorecard.criteria}
    found = []
    for each in problems:
        number, _, field = each.field.rpartition(".")
        if field not in ("mark", "reason"):
            found.append(each.model_copy(update={"field": ""}))
            continue
        criterion = str(rows[int(number or 1) - 1]["criterion"])
        text = each.text.removeprefix(f"Row {number}: ")
        name = f"{MARK if field == 'mark' else REASON}{criterion}"
        found.append(Problem(field=name, text=f"{titles[criterion]}: {text}"))
    return found


def agreed_in(form: Form) -> tuple[str, str, str]:
    """What was typed as agreed: the criterion, the mark and the reason."""
    return form["criterion"], form[AGREED_MARK], form[AGREED_REASON].replace("\r\n", "\n")


def at_agreed(problems: Sequence[Problem]) -> list[Problem]:
    """What is wrong with what was agreed, each at its field of the page."""
    names = {"criterion": "criterion", "mark": AGREED_MARK, "reason": AGREED_REASON}
    return [each.model_copy(update={"field": names.get(each.field, "")}) for each in problems]


def _typed(form: Form, criterion: Criterion) -> tuple[str, str]:
    # Browsers send every new line as two characters, and nobody has typed two.
    return form[f"{MARK}{criterion.id}"], form[f"{REASON}{criterion.id}"].replace("\r\n", "\n")
