"""What is wrong in a TOML file whose content a model refuses: a line with key, value, problem and remedy for each."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from domain.values.refusals import Problem
from domain.values.wrong_values import in_words

_MOST_TOLD = 50
"""How many problems of one file are told at once."""


def problems_of(kind: type[BaseModel], data: dict[str, Any], path: Path, error: ValidationError) -> list[Problem]:
    """What a model finds wrong in a file.

    Args:
        kind: the model. No secret is repeated, nor, if the model has any, what stands under an unknown key: the key
            of a secret may be misspelt.
        data: the content of the file.
        path: of the file.
        error: what the model said.
    """
    errors = _without_echoes(kind, error.errors())
    lines = [line for each in errors[:_MOST_TOLD] for line in _lines(kind, data, each)]
    problems = [Problem(field=key, text=f"{path}: {line}") for key, line in dict.fromkeys(lines)]
    if more := len(errors[_MOST_TOLD:]):
        problems.append(Problem(field="", text=f"{path}: and {more:,} more problems"))
    return problems


def _without_echoes(kind: type[BaseModel], errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Drops the error "missing" for each key that is there but misspelt: the error for the misspelt key is enough."""
    misspelt = {(*each["loc"][:-1], *meant(kind, each["loc"])) for each in errors if each["type"] == "extra_forbidden"}
    return [each for each in errors if each["type"] != "missing" or each["loc"] not in misspelt]


def meant(kind: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
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
    if _may_be_secret(kind, location):
        return [(key, f"{key}: {problem}")]
    return [(key, f"{key} = {shown(value)}: {problem}")]


def _may_be_secret(kind: type[BaseModel], location: tuple[int | str, ...]) -> bool:
    _, field = _field(kind, location)
    return _has_secrets(kind) if field is None else _is_secret(field)


def _has_secrets(kind: type[BaseModel]) -> bool:
    fields = kind.model_fields.values()
    return any(map(_is_secret, fields)) or any(
        _has_secrets(model) for each in fields if (model := _model_in(each.annotation))
    )


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *get_args(field.annotation))


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
    near = meant(kind, location)
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
        return shown(field.examples[0])
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


def shown(value: object) -> str:
    """A value as written in TOML, cut short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
