"""The desk's side of money: bank details, releases, payment files and the bank's reports, what is late."""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError
from whenever import Date, Instant

from domain import payment as rules
from domain.announcement import Announcement, Entry, to_people
from domain.awards import order_in_words, payments_due
from domain.bank_account import BankAccount, read_account
from domain.calendar import Holidays, day_of, working_days_later
from domain.challenge import State
from domain.interest import LateInterest, late_interest
from domain.messages import make
from domain.model import Value
from domain.money import Money, total
from domain.occasions import Occasion
from domain.payment import PAYMENT_DECISIONS, PaymentStatus, PaymentToMake, payment_to_make
from domain.refusals import (
    FileRefused,
    NotAllowed,
    NotReadable,
    RailRefused,
    Refused,
    TooLate,
    Unavailable,
    UnknownPerson,
    UnknownTeam,
)
from domain.transfer import payment_of, transfer_id
from domain.wording import counted
from gateways.credit_transfers import Version, credit_transfer_file, end_to_end_id
from gateways.rails import Instruction, Progress
from gateways.status_reports import LARGEST, in_words, read_status_report
from parts import payer_of, seals_of
from store import ledger, payees, payment_files, rounds
from store.ledger import Payment
from store.payment_files import Collected, Line, Reported
from store.record import announce
from store.rounds import ChallengeRow
from store.sealing import Seals
from workflows import interface

from .base_rates import load_base_rates
from .desk import Desk

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


class Late(Value):
    """A payment that is not made by when it should have been, or was made later.

    Args:
        payment: as the ledger has it.
        by_law: whether it is later than the law allows, too.
        interest: what the payee is owed for that by statute; None if not late by law, or not in pounds.
    """

    payment: Payment
    by_law: bool
    interest: LateInterest | None


