"""The columns of the list that staff see: search attributes, which a run changes only where they differ."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from .limits import COLUMN, fitting

Column = tuple[SearchAttributeKey[Any], Any]
"""A column and what it shows; None for nothing."""


def show(*columns: Column) -> None:
    """Lets the list show these values of the present run. Leaves an event only if one of them is not there already.

    A text that is too long for a column is cut.
    """
    known = workflow.info().typed_search_attributes
    fit = [(key, fitting(value, COLUMN) if isinstance(value, str) else value) for key, value in columns]
    changed: list[SearchAttributeUpdate[Any]] = [
        key.value_unset() if value is None else key.value_set(value) for key, value in fit if known.get(key) != value
    ]
    if changed:
        workflow.upsert_search_attributes(changed)
