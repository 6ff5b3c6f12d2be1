"""The board of payments: what has to happen next, by when; and what keeps somebody from releasing a payment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from domain.payments.payment import PaymentStatus
from domain.permissions import RIGHTS, Action, Actor, Role, grant_for
from domain.values.calendar import day_of
from domain.values.model import Value
from domain.values.paging import Page, Paged
from domain.values.wording import either
from store.challenges import people
from store.challenges.rounds import ChallengeRow
from store.payments import board, reading
from store.payments.board import Listed, Sum
from store.payments.reading import Payment
from store.record.record import RecordLine

from .core import Core
from .late_payments import Late, late_payments

__all__ = ["DECISIONS", "MOST_AT_ONCE", "Looked", "OnBoard", "PaymentBoard", "Sum"]

DECISIONS = (Action.RELEASE, Action.RETURN, Action.UNDO_RETURN, Action.CANCEL_PAYMENT)
"""What people decide on a payment."""
MOST_AT_ONCE = 40
"""How many payments somebody looks at, and releases, at once."""


class OnBoard(Value):
    """A payment, as the board shows it.

    Args:
        payment: as the ledger has it.
        organisation: of the team; empty if it was erased.
        question, time_zone: of the challenge.
        days_late: by how many days the payment is later than promised, or was made later; 0 if it is not late.
        late: what the law gives the payee for it; None if the payment is not late.
    """

    payment: Payment
    organisation: str
    question: str
    time_zone: str
    days_late: int = 0
    late: Late | None = None


class Looked(Value):
    """A payment, as somebody looks at it who may decide on it.

    Args:
        shown: the payment.
        decided: who had a part in it, by their ids, and what they did: none of them may release it.
        may: what the role of whoever looks lets them decide on it.
        not_theirs: why they may not release it; empty if nothing that the service knows of stands in the way.
        lines: what the record says about it, oldest first.
    """

    shown: OnBoard
    decided: Mapping[str, str]
    may: frozenset[Action]
    not_theirs: str
    lines: tuple[RecordLine, ...] = ()


class PaymentBoard:
    """What those see who pay."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(
        self, actor: Actor, page: Page, statuses: Collection[PaymentStatus], text: str = ""
    ) -> Paged[OnBoard]:
        """The payments that the actor may read: the earliest promised first, if the payments are to be made.

        Args:
            actor: who reads.
            page: which part of the list.
            statuses: only payments with one of these.
            text: part of a payment's key, and so of its challenge, stage or team; or of the organisation's name.

        Raises:
            NotAllowed: the actor may read no payments.
            NotReadable: no page begins there.
            FileRefused: the table of base rates is wrong.
            Unavailable: the database cannot be read.
        """
        rows = await self._core.reach(actor, Action.READ_PAYMENTS, await self._core.challenges())
        return await self._core.threads.read(self._page, _by_id(rows), page, statuses, text)

    async def sums(self, actor: Actor, text: str = "") -> tuple[Sum, ...]:
        """How many of these payments have each status, and how much they come to in each currency; see `list`.

        Raises:
            NotAllowed, Unavailable: as in `list`.
        """
        theirs = await self._core.theirs(actor, Action.READ_PAYMENTS, None)
        return await self._core.threads.read(board.sums, self._core.database, challenges=theirs, text=text)

    async def look_at(
        self, actor: Actor, keys: Sequence[str], *, releasing: bool = False, with_lines: bool = False
    ) -> tuple[Looked, ...]:
        """Payments, in the order in which they are named, with all that matters to whoever decides on them.

        Args:
            actor: who looks.
            keys: of the payments, `MOST_AT_ONCE` at most.
            releasing: whether they look in order to release the payments.
            with_lines: whether to read what the record says about them, too.

        Raises:
            UnknownPayment: no payment has one of these keys.
            NotAllowed: the actor may not read one of the payments. This is on the record.
            SecondStepMissing: the actor looks in order to release the payments, and needs their passkey for it.
            FileRefused, Unavailable: as in `list`.
        """
        rows = dict[str, ChallengeRow]()
        for key in dict.fromkeys(keys):
            payment = await self._core.threads.read(reading.find_payment, self._core.database, key)
            rows[key] = await self._core.find(payment.challenge)
            await self._core.allow(actor, Action.READ_PAYMENTS, rows[key], key)
            if releasing and grant_for(actor, Action.RELEASE, rows[key].place) is not None:
                self._core.check_second_step(actor, Action.RELEASE, Role.RELEASER, key)
        return await self._core.threads.read(self._looked, actor, rows, with_lines)

    def _page(
        self, rows: Mapping[str, ChallengeRow], page: Page, statuses: Collection[PaymentStatus], text: str
    ) -> Paged[OnBoard]:
        database = self._core.database
        found = board.page_of_board(database, page, challenges=rows.keys(), statuses=statuses, text=text)
        return Paged(items=self._shown(rows, found.items), next=found.next)

    def _shown(self, rows: Mapping[str, ChallengeRow], listed: Sequence[Listed]) -> tuple[OnBoard, ...]:
        now, zones = self._core.now(), {row.id: row.time_zone for row in rows.values()}
        late = {each.payment.key: each for each in late_payments([each.payment for each in listed], zones, now)}

        def days(payment: Payment, zone: str) -> int:
            if payment.pay_by is None or payment.status is PaymentStatus.CANCELLED:
                return 0
            paid = payment.arrived_on or (payment.settled or now).to_tz(zone).date()
            return max(0, (paid.to_stdlib() - day_of(payment.pay_by, zone).to_stdlib()).days)

        return tuple(
            OnBoard(
                payment=each.payment,
                organisation=each.organisation,
                question=rows[each.payment.challenge].question,
                time_zone=(zone := zones[each.payment.challenge]),
                days_late=days(each.payment, zone),
                late=late.get(each.payment.key),
            )
            for each in listed
        )

    def _looked(self, actor: Actor, rows: Mapping[str, ChallengeRow], with_lines: bool) -> tuple[Looked, ...]:
        may = {
            key: {action: grant for action in DECISIONS if (grant := grant_for(actor, action, row.place))}
            for key, row in rows.items()
        }
        persons = {key: may[key][Action.RELEASE].person if Action.RELEASE in may[key] else "" for key in rows}
        looked = board.look_at(self._core.database, persons, self._core.now(), with_lines=with_lines)
        found = sorted(looked, key=lambda each: [*rows].index(each.listed.payment.key))
        shown = self._shown(_by_id(rows.values()), [each.listed for each in found])
        return tuple(
            Looked(
                shown=on_board,
                decided=each.decided,
                may=frozenset(may[on_board.payment.key]),
                not_theirs=each.not_theirs
                if persons[on_board.payment.key]
                else self._releasers(rows, on_board.payment),
                lines=each.lines,
            )
            for each, on_board in zip(found, shown, strict=True)
        )

    def _releasers(self, rows: Mapping[str, ChallengeRow], payment: Payment) -> str:
        """Who releases a payment, for those who do not."""
        row = rows[payment.key]
        those = people.people_of(self._core.database, row.round, row.sponsor)
        return f"{either(those.get(Role.RELEASER, ()))} may {RIGHTS[Action.RELEASE].words} {payment.key}."


def _by_id(rows: Iterable[ChallengeRow]) -> Mapping[str, ChallengeRow]:
    return {row.id: row for row in rows}
