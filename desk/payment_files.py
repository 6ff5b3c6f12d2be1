"""The desk's side of payment files: made for a bank, each payment in one, and the bank's reports on them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from whenever import Date, Instant

from domain.announcements.announcement import Announcement, Attention, Entry, to_people
from domain.announcements.occasions import Occasion
from domain.keys import payment_of, transfer_id
from domain.payments import payment as rules
from domain.payments.bank_account import BankAccount
from domain.payments.rails import Instruction, Progress
from domain.permissions import Action, Actor, grant_for
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
from gateways.banking.status_reports import LARGEST, StatusReport, in_words, read_status_report
from service.wiring import payer_of, seals_of
from store.payments import bank_reports, payment_files, reading
from store.payments.bank_reports import Contradiction, Reported
from store.payments.payment_files import Batch, Line
from store.payments.reading import Payment
from store.payments.sealing import Seals

from .core import Core
from .payment_workflows import PaymentWorkflows

LARGEST_REPORT = LARGEST
"""Bytes of a bank's report at most."""

_BANK_ZONE, _BANK_HOLIDAYS = "Europe/London", "GB-ENG"
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


class Acting(Value):
    """Who acts on payments of several challenges.

    Args:
        by: what the record calls them.
        roles: in what role, by challenge.
    """

    by: str
    roles: Mapping[str, str]


class PaymentFiles:
    """Payment files, and what a bank says of them."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._database = core.database
        self._workflows = PaymentWorkflows(core)

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
        roles = await self._roles(actor, Action.MAKE_PAYMENT_FILES)
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

    async def settle(self, actor: Actor, report: bytes) -> tuple[Payment, ...]:
        """Reads a bank's report on a payment file, and lets the payments that it speaks of know.

        Returns:
            The payments of which it says what the ledger does not have yet.

        Raises:
            FileRefused: it is no such report, contradicts itself, or turns away what the bank has had before.
            UnknownPayment: it is on a file that was not made here.
            NotAllowed: it is not theirs to bring.
            RailRefused: all is noted, and by it something has arrived that came back by the ledger; the operators are
                told.
            Unavailable: the database cannot be written to.
        """
        threads = self._core.threads
        if len(report) > LARGEST:
            raise FileRefused(f"The report has more than {LARGEST:,} bytes: ask the bank to split it.")
        said = await threads.read(read_status_report, report)
        file = said.original_message_id
        challenges = await threads.read(payment_files.challenges_concerned, self._database, file)
        roles = await self._roles(actor, Action.BRING_REPORT, challenges)
        rows = [await self._core.find(each) for each in challenges]
        async with self._core.refusals_on_record(actor, Action.BRING_REPORT, *rows):
            new = await threads.write(self._note, said, roles)
        # Whoever brought it before may have been cut off half-way.
        unheard = await threads.read(bank_reports.unheard, self._database, file)
        keys = tuple(dict.fromkeys((*new, *unheard)))
        await self._workflows.let_know(keys)
        if contradicted := await threads.read(bank_reports.contradicted, self._database, file):
            for each in contradicted:
                await self._call_operators(each)
            await self._workflows.ledger_changed(payment_of(each.transfer) for each in contradicted)
            raise RailRefused(f"The report is noted. {' '.join(map(_what_to_do, contradicted))}")
        return tuple([await threads.read(reading.find_payment, self._database, key) for key in keys])

    def _note(self, said: StatusReport, roles: Acting) -> tuple[str, ...]:
        # A bank whose clock is ahead says nothing of days to come.
        made_on = min(said.made_on, self._core.now().to_tz(_BANK_ZONE).date())

        def statuses(names: tuple[str, ...]) -> Iterable[Reported]:
            for each in said.of(names):
                progress = each.progress or Progress.TAKEN
                yield Reported(
                    end_to_end=each.end_to_end_id,
                    progress=progress,
                    arrived_on=made_on if progress is Progress.SETTLED else None,
                    # Not in the bank's own words, which can name people and accounts.
                    reason=(in_words(each.code) if each.code else "the bank gives no reason")
                    if progress.has_failed
                    else "",
                )

        return bank_reports.report(
            self._database,
            said.original_message_id,
            statuses,
            roles.by,
            roles.roles,
            self._core.now(),
            rejects_all=said.group == "RJCT",
        )

    async def confirm_settled(self, actor: Actor, key: str, on: Date | None = None) -> tuple[Payment, ...]:
        """Takes somebody's word that a payment which left in a file has arrived, where a bank sends no reports.

        Said again with another day, that is the day: a bank's report may have been made later than the money arrived.

        Args:
            actor: whose word it is.
            key: of the payment.
            on: the day on which the money arrived, by the bank's statement; that on which it is noted if left out.

        Returns:
            The payment, if that is new.

        Raises:
            NotReadable: the day is still to come, or before the payment was released.
            UnknownPayment: there is no such payment, or it left in no file.
            NotAllowed: it is not theirs to say.
            TooLate: it came back.
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

    def _files(self) -> tuple[PaymentFile, ...]:
        return tuple(
            PaymentFile(path=self._path(each.id), **dict(each)) for each in payment_files.read_files(self._database)
        )

    def _path(self, file: str) -> Path:
        return self._core.options.payment_files / f"{file}.xml"

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
        if batch is None or batch.id == name or self._path(batch.id).exists():
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
        file = _described(_write_once(self._path(batch.id), xml), batch)
        return file, self._noted(file)

    def _noted(self, file: PaymentFile) -> tuple[str, ...]:
        try:
            return payment_files.mark_written(self._database, file.id, self._core.now())
        except TooLate:
            file.path.unlink(missing_ok=True)  # its payments are in another file now
            raise

    async def _drop(self, acting: Acting) -> None:
        """Forgets the file that was begun and not written."""
        for each in await self._core.threads.read(self._files):
            if each.written:
                continue
            if each.path.exists():
                raise TooLate(f"{each.path} is there: it cannot be dropped. Finish it with `submit`, without --anew.")
            keys = await self._core.threads.write(
                payment_files.drop, self._database, each.id, acting.by, acting.roles, self._core.now()
            )
            await self._workflows.ledger_changed(keys)

    async def _call_operators(self, contradiction: Contradiction) -> None:
        """That the bank and the ledger say two things of a transfer, once for each time that the bank does."""
        transfer, text = contradiction.transfer, _what_to_do(contradiction)
        payment = await self._core.threads.read(reading.find_payment, self._database, payment_of(transfer))
        row = await self._core.find(payment.challenge)
        told = to_people((await self._core.state(row)).challenge.operators, Occasion.ATTENTION, {"what": text})
        announcement = Announcement(
            key=f"{row.id}/contradicted/{transfer}/{contradiction.reported}",
            challenge=row.id,
            entry=Entry(
                at=self._core.now(),
                by=rules.SERVICE,
                role=rules.SERVICE,
                action="attention",
                stage=payment.stage,
                text=f"Needs attention: {text}",
            ),
            notices=(told,),
            attention=Attention(text=text, of=transfer),
        )
        await self._core.announce(announcement)

    async def _roles(self, actor: Actor, action: Action, challenges: Sequence[str] | None = None) -> Acting:
        """Who acts on the payments of some challenges, or of all whose payments wait to leave, and in what roles.

        Raises:
            NotAllowed: they may act on none of them; that is on the record of each.
        """
        if challenges is None:
            challenges = await self._core.threads.read(payment_files.challenges_concerned, self._database)
        rows = [await self._core.find(each) for each in challenges]
        async with self._core.refusals_on_record(actor, action, *rows):
            # Where nothing is concerned yet, whoever could do so at any challenge is let through.
            theirs = await self._core.reach(actor, action, rows or await self._core.challenges())
        grants = {row.id: grant for row in theirs if (grant := grant_for(actor, action, row.place))}
        by = next((grant.person for grant in grants.values()), self._core.shown(actor))
        return Acting(by=by, roles={each: str(grant.role) for each, grant in grants.items()})


