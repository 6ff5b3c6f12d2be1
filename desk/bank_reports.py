"""What banks report on payment files, and what a person says about a payment in a file if the bank sends no reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from whenever import Date, Instant

from domain.announcements.announcement import Announcement, Attention, Entry, to_people
from domain.announcements.occasions import Occasion
from domain.keys import challenge_of, payment_of, transfer_id
from domain.payments.bank_reports import BankReport
from domain.payments.matching import Unclear
from domain.payments.payment import SERVICE
from domain.payments.positions import Doubt
from domain.permissions import Action, Actor
from domain.values.model import Value
from domain.values.refusals import (
    FileRefused,
    NotConfirmed,
    NotReadable,
    RailRefused,
    Refused,
    Unavailable,
    UnknownPayment,
)
from domain.values.wording import counted
from gateways.banking.bank_files import read_bank_file
from gateways.banking.messages import LARGEST
from store.payments import bank_reports, reading
from store.payments.bank_reports import Ignored, Noted
from store.payments.contradictions import Contradiction, contradicted
from store.payments.reading import Payment

from .bank_roles import BANK_ZONE, Acting, acting_on_payments
from .bank_statements import match
from .core import Core
from .payment_workflows import PaymentWorkflows

LARGEST_REPORT = LARGEST
"""The most bytes that a bank's report may have."""


_UNCLEAR_SHOWN = 5
"""How many unclear lines of a statement a refusal names."""

_WORDS_SHOWN, _PAYMENTS_SHOWN = 3, 5
"""How many of a bank's reasons, and of the payments that they are about, a refusal names."""


