"""Reads and checks programme and round files. A refusal says where the problem is and what to write instead.

`python -m desk.programme_files` writes the JSON Schemas of both kinds of file again (see `schemas`).
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from domain.programmes.programme import FROM_A_FILE, Programme
from domain.programmes.round import Round, challenges_of
from domain.values.refusals import FileRefused, Problem, UnknownRound
from domain.values.wrong_values import in_words
from service.toml_files import read_toml

PROGRAMME = ".programme.toml"
ROUND = ".round.toml"
FOLDER = Path(__file__).parent.parent / "programmes"
"""The folder of the programmes and rounds that come with the service."""

Kind = TypeVar("Kind", bound=BaseModel)

_MOST_TOLD = 50
"""How many problems of one file are told at once."""
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
    name = data.get("programme", next((data[key] for key in data if _meant(Round, (key,)) == ["programme"]), None))
    if not isinstance(name, str) or not _ROUND_NAME.fullmatch(name):
        return None, []
    names = _names_in(path.parent, PROGRAMME)
    if name not in names:
        write = f"write one of {', '.join(names)}" if names else "add that file"
        text = f"{path}: programme = {_shown(name)}: there is no {name}{PROGRAMME} in the same folder: {write}"
        return None, [Problem(field="programme", text=text)]
    return _programme(path.parent / f"{name}{PROGRAMME}")


def _names_in(folder: Path, ending: str) -> list[str]:
    return sorted(path.name.removesuffix(ending) for path in folder.glob(f"*{ending}"))


def _checked(kind: type[Kind], data: dict[str, Any], path: Path, ending: str) -> tuple[Kind | None, list[Problem]]:
    problems: list[Problem] = []
    name = path.name.removesuffix(ending)
    if isinstance(data.get("id"), str) and data["id"] != name:
        text = f"{path}: id = {_shown(data['id'])}: is not the file's name: write {_shown(name)}"
        problems.append(Problem(field="id", text=text))
    try:
        value = kind.model_validate(data, context=FROM_A_FILE)
    except ValidationError as error:
        errors = _without_echoes(kind, error.errors())
        lines = [line for each in errors[:_MOST_TOLD] for line in _lines(kind, data, each)]
        problems += [Problem(field=key, text=f"{path}: {line}") for key, line in dict.fromkeys(lines)]
        if more := len(errors[_MOST_TOLD:]):
            problems.append(Problem(field="", text=f"{path}: and {more:,} more problems"))
        return None, problems
    return (None if problems else value), problems


# --- TOML with wrong content ----------------------------------------------------------------------------------------


def _without_echoes(kind: type[BaseModel], errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Drops the error "missing" for each key that is there but misspelt: the error for the misspelt key is enough."""
    misspelt = {(*each["loc"][:-1], *_meant(kind, each["loc"])) for each in errors if each["type"] == "extra_forbidden"}
    return [each for each in errors if each["type"] != "missing" or each["loc"] not in misspelt]


