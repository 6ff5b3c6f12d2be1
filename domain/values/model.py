"""What all values in the domain have in common: they cannot change, and they refuse unknown keys."""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from .addresses import read_address
from .text import on_one_line, one_line, several_lines


class Value(BaseModel):
    """A frozen value. A misspelt key is an error; it is never ignored."""

    # Errors do not repeat the input: it may be personal.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def digest_of(value: Value) -> str:
    """A short name of exactly what a value says, the same at any time and place.

    What has its default does not count, so that a key that values of a kind get later changes no name.
    """
    return hashlib.sha256(value.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:12]


Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60),
    Field(description="lower-case letters, digits and single hyphens, such as air-quality"),
]


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _joined(value: object) -> object:
    return on_one_line(value) if isinstance(value, str) else value


Line = Annotated[
    str,
    BeforeValidator(_stripped),
    StringConstraints(min_length=1, max_length=300),
    AfterValidator(one_line),
    Field(description="one line of text, at most 300 characters", json_schema_extra={"pattern": r"^[^\r\n\x00]*$"}),
]
Markdown = Annotated[
    str,
    BeforeValidator(_stripped),
    StringConstraints(min_length=1, max_length=20_000),
    AfterValidator(several_lines),
    Field(description="text of several lines in Markdown, at most 20,000 characters"),
]
Reason = Annotated[
    str,
    BeforeValidator(_joined),
    StringConstraints(max_length=2000),
    Field(description="why, in words that may be shown to those concerned; no personal data"),
]
EmailAddress = Annotated[
    str,
    BeforeValidator(_stripped),
    StringConstraints(pattern="@"),
    AfterValidator(read_address),
    Field(
        description="an e-mail address, such as name@body.example",
        json_schema_extra={"pattern": r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "maxLength": 254},
    ),
]
