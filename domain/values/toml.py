"""TOML that somebody may have written or made to do harm: what Python's reader takes beyond reason is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

_DEEPEST = 20
"""How many tables and lists may be inside each other. No file of this service needs more than five."""


class Absurd(ValueError):
    """The text is TOML, but a number in it is far too long, or its tables are nested too deeply."""


def loads(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """The content of a TOML text.

    Args:
        text: the text.
        parse_float: makes a value of a number with a fraction, from its digits.

    Raises:
        tomllib.TOMLDecodeError: the text is not TOML.
        Absurd: a whole number has more than the 64 bits that TOML promises, or tables or lists are nested too deeply.
    """
    try:
        data = tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise Absurd(_DEEP) from None
    except ValueError:  # Python refuses to read thousands of digits
        raise Absurd(_LONG) from None
    level: list[object] = [data]
    for _ in range(_DEEPEST):
        level = [each for value in level for each in _inside(value)]
    if level:
        raise Absurd(_DEEP)
    return data


_DEEP = "has brackets in brackets too many times: write lists and tables as in the guide"
_LONG = "has a number that is far too long: shorten it"


def _inside(value: object) -> list[object]:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise Absurd(_LONG)
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
