"""Percentages, written in quotes so that no program rounds them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

_WRITTEN = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,6})?")


def _read(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _WRITTEN.fullmatch(value.strip()):
        return Decimal(value.strip())
    raise ValueError('write a number in quotes, such as "20"')


Percent = Annotated[Decimal, BeforeValidator(_read, json_schema_input_type=str)]
"""Decimal would also read other scripts' digits and "2e1"; a number without quotes is rounded before it gets here."""
