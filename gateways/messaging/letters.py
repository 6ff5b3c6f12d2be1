"""The words of notices: a template file for each occasion. The files are checked at the start and filled in with facts.

The people who write the files need not know the code, so a mistake in a file is found at the start and explained in
words. Facts are never templates: the text of a fact comes out exactly as it went in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from jinja2 import DictLoader, Environment, StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from domain.announcements.occasions import COMMON, MAY_BE_EMPTY, SAMPLES, Facts, Occasion, facts_of
from domain.values.model import Value
from domain.values.refusals import FileRefused, Problem
from domain.values.words import ENGLISH, Catalogue

FOLDER = Path(__file__).parents[2] / "letters"
"""The folder of the words that come with the service."""

LONGEST_SUBJECT = 200
"""The most characters in a subject. A longer subject is cut."""

_ENDING = ".txt"
_SUBJECT = "Subject:"
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_WORDS = re.compile(r"[^\W\d_]")
_SPACES_AND_CONTROLS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


class Letter(Value):
    """A notice in words.

    Args:
        subject: one line.
        body: plain text.
    """

    subject: str
    body: str


def texts_in(letter: str) -> Iterator[str]:
    """The texts of a letter's file that can be translated: its subject, and every line with words.

    Args:
        letter: the whole text of the file.
    """
    return (text for line in letter.splitlines() if (text := _without_mark(line)) and _WORDS.search(_TAG.sub("", text)))


def _without_mark(line: str) -> str:
    return line.removeprefix(_SUBJECT).strip()


class Letters:
    """The words for every occasion. The files are read once, here: restart the service after you change a file.

    Args:
        folder: where the files are: `<occasion>.txt` for each occasion, and `_<name>.txt` for a piece that they share.
        words: of the language of all letters. A line that the catalogue does not know stays as it is.

    Raises:
        FileRefused: a file is missing, has a mistake, or has no occasion. One line for each, with file and remedy.
    """

    def __init__(self, folder: Path = FOLDER, words: Catalogue = ENGLISH.words) -> None:
        pieces, files = _files_in(folder)
        shared = {path: _text_of(path, words) for path in pieces}
        environment = _environment({path.name: text for path, text in shared.items()})
        problems: list[str] = []
        for path, text in shared.items():
            with _noting(problems):
                _check(environment, path, text, COMMON, "every notice", pieces=())
        if problems:  # every file that includes the piece would have the same problem
            raise FileRefused.for_problems([Problem(field="", text=line) for line in problems])
        self._words: dict[Occasion, _Words] = {}
        for path in files:
            with _noting(problems):
                occasion = _occasion_of(path)
                self._words[occasion] = _words(environment, path, occasion, words, [piece.name for piece in pieces])
        problems += [
            f"{folder / occasion}{_ENDING}: there is no such file: add the words for this occasion"
            for occasion in Occasion
            if folder / f"{occasion}{_ENDING}" not in files
        ]
        if problems:
            raise FileRefused.for_problems([Problem(field="", text=line) for line in problems])

    def compose(self, occasion: Occasion, facts: Facts) -> Letter:
        """The letter for an occasion.

        Args:
            occasion: what the letter is about.
            facts: exactly the facts of the occasion and the common ones (see `domain.announcements.occasions`).

        Raises:
            KeyError: there are too few facts, or too many. The caller has a bug.
        """
        needed = facts_of(occasion)
        if facts.keys() != needed:
            missing, unknown = sorted(needed - facts.keys()), sorted(facts.keys() - needed)
            raise KeyError(
                f"The facts given for {occasion} are not the facts of that occasion: "
                f"missing {', '.join(missing) or 'none'}, too many {', '.join(unknown) or 'none'}."
            )
        return self._words[occasion].filled_in(facts)

    def preview(self, occasion: Occasion, facts: Facts | None = None) -> Letter:
        """The letter for an occasion with example facts, some of which you can replace with your own."""
        return self.compose(occasion, SAMPLES[occasion] | (facts or {}))


class _Words(NamedTuple):
    """What an occasion's file says, compiled."""

    subject: Template
    body: Template

    def filled_in(self, facts: Facts) -> Letter:
        subject = _SPACES_AND_CONTROLS.sub(" ", self.subject.render(facts)).strip()
        if len(subject) > LONGEST_SUBJECT:
            subject = subject[: LONGEST_SUBJECT - 1].rstrip() + "…"
        return Letter(subject=subject, body=self.body.render(facts).strip())


def _environment(pieces: Mapping[str, str]) -> Environment:
    """Shared pieces are kept in memory, so composing reads no file. Nothing is escaped: letters are not HTML."""
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(pieces),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        # Jinja drops the line break after an include tag. The line break at the end of the shared piece replaces it.
        keep_trailing_newline=True,
    )
    # No functions: every name in a template must be a fact.
    environment.globals.clear()
    return environment


@contextmanager
def _noting(problems: list[str]) -> Iterator[None]:
    """Notes a refusal, so that the next file is checked too."""
    try:
        yield
    except FileRefused as refusal:
        problems.append(str(refusal))


