"""Payment files for a bank. Each released payment leaves in exactly one file."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from whenever import Date, Instant

from domain.keys import payment_of
from domain.payments.bank_account import BankAccount
from domain.payments.payment import TO_RELEASE
from domain.payments.rails import Instruction
from domain.payments.reference import reference_of
from domain.permissions import Action, Actor
from domain.values.calendar import working_days_later
from domain.values.model import Value
from domain.values.money import Money, total
from domain.values.paging import Page, Paged, everything
from domain.values.places import Holidays
from domain.values.refusals import (
    FileRefused,
    NotReadable,
    RailRefused,
    ReasonMissing,
    Refused,
    TooLate,
    Unavailable,
)
from domain.values.text import on_one_line
from domain.values.wording import counted
from gateways.banking.credit_transfers import Version, check_can_be_filed, credit_transfer_file, end_to_end_id
from gateways.banking.payment_folder import PaymentFolder
from service.wiring import bank_terms_of, payer_of, seals_of
from store.payments import bank_reports, file_list, payment_files, reading
from store.payments.payment_days import first_promise, move
from store.payments.payment_files import Batch, Line, Marked
from store.payments.reading import Payment
from store.payments.sealing import Seals

from .bank_roles import BANK_ZONE, Acting, acting_on_payments
from .core import Core
from .payment_workflows import PaymentWorkflows

_BANK_HOLIDAYS = "GB-ENG"
"""The bank holidays of England, which all banks in the United Kingdom keep."""

_LONGEST_REASON = 2000
_LEFT_OUT_TOLD = 5
"""How many payments a refusal names if some payments cannot leave."""


class PaymentFile(Value):
    """A file for the bank.

    Args:
        path: where the file is.
        id: the id of the message in the file.
        currency: the currency of all payments in the file.
        abroad: whether all payments in the file cross a border; otherwise none does.
        count: the number of payments.
        control_sum: the sum of the payments.
        execute_on: the day on which the bank is to pay.
        made, made_by: when the file was begun, and by whom.
        written: whether the file exists. If writing failed, the next `submit` writes the file.
    """

    path: Path
    id: str
    currency: str
    abroad: bool
    count: int
    control_sum: Money
    execute_on: Date
    made: Instant
    made_by: str
    written: bool = True


class PaymentFiles:
    """What people do with payment files, which somebody takes to the bank."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._database = core.database
        self._workflows = PaymentWorkflows(core)
        self._folder = PaymentFolder(core.options.payment_files)

    async def submit(
        self,
        actor: Actor,
        on: Date | None = None,
        *,
        reason: str = "",
        anew: bool = False,
        made: Callable[[PaymentFile], object] | None = None,
        made_by_another: Callable[[PaymentFile, str], object] | None = None,
    ) -> tuple[PaymentFile, ...]:
        """Puts all released payments into files for the bank: one for each currency, and one for those across borders.

        If an earlier call failed before it wrote a file, that file is written first.

        Args:
            actor: who makes the files: an operator or a releaser of a challenge with payments in the files.
            on: the day on which the bank is to pay. If omitted, the next working day.
            reason: why the bank is to pay later than was promised. The reason goes on the record.
            anew: whether to drop a file that was begun but not written, and to put its payments into new files.
            made: called for each file as soon as the file exists, whatever fails later.
            made_by_another: called for each file that another person has just made ready, with that person's name.

        Returns:
            The files that this call has made ready.

        Raises:
            NotReadable: the day is past, more than a year away, or not a working day.
            ReasonMissing: the day is later than a payment is promised, and no reason is given. Nothing was done.
            NotAllowed: the actor may not make payment files.
            FileRefused: the paying account is not set, or another file is in the way, or some payments cannot go into
                a file. In the last case all other payments have left.
            TooLate: the file to drop has been written after all.
            Unavailable: the database cannot be written to, or bank details cannot be opened.
        """
        options, threads = self._core.options, self._core.threads
        _check_rail(options.payment_rail)
        reason = _one_line(reason)
        _check_bank_day(on, self._core.now())
        payer, seals = payer_of(options), await threads.write(seals_of, options, self._database)
        roles = await acting_on_payments(self._core, actor, Action.MAKE_PAYMENT_FILES)
        # Not a condition for new files: a payment that cannot be told of an earlier file now is told the next time.
        with suppress(Unavailable):
            await self._workflows.let_know(actor, await threads.read(bank_reports.unheard, self._database))
        _check_promise(on, reason, await threads.read(first_promise, self._database), self._core.now())
        if anew:
            await self._drop(roles)

        written: list[PaymentFile] = []
        while batch := await threads.write(self._batch, on, reason, roles, seals):
            file, marked = await threads.write(self._write, batch, payer, seals, roles.by)
            # The person who makes the file must learn where the file is before anybody else hears of it.
            if marked.is_first:
                written.append(file)
                if made is not None:
                    made(file)
            elif made_by_another is not None:
                made_by_another(file, marked.by)
            await self._workflows.ledger_changed(marked.keys)
        return tuple(written)

    async def held(self, actor: Actor) -> tuple[Payment, ...]:
        """The payments that are in no file because their team has left and nobody has released them since.

        Args:
            actor: who asks: an operator or a releaser. Only the payments of the actor's challenges are given.

        Raises:
            NotAllowed: the actor is not an operator or releaser of any challenge.
            Unavailable: the database cannot be read.
        """
        theirs = await self._core.theirs(actor, Action.READ_PAYMENT_FILES, None)

        def page_of(page: Page) -> Paged[Payment]:
            return reading.page_of_payments(self._database, page, challenges=theirs)

        found = await self._core.threads.read(lambda: [*everything(page_of)])
        return tuple(each for each in found if each.team_left and each.status in TO_RELEASE)

    async def list(self, actor: Actor) -> tuple[PaymentFile, ...]:
        """All payment files, in the order in which they were made.

        Raises:
            NotAllowed: the actor is not an operator or releaser of any challenge.
            Unavailable: the database cannot be read.
        """
        await self._core.reach(actor, Action.READ_PAYMENT_FILES, await self._core.challenges())
        return await self._core.threads.read(self._files)

    def _files(self) -> tuple[PaymentFile, ...]:
        return tuple(
            PaymentFile(path=self._folder.path_of(each.id), **dict(each))
            for each in file_list.read_files(self._database)
        )

    def _batch(self, on: Date | None, reason: str, acting: Acting, seals: Seals) -> Batch | None:
        """The next file's payments. A file that was begun comes before a new file. None if no payment waits to leave.

        Raises:
            FileRefused: none of the remaining payments can go into a file, or a payment in the file that was begun may
                not leave.
            Unavailable: the database cannot be written to.
        """

        def check(line: Line) -> None:
            _check_line(line, seals)

        now = self._core.now()
        name = f"CH{now.to_tz('UTC').date().format_iso(basic=True)}{secrets.token_hex(6).upper()}"
        form, day = self._core.options.payment_form, on or _next_working_day(now)
        batch, left_out = payment_files.batch(
            self._database, name, form, day, acting.by, acting.roles, now, end_to_end_id, check, reason, acting.proof
        )
        if batch is None and left_out:
            raise FileRefused(_left_out(left_out))
        if batch is None or batch.id == name or self._folder.has(batch.id):
            return batch
        return self._brought_up_to_date(batch, on, reason, acting, seals)

    def _brought_up_to_date(self, batch: Batch, on: Date | None, reason: str, acting: Acting, seals: Seals) -> Batch:
        """Checks the payments of a file that was begun earlier, and moves its day if the day is past.

        Raises:
            FileRefused: a payment in the file may not leave now.
        """
        for line in batch.lines:
            try:
                _check_line(line, seals)
            except Refused as refusal:
                raise FileRefused(
                    f"{payment_of(line.transfer)} cannot leave in the file {batch.id}, which was begun ({refusal}): "
                    "solve this problem, or put the other payments into a new file with `submit --anew`."
                ) from None
        now = self._core.now()
        day = on or max(batch.execute_on, _next_working_day(now))
        if day == batch.execute_on:
            return batch
        move(self._database, batch.id, day, acting.by, acting.roles, now, reason, acting.proof)
        return batch.model_copy(update={"execute_on": day})

    def _write(self, batch: Batch, payer: BankAccount, seals: Seals, by: str) -> tuple[PaymentFile, Marked]:
        """Writes a file, unless somebody else does so at the same moment."""
        instructions = [_instruction(line, seals) for line in batch.lines]
        version, terms = Version(batch.form), bank_terms_of(self._core.options)
        xml = credit_transfer_file(batch.id, batch.made, batch.execute_on, payer, instructions, version, terms)
        file = _described(self._folder.write(batch.id, xml), batch)
        try:
            return file, payment_files.mark_written(self._database, file.id, self._core.now(), by, file.execute_on)
        except TooLate:
            self._folder.remove(file.id)  # the payments of this file are now in another file
            raise

    async def _drop(self, acting: Acting) -> None:
        """Drops the file that was begun but not written."""
        for each in await self._core.threads.read(self._files):
            if each.written:
                continue
            if self._folder.has(each.id):
                raise TooLate(f"{each.path} exists and cannot be dropped: finish it with `submit`, without --anew.")
            keys = await self._core.threads.write(
                payment_files.drop, self._database, each.id, acting.by, acting.roles, self._core.now(), acting.proof
            )
            await self._workflows.ledger_changed(keys)


