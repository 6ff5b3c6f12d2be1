"""What tests of payments' activities say to them, in short."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from cryptography.fernet import Fernet
from sqlalchemy import update
from temporalio.exceptions import ApplicationError

from activities.payments import Paying
from activities.rails import Rails
from domain.challenges.decisions import Decision
from domain.payments.bank_account import BankAccount
from domain.payments.decisions import CancelPayment, Release, Return, UndoReturn
from domain.payments.moves import Move, move_for
from domain.payments.payment import PaymentSnapshot, PaymentStatus
from domain.payments.rails import PaymentRail
from store.database import tables
from store.database.database import Database
from store.payments.embedded_rail import EmbeddedRail
from store.payments.sealing import Seals
from tests.activities.running import failure_of, run
from tests.activities.runs import RememberingRuns
from tests.gateways.provider import Fault
from tests.identity.signing import judge_on
from tests.store.paying import OPERATOR, RELEASER, Till, give_payee, to_make
from tests.store.said import AIR, applied, compose

ACCOUNT = BankAccount(holder="Ada Lovelace", sort_code="601613", number="31926819")
SECRETS = ("Ada", "Lovelace", "601613", "31926819")
"""What must be in no answer and in no failure."""
LOST = [
    Fault.DROPPED_BEFORE,
    Fault.DROPPED_AFTER,
    Fault.FAILS_BEFORE,
    Fault.FAILS_AFTER,
    Fault.BUSY,
    Fault.GARBAGE,
    Fault.CUT,
]
"""The ways in which the answer of a provider is lost, who may have the transfer."""
RELEASED = ["requested", "payee-known", "release/1"]
"""The lines of a payment that was released, and nothing more."""
SEALS = Seals([Fernet.generate_key().decode()])

Activity = Callable[[Any], PaymentSnapshot]
"""An activity on payments, whatever its move."""


def paying(database: Database, rail: PaymentRail, runs: RememberingRuns) -> Paying:
    """The activities on payments, where the service is set to a rail."""
    return Paying(database, Rails(rail, EmbeddedRail(database)), runs, SEALS, compose, judge_on(database))


@dataclass(frozen=True)
class Cashier:
    """A payment, and the activities on it.

    Args:
        till: the payment in the ledger.
        paying: the activities.
        runs: what they said to workflows.
    """

    till: Till
    paying: Paying
    runs: RememberingRuns

    @classmethod
    def of(cls, database: Database, rail: PaymentRail, challenge: str = AIR) -> Cashier:
        """A new payment, to a team that has given its bank details, on a rail."""
        team = applied(database, challenge=challenge)
        give_payee(database, team, challenge=challenge)
        with database.writing() as connection:
            connection.execute(update(tables.payees).values(sealed=SEALS.seal(ACCOUNT, team)))
        till = Till(database, to_make(team, challenge=challenge))
        runs = RememberingRuns()
        return cls(till, paying(database, rail, runs), runs)

    def on(self, rail: PaymentRail) -> Cashier:
        """The same payment, where the service is set to another rail."""
        database = self.till.database
        return Cashier(self.till, paying(database, rail, self.runs), self.runs)

    @property
    def first(self) -> str:
        """The name of the payment's first attempt."""
        return f"{self.till.key}/1"

    @property
    def status(self) -> PaymentStatus:
        """How the payment stands in the ledger."""
        return self.till.now.status

    def move(self, activity: Activity, decision: Decision | None = None) -> Move:
        """What the payment's workflow gives to an activity, after a person's decision or by itself."""
        if decision is None:
            kind: type[Move] = get_type_hints(activity)["move"]
            return kind(payment=self.till.payment)
        return move_for(self.till.payment, decision)

    def run(self, activity: Activity, decision: Decision | None = None) -> PaymentSnapshot:
        """What an activity answers."""
        return run(activity, self.move(activity, decision))

    async def failure(self, activity: Activity, decision: Decision | None = None) -> tuple[str | None, bool]:
        """The type of an activity's failure, and whether it is final; its text says nothing of the account."""
        failure = await failure_of(activity, self.move(activity, decision))
        self.check_names_nobody(failure)
        return failure.type, failure.non_retryable

    def check_names_nobody(self, said: PaymentSnapshot | ApplicationError) -> None:
        """That nothing of the team's account is in what goes to Temporal."""
        if isinstance(said, ApplicationError):
            assert said.__cause__ is None, "a cause goes to Temporal too"
            text = f"{said.message} {said.details}"
        else:
            text = said.model_dump_json()
        assert not [secret for secret in SECRETS if secret in text]

    def released(self, id: str = "1") -> None:  # noqa: A002
        """A second person has released the payment, and no rail was asked yet."""
        self.run(self.paying.request)
        self.till.release(id)

    def submitted(self) -> PaymentSnapshot:
        """The payment was released, and given to its rail."""
        self.released()
        return self.run(self.paying.submit)


def release(id: str = "1", by: str = RELEASER, payee_version: int = 1) -> Release:  # noqa: A002
    """A second person lets the money go."""
    return Release(by=by, decision_id=id, payee_version=payee_version)


def came_back(id: str = "1") -> Return:  # noqa: A002
    """An operator says that the money came back."""
    return Return(by=OPERATOR, decision_id=id, reason="The bank called.")


def arrived_after_all(attempt: int = 1) -> UndoReturn:
    """An operator says that the money has arrived after all."""
    return UndoReturn(by=OPERATOR, decision_id="1", attempt=attempt, reason="It is on the statement.")


def cancelled(id: str = "1") -> CancelPayment:  # noqa: A002
    """An operator cancels the payment."""
    return CancelPayment(by=OPERATOR, decision_id=id, reason="Asked for in error.")


def released(cashier: Cashier, id: str = "1", by: str = "fiona") -> PaymentSnapshot:  # noqa: A002
    """A second person releases the payment; what the activity answers."""
    return cashier.run(cashier.paying.release, release(id, by))
