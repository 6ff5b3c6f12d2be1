"""The languages that the service speaks: a catalogue of texts for each, read from locales/ at the start."""

from __future__ import annotations

from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from domain.values.refusals import FileRefused
from domain.values.words import ENGLISH, Language

from .settings import PREFIX

FOLDER = Path(__file__).parent.parent / "locales"


def place_of(code: str, folder: Path = FOLDER) -> Path:
    """The file with the texts of a language."""
    return folder / code.replace("-", "_") / "LC_MESSAGES" / "messages.po"


def languages_of(named: str, folder: Path = FOLDER) -> tuple[Language, ...]:
    """The languages that the settings name. The first is spoken unless the reader asks for another, and in letters.

    Args:
        named: the codes, as the setting `languages` has them.
        folder: of the catalogues. English needs none: its texts are those of the code.

    Raises:
        FileRefused: a language has no catalogue, or the catalogue cannot be read.
    """
    return tuple(_read(code, folder) for code in dict.fromkeys(named.replace(",", " ").split()))


def _read(code: str, folder: Path) -> Language:
    path = place_of(code, folder)
    if code.partition("-")[0] == ENGLISH.code and not path.exists():
        return Language(code, ENGLISH.words)
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=code.replace("-", "_"), abort_invalid=True)
    except FileNotFoundError:
        raise FileRefused(
            f"{PREFIX}LANGUAGES names {code}, and there is no file {path}: add the language (docs/translating.md), or "
            "leave it out"
        ) from None
    except (OSError, ValueError, PoFileError) as error:
        raise FileRefused(f"{path}: cannot be read ({error}): correct the file") from None
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(code, GNUTranslations(compiled))
