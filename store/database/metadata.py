"""What all tables belong to, and how their constraints are named."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, Row

Found = Row[*tuple[Any, ...]]
"""A row as a query found it."""

METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "uq": "%(table_name)s_%(column_0_N_name)s_uq",
        "ck": "%(table_name)s_%(constraint_name)s",
        "ix": "%(table_name)s_%(column_0_N_name)s",
    }
)
