"""What a file is: by its content, whatever its name says. Each is read by a process of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from domain.forms.attachments import LARGEST_PART, Content, FileFault, FileKind, faults_of, kind_by
from gateways.files import examination, kinds
from tests.gateways.documents import (
    EVERY_KIND,
    archive,
    image,
    office,
    open_document,
    pdf,
    sheet,
    with_password,
)


def examined(content: bytes) -> Content:
    """What the content is."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return kinds.examine(file)


@pytest.mark.parametrize("name", EVERY_KIND)
def test_every_kind_is_known_by_its_content_and_taken_by_its_name(name: str) -> None:
    content = examined(EVERY_KIND[name])

    assert content.fault is None
    assert kind_by(name, content) == FileKind(name.rpartition(".")[2])
    assert list(faults_of("Costs", tuple(FileKind), name, content)) == []


def test_there_is_a_file_of_every_kind() -> None:
    assert {name.rpartition(".")[2] for name in EVERY_KIND} == set(FileKind)


BOMB = archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": bytes(LARGEST_PART + 1)})
WRONG = {
    "a PDF with a password": (pdf("open sesame"), FileFault.PASSWORD),
    "a table with a password": (with_password(sheet()), FileFault.PASSWORD),
    "an OpenDocument with a password": (open_document("odt", "<m:encryption-data/>"), FileFault.PASSWORD),
    "a template with macros": (
        office("docx", content="application/vnd.ms-word.document.macroEnabled.main+xml"),
        FileFault.MACROS,
    ),
    "a document with a macro part": (office("docx", vba=True), FileFault.MACROS),
    "an OpenDocument with macros": (open_document("ods", Basic__Standard__One=b"-"), FileFault.MACROS),
    "half a PDF": (pdf()[:60], FileFault.DAMAGED),
    "half a table": (sheet()[:-40], FileFault.DAMAGED),
    "half a picture": (image("png")[:-30], FileFault.DAMAGED),
    "a document whose main part is another": (office("docx", root="workbook"), FileFault.DAMAGED),
    "a part larger than we look at": (BOMB, FileFault.UNPACKS),
    "more parts than we look at": (archive({f"{each}": b"" for each in range(5001)}), FileFault.UNPACKS),
    "a picture larger than we look at": (image("png", 7100), FileFault.UNPACKS),
    "an archive": (archive({"plan.txt": b"-"}), FileFault.UNKNOWN),
    "an old document": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), FileFault.DAMAGED),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(100), FileFault.UNKNOWN),
    "bytes that are no text": (bytes(range(256)), FileFault.UNKNOWN),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_of_no_kind_is_refused_with_what_to_do(what: str) -> None:
    content, fault = WRONG[what]

    assert examined(content) == Content(fault=fault)
    (said,) = faults_of("Costs", tuple(FileKind), "plan.pdf", Content(fault=fault))
    assert said.startswith("Costs: the file ")
    assert "plan" not in said  # a name can be personal


@pytest.mark.parametrize(
    ("name", "of", "types", "said"),
    [
        ("plan.pdf", "plan.docx", FileKind, "the file is of kind docx, and its name does not end so"),
        ("plan.docx", "plan.odt", FileKind, "the file is of kind odt"),
        ("plan", "plan.pdf", FileKind, "end it in .pdf"),
        ("notes.csv", "notes.txt", (FileKind.TXT,), "the file is of kind csv, and the question takes txt"),
        ("plan.docx", "plan.docx", (FileKind.PDF, FileKind.ODT), "the question takes pdf or odt"),
        ("map.JPEG", "map.jpg", FileKind, ""),
    ],
)
def test_a_file_is_what_its_name_says_and_what_the_question_takes(
    name: str, of: str, types: tuple[FileKind, ...], said: str
) -> None:
    found = " ".join(faults_of("Costs", tuple(types), name, examined(EVERY_KIND[of])))

    assert said in found
    assert bool(said) == bool(found)


def test_a_library_that_fails_or_takes_all_memory_is_a_refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Fails if a reader's fault reaches the service: it kills itself here."""
    program = tmp_path / "dies.py"
    program.write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", encoding="utf-8")
    monkeypatch.setattr(kinds, "_PROGRAM", program)

    assert examined(pdf()) == Content(fault=FileFault.DAMAGED)


def test_a_file_that_takes_all_memory_is_a_refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Fails if the program that reads files is not held back."""
    own = Path(examination.__file__).read_text(encoding="utf-8")
    program = tmp_path / "swells.py"
    swells = own.replace("    head = file.read(_LOOK)\n", "    head = bytes(MEMORY)[:4] + b'%PDF-'\n")
    program.write_text(swells, encoding="utf-8")
    monkeypatch.setattr(kinds, "_PROGRAM", program)

    assert swells != own
    assert examined(pdf()) == Content(fault=FileFault.DAMAGED)


def test_the_program_that_looks_at_files_gets_no_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "tells.py"
    tells = "import os; print('! unknown' if any('SECRET' in each for each in os.environ) else 'pdf', end='')"
    program.write_text(tells, encoding="utf-8")
    monkeypatch.setattr(kinds, "_PROGRAM", program)
    monkeypatch.setenv("CHALLENGES_FILES_SECRET_KEY", "open sesame")

    assert examined(b"-") == Content(kind=FileKind.PDF)