class Settled(Value):
    """What became of the reports in a bank's file.

    Args:
        payments: the payments on which the reports say something new.
        ignored: what changes nothing, and why.
        doubtful: the transfers about which a person has to find out what is true.
        unclear: what a statement of the account says that a person has to look at, a line each. Nothing of it is noted.
    """

    payments: tuple[Payment, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    doubtful: tuple[Contradiction, ...] = ()
    unclear: tuple[str, ...] = ()

    def with_more(self, more: Settled) -> Settled:
        """This, and what became of another report. What several reports say about one payment is counted once."""
        payments = {each.key: each for each in (*self.payments, *more.payments)}
        doubtful = {each.transfer: each for each in (*self.doubtful, *more.doubtful)}
        return Settled(
            payments=tuple(payments.values()),
            ignored=(*self.ignored, *more.ignored),
            doubtful=tuple(doubtful.values()),
            unclear=(*self.unclear, *more.unclear),
        )


class BankReports:
    """What people do with a bank's word on payments that left in files."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._database = core.database
        self._workflows = PaymentWorkflows(core)

    async def settle(
        self,
        actor: Actor,
        report: bytes,
        believed: str = "",
        told: Callable[[Settled], object] | None = None,
    ) -> Settled:
        """Reads a bank's reports on payments in files, and informs the payments in the reports.

        Args:
            actor: who brings the reports.
            report: the bank's file, with reports and statements of the account: one, or several in an envelope.
            believed: why the actor believes a bank that turns a whole file away for a reason of its own; empty if the
                actor has not said so.
            told: called with the result before anything is refused.

        Raises:
            FileRefused: the file is not such a report, contradicts itself, is older than its payment file, or rejects a
                file that the bank had before, or of which something is settled, or for a reason of the bank's own that
                nobody has believed. Nothing was noted of that report.
            UnknownPayment: the report is on a file that was not made here.
            NotAllowed: the actor may not bring this report.
            RailRefused: the report is noted in full, but contradicts what the bank or a person has said before, and the
                operators are told. Or a statement is noted but for what a person has to look at.
            Unavailable: the database cannot be written to.
        """
        read, options = self._core.threads.read, self._core.options
        file = await read(read_bank_file, report, options.bank_zone)
        booked = await read(match, options, self._database, file.statements)
        settled, refused = Settled(), list[Refused]()
        for each in (*file.reports, *booked.reports):
            try:
                settled = settled.with_more(await self._settle(actor, each, believed))
            except (FileRefused, UnknownPayment, Unavailable, NotConfirmed) as refusal:
                refused.append(refusal)  # the other reports are noted, even if the payments cannot hear of them now
        settled = settled.with_more(
            Settled(
                ignored=tuple(Ignored(payment="", why=why) for why in file.ignored),
                unclear=tuple(each.text for each in booked.unclear),
            )
        )
        if told is not None and not (refused and settled == Settled()):
            told(settled)
        if refused:
            raise refused[0]
        contradicted = [each.text for each in settled.doubtful if each.doubt is not Doubt.COPY]
        if booked.unclear:
            await self._refuse_unclear(actor, booked.unclear, contradicted)
        if contradicted:
            raise RailRefused(f"The report is noted. {' '.join(contradicted)}")
        return settled

    async def _refuse_unclear(self, actor: Actor, unclear: Sequence[Unclear], more: Sequence[str]) -> NoReturn:
        """Says, also on the record, what in a statement a person has to look at, before anything else that is to do."""
        challenges = {challenge_of(transfer) for each in unclear for transfer in each.transfers}
        rows = [await self._core.find(each) for each in sorted(challenges)]
        told = [each.text for each in unclear[:_UNCLEAR_SHOWN]]
        if rest := len(unclear) - len(told):
            told.append(f"There are {rest} more such lines: see them with --json.")
        async with self._core.refusals_on_record(actor, Action.BRING_REPORT, *rows):
            raise RailRefused(f"The statement is noted, but nothing of these lines. {' '.join((*told, *more))}")

    async def _settle(self, actor: Actor, said: BankReport, believed: str) -> Settled:
        threads = self._core.threads
        challenges = await threads.read(bank_reports.challenges_concerned, self._database, said)
        roles = await acting_on_payments(self._core, actor, Action.BRING_REPORT, challenges)
        rows = [await self._core.find(each) for each in challenges]
        async with self._core.refusals_on_record(actor, Action.BRING_REPORT, *rows):
            _check_is_no_copy(said)
            noted = await threads.write(self._note, said, roles, believed)
        if noted.unbelieved:
            # The bank's own words can name people, so the refusal is not on record.
            raise FileRefused(_not_believed(said, noted.unbelieved))
        # The person who brought the report before may have been interrupted half-way.
        unheard = await threads.read(bank_reports.unheard, self._database, said.file or None)
        named = {*noted.new, *(each.payment for each in noted.ignored)}
        doubtful = await threads.read(contradicted, self._database, said.file, named)
        await self._workflows.let_know(
            actor, dict.fromkeys((*noted.new, *unheard, *(payment_of(each.transfer) for each in doubtful)))
        )
        for each in doubtful:
            await self._call_operators(each)
        payments = [await threads.read(reading.find_payment, self._database, key) for key in noted.new]
        ignored = (*noted.ignored, *(Ignored(payment="", why=why) for why in said.ignored))
        return Settled(payments=tuple(payments), ignored=ignored, doubtful=doubtful)

    async def confirm_settled(self, actor: Actor, key: str, on: Date | None = None) -> tuple[Payment, ...]:
        """Takes a person's word that a payment in a file has arrived, for banks that send no reports.

        Saying this again with another day corrects the day: a bank's report may be later than the arrival.

        Args:
            actor: who says so.
            key: of the payment.
            on: the day on which the money arrived, by the bank's statement; today if left out.

        Returns:
            The payment, if this is news.

        Raises:
            NotReadable: the day is still to come, or before the payment was released.
            UnknownPayment: there is no such payment, or it did not leave in a file.
            NotAllowed: the actor may not confirm payments here.
            TooLate: the payment came back.
            Unavailable: the database cannot be written to.
        """
        payment = await self._core.threads.read(reading.find_payment, self._database, key)
        row = await self._core.find(payment.challenge)
        grant = await self._core.allow(actor, Action.CONFIRM_SETTLED, row)
        async with self._core.refusals_on_record(actor, Action.CONFIRM_SETTLED, row):
            if on is not None:
                _check_can_have_arrived(on, payment, self._core.now())
            new = await self._core.threads.write(
                bank_reports.confirm_settled,
                self._database,
                transfer_id(key, payment.attempt),
                grant.person,
                str(grant.role),
                self._core.now(),
                on,
                actor.proof.shown,
            )
        await self._workflows.ledger_changed([key])
        return (payment,) if new else ()

    def _note(self, said: BankReport, roles: Acting, believed: str) -> Noted:
        zone, now = self._core.options.bank_zone, self._core.now()
        return bank_reports.report(self._database, said, roles.by, roles.roles, now, zone, believed, roles.proof)

    async def _call_operators(self, contradiction: Contradiction) -> None:
        """Announces that a person has to find out what became of a transfer, once for each report."""
        transfer, text = contradiction.transfer, contradiction.text
        payment = await self._core.threads.read(reading.find_payment, self._database, payment_of(transfer))
        row = await self._core.find(payment.challenge)
        told = to_people((await self._core.state(row)).challenge.operators, Occasion.ATTENTION, {"what": text})
        announcement = Announcement(
            key=f"{row.id}/contradicted/{transfer}/{contradiction.reported}",
            challenge=row.id,
            entry=Entry(
                at=self._core.now(),
                by=SERVICE,
                role=SERVICE,
                action="attention",
                stage=payment.stage,
                text=f"Needs attention: {text}",
            ),
            notices=(told,),
            attention=Attention(text=text, of=transfer),
        )
        await self._core.announce(announcement)


def _check_can_have_arrived(on: Date, payment: Payment, now: Instant) -> None:
    if on > now.to_tz(BANK_ZONE).date():
        raise NotReadable(f"{on} is still to come: name the day on which the money arrived, by the bank's statement.")
    if payment.released is not None and on < (released := payment.released.to_tz(BANK_ZONE).date()):
        raise NotReadable(
            f"{payment.key} was released on {released}, after {on}: name the day on which the money arrived, by the "
            "bank's statement."
        )


def _check_is_no_copy(said: BankReport) -> None:
    """Checks that the bank does not turn away a whole file because it had it before.

    Raises:
        FileRefused: it does.
    """
    if said.whole is not None and said.whole.is_duplicate:
        raise FileRefused(
            f"The status report {said.message_id} refuses a file that the bank already had, so no payment was "
            "returned. See the bank's report on the first copy. If you sent only one, ask the bank."
        )


def _not_believed(said: BankReport, keys: Sequence[str]) -> str:
    words = [each.words for each in (said.whole, *said.transfers) if each and each.words]
    why = (
        f"in its own words: \u201c{'; '.join(dict.fromkeys(words[:_WORDS_SHOWN]))}\u201d"
        if words
        else "without a reason"
    )
    shown = ", ".join(keys[:_PAYMENTS_SHOWN])
    more = f" and {len(keys) - _PAYMENTS_SHOWN} more" if len(keys) > _PAYMENTS_SHOWN else ""
    return (
        f"The bank turns away the whole payment file {said.file} {why}. A bank also does so with a second copy of a "
        "file, and pays the first. So nothing was noted: ask the bank whether it pays any copy of this file. If it "
        "pays none, read the report again with --believe and --reason WHY: "
        f"{counted(len(keys), 'payment')} can then be released again ({shown}{more})."
    )
