"""What the documentation says of the command line, the settings and the files is what there is."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from pydantic import BaseModel

from commands.app import app
from desk.programme_files import load_programme, load_round
from domain.challenges.messages import make
from domain.forms.form import Choice, Form, Section, ShownIf
from domain.forms.form import Question as FormQuestion
from domain.identity.sign_in import SignIn
from domain.judging.scorecard import Criterion, Mark, Scorecard
from domain.programmes.pay import Instalment, Pay
from domain.programmes.programme import Asks, OnTime, Programme, Reminders, Stage, Terms
from domain.programmes.round import Engagement, Person, Question, Round, Sponsor, StageWindow
from domain.values.places import Holidays
from service.secret_files import ENDING
from service.settings import PREFIX, SECRETS, Settings

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
CURRENT = [document for document in DOCS if document.name != "CHANGELOG.md"]
"""The documents that speak of the code as it is, and not as it was."""
OPERATING = ROOT / "docs" / "operating.md"
PROGRAMMES = ROOT / "docs" / "programmes.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"

COMMANDS: dict[str, Any] = vars(typer.main.get_command(app))["commands"]
MISUSE: type[Exception] = typer.BadParameter.__mro__[1]
"""What click raises for a command that is used wrongly; typer gives its base no name."""

HEADINGS: dict[type[BaseModel], str] = {
    Programme: "Keys of a programme",
    Terms: "Keys of terms",
    Reminders: "Keys of reminders",
    OnTime: "Keys of on_time",
    Form: "Keys of a form",
    Section: "Keys of a section",
    FormQuestion: "Keys of a question",
    Choice: "Keys of a choice",
    ShownIf: "Keys of shown_if",
    Stage: "Keys of a stage",
    Asks: "Keys of asks",
    Scorecard: "Keys of a scorecard",
    Criterion: "Keys of a criterion",
    Mark: "Keys of a mark",
    Pay: "Keys of pay",
    Instalment: "Keys of an instalment",
    Round: "Keys of a round",
    StageWindow: "Keys of a window",
    Person: "Keys of a person",
    SignIn: "Keys of sign_in",
    Sponsor: "Keys of a sponsor",
    Question: "Keys of a challenge",
    Engagement: "Keys of an engagement session",
}


def names(documents: list[Path]) -> list[str]:
    return [str(document.relative_to(ROOT)) for document in documents]


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def code_in(text: str) -> Iterator[str]:
    """Everything that is shown as code: lines of shell, continued ones joined, and words in backquotes."""
    for block in blocks(text, "sh"):
        yield from block.replace("\\\n", " ").splitlines()
    outside = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", outside)


def commands_in(text: str) -> Iterator[list[str]]:
    """The arguments of every use of starter.py."""
    for code in code_in(text):
        _, found, rest = code.partition("starter.py ")
        if found and rest[0] != "…":
            yield shlex.split(rest.partition(" > ")[0], comments=True)


def check_command(arguments: list[str]) -> None:
    """That the command line takes these arguments.

    Raises:
        KeyError: there is no such command.
        MISUSE: the command does not take them.
    """
    name, *rest = arguments
    if name == "--help":
        return
    COMMANDS[name].make_context(name, rest)


def anchors(document: Path) -> set[str]:
    """The headings of a document, as links name them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def first_columns(text: str) -> list[str]:
    """What stands in backquotes in the first column of its tables."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next."""
    _, found, rest = text.partition(f"# {heading}\n")
    assert found, f"no heading {heading!r}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def tables_of(model: type[BaseModel]) -> set[type[BaseModel]]:
    """A model and all that can be written inside it."""

    def models_in(annotation: Any) -> set[type[BaseModel]]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return tables_of(annotation)
        return set().union(*(models_in(part) for part in get_args(annotation)))

    inside = (models_in(field.annotation) for field in model.model_fields.values())
    return {model}.union(*inside) - {Holidays}  # written as a code, not as a table


# --- Links and pictures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCS, ids=names(DOCS))
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path) if path else document
        assert linked.exists(), f"{target} is missing"
        if anchor:
            assert anchor in anchors(linked), f"{target}: no such heading"


def test_every_document_can_be_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for document in DOCS[1:]:
        assert f"({document.relative_to(ROOT)})" in readme