def _check_can_have_arrived(on: Date, payment: Payment, now: Instant) -> None:
    if on > now.to_tz(_BANK_ZONE).date():
        raise NotReadable(f"{on} is still to come: name the day on which the money arrived, by the bank's statement.")
    if payment.released is not None and on < (released := payment.released.to_tz(_BANK_ZONE).date()):
        raise NotReadable(
            f"{payment.key} was released on {released}, after {on}: name the day on which the money arrived, by the "
            "bank's statement."
        )


def _next_working_day(now: Instant) -> Date:
    return working_days_later(now.to_tz(_BANK_ZONE).date(), 1, Holidays.of(_BANK_HOLIDAYS))


def _check_bank_day(on: Date, now: Instant) -> None:
    today = now.to_tz(_BANK_ZONE).date()
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


def _what_to_do(contradiction: Contradiction) -> str:
    transfer = contradiction.transfer
    twice = f"{transfer} came back by the ledger and is settled by the bank"
    if contradiction.followed:
        return f"{twice}, and a later attempt may have left: ask the bank to stop one of them, or to give it back."
    return (
        f"{twice}: find out which is true. Until then nothing leaves again; if the team has its money, say "
        f"`starter.py undo-return {transfer} --as PERSON --reason WHY`."
    )


def _left_out(why: Mapping[str, str]) -> str:
    told = "; ".join(f"{key}: {reason}" for key, reason in [*why.items()][:_LEFT_OUT_TOLD])
    more = f"; and {len(why) - _LEFT_OUT_TOLD} more" if len(why) > _LEFT_OUT_TOLD else ""
    return f"{counted(len(why), 'payment')} left out of all files, the others are in one: {told}{more}"


def _write_once(path: Path, content: bytes) -> Path:
    """Writes a file that nobody else can read, whole or not at all, and never over another.

    Raises:
        FileRefused: it cannot be written, or something else is there under its name.
    """
    folder, name = path.parent, path.name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(dir=folder, prefix=f".{name}.") as draft:  # made for its owner alone
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            try:
                os.link(draft.name, path)
            except FileExistsError:
                if path.read_bytes() != content:
                    raise FileRefused(
                        f"{path} is there with another content: move it away, and see where it came from."
                    ) from None
        _keep_the_names_in(folder)
    except OSError as error:
        raise FileRefused(f"{path} cannot be written ({error.strerror}): see to the folder, then try again.") from None
    return path


def _keep_the_names_in(folder: Path) -> None:
    """Has the disk keep a new name: the ledger soon says that the file is there."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
