"""Reads and checks programme and round files. A refusal says where the problem is and what to write instead.

`python -m desk.programme_files` writes the JSON Schemas of both kinds of file again (see `schemas`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from domain.programmes.programme import FROM_A_FILE, Programme
from domain.programmes.round import Round, challenges_of
from domain.values.refusals import FileRefused, Problem, UnknownRound
from service.toml_files import read_toml
from service.wrong_files import meant, problems_of, shown

PROGRAMME = ".programme.toml"
ROUND = ".round.toml"
FOLDER = Path(__file__).parent.parent / "programmes"
"""The folder of the programmes and rounds that come with the service."""

Kind = TypeVar("Kind", bound=BaseModel)

_ROUND_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def load_programme(path: Path) -> Programme:
    """Reads a programme.

    Args:
        path: a file named `<id>.programme.toml`.

    Raises:
        FileRefused: the file cannot be read or is wrong. Each problem has a line with file, key, value and remedy.
    """
    programme, problems = _programme(path)
    if programme is None:
        raise FileRefused.for_problems(problems)
    return programme


def load_round(path: Path) -> tuple[Round, Programme]:
    """Reads a round, and the programme that the round names. Both files are in the same folder.

    Args:
        path: a file named `<id>.round.toml`.

    Raises:
        FileRefused: one of the two files cannot be read or is wrong. Each problem in either file has a line with file,
            key, value and remedy.
    """
    data, problems = read_toml(path)
    round_, wrong = _checked(Round, data, path, ROUND) if data is not None else (None, [])
    programme, wrong_too = _programme_beside(path, data or {})
    problems += wrong + wrong_too
    if round_ is None or programme is None or problems:
        raise FileRefused.for_problems(problems)
    try:
        challenges_of(round_, programme)
    except ValueError as error:
        lines = str(error).splitlines()
        raise FileRefused.for_problems([Problem(field="", text=f"{path}: {line}") for line in lines]) from None
    return round_, programme


def find_round(name: str, folder: Path = FOLDER) -> tuple[Round, Programme]:
    """Reads a round by its name.

    Args:
        name: the round's id, which is the name of its file without `.round.toml`.
        folder: where the files are.

    Raises:
        UnknownRound: the folder has no such round. The message lists the rounds in the folder.
        FileRefused: the round's file or the programme's file is wrong.
    """
    if not folder.is_dir():
        raise UnknownRound(f"No round {name!r}: there is no folder {folder}. Set CHALLENGES_PROGRAMMES to the folder.")
    names = _names_in(folder, ROUND)
    if not _ROUND_NAME.fullmatch(name) or name not in names:
        has = f"the folder has {', '.join(names)}" if names else "the folder has no rounds"
        raise UnknownRound(f"No round {name!r} in {folder}: {has}.")
    return load_round(folder / f"{name}{ROUND}")


def schemas() -> Mapping[str, dict[str, Any]]:
    """The JSON Schemas of the files, by the name of the schema's own file in `programmes/schema/`.

    The schemas are made from the models that read the files, so schemas and models cannot differ. A test compares the
    schemas in the folder with this function. After you change a model, write the schemas again with
    `python -m desk.programme_files`. The schemas help people who edit the files. They cannot express every check, such
    as sums or the order of dates: only reading a file checks everything.
    """
    kinds: dict[str, type[BaseModel]] = {"programme.schema.json": Programme, "round.schema.json": Round}
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema"} | kind.model_json_schema()
        for name, kind in kinds.items()
    }


def _write_schemas(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        (folder / name).write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _programme(path: Path) -> tuple[Programme | None, list[Problem]]:
    data, problems = read_toml(path)
    return (None, problems) if data is None else _checked(Programme, data, path, PROGRAMME)


def _programme_beside(path: Path, data: Mapping[str, Any]) -> tuple[Programme | None, list[Problem]]:
    """The programme that a round names. No programme and no problem if the round does not name one properly."""
    # A misspelt key has a line of its own. The programme's faults are told with it.
    name = data.get("programme", next((data[key] for key in data if meant(Round, (key,)) == ["programme"]), None))
    if not isinstance(name, str) or not _ROUND_NAME.fullmatch(name):
        return None, []
    names = _names_in(path.parent, PROGRAMME)
    if name not in names:
        write = f"write one of {', '.join(names)}" if names else "add that file"
        text = f"{path}: programme = {shown(name)}: there is no {name}{PROGRAMME} in the same folder: {write}"
        return None, [Problem(field="programme", text=text)]
    return _programme(path.parent / f"{name}{PROGRAMME}")


def _names_in(folder: Path, ending: str) -> list[str]:
    return sorted(path.name.removesuffix(ending) for path in folder.glob(f"*{ending}"))


def _checked(kind: type[Kind], data: dict[str, Any], path: Path, ending: str) -> tuple[Kind | None, list[Problem]]:
    problems: list[Problem] = []
    name = path.name.removesuffix(ending)
    if isinstance(data.get("id"), str) and data["id"] != name:
        text = f"{path}: id = {shown(data['id'])}: is not the file's name: write {shown(name)}"
        problems.append(Problem(field="id", text=text))
    try:
        value = kind.model_validate(data, context=FROM_A_FILE)
    except ValidationError as error:
        return None, problems + problems_of(kind, data, path, error)
    return (None if problems else value), problems


if __name__ == "__main__":
    _write_schemas(FOLDER / "schema")
