"""What tests of money say to the store, in short: one payment, and the people who act on it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from whenever import Instant, ItemizedDelta

from domain.announcements.announcement import Announcement
from domain.announcements.occasions import Occasion
from domain.challenges.awards import PaymentOrder
from domain.payments import announcements
from domain.payments.decisions import CancelPayment, Release, Return, UndoReturn
from domain.payments.payment import FAILED, PaymentSnapshot, PaymentStatus, PaymentToMake
from domain.payments.rails import Progress, Transfer
from domain.programmes.programme import OnTime
from domain.values.money import Money
from domain.values.places import Holidays
from store.database import tables
from store.database.database import Database
from store.database.tables import Found
from store.payments import payee_changes
from store.payments.begun import Begun
from store.payments.ledger import Ledger
from store.payments.payee_changes import PayeeGiven
from store.payments.reading import Payment, find_payment
from store.payments.sealing import Kept
from store.record.notices import Compose, read_notices
from store.record.record import read_record
from tests.store.said import AIR, CLOSES, compose, order

SELECTOR, OPERATOR, RELEASER, SECOND_RELEASER = "sam", "olivia", "fiona", "frank"
LATER = CLOSES.add(hours=24)


def to_make(
    team: str, number: int = 1, amount: str = "2000", accepted_by: str = "", challenge: str = AIR
) -> PaymentToMake:
    """A payment to a team, under the programme's usual rules."""
    return PaymentToMake(
        order=order(team, amount, number, challenge),
        title="Exploration",
        selected_by=SELECTOR,
        accepted_by=accepted_by,
        operators=(OPERATOR,),
        releasers=(RELEASER, SECOND_RELEASER),
        zone="Europe/London",
        holidays=Holidays.of("GB-SCT").around(CLOSES),
        on_time=OnTime(),
        remind_before=(),
        remind_every=ItemizedDelta(days=3),
    )


def give_payee(
    database: Database,
    team: str,
    version: int = 1,
    by: str = "",
    at: Instant = CLOSES,
    compose: Compose = compose,
    challenge: str = AIR,
    country: str = "GB",
    account: str = "",
) -> PayeeGiven:
    """A team, or somebody for it, gives bank details, which tell by their name which version they are.

    The account is another for each team, unless it is named.
    """

    def announcing(number: int, on_its_way: Sequence[str]) -> Announcement:
        return announcements.payee_given(challenge, "exploration", team, number, on_its_way, by or team, "team", at)

    def made(order: PaymentOrder) -> PaymentToMake:
        return to_make(team, challenge=challenge).model_copy(update={"order": order})

    kept = Kept(
        sealed=f"sealed {version}", masked=f"masked {version}", country=country, fingerprints=(account or f"{team}",)
    )
    return payee_changes.give_payee(database, challenge, team, kept, announcing, made, at, compose)


