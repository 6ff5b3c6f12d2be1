"""Small files of every kind that a form can ask for, as applicants in a rehearsal attach them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

from domain.forms.attachments import FileKind

_OPEN_XML = "http://schemas.openxmlformats.org"
_ONE_CELL = "<table:table><table:table-row><table:table-cell>{}</table:table-cell></table:table-row></table:table>"
_OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns"


def small_file(kind: FileKind, says: str) -> bytes:
    """A file of a kind, as small as it can be.

    Args:
        kind: what the file is.
        says: what the file says, in plain ASCII. Two files that say the same are the same. A picture says nothing.
    """
    return _MAKERS[kind](says)


# The libraries are read only when a file is made: the command line would start more slowly.


def _pdf(says: str) -> bytes:
    import pikepdf

    with pikepdf.new() as document:
        document.add_blank_page()
        document.docinfo["/Title"] = says
        return _written(lambda file: document.save(file, static_id=True))


def _picture(form: str) -> Callable[[str], bytes]:
    def made(says: str) -> bytes:
        from PIL import Image

        shade = sum(says.encode()) % 256
        with Image.new("RGB", (8, 8), (shade, 255 - shade, 128)) as picture:
            return _written(lambda file: picture.save(file, form))

    return made


def _xlsx(says: str) -> bytes:
    import xlsxwriter

    def write(file: io.BytesIO) -> None:
        with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
            book.add_worksheet().write_string(0, 0, says)

    return _written(write)


def _docx(says: str) -> bytes:
    space = f"{_OPEN_XML}/wordprocessingml/2006/main"
    told = f"<w:body><w:p><w:r><w:t>{escape(says)}</w:t></w:r></w:p></w:body>"
    content = f'<w:document xmlns:w="{space}">{told}</w:document>'
    return _office("word/document.xml", "wordprocessingml.document", content)


def _pptx(says: str) -> bytes:
    space = f"{_OPEN_XML}/presentationml/2006/main"
    told = f"<!-- {escape(says)} -->"
    content = f'<p:presentation xmlns:p="{space}">{told}<p:notesSz cx="6858000" cy="9144000"/></p:presentation>'
    return _office("ppt/presentation.xml", "presentationml.presentation", content)


def _office(part: str, kind: str, content: str) -> bytes:
    """A file of Office with one part."""
    types = (
        f'<Types xmlns="{_OPEN_XML}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/>'
        "</Types>"
    )
    document = f"{_OPEN_XML}/officeDocument/2006/relationships/officeDocument"
    relations = (
        f'<Relationships xmlns="{_OPEN_XML}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{document}" Target="{part}"/></Relationships>'
    )
    return _packed({"[Content_Types].xml": types, "_rels/.rels": relations, part: content})


def _open_document(kind: str, body: str) -> Callable[[str], bytes]:
    """Makes files of OpenDocument, with a text in their body."""
    media = f"application/vnd.oasis.opendocument.{kind}"

    def made(says: str) -> bytes:
        space = " ".join(f'xmlns:{name}="{_OPEN_DOCUMENT}:{name}:1.0"' for name in ("office", "text", "table"))
        told = body.format(f"<text:p>{escape(says)}</text:p>")
        content = (
            f'<office:document-content {space} office:version="1.3"><office:body><office:{kind}>{told}'
            f"</office:{kind}></office:body></office:document-content>"
        )
        manifest = (
            f'<m:manifest xmlns:m="{_OPEN_DOCUMENT}:manifest:1.0" m:version="1.3">'
            f'<m:file-entry m:full-path="/" m:media-type="{media}"/>'
            '<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>'
        )
        return _packed({"mimetype": media, "content.xml": content, "META-INF/manifest.xml": manifest})

    return made


def _packed(parts: Mapping[str, str]) -> bytes:
    def write(file: io.BytesIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)

    return _written(write)


def _written(write: Callable[[io.BytesIO], object]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


_MAKERS: Mapping[FileKind, Callable[[str], bytes]] = {
    FileKind.PDF: _pdf,
    FileKind.PNG: _picture("PNG"),
    FileKind.JPG: _picture("JPEG"),
    FileKind.GIF: _picture("GIF"),
    FileKind.WEBP: _picture("WEBP"),
    FileKind.TXT: str.encode,
    FileKind.CSV: lambda says: f"what,month\n{says},1\n".encode(),
    FileKind.DOCX: _docx,
    FileKind.XLSX: _xlsx,
    FileKind.PPTX: _pptx,
    FileKind.ODT: _open_document("text", "{}"),
    FileKind.ODS: _open_document("spreadsheet", _ONE_CELL),
    FileKind.ODP: _open_document("presentation", "<!-- {} -->"),
}
