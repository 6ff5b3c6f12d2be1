"""Lists in pages: every page has a limit, and says where the next page begins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Generic, TypeVar

from pydantic import Field

from .model import Value

MOST = 500
"""How many items one page has."""

T = TypeVar("T")


class Page(Value):
    """The part of a list that somebody asks for.

    Args:
        after: where the page begins: `Paged.next` of the page before; empty for the first page.
        limit: how many items at most.
    """

    after: str = Field(default="", max_length=2000)
    limit: int = Field(default=50, ge=1, le=MOST)


class Paged(Value, Generic[T]):
    """One page of a list.

    Args:
        items: in the order of the list.
        next: where the next page begins: give it as `Page.after`, and do not interpret it. Empty on the last page.
    """

    items: tuple[T, ...]
    next: str = ""


def everything(read: Callable[[Page], Paged[T]]) -> Iterator[T]:
    """All items of a list, read page by page. An item added meanwhile is included if it belongs on a later page.

    Args:
        read: gives one page.
    """
    page = Page(limit=MOST)
    while True:
        found = read(page)
        yield from found.items
        if not found.next:
            return
        page = Page(after=found.next, limit=MOST)


async def all_of(read: Callable[[Page], Awaitable[Paged[T]]]) -> tuple[T, ...]:
    """Like `everything`, but awaits each page.

    Args:
        read: gives one page.
    """
    items: list[T] = []
    page = Page(limit=MOST)
    while True:
        found = await read(page)
        items += found.items
        if not found.next:
            return tuple(items)
        page = Page(after=found.next, limit=MOST)