class Till:
    """One payment in a database, and all that can be done to it.

    Args:
        database: where it is.
        payment: which.
    """

    def __init__(self, database: Database, payment: PaymentToMake) -> None:
        self.database = database
        self.payment = payment
        self._ledger = Ledger(database, compose)
        self.key = payment.order.key
        self.team = payment.order.team

    def request(self, at: Instant = CLOSES) -> PaymentSnapshot:
        """It is asked for."""
        return self._ledger.request(self.payment, at)

    def release(
        self,
        id: str = "1",  # noqa: A002
        by: str = RELEASER,
        at: Instant = CLOSES,
        payee_version: int = 0,
        rail: str = "",
        amount: Money | None = None,
        team_left: bool | None = None,
    ) -> PaymentSnapshot:
        """Somebody releases it, by a decision of that id, to the bank details that count unless others are named.

        If a rail is named, it is asked next.
        """
        version = payee_version or self.now.payee_version
        left = self.now.team_left is not None if team_left is None else team_left
        decision = Release(by=by, decision_id=id, payee_version=version, amount=amount, team_left=left)
        return self._ledger.release(self.payment, decision, rail, at)

    def begin(self, at: Instant = CLOSES, rail: str = "embedded") -> Begun | None:
        """A rail is about to be asked."""
        return self._ledger.begin(self.key, rail, at)

    def begun(self, at: Instant = CLOSES) -> Begun:
        """As `begin`, where there is something to ask for."""
        begun = self.begin(at)
        assert begun is not None
        return begun

    def submit(self, begun: Begun, reference: str = "rail-1", at: Instant = CLOSES) -> PaymentSnapshot:
        """A rail has taken it."""
        return self.note(begun, Progress.TAKEN, at, reference)

    def settle(self, begun: Begun, at: Instant = CLOSES) -> PaymentSnapshot:
        """A rail says that it has arrived."""
        return self.note(begun, Progress.SETTLED, at)

    def come_back(self, begun: Begun, at: Instant = CLOSES, how: Progress = Progress.RETURNED) -> PaymentSnapshot:
        """A rail says that it has come back, or that it never left."""
        return self.note(begun, how, at)

    def note(self, begun: Begun, how: Progress, at: Instant = CLOSES, reference: str = "rail-1") -> PaymentSnapshot:
        """A rail says how far it has come."""
        order, reason = self.payment.order, "account closed" if how.has_failed else ""
        said = Transfer(
            id=begun.id,
            amount=order.amount.gross,
            currency=order.currency,
            reference=reference,
            at=at,
            progress=how,
            reason=reason,
        )
        return self._ledger.note(self.payment, begun, said, at)

    def give_back(
        self,
        id: str = "1",  # noqa: A002
        at: Instant = CLOSES,
        by: str = OPERATOR,
        attempt: int = 0,
    ) -> PaymentSnapshot:
        """A person says that it has come back, or that an attempt has about which bank and ledger disagree."""
        decision = Return(by=by, decision_id=id, attempt=attempt, reason="The bank called.")
        return self._ledger.give_back(self.payment, decision, at)

    def undo_return(self, attempt: int = 1, id: str = "1", by: str = OPERATOR) -> PaymentSnapshot:  # noqa: A002
        """A person says that an attempt has arrived after all."""
        decision = UndoReturn(by=by, decision_id=id, attempt=attempt, reason="It is on the statement.")
        return self._ledger.undo_return(self.payment, decision, "rail-1", LATER)

    def cancel(self, id: str = "1", at: Instant = CLOSES, compose: Compose = compose) -> PaymentSnapshot:  # noqa: A002
        """A person cancels it."""
        decision = CancelPayment(by=OPERATOR, decision_id=id, reason="Asked for in error.")
        return Ledger(self.database, compose).cancel(self.payment, decision, at)

    @property
    def now(self) -> Payment:
        """How it stands."""
        return find_payment(self.database, self.key)

    @property
    def transfers(self) -> list[Found]:
        """The rows of its attempts, in order."""
        rows = tables.transfers
        with self.database.reading() as connection:
            wanted = select(rows).where(rows.c.payment == self.key).order_by(rows.c.attempt)
            return list(connection.execute(wanted))

    def brought_to(self, status: PaymentStatus) -> Begun | None:
        """Brings it from nothing to a status; the transfer that is, or was, with a rail."""
        self.request()
        if status is PaymentStatus.REQUESTED:
            return None
        if not self.now.payee:
            give_payee(self.database, self.team)
        self.request()
        if status is PaymentStatus.PAYEE_KNOWN:
            return None
        if status is PaymentStatus.CANCELLED:
            self.cancel()
            return None
        self.release()
        if status is PaymentStatus.RELEASED:
            return None
        begun = self.begun()
        self.submit(begun)
        if status is PaymentStatus.SETTLED:
            self.settle(begun)
        if status in FAILED:
            self.come_back(begun, how=Progress(status))
        return begun


def told(database: Database, occasion: Occasion) -> list[str]:
    """Who was told of an occasion."""
    return sorted(notice.recipient for notice in read_notices(database) if notice.occasion == occasion)


def lines(till: Till) -> list[str]:
    """The keys of the payment's lines in the record, without what they have in common."""
    return [
        line.key.removeprefix(f"{till.key}/")
        for line in read_record(till.database, AIR)
        if line.key.startswith(till.key)
    ]
