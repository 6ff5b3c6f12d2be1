"""All pages on which people follow their own applications, and what belongs to them."""

from __future__ import annotations

from starlette.routing import BaseRoute

from console.front import Front

from .bank_details import BankDetails
from .calendar import OwnCalendarPages
from .data import OwnDataPages
from .evidence import EvidencePages
from .leaving import Leaving
from .mine import Mine


class Following:
    """The pages about the visitor's own applications.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._parts = (
            *(Mine(front), BankDetails(front), EvidencePages(front), Leaving(front)),
            *(OwnCalendarPages(front), OwnDataPages(front)),
        )

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        return [route for part in self._parts for route in part.routes]
