"""One payment on its way: what is paid, and where the payment stands.

*requested → payee known → released → submitted → settled*; or *rejected* or *returned*, and then released and submitted
again as another attempt of the same payment; or *cancelled* before it was submitted.
"""

from __future__ import annotations

from enum import StrEnum

from whenever import Instant

from domain.challenges.awards import PaymentOrder
from domain.challenges.state import State
from domain.programmes.programme import OnTime
from domain.values.calendar import Duration, Holidays, spoken
from domain.values.model import Value

from .rails import Progress

SERVICE = "service"
"""Who acts in the record when the service itself does."""


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
"""What a payment comes to in the end."""


FAILED = frozenset({PaymentStatus.REJECTED, PaymentStatus.RETURNED})
"""How a payment is whose last attempt never left, or came back: the payment can be released again."""


TO_RELEASE = frozenset({PaymentStatus.PAYEE_KNOWN, *FAILED})
"""What waits for a second person to let it go."""


def status_after(ended_as: Progress) -> PaymentStatus:
    """How a payment is whose last attempt has ended so. The payment is still owed."""
    return PaymentStatus.RETURNED if ended_as is Progress.RETURNED else PaymentStatus.REJECTED


class PaymentToMake(Value):
    """What a payment's workflow starts from.

    Args:
        order: the payment.
        title: of the stage that it is for.
        selected_by, accepted_by: ids of the people whose decisions it follows from: who selected the team, and who
            accepted the evidence, if it hangs on any. They cannot release it.
        operators: who is told if it needs attention.
        releasers: who may release it.
        zone, holidays: the calendar that its dates are computed by.
        on_time: by when it has to be made.
        remind_before, remind_every: when releasers are reminded.
        reminded: reminders due up to then are dealt with, by the run that this one goes on from; None if there is none,
            and those up to its start are.
        stood_still: what needed a person when an earlier run was left.
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

    @property
    def amount(self) -> str:
        """What is paid, as people read it."""
        return self.order.amount.gross.shown(self.order.currency)

    @property
    def which(self) -> str:
        """ "instalment 1 of 2"; nothing if there is only one."""
        return f"instalment {self.order.number} of {self.order.of}" if self.order.of > 1 else ""

    def at(self, instant: Instant | None) -> str:
        """An instant as people of this programme read it; nothing for none."""
        return "" if instant is None else spoken(instant, self.zone)


def payment_to_make(state: State, order: PaymentOrder) -> PaymentToMake:
    """All that the workflow of a payment needs to know of its challenge."""
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
    )


class PaymentSnapshot(Value):
    """A payment as the ledger has it, in ids: what activities answer the payment's workflow.

    Args:
        at: when the activity was asked for, by Temporal's clock.
        version: counts the changes of the payment, so that a late answer is known to be late.
        status: how far it has come.
        attempt: the transfer under way, or the last one; 0 before the first release.
        requested: when the ledger took it.
        pay_by: the day promised, once the payee is known.
        pay_by_law: after that it is late by law.
        payee_by: ids of all who gave or changed the team's bank details.
        payee_version: which of the team's bank details it goes to, counted from 1; 0 while there are none.
        released_by: who released the present attempt; empty before.
        returned_by: the person who said that the last attempt was rejected or came back; empty if nobody did, or the
            rail said so.
        reason: why it was rejected, returned or cancelled.
        released, submitted, settled, returned: when that was, of the last attempt; a rejection counts as a return.
        is_batched: whether it leaves in a file that people make, and whose report they bring.
        answered: whether the decision that it was asked for with had been taken before.
        contradicted: of which of its attempts ledger and rail say two things, and what to do; empty if of none.
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
    answered: bool = False
    contradicted: str = ""

    @property
    def can_be_asked(self) -> bool:
        """Whether its rail says how far it has come; otherwise a person brings that."""
        return self.status is PaymentStatus.SUBMITTED and not self.is_batched

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in OVER

    @property
    def is_in_doubt(self) -> bool:
        """Whether a person has to find out what is true before it goes on."""
        return bool(self.contradicted) and not self.is_over


def role_in(payment: PaymentToMake, person: str) -> str:
    """In what role someone acts on a payment."""
    if person in payment.releasers:
        return "releaser"
    if person in payment.operators:
        return "operator"
    if person == payment.order.team:
        return "team"
    return SERVICE if person == SERVICE else "unknown"