def _next_working_day(now: Instant) -> Date:
    return working_days_later(now.to_tz(BANK_ZONE).date(), 1, Holidays.of(_BANK_HOLIDAYS))


def _check_rail(rail: str) -> None:
    if rail != "files":
        raise FileRefused(
            f"Payments leave by the {rail} rail, without files: "
            "set CHALLENGES_PAYMENT_RAIL=files to send payments in files."
        )


def _check_bank_day(on: Date | None, now: Instant) -> None:
    if on is None:
        return
    today = now.to_tz(BANK_ZONE).date()
    if on < today:
        raise NotReadable(f"{on} is past: a bank pays on {today} at the earliest. Give {today} or a later day.")
    if on > (last := today.add(years=1)):
        raise NotReadable(f"{on} is more than a year away: give a day until {last}, or make the file later.")
    working = working_days_later(on.subtract(days=1), 1, Holidays.of(_BANK_HOLIDAYS))
    if on != working:
        raise NotReadable(f"{on} is not a working day for banks: the next working day is {working}.")


def _one_line(reason: str) -> str:
    kept = on_one_line(reason)
    if len(kept) > _LONGEST_REASON:
        raise NotReadable(f"The reason has {len(kept)} characters: write at most {_LONGEST_REASON}.")
    return kept


