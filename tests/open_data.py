"""The schemas of the Open Contracting Data Standard. No package carries them: they are in a folder "shared" nearby."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

_ROOT = Path(__file__).resolve().parent.parent


@cache
def _folder() -> Path | None:
    places = (parent / "shared" / "ocds" for parent in _ROOT.parents)
    return next((place for place in places if (place / "release-schema.json").is_file()), None)


def schema(name: str) -> dict[str, Any]:
    """A schema of the standard, by its name. Skips the test where the schemas are not there."""
    folder = _folder()
    if folder is None:
        pytest.skip(
            "the schemas of OCDS 1.1.5 are not here, so nobody checks the open data against them: put "
            "release-schema.json and release-package-schema.json (github.com/open-contracting/standard, tag 1__1__5) "
            f"into {_ROOT.parent / 'shared' / 'ocds'}"
        )
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def faults(package: dict[str, Any]) -> list[str]:
    """What is wrong with a release package by the schemas of the standard, dates and addresses included."""
    release = schema("release-schema")
    known = Registry().with_resource(release["id"], Resource.from_contents(release, default_specification=DRAFT4))
    validator = Draft4Validator(
        schema("release-package-schema"), registry=known, format_checker=Draft4Validator.FORMAT_CHECKER
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(package)]
