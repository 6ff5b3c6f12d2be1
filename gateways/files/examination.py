"""Says what the content of a file is: a program of its own, which reads the file from standard input.

Its libraries read files that strangers made. So it has no secrets in its environment, and little memory and time; if a
library fails in any way, only this process ends. It prints one line: a kind, or what keeps the file from being one.
"""

from __future__ import annotations

import codecs
import sys
import warnings
import zipfile
from contextlib import suppress
from typing import IO, BinaryIO, cast

MEMORY = 1024 * 1024 * 1024
SECONDS = 20
_LOOK = 1024
_CHUNK = 64 * 1024
_MOST_PARTS = 5000
_MOST_PIXELS = 50_000_000
_MOST_XML = 1024 * 1024
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
_TEXT_CONTROLS = frozenset("\t\n\r\f")
_IMAGES = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp"}
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OFFICE = {
    f"{_OPEN_XML}wordprocessingml.document.main+xml": ("docx", "document"),
    f"{_OPEN_XML}spreadsheetml.sheet.main+xml": ("xlsx", "workbook"),
    f"{_OPEN_XML}presentationml.presentation.main+xml": ("pptx", "presentation"),
}
_OPEN_DOCUMENT = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}


class Fault(Exception):
    """Why a file is none of the kinds, in one word."""


def kind_of(file: IO[bytes], part: int, unpacked: int) -> str:
    """The kind of a file.

    Args:
        file: the content, at its beginning.
        part: the most bytes that a part of an archive may unpack to.
        unpacked: the most bytes that an archive may unpack to.

    Raises:
        Fault: the file is none of the kinds, has a password, is damaged, and so on.
        Exception: a library cannot read the file.
    """
    head = file.read(_LOOK)
    file.seek(0)
    if head.startswith(b"PK\x03\x04"):
        return _archive(file, part, unpacked)
    if head.startswith(_OLD_OFFICE):
        return _old_office(file)
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return _image(file)
    if b"%PDF-" in head:
        return _pdf(file)
    return _text(file)


def _pdf(file: IO[bytes]) -> str:
    import pikepdf

    try:
        with pikepdf.open(cast("BinaryIO", file), suppress_warnings=True) as document:
            if len(document.pages) == 0:
                raise Fault("damaged")
    except pikepdf.PasswordError:
        raise Fault("password") from None
    return "pdf"


def _image(file: IO[bytes]) -> str:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=tuple(_IMAGES)) as image:
                image.load()
                return _IMAGES[image.format or ""]
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Fault("unpacks") from None


def _old_office(file: IO[bytes]) -> str:
    import msoffcrypto

    raise Fault("password" if msoffcrypto.OfficeFile(file).is_encrypted() else "old-office")


def _archive(file: IO[bytes], part: int, unpacked: int) -> str:
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST_PARTS or sum(each.file_size for each in entries) > unpacked:
            raise Fault("unpacks")
        if any(each.file_size > part for each in entries):
            raise Fault("unpacks")
        if any(each.flag_bits & 1 for each in entries):
            raise Fault("password")
        names = {each.filename for each in entries}
        kind = _office(archive) if "[Content_Types].xml" in names else _open_document(archive, names)
        if any(name.endswith("vbaProject.bin") or name.startswith("Basic/") for name in names):
            raise Fault("macros")
        for each in entries:
            _read_through(archive, each)
        return kind


def _office(archive: zipfile.ZipFile) -> str:
    types = _xml(archive, "[Content_Types].xml")
    parts = {str(each.get("ContentType")): str(each.get("PartName")) for each in types if each.get("PartName")}
    if any("macroEnabled" in each for each in parts):
        raise Fault("macros")
    for content, (kind, root) in _OFFICE.items():
        if content in parts:
            if _root_of(archive, parts[content].lstrip("/")) != root:
                raise Fault("damaged")
            return kind
    raise Fault("unknown")


def _open_document(archive: zipfile.ZipFile, names: set[str]) -> str:
    if "mimetype" not in names or "META-INF/manifest.xml" not in names:
        raise Fault("unknown")
    with archive.open("mimetype") as content:
        kind = _OPEN_DOCUMENT.get(content.read(_LOOK).strip())
    if kind is None:
        raise Fault("unknown")
    if any(str(each.tag).endswith("}encryption-data") for each in _xml(archive, "META-INF/manifest.xml").iter()):
        raise Fault("password")
    if _root_of(archive, "content.xml") != "document-content":
        raise Fault("damaged")
    return kind


def _xml(archive: zipfile.ZipFile, name: str):  # type: ignore[no-untyped-def]  # lxml is loaded only if needed
    from lxml import etree

    with archive.open(name) as content:
        text = content.read(_MOST_XML + 1)
    if len(text) > _MOST_XML:
        raise Fault("unpacks")
    return etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def _root_of(archive: zipfile.ZipFile, name: str) -> str:
    from lxml import etree

    with archive.open(name) as content:
        events = etree.iterparse(content, events=("start",), resolve_entities=False, no_network=True, load_dtd=False)
        _, element = next(iter(events))
        return etree.QName(element).localname


def _read_through(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Fails if the part is not what it was when it was packed."""
    with archive.open(entry) as content:
        while content.read(_CHUNK):
            pass


def _text(file: IO[bytes]) -> str:
    head = file.read(4)
    file.seek(0)
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    with suppress(UnicodeDecodeError):
        return _text_in(file, encoding)
    file.seek(0)
    # The other way in which a spreadsheet program saves a table.
    with suppress(UnicodeDecodeError):
        return _text_in(file, "cp1252")
    raise Fault("unknown")


def _text_in(file: IO[bytes], encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)()
    while True:
        chunk = file.read(_CHUNK)
        if any(ord(each) < 32 and each not in _TEXT_CONTROLS for each in decoder.decode(chunk, final=not chunk)):
            raise Fault("unknown")
        if not chunk:
            return "txt"


def _confine() -> None:
    with suppress(ImportError):
        import resource

        for limit, most in ((resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_AS, MEMORY)):
            with suppress(ValueError, OSError):  # not every system knows each
                resource.setrlimit(limit, (most, most))


def main() -> None:
    """Reads the file on standard input and prints one line. The arguments are the last two of `kind_of`."""
    _confine()
    part, unpacked = map(int, sys.argv[1:])
    try:
        with open(0, "rb") as file:
            answer = kind_of(file, part, unpacked)
    except Fault as fault:
        answer = f"! {fault}"
    except Exception:
        answer = "! damaged"
    sys.stdout.write(answer)


if __name__ == "__main__":
    main()
