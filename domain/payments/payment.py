"""One payment on its way: what is paid, and where the payment stands.

A payment goes *requested → payee known → released → submitted → settled*. A *rejected* or *returned* payment can be
released and submitted again, as another attempt of the same payment. A payment can be *cancelled*
before it is submitted.
"""

from __future__ import annotations

from enum import StrEnum

from whenever import Instant

from domain.challenges.awards import PaymentOrder
from domain.challenges.state import State
from domain.identity.proof import Unproven
from domain.programmes.programme import OnTime
from domain.values.calendar import Duration, spoken
from domain.values.model import Value
from domain.values.money import Amount
from domain.values.places import Holidays

from .rails import Progress

SERVICE = "service"
"""Who the record says has acted when the service itself acts."""


class PaymentStatus(StrEnum):
    """How far a payment has come."""

    REQUESTED = "requested"
    PAYEE_KNOWN = "payee known"
    RELEASED = "released"
    SUBMITTED = "submitted"
    SETTLED = "settled"
    REJECTED = "rejected"
    RETURNED = "returned"
    CANCELLED = "cancelled"


OVER = frozenset({PaymentStatus.SETTLED, PaymentStatus.CANCELLED})
"""The two ends of a payment."""


FAILED = frozenset({PaymentStatus.REJECTED, PaymentStatus.RETURNED})
"""The last attempt never left, or came back: the payment can be released again."""


TO_RELEASE = frozenset({PaymentStatus.PAYEE_KNOWN, *FAILED})
"""The payment waits for a second person to release it."""


def status_after(ended_as: Progress) -> PaymentStatus:
    """The status of a payment whose last attempt failed in this way. The payment is still owed."""
    return PaymentStatus.RETURNED if ended_as is Progress.RETURNED else PaymentStatus.REJECTED


class SameHuman(Value):
    """A releaser who is the same human as somebody with a part in a payment.

    Args:
        releaser: their id as a releaser.
        other: the other id: a person's, or that of the payment's team.
    """

    releaser: str
    other: str


class PaymentSnapshot(Value):
    """A payment as the ledger has it, in ids only: the answer of activities to the payment's workflow.

    Args:
        at: when the workflow asked for the activity, by Temporal's clock.
        version: counts the changes of the payment, so that an outdated answer is recognised.
        status: how far the payment has come.
        attempt: the transfer under way, or the last one; 0 before the first release.
        requested: when the ledger took the payment.
        pay_by: the promised day, once the payee is known.
        pay_by_law: the payment is late by law after this instant.
        payee_by: ids of all who gave or changed the team's bank details.
        payee_version: the version of the team's bank details that the payment goes to, from 1; 0 while there are none.
        released_by: who released the present attempt; empty before the first release.
        returned_by: the person who said that the last attempt was rejected or came back; empty if the rail said so, or
            the attempt has not failed.
        reason: why the payment was rejected, returned or cancelled.
        released, submitted, settled, returned: when the last attempt was; a rejection counts as a return.
        is_batched: whether people make a file with the payment, and bring the bank's report on the file.
        contradicted: the attempt on which ledger and rail disagree, and what to do; empty if they agree.
        team_left: when the team left, if it did.
        contact_by: ids of all who changed the team's contact address or name.
        operators, releasers: who has these roles now, if a role was handed over in the round; else empty.
        amended: the amount, if it was amended after the payment was requested.
        amended_by: who amended the amount last; empty if nobody did.
        same_humans: releasers who are the same human as somebody with a part in the payment, while it waits for a
            release.
    """

    at: Instant
    version: int
    status: PaymentStatus
    attempt: int
    requested: Instant
    pay_by: Instant | None = None
    pay_by_law: Instant | None = None
    payee_by: tuple[str, ...] = ()
    payee_version: int = 0
    released_by: str = ""
    returned_by: str = ""
    reason: str = ""
    released: Instant | None = None
    submitted: Instant | None = None
    settled: Instant | None = None
    returned: Instant | None = None
    is_batched: bool = False
    contradicted: str = ""
    team_left: Instant | None = None
    contact_by: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    releasers: tuple[str, ...] = ()
    amended: Amount | None = None
    amended_by: str = ""
    same_humans: tuple[SameHuman, ...] = ()

    @property
    def can_be_asked(self) -> bool:
        """Whether the rail can say how far the payment has come. For a batched rail a person brings the report."""
        return self.status is PaymentStatus.SUBMITTED and not self.is_batched

    @property
    def is_over(self) -> bool:
        """Whether the payment is settled or cancelled."""
        return self.status in OVER

    @property
    def is_in_doubt(self) -> bool:
        """Whether a person must find out what is true before the payment goes on."""
        return bool(self.contradicted) and not self.is_over


