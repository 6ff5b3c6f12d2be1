"""Payment files, made for a bank: each payment that was released leaves in one of them, once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from whenever import Date, Instant

from domain.keys import payment_of
from domain.payments.bank_account import BankAccount
from domain.payments.rails import Instruction
from domain.permissions import Action, Actor
from domain.values.calendar import Holidays, working_days_later
from domain.values.model import Value
from domain.values.money import Money, total
from domain.values.refusals import (
    FileRefused,
    NotReadable,
    RailRefused,
    Refused,
    TooLate,
    Unavailable,
)
from domain.values.wording import counted
from gateways.banking.credit_transfers import Version, credit_transfer_file, end_to_end_id
from gateways.banking.payment_folder import PaymentFolder
from service.wiring import payer_of, seals_of
from store.payments import bank_reports, payment_files
from store.payments.payment_files import Batch, Line
from store.payments.sealing import Seals

from .bank_roles import BANK_ZONE, Acting, acting_on_payments
from .core import Core
from .payment_workflows import PaymentWorkflows

_BANK_HOLIDAYS = "GB-ENG"
"""Banks in the United Kingdom keep England's."""

_LEFT_OUT_TOLD = 5
"""Payments that are named when some cannot leave."""


class PaymentFile(Value):
    """A file for the bank.

    Args:
        path: where it is.
        id: of its message.
        currency: of its payments.
        count: how many payments.
        control_sum: what they sum to.
        execute_on: when the bank is to pay.
        made, made_by: when it was begun, and by whom.
        written: whether it is there; otherwise something failed, and it is written when files are made again.
    """

    path: Path
    id: str
    currency: str
    count: int
    control_sum: Money
    execute_on: Date
    made: Instant
    made_by: str
    written: bool = True


class PaymentFiles:
    """Payment files that somebody takes to the bank."""

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
        anew: bool = False,
        made: Callable[[PaymentFile], object] | None = None,
    ) -> tuple[PaymentFile, ...]:
        """Makes the files of all payments that were released, one for each currency, for somebody to take to the bank.

        A file that was begun and not written, because something failed, is written first.

        Args:
            actor: who makes them: an operator or a releaser of a challenge whose payments leave.
            on: when the bank is to pay; the next working day if left out.
            anew: drops a file that was begun and not written, and puts its payments into new ones.
            made: is told of each file as soon as it is there, whatever fails after that.

        Raises:
            NotReadable: the day is past, or no working day.
            NotAllowed: it is not theirs to do.
            FileRefused: the account that pays is not set, or another file is in the place of one; or some payments
                cannot stand in a file. All others have left then.
            TooLate: a file that is to be dropped is there.
            Unavailable: the database cannot be written to, or bank details cannot be opened.
        """
        options, threads = self._core.options, self._core.threads
        if options.payment_rail != "files":
            raise FileRefused(
                f"Payments leave by the {options.payment_rail} rail, without files: "
                "set CHALLENGES_PAYMENT_RAIL=files where files go to a bank."
            )
        if on is not None:
            _check_bank_day(on, self._core.now())
        payer, seals = payer_of(options), await threads.write(seals_of, options, self._database)
        roles = await acting_on_payments(self._core, actor, Action.MAKE_PAYMENT_FILES)
        # It is no condition: whoever does not hear of an earlier file now hears of it the next time.
        with suppress(Unavailable):
            await self._workflows.let_know(await threads.read(bank_reports.unheard, self._database))
        if anew:
            await self._drop(roles)

        written: list[PaymentFile] = []
        while batch := await threads.write(self._batch, on, roles, seals):
            # Before anybody else hears of it: whoever made it has to know where it is.
            file, keys = await threads.write(self._write, batch, payer, seals)
            written.append(file)
            if made is not None:
                made(file)
            await self._workflows.ledger_changed(keys)
        return tuple(written)

    async def list(self, actor: Actor) -> tuple[PaymentFile, ...]:
        """All payment files that were made, in order.

        Raises:
            NotAllowed: they are operator or releaser of no challenge.
            Unavailable: the database cannot be read.
        """
        await self._core.reach(actor, Action.READ_PAYMENT_FILES, await self._core.challenges())
        return await self._core.threads.read(self._files)

    def _files(self) -> tuple[PaymentFile, ...]:
        return tuple(
            PaymentFile(path=self._folder.path_of(each.id), **dict(each))
            for each in payment_files.read_files(self._database)
        )

    def _batch(self, on: Date | None, acting: Acting, seals: Seals) -> Batch | None:
        """What goes into the next file, and first of all into one that was begun; None if nothing waits to leave.

        Raises:
            FileRefused: all that is left cannot stand in a file, or something in the one that was begun may not leave.
            Unavailable: the database cannot be written to.
        """

        def check(line: Line) -> None:
            _check_line(line, seals)

        now = self._core.now()
        name = f"CH{now.to_tz('UTC').date().format_iso(basic=True)}{secrets.token_hex(6).upper()}"
        form, day = self._core.options.payment_form, on or _next_working_day(now)
        batch, left_out = payment_files.batch(
            self._database, name, form, day, acting.by, acting.roles, now, end_to_end_id, check
        )
        if batch is None and left_out:
            raise FileRefused(_left_out(left_out))
        if batch is None or batch.id == name or self._folder.has(batch.id):
            return batch
        return self._brought_up_to_date(batch, on, seals)

    def _brought_up_to_date(self, batch: Batch, on: Date | None, seals: Seals) -> Batch:
        """A file that was begun some time ago may name a day that is past, or have a payment that may not leave now.

        Raises:
            FileRefused: it has such a payment.
        """
        for line in batch.lines:
            try:
                _check_line(line, seals)
            except Refused as refusal:
                raise FileRefused(
                    f"{payment_of(line.transfer)} cannot leave in the file {batch.id}, which was begun "
                    f"({refusal}): mend that; or put the other payments into a new file with `submit --anew`."
                ) from None
        earliest = _next_working_day(self._core.now())
        day = on or max(batch.execute_on, earliest)
        if day == batch.execute_on:
            return batch
        payment_files.move(self._database, batch.id, day)
        return batch.model_copy(update={"execute_on": day})

    def _write(self, batch: Batch, payer: BankAccount, seals: Seals) -> tuple[PaymentFile, tuple[str, ...]]:
        """Writes a file; gives it, and the keys of its payments."""
        instructions = [
            Instruction(
                id=line.transfer,
                amount=line.amount,
                currency=batch.currency,
                payee=seals.open(line.sealed, line.team),
                reference=line.reference,
            )
            for line in batch.lines
        ]
        xml = credit_transfer_file(batch.id, batch.made, batch.execute_on, payer, instructions, Version(batch.form))
        file = _described(self._folder.write(batch.id, xml), batch)
        return file, self._noted(file)

    def _noted(self, file: PaymentFile) -> tuple[str, ...]:
        try:
            return payment_files.mark_written(self._database, file.id, self._core.now())
        except TooLate:
            self._folder.remove(file.id)  # its payments are in another file now
            raise

    async def _drop(self, acting: Acting) -> None:
        """Forgets the file that was begun and not written."""
        for each in await self._core.threads.read(self._files):
            if each.written:
                continue
            if self._folder.has(each.id):
                raise TooLate(f"{each.path} is there: it cannot be dropped. Finish it with `submit`, without --anew.")
            keys = await self._core.threads.write(
                payment_files.drop, self._database, each.id, acting.by, acting.roles, self._core.now()
            )
            await self._workflows.ledger_changed(keys)


