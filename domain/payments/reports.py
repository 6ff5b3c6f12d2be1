"""What payments report to their challenge. Anybody who reaches Temporal can send it too: the ledger is asked first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.challenges.state import OrderState
from domain.values.model import Value
from domain.values.refusals import NotReadable

MOST = 100
"""How many reports are looked up at once. Those of one payment file come together."""
_A_KEY = re.compile(r"[a-z0-9/-]{1,300}")


class Report(Value):
    """A message that a payment stands in a certain way.

    Args:
        key: of the payment.
        how: how it stands, by the message.
    """

    key: str
    how: OrderState


class Reports(Value):
    """Reports that have come to a challenge.

    Args:
        challenge: id of the challenge.
        reports: the reports, in the order in which they came.
    """

    challenge: str
    reports: tuple[Report, ...]


class LedgerSays(Value):
    """What the ledger says about a report.

    Args:
        report: the report.
        how: how the payment stands by the ledger; None if the ledger has no such payment of this challenge.
        was_so: whether the payment stands, or has ever stood, as the report says. A report can be late.
    """

    report: Report
    how: OrderState | None
    was_so: bool

    @property
    def refusal(self) -> NotReadable:
        """The refusal of a report that is not so, and never was."""
        said = self.report
        stands = f"the ledger says that it is {self.how}" if self.how else "the ledger has no such payment here"
        return NotReadable(f"{said.key} is said to be {said.how}, and {stands}: nothing has changed.")


class LedgerAnswers(Value):
    """What the ledger says about reports, in their order."""

    answers: tuple[LedgerSays, ...]


def report_in(texts: Sequence[str]) -> Report:
    """The report in a message.

    Args:
        texts: the arguments of the message that are texts.

    Raises:
        NotReadable: it is none. The message repeats nothing of it, which anybody can have written.
    """
    key, how, *_ = *texts, "", ""
    if how not in list(OrderState) or not _A_KEY.fullmatch(key):
        raise NotReadable(
            "The message of a payment cannot be read: it needs a payment's key and one of "
            f"{', '.join(OrderState)}. Payments send this message themselves: see `reconcile`."
        )
    return Report(key=key, how=OrderState(how))
