"""In a rehearsal, people attach small files that are what their names say."""

from __future__ import annotations

import io
import tempfile

import pikepdf
import pytest

from desk.rehearsal_files import small_file
from domain.forms.attachments import FileKind, faults_of
from gateways.files.kinds import examine


@pytest.mark.parametrize("kind", FileKind)
def test_a_file_of_every_kind_that_a_form_can_ask_for_is_taken_as_one(kind: FileKind) -> None:
    """Fails when a form that asks for this kind alone cannot be rehearsed."""
    with tempfile.TemporaryFile() as file:
        file.write(small_file(kind, "plan of <Tay> & Co"))
        assert list(faults_of("Plan", [kind], f"plan.{kind}", examine(file))) == []


def test_files_that_say_something_else_are_other_files() -> None:
    one, other = (small_file(FileKind.PDF, each) for each in ("plan of air-quality-1", "plan of air-quality-2"))
    assert one != other
    assert one == small_file(FileKind.PDF, "plan of air-quality-1")
    with pikepdf.open(io.BytesIO(one)) as document:
        assert str(document.docinfo["/Title"]) == "plan of air-quality-1"
