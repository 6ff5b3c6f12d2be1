"""What activities on payments touch besides their first transaction, with moments to die at.

That is the rail, the note of what the rail has said, and the workflows that are started and told.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from temporalio import activity
from whenever import Instant

import worker
from activities import payments
from activities.payment_runs import PaymentRuns, TemporalRuns
from domain.payments.payment import PaymentSnapshot, PaymentToMake
from domain.payments.rails import Instruction, PaymentRail, Transfer
from domain.values.refusals import Unavailable
from store.payments.begun import Begun
from store.payments.ledger import Ledger
from tests.crashes.dying import AFTER, BEFORE, Deaths, under_way

BEGUN = "after it was begun, before the rail was asked"
RAIL_ASKED = "after the rail was asked, before the ledger knew"
TRANSFER = "transfer"
"""The step of which `BEGUN` and `RAIL_ASKED` are moments, of the name of a transfer."""
_START, _NOTE, _TELL = "start of its workflow", "note of what the rail says", "telling its challenge"


def start_in(activity_name: str) -> str:
    """The step of an activity that starts the workflow of a payment."""
    return f"{_START} in {activity_name}"


def note_in(activity_name: str) -> str:
    """The step of an activity that notes what the rail says of a transfer: the second transaction of some."""
    return f"{_NOTE} in {activity_name}"


def telling_in(activity_name: str) -> str:
    """The step of an activity that tells a challenge that a payment is over, or owed again."""
    return f"{_TELL} in {activity_name}"


class RailOfDeath:
    """A rail with moments to die at. While there is a file `strike` in the folder, the rail takes nothing.

    It leaves a file `asked again` there when it is asked for a transfer that it took from a worker that has died since:
    the next worker has to look before it asks.
    """

    def __init__(self, rail: PaymentRail, deaths: Deaths, folder: Path) -> None:
        self.name, self.is_batched = rail.name, rail.is_batched
        self._rail = rail
        self._deaths = deaths
        self._folder = folder

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """See `domain.payments.rails.PaymentRail`."""
        return self._rail.find(id)

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `domain.payments.rails.PaymentRail`."""
        self._deaths.die_once(instruction.id, TRANSFER, BEGUN)
        if (self._folder / "strike").exists():
            raise Unavailable("The rail is on strike: wait.")
        taken, by = self._folder / f"taken {quote(instruction.id, safe='')}", str(os.getpid())
        if taken.exists() and taken.read_text() != by:
            (self._folder / "asked again").write_text(instruction.id)
        try:
            transfer = self._rail.transfer(instruction, at)
            taken.write_text(by)
            return transfer
        finally:  # also when its answer was lost
            self._deaths.die_once(instruction.id, TRANSFER, RAIL_ASKED)


class RunsOfDeath:
    """The workflows of payments and challenges, with moments to die at: before one is started or told, and after."""

    def __init__(self, runs: PaymentRuns, deaths: Deaths) -> None:
        self._runs = runs
        self._deaths = deaths

    def start(self, payment: PaymentToMake) -> None:
        """See `activities.payment_runs.PaymentRuns`."""
        key, step = payment.order.key, start_in(_activity())
        self._deaths.die_once(key, step, BEFORE)
        self._runs.start(payment)
        self._deaths.die_once(key, step, AFTER)

    def ledger_changed(self, payment: PaymentToMake) -> None:
        """See `activities.payment_runs.PaymentRuns`."""
        self._runs.ledger_changed(payment)

    def tell_challenge(self, payment: PaymentToMake, snapshot: PaymentSnapshot) -> None:
        """See `activities.payment_runs.PaymentRuns`."""
        key, step = payment.order.key, telling_in(_activity())
        self._deaths.die_once(key, step, BEFORE)
        self._runs.tell_challenge(payment, snapshot)
        self._deaths.die_once(key, step, AFTER)


class _LedgerOfDeath(Ledger):
    """A ledger whose notes of what a rail says are steps of their own."""

    def note(self, payment: PaymentToMake, begun: Begun, transfer: Transfer, at: Instant) -> PaymentSnapshot:
        """See `Ledger`."""
        with under_way(begun.id, note_in(_activity())):
            return super().note(payment, begun, transfer, at)


def make_mortal(deaths: Deaths) -> None:
    """Gives the workflows and the ledger that activities of this process use moments to die at."""

    def dying(*given: Any) -> RunsOfDeath:
        return RunsOfDeath(TemporalRuns(*given), deaths)

    vars(worker)["TemporalRuns"] = dying
    vars(payments)["Ledger"] = _LedgerOfDeath


def _activity() -> str:
    return activity.info().activity_type