class PaymentToMake(Value):
    """What a payment's workflow starts from.

    Args:
        order: the payment.
        title: of the stage that it is for.
        selected_by, accepted_by: ids of the people whose decisions led to the payment: who selected the team, and who
            accepted the evidence, if evidence is needed. They cannot release the payment.
        operators: who is told if the payment needs attention.
        releasers: who may release the payment.
        zone, holidays: the calendar for the payment's dates.
        on_time: when the payment must be made.
        remind_before, remind_every: when releasers are reminded.
        reminded: an earlier run dealt with the reminders due up to this instant; None in the first run, which sends no
            reminders due before its start.
        stood_still: what needed a person when an earlier run ended.
        snapshot: how the payment stands in the ledger; None if the run has to look.
        unproven: what becomes of decisions without a proof.
        not_proven: how many decisions on the payment were done without a proof.
    """

    order: PaymentOrder
    title: str
    selected_by: str
    accepted_by: str
    operators: tuple[str, ...]
    releasers: tuple[str, ...]
    zone: str
    holidays: Holidays
    on_time: OnTime
    remind_before: tuple[Duration, ...]
    remind_every: Duration
    reminded: Instant | None = None
    stood_still: str = ""
    snapshot: PaymentSnapshot | None = None
    unproven: Unproven = Unproven.ACCEPT
    not_proven: int = 0

    @property
    def amount(self) -> str:
        """What is paid, as people read it."""
        return self.order.amount.gross.shown(self.order.currency)

    @property
    def which(self) -> str:
        """ "instalment 1 of 2"; nothing if there is only one."""
        return f"instalment {self.order.number} of {self.order.of}" if self.order.of > 1 else ""

    def led_by(self, now: PaymentSnapshot) -> PaymentToMake:
        """The same payment, with the people who have a say in it now: roles may have been handed over."""
        if not now.operators:
            return self
        return self.model_copy(update={"operators": now.operators, "releasers": now.releasers})

    def amounting(self, amount: Amount | None) -> PaymentToMake:
        """The same payment with an amended amount; as it is, if the amount was not amended."""
        if amount in (None, self.order.amount):
            return self
        return self.model_copy(update={"order": self.order.model_copy(update={"amount": amount})})

    def at(self, instant: Instant | None) -> str:
        """An instant as people of this programme read it; an empty text for None."""
        return "" if instant is None else spoken(instant, self.zone)


def payment_to_make(state: State, order: PaymentOrder) -> PaymentToMake:
    """What the workflow of a payment needs to know about its challenge."""
    run = next(run for run in state.runs if run.stage == order.stage)
    verdict = next(team for team in run.teams if team.id == order.team).verdicts.get(order.number)
    reminders = state.programme.reminders
    return PaymentToMake(
        order=order,
        title=next(stage.title for stage in state.programme.stages if stage.name == order.stage),
        selected_by=run.selected_by,
        accepted_by=verdict.by if verdict else "",
        operators=state.challenge.operators,
        releasers=state.challenge.releasers,
        zone=state.zone,
        holidays=state.programme.holidays,
        on_time=state.programme.on_time,
        remind_before=reminders.payment,
        remind_every=reminders.payment_overdue_every,
        unproven=state.challenge.unproven,
    )


def role_in(payment: PaymentToMake, person: str) -> str:
    """The role in which someone acts on a payment."""
    if person in payment.releasers:
        return "releaser"
    if person in payment.operators:
        return "operator"
    if person == payment.order.team:
        return "team"
    return SERVICE if person == SERVICE else "unknown"
