"""A refusal says which kind it is by a code that never changes, and names every field that is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from commands.app import app
from domain.values.refusals import (
    KINDS,
    FileRefused,
    NotReadable,
    Problem,
    ReasonMissing,
    Refused,
    TooLate,
    refuse_for_all,
)

GUIDE = Path(__file__).parents[2] / "docs" / "operating.md"
TWO = (Problem(field="email", text="The address is empty."), Problem(field="proposal", text="The proposal is empty."))


def every_kind(of: type[Refused] = Refused) -> list[type[Refused]]:
    """Every class of refusal that is declared anywhere in the house: the command line has imported all of it."""
    assert app is not None
    return [of, *(kind for below in of.__subclasses__() for kind in every_kind(below))]


def shown() -> list[str]:
    """The table of codes, as docs/operating.md has it."""
    return [
        "| code | HTTP | exit | meaning |",
        "|---|---|---|---|",
        *(
            f"| `{code}` | {kind.http_status} | {kind.exit_status} | {' '.join(meaning(kind.refusal).split())} |"
            for code, kind in sorted(KINDS.items())
        ),
    ]


def meaning(kind: type[Refused]) -> str:
    """The first paragraph of what is said of a class."""
    return (kind.__doc__ or "").partition("\n\n")[0]


def test_every_kind_of_refusal_has_its_row_in_the_table_under_a_code_of_its_own() -> None:
    """Fails when a class has no row, or no code of its own. One that only narrows another goes by the other's."""
    kinds = {kind for kind in every_kind() if "code" in vars(kind)}
    assert kinds >= set(Refused.__subclasses__())
    assert kinds == {kind.refusal for kind in KINDS.values()}
    assert len(kinds) == len(KINDS)
    assert not [code for code in KINDS if not re.fullmatch("[a-z]+(-[a-z]+)*", code)]


def test_the_guide_has_the_table_of_codes_and_no_code_has_changed() -> None:
    """Programs go by the codes: put back one that has changed. For a new one, put what this prints into the guide."""
    guide = GUIDE.read_text(encoding="utf-8")
    assert "\n".join(shown()) in guide, "The table in docs/operating.md should be:\n" + "\n".join(shown())


def test_a_refusal_for_several_problems_says_all_of_them_in_one_line_and_of_a_file_a_line_for_each() -> None:
    assert str(NotReadable.for_problems(TWO)) == "The address is empty. The proposal is empty."
    assert str(FileRefused.for_problems(TWO)) == "The address is empty.\nThe proposal is empty."
    assert NotReadable.for_problems(TWO).problems == TWO
    assert NotReadable("Write one JSON object.").problems == ()


def test_several_refusals_become_one_of_the_kind_of_the_first_with_the_problems_of_all() -> None:
    missing, late = ReasonMissing("A hold needs a reason."), TooLate("It has closed.")
    with pytest.raises(ReasonMissing) as caught:
        refuse_for_all([missing, late])
    assert str(caught.value) == "A hold needs a reason. It has closed."
    assert caught.value.problems == (*missing.problems, Problem(field="", text="It has closed."))

    with pytest.raises(TooLate) as alone:
        refuse_for_all([late])
    assert alone.value is late
    refuse_for_all([])


def test_a_refusal_that_is_always_about_one_field_names_it_by_itself() -> None:
    text = "A cancellation needs a reason."
    assert ReasonMissing(text).problems == (Problem(field="reason", text=text),)
    assert TooLate("It has closed.").problems == ()