def _check_promise(on: Date | None, reason: str, first: tuple[str, Instant] | None, now: Instant) -> None:
    """Checks that nothing is paid later than promised without a reason. The next working day is always early enough."""
    if on is None or reason or first is None:
        return
    key, promised = first
    last = promised.subtract(nanoseconds=1).to_tz(BANK_ZONE).date()  # a promise ends at the end of a day
    if on > max(last, _next_working_day(now)):
        raise ReasonMissing(
            f"{on} is later than {key} is promised, which is {last}: give a day until then, or say why with --reason."
        )


def _check_line(line: Line, seals: Seals) -> None:
    """Checks that a transfer can go into a file.

    Raises:
        RailRefused, FileRefused, Unavailable: the transfer cannot.
    """
    if line.arrived:
        raise RailRefused(
            f"{line.arrived} came back according to the ledger, but may have arrived according to the bank: find out "
            "which is true, then use `undo-return` or `return` with that attempt"
        )
    if line.left:
        raise RailRefused("its team has left since it was released, and a releaser must say again whether it is paid")
    if not line.amount.pence:
        raise FileRefused("the amount is zero: cancel the payment")
    check_can_be_filed(seals.open(line.sealed, line.team), line.currency)


def _instruction(line: Line, seals: Seals) -> Instruction:
    payee = seals.open(line.sealed, line.team)
    return Instruction(
        id=line.transfer,
        amount=line.amount,
        currency=line.currency,
        payee=payee,
        reference=reference_of(line.transfer, payee),
    )


def _left_out(why: Mapping[str, str]) -> str:
    told = "; ".join(f"{key}: {reason}" for key, reason in [*why.items()][:_LEFT_OUT_TOLD])
    more = f"; and {len(why) - _LEFT_OUT_TOLD} more" if len(why) > _LEFT_OUT_TOLD else ""
    return f"{counted(len(why), 'payment')} left out of all files (all others are in a file): {told}{more}"


def _described(path: Path, batch: Batch) -> PaymentFile:
    return PaymentFile(
        path=path,
        id=batch.id,
        currency=batch.currency,
        abroad=batch.abroad,
        count=len(batch.lines),
        control_sum=total(line.amount for line in batch.lines),
        execute_on=batch.execute_on,
        made=batch.made,
        made_by=batch.made_by,
    )
