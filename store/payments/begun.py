"""A transfer that a rail may have."""

from __future__ import annotations

from domain.values.model import Value
from domain.values.money import Amount
from domain.values.refusals import RailRefused


class Begun(Value):
    """A transfer that a rail was asked to make, or can be asked to make.

    Args:
        id: the id by which the rail knows the transfer.
        attempt: the number of the attempt.
        team: the team that is paid.
        sealed: the payee's bank details, sealed for `team`; empty if the service did not keep details at that time.
        rail: the rail that may have the transfer; empty if no rail was asked.
        settled: whether the ledger has the transfer as settled.
        amended: the amount of the payment, if it was amended before the transfer was begun.
    """

    id: str
    attempt: int
    team: str
    sealed: str
    rail: str = ""
    settled: bool = False
    amended: Amount | None = None

    def check_rail(self, rail: str) -> None:
        """Checks that no other rail may have the transfer. This rail would not know the transfer, and would pay again.

        Args:
            rail: the name of the rail that will be asked.

        Raises:
            RailRefused: another rail may have the transfer.
        """
        if self.rail not in ("", rail):
            raise RailRefused(
                f"{self.id} was begun at the rail {self.rail}, and this is {rail}: set the rail {self.rail} again. Or "
                "find out there what became of the transfer, and use `return` if it has certainly not left."
            )
