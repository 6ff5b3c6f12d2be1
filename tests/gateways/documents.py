"""Small files of every kind that can be attached, and of some that cannot."""

from __future__ import annotations

import io
import zipfile

import pikepdf
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile
from PIL import Image

_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_OFFICE = {
    "docx": (f"{_OPEN_XML}wordprocessingml.document.main+xml", "word/document.xml", "document"),
    "pptx": (f"{_OPEN_XML}presentationml.presentation.main+xml", "ppt/presentation.xml", "presentation"),
}
_OPEN_DOCUMENT = {"odt": "text", "ods": "spreadsheet", "odp": "presentation"}


def pdf(password: str = "") -> bytes:
    """A PDF with one page."""
    file = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        if password:
            document.save(file, encryption=pikepdf.Encryption(user=password, owner=password))
        else:
            document.save(file)
    return file.getvalue()


def image(kind: str, width: int = 8) -> bytes:
    """A picture: png, jpeg, gif or webp."""
    file = io.BytesIO()
    Image.new("RGB", (width, width)).save(file, kind)
    return file.getvalue()


def sheet(text: str = "1") -> bytes:
    """A table of Excel."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.add_worksheet().write_string("A1", text)
    book.close()
    return file.getvalue()


def with_password(office: bytes) -> bytes:
    """The same, as Office saves it with a password."""
    file = io.BytesIO()
    OOXMLFile(io.BytesIO(office)).encrypt("open sesame", file)
    return file.getvalue()


def office(kind: str, content: str = "", root: str = "", *, vba: bool = False) -> bytes:
    """A docx or pptx with little in it.

    Args:
        kind: docx or pptx.
        content: the type of its main part, instead of the right one.
        root: the name of the first element of its main part, instead of the right one.
        vba: whether it has macros.
    """
    right, part, element = _OFFICE[kind]
    types = f'<Types xmlns="{_TYPES}"><Override PartName="/{part}" ContentType="{content or right}"/></Types>'
    parts = {"[Content_Types].xml": types.encode(), part: f"<x:{root or element} xmlns:x='x'/>".encode()}
    return archive(parts | ({"word/vbaProject.bin": b"-"} if vba else {}))


def open_document(kind: str, manifest: str = "", **more: bytes) -> bytes:
    """An odt, ods or odp with little in it.

    Args:
        kind: which.
        manifest: what is in the manifest.
        more: other parts by their names, with two underscores for each slash.
    """
    said = f"<m:manifest xmlns:m='m'>{manifest}</m:manifest>"
    parts = {
        "mimetype": f"application/vnd.oasis.opendocument.{_OPEN_DOCUMENT[kind]}".encode(),
        "META-INF/manifest.xml": said.encode(),
        "content.xml": b"<o:document-content xmlns:o='o'/>",
    }
    return archive(parts | {name.replace("__", "/"): each for name, each in more.items()})


def archive(parts: dict[str, bytes]) -> bytes:
    """A zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return file.getvalue()


EVERY_KIND = {
    "plan.pdf": pdf(),
    "plan.docx": office("docx"),
    "costs.xlsx": sheet(),
    "talk.pptx": office("pptx"),
    "plan.odt": open_document("odt"),
    "costs.ods": open_document("ods"),
    "talk.odp": open_document("odp"),
    "map.png": image("png"),
    "map.jpg": image("jpeg"),
    "map.gif": image("gif"),
    "map.webp": image("webp"),
    "costs.csv": "Käse;1,20\n".encode("cp1252"),
    "notes.txt": "Maps – of every bus.\n".encode(),
}
"""A file of every kind, by a name that fits."""
