"""What is handed in is read from its fields, and every field that is wrong is named."""

from __future__ import annotations

import pytest

from domain.challenges.application import read_application
from domain.values.refusals import ApplicationRefused

WHOLE: dict[str, object] = {
    "organisation": "Tay",
    "email": "tay@company.example",
    "answers": {"proposal": "An answer."},
}


def test_an_application_is_read_from_its_fields() -> None:
    fields = WHOLE | {"submission": "1", "form": "e32da73c869b"}

    assert read_application(fields).model_dump() == fields


def test_every_field_that_is_missing_or_no_text_is_named_without_what_was_given() -> None:
    """Fails when an unknown field is repeated, which can be anything."""
    with pytest.raises(ApplicationRefused) as caught:
        read_application({"organisation": 3, "email": 31926819, "31926819": "answers"})

    assert [each.field for each in caught.value.problems] == ["organisation", "email", "answers", ""]
    assert "31926819" not in str(caught.value)
    assert str(caught.value).startswith("The organisation is not plain text: write it again. ")