@pytest.mark.parametrize("document", DOCS, ids=names(DOCS))
def test_every_make_target_that_is_shown_exists(document: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for code in code_in(document.read_text(encoding="utf-8")):
        for target in re.findall(r"^make ([a-z]+)", code):
            assert target in targets


# --- Paths in the code ---------------------------------------------------------------------------------------------


def modules_in(text: str) -> set[str]:
    """Every Python file that a text names, from the root of the project."""
    return {path.removeprefix("../") for path in re.findall(r"(?<![\w./*-])[\w./*-]+\.py\b", text)}


def folders_in(text: str) -> set[str]:
    """Every folder that a text names: a path that ends with a slash."""
    return set(re.findall(r"(?<![\w./*<-])(?:[\w-]+/)+(?![\w*…/])", text))


def missing(paths: set[str]) -> list[str]:
    """Those paths, or patterns of paths, that lead nowhere."""
    return sorted(path for path in paths if not any(ROOT.glob(path)))


def test_every_path_in_the_architecture_exists() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")

    assert missing(modules_in(text) | folders_in(text)) == []


@pytest.mark.parametrize("document", CURRENT, ids=names(CURRENT))
def test_every_module_that_is_named_exists(document: Path) -> None:
    assert missing(modules_in(document.read_text(encoding="utf-8"))) == []


def test_everything_that_the_architecture_places_in_a_module_is_there() -> None:
    placed = re.findall(r"`(\w+)` in\s(?:`|\[)([\w/]+\.py)\b", ARCHITECTURE.read_text(encoding="utf-8"))

    assert len(placed) > 5
    assert [name for name, path in placed if name not in (ROOT / path).read_text(encoding="utf-8")] == []


PARTS = [path.parent.name for path in ROOT.glob("*/__init__.py")] + [path.stem for path in ROOT.glob("*.py")]
DOTTED = re.compile(rf"`((?:{'|'.join(PARTS)})(?:\.(?!py\b)\w+)+)\b(?!/)")
CODE = [path for part in [*PARTS, "tests"] for path in [*ROOT.glob(f"{part}.py"), *ROOT.glob(f"{part}/**/*.py")]]


def leads_somewhere(dotted: str) -> bool:
    """Whether a dotted name such as `store.database.database.Database` is a module, or something in one."""
    names = dotted.split(".")
    for length in range(len(names), 0, -1):
        path = ROOT.joinpath(*names[:length])
        if path.with_suffix(".py").exists():
            text = path.with_suffix(".py").read_text(encoding="utf-8")
            return all(re.search(rf"\b{name}\b", text) for name in names[length:])
    return ROOT.joinpath(*names).is_dir()


def test_everything_in_the_house_that_code_or_a_document_names_is_there() -> None:
    named = {
        name: path
        for path in [*CODE, *CURRENT]
        if path != Path(__file__)
        for name in DOTTED.findall(path.read_text(encoding="utf-8"))
    }

    assert len(named) > 5
    assert [f"{path.relative_to(ROOT)}: {name}" for name, path in named.items() if not leads_somewhere(name)] == []


@pytest.mark.parametrize(
    ("dotted", "found"),
    [
        ("store.database.database.Database", True),
        ("starter", True),
        ("domain.payments", True),
        ("store.database.Database", False),
        ("store.database.database.Databank", False),
    ],
)
def test_a_name_that_leads_nowhere_is_found(dotted: str, found: bool) -> None:
    assert leads_somewhere(dotted) is found


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("`parts.py`", ["parts.py"]),
        ("[the ledger](../store/ledger.py)", ["store/ledger.py"]),
        ("`tests/test_*.py`, `tests/toast_*.py`", ["tests/toast_*.py"]),
        ("gate[gates/<br/>of iron], `domain/`", ["gates/"]),
        ("`domain/payments/`, `domain/parties/`", ["domain/parties/"]),
        ("`pilot-2016/air-quality/select/…`, `python -m desk.programme_files`", []),
    ],
)
def test_a_path_that_leads_nowhere_is_found(text: str, lost: list[str]) -> None:
    assert missing(modules_in(text) | folders_in(text)) == lost


# --- The command line ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCS, ids=names(DOCS))
def test_every_command_that_is_shown_is_accepted(document: Path) -> None:
    for arguments in commands_in(document.read_text(encoding="utf-8")):
        check_command(arguments)


def test_every_command_is_shown_in_the_operators_guide() -> None:
    shown = {arguments[0] for arguments in commands_in(OPERATING.read_text(encoding="utf-8"))}

    assert set(COMMANDS) <= shown


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("`starter.py selekt air-quality`", KeyError),
        ("`starter.py hold air-quality --because rain`", MISUSE),
        ("```sh\nstarter.py participation \\\n  air-quality\n```", MISUSE),
        ("```sh\n.venv/bin/python starter.py plan  # of which round?\n```", MISUSE),
    ],
)
def test_a_command_that_the_command_line_does_not_take_is_found(line: str, error: type[Exception]) -> None:
    (arguments,) = commands_in(line)

    with pytest.raises(error):
        check_command(arguments)


