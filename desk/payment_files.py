"""The desk's side of payment files: made for a bank, each payment in one, and the bank's reports on them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from whenever import Date, Instant

from domain.announcements.announcement import Announcement, Attention, Entry, to_people
from domain.announcements.occasions import Occasion
from domain.keys import payment_of, transfer_id
from domain.payments import payment as rules
from domain.payments.bank_account import BankAccount
from domain.payments.rails import Instruction, Progress
from domain.values.calendar import Holidays, working_days_later
from domain.values.model import Value
from domain.values.money import Money, total
from domain.values.refusals import (
    FileRefused,
    NotAllowed,
    NotReadable,
    RailRefused,
    Refused,
    TooLate,
    Unavailable,
    UnknownPerson,
)
from domain.values.wording import counted
from gateways.banking.credit_transfers import Version, credit_transfer_file, end_to_end_id
from gateways.banking.status_reports import LARGEST, in_words, read_status_report
from service.wiring import payer_of, seals_of
from store.challenges import rounds
from store.payments import ledger, payment_files
from store.payments.ledger import Payment
from store.payments.payment_files import Batch, Contradiction, Line, Reported
from store.payments.sealing import Seals
from store.record.record import announce

from .desk import Desk
from .payments import Paying

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


class PaymentFiles:
    """Payment files, and what a bank says of them.

    Args:
        desk: for everything else.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._database = desk.database
        self._paying = Paying(desk)

    async def submit(
        self,
        by: str,
        on: Date | None = None,
        *,
        anew: bool = False,
        made: Callable[[PaymentFile], object] | None = None,
    ) -> tuple[PaymentFile, ...]:
        """Makes the files of all payments that were released, one for each currency, for somebody to take to the bank.

        A file that was begun and not written, because something failed, is written first.

        Args:
            by: who makes them: an operator or a releaser of a challenge whose payments leave.
            on: when the bank is to pay; the next working day if left out.
            anew: drops a file that was begun and not written, and puts its payments into new ones.
            made: is told of each file as soon as it is there, whatever fails after that.

        Raises:
            NotReadable: the day is past, or no working day.
            UnknownPerson, NotAllowed: it is not theirs to do.
            FileRefused: the account that pays is not set, or another file is in the place of one; or some payments
                cannot stand in a file. All others have left then.
            TooLate: a file that is to be dropped is there.
            Unavailable: the database cannot be written to, or bank details cannot be opened.
        """
        options = self._desk.options
        if options.payment_rail != "files":
            raise FileRefused(
                f"Payments leave by the {options.payment_rail} rail, without files: "
                "set CHALLENGES_PAYMENT_RAIL=files where files go to a bank."
            )
        if on is not None:
            _check_bank_day(on, self._desk.now())
        payer, seals = payer_of(options), seals_of(options, self._database)
        challenges = payment_files.challenges_concerned(self._database)
        with self._on_record(challenges, by, "payment-file"):
            roles = await self._roles(by, challenges, "make payment files")
        # It is no condition: whoever does not hear of an earlier file now hears of it the next time.
        with suppress(Unavailable):
            await self._paying.let_know(payment_files.unheard(self._database))
        if anew:
            await self._drop(by, roles)

        written: list[PaymentFile] = []
        while batch := self._batch(on, by, roles, seals):
            file = self._write(batch, payer, seals)
            # Before anybody else hears of it: whoever made it has to know where it is.
            keys = self._noted(file)
            written.append(file)
            if made is not None:
                made(file)
            await self._paying.tell_of_change(keys)
        return tuple(written)

    def files(self) -> tuple[PaymentFile, ...]:
        """All payment files that were made, in order.

        Raises:
            Unavailable: the database cannot be read.
        """
        return tuple(
            PaymentFile(path=self._path(each.id), **dict(each)) for each in payment_files.read_files(self._database)
        )

    async def settle(self, report: Path, by: str) -> tuple[Payment, ...]:
        """Reads a bank's report on a payment file, and lets the payments that it speaks of know.

        Returns:
            The payments of which it says what the ledger does not have yet.

        Raises:
            FileRefused: it is no such report, contradicts itself, or turns away what the bank has had before.
            UnknownPayment: it is on a file that was not made here.
            UnknownPerson, NotAllowed: it is not theirs to bring.
            RailRefused: all is noted, and by it something has arrived that came back by the ledger; the operators are
                told.
            Unavailable: the database cannot be written to.
        """
        try:
            if report.stat().st_size > LARGEST:  # noqa: ASYNC240
                raise FileRefused(f"The report {report} has more than {LARGEST:,} bytes: ask the bank to split it.")
            said = read_status_report(report.read_bytes())  # noqa: ASYNC240
        except OSError as error:
            raise FileRefused(f"The report {report} cannot be read ({error.strerror}): check its name.") from None

        file = said.original_message_id
        challenges = payment_files.challenges_concerned(self._database, file)
        with self._on_record(challenges, by, "bank-report"):
            roles = await self._roles(by, challenges, "bring reports on this payment file")

        # A bank whose clock is ahead says nothing of days to come.
        made_on = min(said.made_on, self._desk.now().to_tz(_BANK_ZONE).date())

        def statuses(names: tuple[str, ...]) -> Iterable[Reported]:
            for each in said.of(names):
                progress = each.progress or Progress.TAKEN
                yield Reported(
                    end_to_end=each.end_to_end_id,
                    progress=progress,
                    arrived_on=made_on if progress is Progress.SETTLED else None,
                    # Not in the bank's own words, which can name people and accounts.
                    reason=(in_words(each.code) if each.code else "the bank gives no reason")
                    if progress is Progress.RETURNED
                    else "",
                )

        with self._on_record(challenges, by, "bank-report"):
            new = payment_files.report(
                self._database, file, statuses, by, roles, self._desk.now(), rejects_all=said.group == "RJCT"
            )
        # Whoever brought it before may have been cut off half-way.
        keys = tuple(dict.fromkeys((*new, *payment_files.unheard(self._database, file))))
        await self._paying.let_know(keys)
        if contradicted := payment_files.contradicted(self._database, file):
            for each in contradicted:
                await self._call_operators(each)
            await self._paying.tell_of_change(payment_of(each.transfer) for each in contradicted)
            raise RailRefused(f"The report is noted. {' '.join(map(_what_to_do, contradicted))}")
        return tuple(ledger.find_payment(self._database, key) for key in keys)

    async def confirm_settled(self, key: str, by: str, on: Date | None = None) -> tuple[Payment, ...]:
        """Takes somebody's word that a payment which left in a file has arrived, where a bank sends no reports.

        Said again with another day, that is the day: a bank's report may have been made later than the money arrived.

        Args:
            key: of the payment.
            by: whose word it is.
            on: the day on which the money arrived, by the bank's statement; that on which it is noted if left out.

        Returns:
            The payment, if that is new.

        Raises:
            NotReadable: the day is still to come, or before the payment was released.
            UnknownPayment: there is no such payment, or it left in no file.
            UnknownPerson, NotAllowed: it is not theirs to say.
            TooLate: it came back.
            Unavailable: the database cannot be written to.
        """
        payment = ledger.find_payment(self._database, key)
        with self._on_record((payment.challenge,), by, "confirm-settled"):
            self._check_known(by, self._desk.find(payment.challenge).round)
            roles = await self._roles(by, (payment.challenge,), "say that it has arrived")
            if on is not None:
                _check_can_have_arrived(on, payment, self._desk.now())
            transfer, role = transfer_id(key, payment.attempt), roles[payment.challenge]
            new = payment_files.confirm_settled(self._database, transfer, by, role, self._desk.now(), on)
        await self._paying.tell_of_change([key])
        return (payment,) if new else ()

    def _path(self, file: str) -> Path:
        return self._desk.options.payment_files / f"{file}.xml"

    def _batch(self, on: Date | None, by: str, roles: Mapping[str, str], seals: Seals) -> Batch | None:
        """What goes into the next file, and first of all into one that was begun; None if nothing waits to leave.

        Raises:
            FileRefused: all that is left cannot stand in a file, or something in the one that was begun may not leave.
            Unavailable: the database cannot be written to.
        """

        def check(line: Line) -> None:
            _check_line(line, seals)

        now = self._desk.now()
        name = f"CH{now.to_tz('UTC').date().format_iso(basic=True)}{secrets.token_hex(6).upper()}"
        form, day = self._desk.options.payment_form, on or _next_working_day(now)
        batch, left_out = payment_files.batch(self._database, name, form, day, by, roles, now, end_to_end_id, check)
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
        earliest = _next_working_day(self._desk.now())
        day = on or max(batch.execute_on, earliest)
        if day == batch.execute_on:
            return batch
        payment_files.move(self._database, batch.id, day)
        return batch.model_copy(update={"execute_on": day})

    def _write(self, batch: Batch, payer: BankAccount, seals: Seals) -> PaymentFile:
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
        path = _write_once(self._path(batch.id), xml)
        return _described(path, batch)

    def _noted(self, file: PaymentFile) -> tuple[str, ...]:
        try:
            return payment_files.mark_written(self._database, file.id, self._desk.now())
        except TooLate:
            file.path.unlink(missing_ok=True)  # its payments are in another file now
            raise

    async def _drop(self, by: str, roles: Mapping[str, str]) -> None:
        """Forgets the file that was begun and not written."""
        for each in self.files():
            if each.written:
                continue
            if each.path.exists():
                raise TooLate(f"{each.path} is there: it cannot be dropped. Finish it with `submit`, without --anew.")
            await self._paying.tell_of_change(payment_files.drop(self._database, each.id, by, roles, self._desk.now()))

    async def _call_operators(self, contradiction: Contradiction) -> None:
        """That the bank and the ledger say two things of a transfer, once for each time that the bank does."""
        transfer, text = contradiction.transfer, _what_to_do(contradiction)
        payment = ledger.find_payment(self._database, payment_of(transfer))
        row = self._desk.find(payment.challenge)
        told = to_people((await self._desk.state(row)).challenge.operators, Occasion.ATTENTION, {"what": text})
        announcement = Announcement(
            key=f"{row.id}/contradicted/{transfer}/{contradiction.reported}",
            challenge=row.id,
            entry=Entry(
                at=self._desk.now(),
                by=rules.SERVICE,
                role=rules.SERVICE,
                action="attention",
                stage=payment.stage,
                text=f"Needs attention: {text}",
            ),
            notices=(told,),
            attention=Attention(text=text, of=transfer),
        )
        announce(self._database, announcement, self._desk.letters.compose)

    def _on_record(self, challenges: Iterable[str], by: str, action: str) -> AbstractContextManager[None]:
        return self._desk.refusals_on_record(by, action, *map(self._desk.find, challenges))

    async def _roles(self, by: str, challenges: Iterable[str], what: str) -> dict[str, str]:
        """In what role somebody acts on payments of these challenges, by challenge.

        Raises:
            UnknownPerson: nobody has that id.
            NotAllowed: they are operator or releaser of none.
            Unavailable: none says that they are, and one does not answer.
        """
        self._check_known(by)
        roles, allowed, silent = dict[str, str](), set[str](), list[Unavailable]()
        for each in challenges:
            try:
                state = await self._desk.state(self._desk.find(each))
            except Unavailable as fault:  # one challenge that stands still holds up no others
                silent.append(fault)
                continue
            allowed.update(state.challenge.operators, state.challenge.releasers)
            roles[each] = "releaser" if by in state.challenge.releasers else state.role_of(by)
        if by in allowed:
            return roles
        if silent:
            raise silent[0]
        if roles:
            raise NotAllowed(f"{by} may not {what}: {' or '.join(sorted(allowed))} may.")
        return roles

    def _check_known(self, person: str, round_: str = "") -> None:
        if not rounds.is_person(self._database, person, round_):
            where = f" in the round {round_}" if round_ else ""
            raise UnknownPerson(f"Nobody has the id {person!r}{where}: see the round file for its people.")


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