def _files_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """The shared pieces, and the files of the occasions."""
    if not folder.is_dir():
        raise FileRefused(f"{folder}: there is no such folder: name the folder with the words of the notices")
    paths = sorted(folder.glob(f"*{_ENDING}"))
    pieces = [path for path in paths if path.name.startswith("_")]
    return pieces, [path for path in paths if path not in pieces]


def _occasion_of(path: Path) -> Occasion:
    try:
        return Occasion(path.stem)
    except ValueError:
        near = get_close_matches(path.stem, list(Occasion), n=1)
        meant = f"did you mean {near[0]}{_ENDING}?" if near else f"remove it, or name a shared piece _{path.name}"
        raise FileRefused(f"{path}: there is no such occasion: {meant}") from None


def _text_of(path: Path, words: Catalogue) -> str:
    try:
        return _translated(path.read_text(encoding="utf-8-sig"), words)
    except UnicodeDecodeError:
        raise FileRefused(f"{path}: is not text in UTF-8: save it in that encoding") from None
    except OSError as error:
        raise FileRefused(f"{path}: cannot be read ({error.strerror}): check what it is and who may read it") from None


def _translated(letter: str, words: Catalogue) -> str:
    known = set(texts_in(letter))
    lines = []
    for line in letter.split("\n"):
        text = _without_mark(line)
        lines.append(line.replace(text, words.gettext(text)) if text in known else line)
    return "\n".join(lines)


def _words(
    environment: Environment, path: Path, occasion: Occasion, words: Catalogue, pieces: Collection[str]
) -> _Words:
    """The words in a file, checked thoroughly.

    Raises:
        FileRefused: the file has a mistake.
    """
    sources = _subject_and_body(path, _text_of(path, words))
    for source in sources:
        _check(environment, path, source, facts_of(occasion), f"the notice {occasion}", pieces)
    compiled = _Words(*(environment.from_string(source) for source in sources))
    # Try every combination of empty facts: a mistake can show only when one fact is empty and another is not.
    may_be_empty = sorted(MAY_BE_EMPTY.get(occasion, ()))
    for number in range(len(may_be_empty) + 1):
        for empty in combinations(may_be_empty, number):
            _check_letter(compiled, path, SAMPLES[occasion] | dict.fromkeys(empty, ""))
    return compiled


def _subject_and_body(path: Path, text: str) -> tuple[str, str]:
    first, _, rest = text.partition("\n")
    subject = first.removeprefix(_SUBJECT).strip()
    if not first.startswith(_SUBJECT) or not subject:
        raise FileRefused(f"{path}: line 1: has no subject: begin the file with {_SUBJECT} and a few words")
    if rest.partition("\n")[0].strip():
        raise FileRefused(f"{path}: line 2: is not empty: keep the subject to line 1, and begin the text on line 3")
    if not rest.strip():
        raise FileRefused(f"{path}: has no text: write it below the subject, from line 3")
    # The empty line takes the place of the subject, so that line numbers in refusals are those of the file.
    return subject, f"\n{rest}"


def _check(
    environment: Environment, path: Path, source: str, known: Collection[str], whose: str, pieces: Collection[str]
) -> None:
    """Checks that a template can be read and names only what exists, also in branches that are seldom used.

    Args:
        environment: reads the template.
        path: the file, for the refusal.
        source: the template.
        known: the facts that the template may name.
        whose: what these facts belong to, for the refusal.
        pieces: the shared pieces that the template may include.

    Raises:
        FileRefused: the template has a mistake.
    """
    try:
        tree = environment.parse(source)
        for named in tree.find_all((nodes.Filter, nodes.Test)):
            if named.name not in (environment.filters if isinstance(named, nodes.Filter) else environment.tests):
                raise FileRefused(f"{path}: line {named.lineno}: there is no filter or test {named.name}: leave it out")
        undeclared = meta.find_undeclared_variables(tree)
        included = set(meta.find_referenced_templates(tree))
    except TemplateSyntaxError as error:
        raise FileRefused(f"{path}: line {error.lineno}: {error.message}: correct the text in braces there") from None
    for name in sorted(undeclared - set(known)):
        line = next(node.lineno for node in tree.find_all(nodes.Name) if node.name == name)
        raise FileRefused(
            f"{path}: line {line}: {name} is not a fact of {whose}: use one of {', '.join(sorted(known))}"
        )
    for piece in included - set(pieces):
        has = f"include one of {', '.join(sorted(pieces))}" if pieces else "write its words here"
        raise FileRefused(f"{path}: cannot include {piece or 'a file by a name that changes'}: {has}")


def _check_letter(words: _Words, path: Path, facts: Facts) -> None:
    try:
        letter = words.filled_in(facts)
    except Exception as fault:  # a template can do whatever an expression can
        raise FileRefused(
            f"{path}: cannot be filled in with the facts of an example ({_first_line(fault)}): "
            "correct the text in braces"
        ) from None
    for name, text in (("subject", letter.subject), ("text", letter.body)):
        if not text:
            raise FileRefused(f"{path}: its {name} is empty in some cases: put some of the {name} outside every if")


def _first_line(fault: Exception) -> str:
    return next(iter(str(fault).splitlines()), type(fault).__name__)
