"""The columns of the list that staff see: search attributes, which a run changes only where they differ."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

Column = tuple[SearchAttributeKey[Any], Any]
"""A column and what it shows; None for nothing."""


def show(*columns: Column) -> None:
    """Lets the list show these values of the present run. Leaves an event only if one of them is not there already."""
    known = workflow.info().typed_search_attributes
    changed: list[SearchAttributeUpdate[Any]] = [
        key.value_unset() if value is None else key.value_set(value)
        for key, value in columns
        if known.get(key) != value
    ]
    if changed:
        workflow.upsert_search_attributes(changed)