def messages_in(text: str) -> list[tuple[str, str]]:
    """Name and content of every message that is sent with Temporal's own command line."""
    return re.findall(
        r"^temporal workflow (?:signal|update execute) .*?--name (\w+) --input '(.*?)'", text, re.M | re.S
    )


@pytest.mark.parametrize("document", [DOCS[0], OPERATING], ids=names([DOCS[0], OPERATING]))
def test_every_message_that_is_shown_can_be_read(document: Path) -> None:
    messages = messages_in(document.read_text(encoding="utf-8"))

    assert messages
    for name, content in messages:
        assert make(name, json.loads(content)).by


# --- The settings --------------------------------------------------------------------------------------------------


IN_FILES = {variable + ENDING for variable in SECRETS}
"""The variables that name files with secrets."""


def test_the_operators_guide_lists_every_setting_and_no_other() -> None:
    listed = first_columns(section(OPERATING.read_text(encoding="utf-8"), "Settings"))

    settings = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    assert [name for name in listed if name.startswith(PREFIX)] == settings


@pytest.mark.parametrize("document", DOCS, ids=names(DOCS))
def test_no_document_names_a_setting_that_there_is_not(document: Path) -> None:
    for name in re.findall(rf"{PREFIX}([A-Z]\w*)", document.read_text(encoding="utf-8")):
        assert name.lower() in Settings.model_fields or PREFIX + name in IN_FILES


def test_the_operators_guide_gives_the_default_of_every_setting() -> None:
    text = section(OPERATING.read_text(encoding="utf-8"), "Settings")
    for name, field in Settings.model_fields.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{PREFIX}{name.upper()}`"))
        given = str(field.default).removeprefix("sqlite:///")
        path = Path(given)
        default = (
            f"`{path.relative_to(ROOT)}` of the checkout" if path.is_absolute() else f"`{given}`" if given else "none"
        )
        assert row.split("|")[2].strip() == default


# --- Programme and round files -------------------------------------------------------------------------------------


def test_every_table_of_a_file_has_its_section() -> None:
    assert set(HEADINGS) == tables_of(Programme) | tables_of(Round)


@pytest.mark.parametrize("model", HEADINGS, ids=lambda model: model.__name__)
def test_every_key_of_a_file_is_explained_and_no_other(model: type[BaseModel]) -> None:
    explained = first_columns(section(PROGRAMMES.read_text(encoding="utf-8"), HEADINGS[model]))

    assert explained == list(model.model_fields)


@pytest.fixture
def example(tmp_path: Path) -> tuple[Path, Path]:
    """The complete programme and round of the guide, as files."""
    files: dict[str, Path] = {}
    for block in blocks(PROGRAMMES.read_text(encoding="utf-8"), "toml"):
        named = re.match(r"# (\S+\.(programme|round)\.toml)\n", block)
        if named:
            files[named[2]] = tmp_path / named[1]
            files[named[2]].write_text(block, encoding="utf-8")
    return files["programme"], files["round"]


def test_the_complete_example_loads(example: tuple[Path, Path]) -> None:
    programme_file, round_file = example

    _, programme = load_round(round_file)
    assert load_programme(programme_file) == programme


def test_every_other_example_can_stand_in_the_complete_one(example: tuple[Path, Path]) -> None:
    """A fragment takes the place of the same keys there."""
    complete = [tomllib.loads(file.read_text(encoding="utf-8")) for file in example]
    fragments = [tomllib.loads(block) for block in blocks(PROGRAMMES.read_text(encoding="utf-8"), "toml")]
    for fragment in fragments:
        kind, whole = (Programme, complete[0]) if set(fragment) <= set(Programme.model_fields) else (Round, complete[1])
        assert set(fragment) <= set(kind.model_fields)
        kind.model_validate(whole | fragment)
    assert len(fragments) > len(complete)


@pytest.mark.parametrize(
    ("heading", "programme", "stages"),
    [
        ("the second round", "round-two", ["interview", *["exploration"] * 3, "accelerator"]),
        ("later rounds", "later-rounds", ["interview", "exploration"]),
    ],
)
def test_the_programmes_are_as_the_guide_says(heading: str, programme: str, stages: list[str]) -> None:
    file = tomllib.loads((ROOT / "programmes" / f"{programme}.programme.toml").read_text(encoding="utf-8"))
    kept = {stage["name"]: {**stage, **stage.get("pay", {})} for stage in file["stages"]}
    facts = section(PROGRAMMES.read_text(encoding="utf-8"), f"From facts to a file: {heading}")
    said = [row for row in facts.splitlines() if row.startswith("| ") and " = " in row]

    for row, stage in zip(said, stages, strict=True):
        for key, value in re.findall(r"`(\w+) = ([^`]+)`", row):
            assert kept[stage][key] == tomllib.loads(f"value = {value}")["value"]
