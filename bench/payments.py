"""Payments in a second through the ledger, from the request to the settlement."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Table, insert, select
from whenever import Instant

from domain.challenges.awards import PaymentOrder
from domain.payments.decisions import Release
from domain.payments.payment import PaymentToMake
from domain.payments.rails import Progress, Transfer
from domain.values.money import Amount, Money
from gateways.messaging.letters import Letters
from store.database import tables
from store.database.database import Database
from store.payments.ledger import Ledger
from store.payments.reading import read_returned, under_way
from store.payments.sealing import Kept

from .databases import database, insert_applications, keep, kinds, versions
from .measuring import Action, Compared, Measurement, rate, say
from .pilot import pilot
from .playing import give_payee

NAME = "payments"
_AIM = 0.5
_MANY = 10**8

Rows = list[dict[str, object]]
"""The rows of a table."""

Inserts = list[tuple[Table, Rows]]
"""The rows of a transaction, by table."""


def measure(small: bool) -> Iterator[Measurement]:
    """The ledger's part of a payment, against bare inserts of the rows that the payment leaves.

    It is every call of the ledger that the service makes for a payment from its request (the bank details are there, so
    the payee is known at once) to its settlement, with the lines of the record and the notices, and without the rail.
    The floor is bare inserts of the final rows, in as many transactions that write and by the same library.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    for kind in kinds():
        with database(kind) as kept:
            till = Till(kept)
            for threads in (1, 4):
                say(f"  {kind}, {threads} thread{'s' if threads > 1 else ''}")
                yield _measured(kept, kind, till, threads, 1 if small else 30, 4 if small else 24)


def _measured(kept: Database, kind: str, till: Till, threads: int, rounds: int, number: int) -> Measurement:
    with ThreadPoolExecutor(threads) as pool:
        sides: tuple[Action, Action] = (till.make, till.insert)
        rates = [[rate(pool, [side] * threads, number) for side in sides] for _ in range(rounds + 1)][1:]
    compared = Compared.of([(made, floor) for made, floor in rates])
    return Measurement(
        name=f"{NAME}: {kind}, {threads} thread{'s' if threads > 1 else ''}",
        what="Payments of one challenge from their request to their settlement, with their lines of the record and "
        "their notices, against bare inserts of the same rows in as many transactions.",
        unit="a second",
        figure=compared.figure,
        floor=compared.floor,
        ratio=compared.ratio,
        aim=f"at least {_AIM} of the floor",
        met=compared.ratio >= _AIM,
        notes=(
            f"{kind} {versions(kept)}.",
            compared.spread,
            f"{till.rows} rows in {till.transactions} transactions for each payment.",
        ),
    )


class Till:
    """Pays one team of the pilot again and again, through the ledger and by bare inserts like the first payment's.

    Args:
        kept: a database without rows.
    """

    def __init__(self, kept: Database) -> None:
        round_, programme, (challenge, *_) = pilot()
        keep(kept, round_, programme, (challenge,))
        (team,) = insert_applications(kept, challenge, 1)
        self._kept = kept
        compose = Letters().compose
        self._ledger = Ledger(kept, compose)
        payee = Kept(sealed="sealed", masked="masked", country="GB", fingerprints=(team,))
        give_payee(kept, challenge, programme.stages[0].name, team, payee, compose)
        self._releaser = challenge.releasers[0]
        stage = programme.stages[0]
        order = PaymentOrder(
            key=f"{challenge.id}/{stage.name}/{team}/{_MANY}",
            challenge=challenge.id,
            stage=stage.name,
            team=team,
            number=_MANY,
            of=_MANY,
            amount=Amount(net=Money(2_000_00), vat=Money(0)),
            currency=programme.currency,
        )
        self._payment = PaymentToMake(
            order=order,
            title=stage.title,
            selected_by=challenge.deciders[0],
            accepted_by="",
            operators=challenge.operators,
            releasers=challenge.releasers,
            zone=programme.time_zone,
            holidays=programme.holidays,
            on_time=programme.on_time,
            remind_before=programme.reminders.payment,
            remind_every=programme.reminders.payment_overdue_every,
        )
        self.make(str(_MANY))
        self._pattern = self._rows_of_the_first()
        self.transactions = len(self._pattern)
        self.rows = sum(len(rows) for inserts in self._pattern for _, rows in inserts)

    def make(self, name: str) -> None:
        """Makes a payment: the calls of the ledger, in their order, as the payment's workflow and activities make them.

        Args:
            name: digits, different each time.
        """
        order = self._payment.order
        order = order.model_copy(update={"key": self._key(name), "number": int(name)})
        payment = self._payment.model_copy(update={"order": order})
        now = Instant.now()
        self._ledger.request(payment, now)
        release = Release(by=self._releaser, decision_id="release", payee_version=1)
        read_returned(self._kept, order.key)
        self._ledger.release(payment, release, "embedded", now)
        begun = under_way(self._kept, order.key)
        if begun is None:
            raise RuntimeError(f"{order.key} was released, and there is nothing to ask a rail for")
        said = Transfer(
            id=begun.id,
            amount=order.amount.gross,
            currency=order.currency,
            reference="reference",
            at=now,
            progress=Progress.SETTLED,
        )
        self._ledger.note(payment, begun, said, now)

    def insert(self, name: str) -> None:
        """Inserts the rows of a payment."""
        first, key = self._payment.order.key, self._key(name)
        for inserts in self._pattern:
            with self._kept.writing() as connection:
                for table, rows in inserts:
                    named = [
                        {column: _renamed(value, first, key) for column, value in row.items()} | _numbered(table, name)
                        for row in rows
                    ]
                    connection.execute(insert(table), named)

    def _key(self, name: str) -> str:
        return self._payment.order.key.replace(f"/{_MANY}", f"/{int(name)}")

    def _rows_of_the_first(self) -> tuple[Inserts, ...]:
        """The rows of each transaction: of the request, of the release, and of what the rail has said."""
        payments, transfers, record, notices = tables.payments, tables.transfers, tables.record, tables.notices
        key = self._payment.order.key
        with self._kept.reading() as connection:

            def found(table: Table) -> Rows:
                column = table.c.id if table is transfers else table.c.key
                rows = connection.execute(select(table).where(column.startswith(key, autoescape=True)).order_by(column))
                numbered = {"id", "number"} if table is record else set()  # both are unique
                return [{name: each[name] for name in each if name not in numbered} for each in rows.mappings()]

            told, lines = found(notices), found(record)
            released, submitted, settled = (_of(lines, step) for step in ("/release/", "/submitted-", "/settled-"))
            requested = [each for each in lines if each not in (*released, *submitted, *settled)]
            sent = _of(told, "/submitted-")
            told_before = [each for each in told if each not in sent]
            return (
                [(payments, found(payments)), (record, requested), (notices, told_before)],
                [(transfers, found(transfers)), (record, released)],
                [(record, submitted + settled), (notices, sent)],
            )


def _of(rows: Rows, step: str) -> Rows:
    return [each for each in rows if step in str(each["key"])]


def _renamed(value: object, first: str, key: str) -> object:
    return value.replace(first, key) if isinstance(value, str) else value


def _numbered(table: Table, name: str) -> dict[str, object]:
    return {"number": int(name)} if table is tables.payments else {}
