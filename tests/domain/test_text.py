"""Text that people type is one line, in one spelling, and steers nothing around it."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.challenges.application import Applying, check_application
from domain.challenges.messages import make
from domain.forms.answers import only_text
from domain.forms.form import text_form
from domain.payments.bank_account import read_account
from domain.values.model import Line, Reason
from domain.values.refusals import ApplicationRefused, NotReadable
from domain.values.text import on_one_line, one_line

LINE, REASON = TypeAdapter(Line), TypeAdapter(Reason)
STEERING = (
    "\n\r\t\v\f\0\x1b\x7f\x85\x9b\xad\u061c\u200b\u200e\u200f\u2028\u2029\u202e\u2066\u2069\ufeff\ufff9\U000e0067\u3164"
)


def is_plain(text: str) -> bool:
    categories = {unicodedata.category(sign) for sign in text.replace("\u200c", "").replace("\u200d", "")}
    return categories.isdisjoint(("Cc", "Cf", "Cs", "Zl", "Zp")) and text == " ".join(text.split())


@pytest.mark.parametrize("sign", STEERING)
def test_a_name_that_steers_the_text_around_it_is_refused(sign: str) -> None:
    with pytest.raises(ValidationError, match=r"invisible character at position 4"):
        LINE.validate_python(f"Tay{sign}Ltd")
    applying = Applying(organisation=f"Tay{sign}Ltd", email="tay@company.example", answers=only_text("Ours."))
    with pytest.raises(ApplicationRefused, match="organisation's name has a line break, a direction mark") as refused:
        check_application(applying, text_form(1000))
    assert [problem.field for problem in refused.value.problems] == ["organisation"]
    assert "Tay" not in str(refused.value)


@pytest.mark.parametrize("nothing", ["\u200d", "\u0301", " \u200c "])
def test_a_name_that_shows_nothing_is_refused(nothing: str) -> None:
    with pytest.raises(ValueError, match="shows nothing"):
        one_line(nothing)


@pytest.mark.parametrize("sign", STEERING)
def test_a_reason_is_told_on_one_line_without_what_hides(sign: str) -> None:
    kept = make("hold", {"by": "sepa", "reason": f"No.{sign} Later."}).reason
    assert kept in ("No. Later.", "No.  Later.".replace("  ", " "))
    assert is_plain(kept)


def test_a_name_is_kept_composed_and_with_single_spaces() -> None:
    assert one_line("  Cafe\u0301  du\u00a0Tay ") == "Caf\u00e9 du Tay"
    assert REASON.validate_python("Cafe\u0301\n closed") == "Caf\u00e9 closed"


@pytest.mark.parametrize(
    "name", ["漢字", "می\u200cخواهم", "👩\u200d🔬 Labs", "Ünïcödé & Söhne", "!!!", "O'Neil's (UK)"]
)
def test_names_in_any_script_are_kept_as_they_are(name: str) -> None:
    assert one_line(name) == name == LINE.validate_python(name)


@given(st.text())
def test_whatever_is_typed_becomes_one_plain_line_or_is_refused(text: str) -> None:
    assert is_plain(on_one_line(text))
    with suppress(ValueError):
        assert is_plain(one_line(text))


@pytest.mark.parametrize("field", ["holder", "town"])
@pytest.mark.parametrize("sign", STEERING)
def test_bank_details_have_no_such_characters_either(field: str, sign: str) -> None:
    given = {"holder": "Tay Ltd", "iban": "DE89370400440532013000", "town": "Bonn", "country": "DE"}
    with pytest.raises(NotReadable) as refused:
        read_account(given | {field: f"Tay{sign}Ltd"})
    assert [problem.field for problem in refused.value.problems] == [field]


@pytest.mark.parametrize("given", ["a = " + "[" * 50_000, "number = " + "9" * 5_000, ".".join("a" * 5_000) + " = 1"])
def test_absurd_bank_details_are_refused_in_words(given: str) -> None:
    """Fails with a traceback when Python's limits are left to themselves."""
    with pytest.raises(NotReadable, match="bank details") as refused:
        read_account(given)
    assert len(str(refused.value)) < 1000
