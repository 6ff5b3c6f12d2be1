"""What banks report on payment files, and what a person says about a payment in a file if the bank sends no reports."""

from __future__ import annotations

from collections.abc import Iterable

from whenever import Date, Instant

from domain.announcements.announcement import Announcement, Attention, Entry, to_people
from domain.announcements.occasions import Occasion
from domain.keys import payment_of, transfer_id
from domain.payments.bank_reports import BankReport
from domain.payments.payment import SERVICE
from domain.payments.rails import Progress
from domain.permissions import Action, Actor
from domain.values.refusals import FileRefused, NotReadable, RailRefused
from gateways.banking.bank_files import read_bank_file
from gateways.banking.messages import LARGEST
from store.payments import bank_reports, payment_files, reading
from store.payments.bank_reports import Contradiction, Reported
from store.payments.reading import Payment

from .bank_roles import BANK_ZONE, Acting, acting_on_payments
from .bank_statements import match
from .core import Core
from .payment_workflows import PaymentWorkflows

LARGEST_REPORT = LARGEST
"""The most bytes that a bank's report may have."""


class BankReports:
    """What people do with a bank's word on payments that left in files."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._database = core.database
        self._workflows = PaymentWorkflows(core)

    async def settle(self, actor: Actor, report: bytes) -> tuple[Payment, ...]:
        """Reads a bank's reports on payment files, and informs the payments in the reports.

        Args:
            actor: who brings the reports.
            report: the bank's file, with one report or with several in an envelope.

        Returns:
            The payments on which the report says something new.

        Raises:
            FileRefused: the file is not such a report, contradicts itself, or rejects a file that the bank had before.
            UnknownPayment: the report is on a file that was not made here.
            NotAllowed: the actor may not bring this report.
            RailRefused: the report is noted in full, but says that a payment arrived, and the ledger says that the
                payment came back. The operators are told.
            Unavailable: the database cannot be written to.
        """
        read, options = self._core.threads.read, self._core.options
        file = await read(read_bank_file, report, options.bank_zone)
        booked = await read(match, options, self._database, file.statements)
        found = [await self._settle(actor, each) for each in (*file.reports, *booked.reports)]
        if booked.doubts:
            raise RailRefused(f"The statement is noted, but for this: {' '.join(booked.doubts)}")
        return tuple({payment.key: payment for each in found for payment in each}.values())

    async def _settle(self, actor: Actor, said: BankReport) -> tuple[Payment, ...]:
        threads, file = self._core.threads, said.file
        if any(each.is_duplicate for each in (said.whole, *said.transfers) if each):
            raise FileRefused(
                f"The status report {said.message_id} refuses a file or payment that the bank already had, so no "
                "payment was returned. See the bank's report on the first copy. If you sent only one, ask the bank."
            )
        challenges = await threads.read(payment_files.challenges_concerned, self._database, file)
        roles = await acting_on_payments(self._core, actor, Action.BRING_REPORT, challenges)
        rows = [await self._core.find(each) for each in challenges]
        async with self._core.refusals_on_record(actor, Action.BRING_REPORT, *rows):
            new = await threads.write(self._note, said, roles)
        # The person who brought the report before may have been interrupted half-way.
        unheard = await threads.read(bank_reports.unheard, self._database, file)
        keys = tuple(dict.fromkeys((*new, *unheard)))
        await self._workflows.let_know(keys)
        if contradicted := await threads.read(bank_reports.contradicted, self._database, file):
            for each in contradicted:
                await self._call_operators(each)
            await self._workflows.ledger_changed(payment_of(each.transfer) for each in contradicted)
            raise RailRefused(f"The report is noted. {' '.join(map(_what_to_do, contradicted))}")
        return tuple([await threads.read(reading.find_payment, self._database, key) for key in keys])

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
            )
        await self._workflows.ledger_changed([key])
        return (payment,) if new else ()

    def _note(self, said: BankReport, roles: Acting) -> tuple[str, ...]:
        # A bank's clock may be ahead, but no report counts for a future day.
        made_on = min(said.made_at.to_tz(BANK_ZONE).date(), self._core.now().to_tz(BANK_ZONE).date())

        def statuses(names: tuple[str, ...]) -> Iterable[Reported]:
            for each in said.said_of(names):
                progress = each.progress or Progress.TAKEN
                yield Reported(
                    end_to_end=each.end_to_end,
                    progress=progress,
                    arrived_on=made_on if progress is Progress.SETTLED else None,
                    reason=each.reason,
                )

        return bank_reports.report(
            self._database,
            said.file,
            statuses,
            roles.by,
            roles.roles,
            self._core.now(),
            rejects_all=said.whole is not None and said.whole.progress is Progress.REJECTED,
        )

    async def _call_operators(self, contradiction: Contradiction) -> None:
        """Announces that the bank and the ledger disagree on a transfer, once for each report."""
        transfer, text = contradiction.transfer, _what_to_do(contradiction)
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


def _what_to_do(contradiction: Contradiction) -> str:
    transfer = contradiction.transfer
    twice = f"{transfer} came back according to the ledger, but is settled according to the bank"
    if contradiction.followed:
        return (
            f"{twice}, and a later attempt may have left: ask the bank to stop one of the two attempts, or ask the "
            "team to pay one of them back."
        )
    return (
        f"{twice}: find out which is true. Until then the payment does not leave again. If the team has its money, "
        f"run `starter.py undo-return {transfer} --as PERSON --reason WHY`."
    )
