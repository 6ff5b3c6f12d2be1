"""Every ordered query ends in a unique column: two rows never change places from one reading to the next."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, UniqueConstraint

import store
from domain.announcements.announcement import to_people
from domain.announcements.occasions import Occasion
from store.database import ordering
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.outbox.outbox import claim
from store.record.record import announce, read_notices
from tests.store.said import MIDWAY, announcing, compose, facts

_HOME = Path(store.__file__).parent
_FILES = sorted(path for path in _HOME.rglob("*.py") if "migrations" not in path.parts)
_ROWS = Table(
    "rows",
    MetaData(),
    Column("round", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("at", Integer, nullable=False),
    Column("code", String, nullable=False, unique=True),
    Column("nickname", String, unique=True),
    UniqueConstraint("round", "at"),
)


def module_of(path: Path) -> ModuleType:
    """The module that a file of the store holds."""
    return import_module(".".join(path.relative_to(_HOME.parent).with_suffix("").parts))


def is_total(argument: ast.expr, module: ModuleType) -> bool:
    """Whether what a query is ordered by is `*NAME`, and that an order of the module."""
    return (
        isinstance(argument, ast.Starred)
        and isinstance(argument.value, ast.Name)
        and isinstance(getattr(module, argument.value.id, None), TotalOrder)
    )


def partly_ordered(source: str, module: ModuleType) -> list[int]:
    """The lines of a module in which something is ordered otherwise than by one total order.

    That is every mention of `order_by` but `order_by(*NAME)`, and every text that orders rows in SQL of its own.
    """
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    total = {
        call.func for call in calls if len(call.args) == 1 and not call.keywords and is_total(call.args[0], module)
    }
    return sorted(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.expr | ast.keyword) and node not in total and _orders(node)
    )


def _orders(node: ast.expr | ast.keyword) -> bool:
    match node:
        case ast.Attribute(attr="order_by") | ast.Name(id="order_by") | ast.keyword(arg="order_by"):
            return True
        case ast.Constant(value=str(text)):
            return re.search(r"order[\s_]+by\b", text, re.IGNORECASE) is not None
        case _:
            return False


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(_HOME)))
def test_every_ordered_query_of_the_store_is_ordered_by_a_total_order(path: Path) -> None:
    """Fails when a query names its columns itself: whether they are unique is checked for a `TotalOrder` alone."""
    if path != Path(ordering.__file__):
        assert partly_ordered(path.read_text(encoding="utf-8"), module_of(path)) == []


@pytest.mark.parametrize(
    "line",
    [
        "wanted.order_by(rows.c.at)",
        "wanted.order_by(*ORDER, rows.c.at)",
        "wanted.order_by(*OTHERS)",
        "wanted.order_by()",
        "func.row_number().over(order_by=rows.c.at)",
        "text('SELECT id FROM rows ORDER  BY at')",
        "getattr(wanted, 'order_by')(rows.c.at)",
        "ordered = wanted.order_by",
    ],
)
def test_another_way_to_order_is_seen(line: str) -> None:
    """Fails when the check above can be passed by."""
    module = ModuleType("store.scratch")
    module.__dict__.update(ORDER=TotalOrder(_ROWS.c.code), OTHERS=(_ROWS.c.at,))
    assert partly_ordered("wanted.order_by(*ORDER)", module) == []
    assert partly_ordered(line, module) == [1]


def test_a_total_order_ends_in_a_unique_key_of_its_table() -> None:
    """Fails when part of a key is taken for the key, or a column that is empty in many rows."""
    at, code, nickname, id_, round_ = (_ROWS.c[name] for name in ("at", "code", "nickname", "id", "round"))
    for columns in ((code,), (at, code), (round_, id_), (id_, round_), (at, round_), (code, round_, at)):
        assert tuple(TotalOrder(*columns)) == columns
    for columns in ((at,), (id_,), (nickname,), (code, at), (round_, code, id_)):
        with pytest.raises(ValueError, match="ends in no unique key"):
            TotalOrder(*columns)


def test_notices_written_at_one_moment_are_sent_and_shown_in_one_order(kept: Database) -> None:
    """Fails where the database may choose among them: what was written last came last on one and first on the other."""
    for name in ("third", "first", "second"):
        notice = to_people(("sam", "olivia"), Occasion.CLOSING_SOON, facts(Occasion.CLOSING_SOON))
        announce(kept, announcing(f"{name}/told", notice), compose)

    shown = [each.key for each in read_notices(kept)]
    sent = [found.key for _ in shown if (found := claim(kept, "post", MIDWAY, compose))]

    assert shown == sent == sorted(shown)
    assert len(sent) == 6