def _next_working_day(now: Instant) -> Date:
    return working_days_later(now.to_tz(BANK_ZONE).date(), 1, Holidays.of(_BANK_HOLIDAYS))


def _check_bank_day(on: Date, now: Instant) -> None:
    today = now.to_tz(BANK_ZONE).date()
    if on < today:
        raise NotReadable(f"{on} is past: a bank pays on {today} at the earliest, so name that day or a later one.")
    working = working_days_later(on.subtract(days=1), 1, Holidays.of(_BANK_HOLIDAYS))
    if on != working:
        raise NotReadable(f"{on} is no working day of banks: the next is {working}.")


def _check_line(line: Line, seals: Seals) -> None:
    """That a transfer can stand in a file.

    Raises:
        RailRefused, FileRefused, Unavailable: it cannot.
    """
    if line.arrived:
        raise RailRefused(f"{line.arrived} came back by the ledger and is settled by the bank: find out which is true")
    if not line.amount.pence:
        raise FileRefused("it is of nothing: cancel it")
    seals.open(line.sealed, line.team)


def _left_out(why: Mapping[str, str]) -> str:
    told = "; ".join(f"{key}: {reason}" for key, reason in [*why.items()][:_LEFT_OUT_TOLD])
    more = f"; and {len(why) - _LEFT_OUT_TOLD} more" if len(why) > _LEFT_OUT_TOLD else ""
    return f"{counted(len(why), 'payment')} left out of all files, the others are in one: {told}{more}"


def _described(path: Path, batch: Batch) -> PaymentFile:
    return PaymentFile(
        path=path,
        id=batch.id,
        currency=batch.currency,
        count=len(batch.lines),
        control_sum=total(line.amount for line in batch.lines),
        execute_on=batch.execute_on,
        made=batch.made,
        made_by=batch.made_by,
    )