def _meant(kind: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The known key that is most like an unknown key. Empty if no known key is similar."""
    known, _ = _field(kind, location)
    same = [key for key in known if key == str(location[-1]).casefold()]
    return same or get_close_matches(str(location[-1]), known, n=1)


def _lines(kind: type[BaseModel], data: dict[str, Any], error: ErrorDetails) -> list[tuple[str, str]]:
    """The problem with a value: its key, and a line with key, value, problem and remedy."""
    location = _location(data, error["loc"], missing=error["type"] == "missing")
    key = _key(data, location)
    problem = _problem(kind, data, location, error)
    if not location:
        return [("", line) for line in problem.splitlines()]
    value = error["input"]
    if error["type"] == "too_short" and value:
        return []  # the list has entries, but they are wrong, and each has a line of its own
    if error["type"] == "missing" or isinstance(value, dict | list) or problem.startswith(repr(value)):
        return [(key, f"{key}: {line}") for line in problem.splitlines()]
    return [(key, f"{key} = {_shown(value)}: {problem}")]


def _location(data: Any, location: tuple[int | str, ...], missing: bool) -> tuple[int | str, ...]:
    """The part of a location that is in the file. The rest names alternatives that pydantic tried."""
    known: list[int | str] = []
    for part in location:
        inside = isinstance(data, dict) and part in data
        inside = inside or (isinstance(data, list) and isinstance(part, int) and part < len(data))
        if not inside:
            if missing:
                known.append(part)
            break
        known.append(part)
        data = data[part]
    return tuple(known)


def _key(data: Any, location: tuple[int | str, ...]) -> str:
    """A key as a person finds it in the file: entries of lists are counted from 1 and have their names."""
    key = ""
    for part in location:
        found = data[part] if isinstance(part, int) or (isinstance(data, dict) and part in data) else None
        if isinstance(part, int):
            key += f"[{part + 1}]"
            name = found.get("id", found.get("name", found.get("stage"))) if isinstance(found, dict) else None
            key += f" ({name})" if isinstance(name, str) and len(name) <= 60 else ""
        else:
            key += f".{part}" if key else str(part)
        data = found
    return key


def _instead(kind: type[BaseModel], data: Any, location: tuple[int | str, ...], known: list[str]) -> str:
    """What to do about an unknown key."""
    near = _meant(kind, location)
    if not near:
        return f"remove it; the known keys are {', '.join(known)}"
    for part in location[:-1]:
        data = data[part]
    return f"remove it, because {near[0]} is there too" if near[0] in data else f"did you mean {near[0]}?"


def _problem(kind: type[BaseModel], data: dict[str, Any], location: tuple[int | str, ...], error: ErrorDetails) -> str:
    """What is wrong, and what to write instead."""
    holder, field = _field(kind, location)
    match error["type"]:
        case "missing":
            return f"missing: add {location[-1]} = {_example(field)}"
        case "extra_forbidden":
            return f"unknown key: {_instead(kind, data, location, holder)}"
        case "tuple_type" if isinstance(error["input"], dict) and field and _model_in(field.annotation):
            return f"is one table: write [[{location[-1]}]], with two brackets, above each entry of the list"
        case "model_type" if field and field.examples:
            return f"write it such as {_example(field)}"
        case "model_type" | "dict_type":
            return f"write a table, such as {_table(_model_in(field.annotation) if field else None)}"
        case _:
            return in_words(error, (field and field.description) or f"it such as {_example(field)}")


def _field(kind: type[BaseModel], location: tuple[int | str, ...]) -> tuple[list[str], FieldInfo | None]:
    """The keys that are known at a location, and the field there. None if the field is unknown."""
    fields: Mapping[str, FieldInfo] = {}
    here: type[BaseModel] | None = kind
    field: FieldInfo | None = None
    for part in location:
        if isinstance(part, int):
            continue
        fields = here.model_fields if here else {}
        field = fields.get(part)
        here = _model_in(field.annotation) if field else None
    return list(fields), field


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation: alone, in a tuple or beside None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


def _example(field: FieldInfo | None) -> str:
    """An example of what to write for a field."""
    if field is None:
        return "…"
    if field.examples:
        return _shown(field.examples[0])
    model = _model_in(field.annotation)
    if model:
        return f"[{_table(model)}]" if "tuple" in str(field.annotation) else _table(model)
    if field.annotation is int:
        return "1"
    if "datetime" in str(field.annotation):
        return "2016-08-01T17:00:00"
    return '"…"'


def _table(model: type[BaseModel] | None) -> str:
    """An example of a table, with the keys that a model requires. With all keys if it requires none."""
    fields = model.model_fields if model else {}
    required = [name for name, field in fields.items() if field.is_required()]
    return "{ " + ", ".join(f"{name} = …" for name in required or fields) + " }"


def _shown(value: object) -> str:
    """A value as written in TOML, cut short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


if __name__ == "__main__":
    _write_schemas(FOLDER / "schema")