class Paying:
    """What people do about payments.

    Args:
        desk: for everything else.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._database = desk.database

    def account(self, challenge: str, by: str, given: Mapping[str, str] | str) -> BankAccount:
        """The bank details in what somebody gives for a team; what is wrong with them is on the record.

        Args:
            challenge: the name of the team's challenge.
            by: who gives them.
            given: the fields by name, or TOML with them.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotReadable: they are no account; says what is wrong, and nothing of what was given.
            Unavailable: the refusal cannot be written down.
        """
        row = self._desk.find(challenge)
        try:
            return read_account(given)
        except NotReadable as refusal:
            self._desk.put_on_record(row, by, "payee", refusal)
            raise

    async def give_payee(self, challenge: str, team: str, by: str, account: BankAccount) -> str:
        """Takes the bank details of a team; what was released to others before has to be released again.

        Args:
            challenge: its name.
            team: whose they are.
            by: who gives them: the team itself, or an operator for it.
            account: the details.

        Returns:
            What was done, with the payments that still go to the details before.

        Raises:
            UnknownChallenge, UnknownTeam: there is no such challenge or team.
            NotAllowed: it is not theirs to give.
            Unavailable: they cannot be kept.
        """
        row = self._desk.find(challenge)
        state = await self._desk.state(row)
        try:
            _check_may_give(state, team, by)
        except Refused as refusal:
            self._desk.put_on_record(row, by, "payee", refusal)
            raise
        sealed = seals_of(self._desk.options, self._database).seal(account, team)
        now, role = self._desk.now(), state.role_of(by)

        def announcing(version: int, on_its_way: Sequence[str]) -> Announcement:
            return rules.payee_given(row.id, row.stage, team, version, on_its_way, by, role, now)

        given = ledger.give_payee(
            self._database,
            row.id,
            team,
            sealed,
            account.masked,
            announcing,
            partial(payment_to_make, state),
            now,
            self._desk.letters.compose,
        )
        await self._look(given.payments)
        return given.text

    def find(self, key: str) -> Payment:
        """A payment as the ledger has it.

        Raises:
            UnknownPayment: there is none of that key.
            Unavailable: the database cannot be read.
        """
        return ledger.find_payment(self._database, key)

    async def decide(self, key: str, kind: str, by: str, **fields: object) -> str:
        """Sends a person's decision to a payment and gives its answer.

        Args:
            key: of the payment.
            kind: "release", "return" or "cancel".
            by: id of the person who decides.
            fields: the decision's other fields, among them of a release the `payee_version` of the payment as it was
                shown; without a `decision_id` it gets one.

        Raises:
            Refused: it was not done, and why; that is on the record.
            NotConfirmed: no answer came in time; sending it again is harmless.
        """
        payment = ledger.find_payment(self._database, key)
        row = self._desk.find(payment.challenge)
        try:
            decision = make(kind, {"by": by, "decision_id": uuid.uuid4().hex, **fields}, PAYMENT_DECISIONS)
        except Refused as refusal:
            self._desk.put_on_record(row, by, f"payment-{kind}", refusal)
            raise
        start = await self._started(payment, row, kind)
        return await self._desk.update(row, kind, decision, workflow=key, start=start)

    async def retry(self, key: str) -> str:
        """Lets a payment try again what needs attention; one whose workflow is gone is taken up again.

        Raises:
            UnknownPayment, TooLate, NotConfirmed: it could not be asked.
        """
        payment = ledger.find_payment(self._database, key)
        row = self._desk.find(payment.challenge)
        start = await self._started(payment, row, interface.RETRY)
        return await self._desk.update(row, interface.RETRY, None, workflow=key, start=start)

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
            await self._let_know(payment_files.unheard(self._database))
        if anew:
            await self._drop(by, roles)

        def check(line: Line) -> None:
            _check_line(line, seals)

        written: list[PaymentFile] = []
        while True:
            now = self._desk.now()
            day = now.to_tz("UTC").to_plain().format_iso()[:10].replace("-", "")
            name = f"CH{day}{secrets.token_hex(6).upper()}"
            collected, left_out = payment_files.collect(
                self._database,
                name,
                options.payment_form,
                on or _next_working_day(now),
                by,
                roles,
                now,
                end_to_end_id,
                check,
            )
            if collected is None:
                if left_out:
                    raise FileRefused(_left_out(left_out))
                return tuple(written)
            if collected.id != name and not self._path(collected.id).exists():
                collected = self._brought_up_to_date(collected, on, seals)
            file = self._write(collected, payer, seals)
            # Before anybody else hears of it: whoever made it has to know where it is.
            keys = self._noted(file)
            written.append(file)
            if made is not None:
                made(file)
            await self._look(keys)

    def files(self) -> tuple[PaymentFile, ...]:
        """All payment files that were made, in order.

        Raises:
            Unavailable: the database cannot be read.
        """
        return tuple(
            PaymentFile(path=self._path(each.id), **dict(each)) for each in payment_files.read_files(self._database)
        )

    def _path(self, file: str) -> Path:
        return self._desk.options.payment_files / f"{file}.xml"

    def _brought_up_to_date(self, collected: Collected, on: Date | None, seals: Seals) -> Collected:
        """A file that was begun some time ago may name a day that is past, or have a payment that may not leave now.

        Raises:
            FileRefused: it has such a payment.
        """
        for line in collected.lines:
            try:
                _check_line(line, seals)
            except Refused as refusal:
                raise FileRefused(
                    f"{payment_of(line.transfer)} cannot leave in the file {collected.id}, which was begun "
                    f"({refusal}): mend that; or put the other payments into a new file with `submit --anew`."
                ) from None
        earliest = _next_working_day(self._desk.now())
        day = on or max(collected.execute_on, earliest)
        if day == collected.execute_on:
            return collected
        payment_files.move(self._database, collected.id, day)
        return collected.model_copy(update={"execute_on": day})

    def _write(self, collected: Collected, payer: BankAccount, seals: Seals) -> PaymentFile:
        instructions = [
            Instruction(
                id=line.transfer,
                amount=line.amount,
                currency=collected.currency,
                payee=seals.open(line.sealed, line.team),
                reference=line.reference,
            )
            for line in collected.lines
        ]
        xml = credit_transfer_file(
            collected.id, collected.made, collected.execute_on, payer, instructions, Version(collected.form)
        )
        path = _write_once(self._path(collected.id), xml)
        return _described(path, collected)

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
            await self._look(payment_files.drop(self._database, each.id, by, roles, self._desk.now()))

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
        await self._let_know(keys)
        if contradicted := payment_files.contradicted(self._database, file):
            for transfer in contradicted:
                await self._call_operators(transfer)
            raise RailRefused(
                f"The report is noted. By it {', '.join(contradicted)} is settled, which came back by the ledger: "
                "find out which is true. Until then it does not leave again; if the team has its money, cancel it."
            )
        return tuple(ledger.find_payment(self._database, key) for key in keys)

    async def arrived(self, key: str, by: str, on: Date | None = None) -> tuple[Payment, ...]:
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
        with self._on_record((payment.challenge,), by, "arrived"):
            self._check_known(by, self._desk.find(payment.challenge).round)
            roles = await self._roles(by, (payment.challenge,), "say that it has arrived")
            if on is not None:
                _check_can_have_arrived(on, payment, self._desk.now())
            transfer, role = transfer_id(key, payment.attempt), roles[payment.challenge]
            new = payment_files.note_arrived(self._database, transfer, by, role, self._desk.now(), on)
        await self._look([key])
        return (payment,) if new else ()

    async def _call_operators(self, transfer: str) -> None:
        """That the bank and the ledger say two things of a transfer, once."""
        payment = ledger.find_payment(self._database, payment_of(transfer))
        row = self._desk.find(payment.challenge)
        text = f"{transfer} came back by the ledger and is settled by the bank: it does not leave again"
        told = to_people((await self._desk.state(row)).challenge.operators, Occasion.ATTENTION, {"what": text})
        announcement = Announcement(
            key=f"{row.id}/contradicted/{transfer}",
            challenge=row.id,
            entry=Entry(
                at=self._desk.now(),
                by=rules.SERVICE,
                role=rules.SERVICE,
                action="attention",
                stage=payment.stage,
                text=f"Needs attention: {text}",
            ),
            tellings=(told,),
        )
        announce(self._database, announcement, self._desk.letters.compose)

    @contextmanager
    def _on_record(self, challenges: Iterable[str], by: str, action: str) -> Iterator[None]:
        """What is refused to somebody is on the record of each challenge that it concerns."""
        try:
            yield
        except Unavailable:
            raise
        except Refused as refusal:
            for each in challenges:
                self._desk.put_on_record(self._desk.find(each), by, action, refusal)
            raise

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

    def reseal(self) -> int:
        """Seals all bank details anew with the first key of the key file; says how many.

        Raises:
            Unavailable: some cannot be opened with any of the keys; then nothing has changed.
        """
        return payees.reseal(self._database, seals_of(self._desk.options, self._database).reseal)

    def _check_known(self, person: str, round_: str = "") -> None:
        if not rounds.is_person(self._database, person, round_):
            where = f" in the round {round_}" if round_ else ""
            raise UnknownPerson(f"Nobody has the id {person!r}{where}: see the round file for its people.")

    def late(self, challenge: str | None = None) -> tuple[Late, ...]:
        """The payments that are or were made later than promised, with the interest that the law gives for it.

        Raises:
            UnknownChallenge: there is no such challenge.
            FileRefused: the table of base rates is wrong.
        """
        rates = load_base_rates()
        zones = {row.id: row.time_zone for row in self._desk.challenges()}
        found = []
        for payment in self._desk.payments(challenge):
            if payment.status is PaymentStatus.CANCELLED or payment.pay_by is None or payment.pay_by_law is None:
                continue
            # Neither a promise nor the law knows a time of day.
            zone = zones[payment.challenge]
            paid = payment.arrived_on or (payment.settled or self._desk.now()).to_tz(zone).date()
            promised, last_day = day_of(payment.pay_by, zone), day_of(payment.pay_by_law, zone)
            if paid <= min(promised, last_day):
                continue
            in_pounds = payment.currency == "GBP"
            interest = late_interest(payment.amount.gross, last_day, paid, rates) if in_pounds else None
            found.append(Late(payment=payment, by_law=paid > last_day, interest=interest))
        return tuple(found)

    async def _let_know(self, keys: Iterable[str]) -> None:
        """Lets payments look at what is noted of their files; takes up again those that were over."""
        for key in keys:
            payment = ledger.find_payment(self._database, key)
            row = self._desk.find(payment.challenge)
            if start := await self._started(payment, row, rules.Return.kind):
                await self._desk.update(row, interface.RETRY, None, workflow=key, start=start)
            else:
                await self._look([key])

    async def _look(self, keys: Iterable[str]) -> None:
        """Lets payments look at the ledger. One that hears nothing looks by itself before its next reminder."""
        with suppress(Unavailable):
            client = await self._desk.client()
            for key in keys:
                with suppress(RPCError):
                    await client.get_workflow_handle(key).signal(interface.LOOK)

    async def _started(
        self, payment: Payment, row: ChallengeRow, what: str
    ) -> WithStartWorkflowOperation[Any, Any] | None:
        """What starts the workflow of a payment again that has ended, or is gone; None if it has nothing to do."""
        came_back = what == rules.Return.kind and payment.status is PaymentStatus.SETTLED
        if payment.status in rules.OVER and not came_back:
            return None
        client = await self._desk.client()
        if not came_back:  # of what has arrived a run may be about to end; any other goes on
            with suppress(RPCError):
                if (await client.get_workflow_handle(payment.key).describe()).close_time is None:
                    return None
        to_make = _to_make(await self._desk.state(row), payment.key)
        return WithStartWorkflowOperation(
            interface.PAYMENT,
            to_make,
            id=payment.key,
            task_queue=interface.TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=order_in_words(to_make.order, to_make.title)[:200],
        )


def _check_may_give(state: State, team: str, by: str) -> None:
    teams = {each.id for run in state.runs for each in run.teams}
    if team not in teams:
        raise UnknownTeam(
            f"{team} is no team of {state.challenge.id}: bank details are asked for once a team was selected."
        )
    if by != team and by not in state.challenge.operators:
        who = " or ".join((team, *state.challenge.operators))
        raise NotAllowed(f"{by} may not give the bank details of {team}: {who} may.")


def _to_make(state: State, key: str) -> PaymentToMake:
    for order in payments_due(state.having(payments={})):
        if order.key == key:
            return payment_to_make(state, order)
    raise Unavailable(f"The challenge {state.challenge.id} knows no payment {key}: see `reconcile`.")


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


def _described(path: Path, collected: Collected) -> PaymentFile:
    return PaymentFile(
        path=path,
        id=collected.id,
        currency=collected.currency,
        count=len(collected.lines),
        control_sum=total(line.amount for line in collected.lines),
        execute_on=collected.execute_on,
        made=collected.made,
        made_by=collected.made_by,
    )
