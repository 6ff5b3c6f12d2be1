"""What all values in the domain have in common: they cannot change, and they refuse unknown keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


class Value(BaseModel):
    """A frozen value. A misspelt key is an error; it is never ignored."""

    # Errors do not repeat the input: it may be personal.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60),
    Field(description="lower-case letters, digits and single hyphens, such as air-quality"),
]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\r\n\x00]*$"),
    Field(description="one line of text, at most 300 characters"),
]


def _one_line(value: object) -> object:
    """A reason is quoted inside other lines, so it must be a single line."""
    return " ".join(value.split()) if isinstance(value, str) else value


Reason = Annotated[
    str,
    BeforeValidator(_one_line),
    StringConstraints(max_length=2000, pattern=r"^[^\x00]*$"),
    Field(description="why, in words that may be shown to those concerned; no personal data"),
]
