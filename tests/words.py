"""The texts of pages and letters, for translators: `python tests/words.py gd` makes or renews a language's catalogue.

Texts are found where they stand: in Python as arguments of `gettext` and `ngettext`, in pages inside `{% trans %}` and
`_()`, and in letters as lines.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from gateways.messaging.letters import texts_in  # noqa: E402
from service.languages import FOLDER, place_of  # noqa: E402

_KINDS = [("console/pages/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
_PARTS = ("console", "desk", "domain", "gateways", "identity", "service")
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|%\(\w+\)\w|\{\w*\}|</?\w+")
"""What the service fills in, and markup: a translation keeps it."""


def texts(root: Path = ROOT) -> Catalog:
    """All texts of pages and letters, in a catalogue without translations.

    Args:
        root: of the project.
    """
    found = Catalog(project="challenge-service", fuzzy=False)
    for part in _PARTS:
        options = {"console/pages/**.html": {"extensions": "jinja2.ext.i18n", "silent": "false"}}
        for name, _, text, comments, context in extract_from_dir(
            root / part,
            [(kind.removeprefix(f"{part}/"), way) for kind, way in _KINDS],
            {kind.removeprefix(f"{part}/"): each for kind, each in options.items()},
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        ):
            found.add(text, locations=[(f"{part}/{name}", 0)], auto_comments=comments, context=context)
    for letter in sorted((root / "letters").glob("*.txt")):
        for text in texts_in(letter.read_text(encoding="utf-8")):
            found.add(text, locations=[(f"letters/{letter.name}", 0)])
    return found


def renewed(code: str, template: Catalog, folder: Path = FOLDER) -> Path:
    """Makes the catalogue of a language, or brings it up to date. What changed is marked fuzzy.

    Args:
        code: of the language, such as "gd".
        template: all texts.
        folder: of the catalogues.

    Returns:
        The file.
    """
    path, locale = place_of(code, folder), code.replace("-", "_")
    if path.exists():
        catalogue = read_po(BytesIO(path.read_bytes()), locale=locale)
        catalogue.update(template)
    else:
        catalogue = Catalog(locale=locale, project=template.project, fuzzy=False)
        for message in template:
            if message.id:
                catalogue[message.id] = message.clone()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, include_lineno=False, ignore_obsolete=True, sort_by_file=True, width=120)
    return path


def wrong(catalogue: Catalog, template: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue, a line for each text that is missing, not used, or without a placeholder.

    Args:
        catalogue: of a language.
        template: all texts.
    """
    for message in template:
        if not message.id:
            continue
        there = catalogue.get(message.id, message.context)
        if there is None or there.fuzzy or not all(_forms(there.string)):
            yield f"is not translated: {message.id}"
        else:
            needed = min((_placeholders(each) for each in _forms(message.id)), key=len)
            for form in _forms(there.string):
                if missing := [each for each in needed if each not in _placeholders(form)]:
                    yield f"has no {', '.join(missing)}: {form}"
                if unknown := [each for each in _placeholders(form) if each not in _every_placeholder(message)]:
                    yield f"has a placeholder that is none, {', '.join(unknown)}: {form}"
    for message in catalogue:
        if message.id and template.get(message.id, message.context) is None:
            yield f"is not used any more: {message.id}"


def _forms(text: object) -> tuple[str, ...]:
    return tuple(str(each) for each in text) if isinstance(text, tuple | list) else (str(text),)


def _placeholders(text: str) -> list[str]:
    return sorted(_PLACEHOLDER.findall(text))


def _every_placeholder(message: Message) -> set[str]:
    return {each for form in _forms(message.id) for each in _placeholders(form)}


if __name__ == "__main__":
    if len(sys.argv) != 2 or not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", sys.argv[1]):
        sys.exit("Name one language by its code: python tests/words.py gd")
    sys.stdout.write(f"{renewed(sys.argv[1], texts())}\n")
