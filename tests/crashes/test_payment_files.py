"""Payments by files, with commands of the desk that are killed half-way and given again.

Each transfer is in one file, each file is whole, and what a bank reports reaches every payment: without anything being
paid twice or forgotten.
"""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

from lxml import etree
from sqlalchemy import select

from domain.announcements.occasions import Occasion
from domain.keys import transfer_id
from domain.payments.payment import FAILED, PaymentStatus
from gateways.banking.credit_transfers import Version, end_to_end_id, validate
from store.database.tables import payment_files
from tests.crashes import dying_desk
from tests.crashes.dying import AFTER, only_in, point
from tests.crashes.played import Played, books_agree, waiting_pilot
from tests.crashes.running import Commands, Worker, opened_desk, running_commands, running_worker
from tests.gateways.status_report import Said, bank_time, status_report
from tests.rounds import FINANCE
from tests.servers import dev_server
from tests.waiting import HANGS

ARRIVED, CAME_BACK = Said("ACSC"), Said("RJCT", "AC04")
SUBMITS = (
    dying_desk.WITHIN,
    dying_desk.BATCHED,
    dying_desk.DRAFTED,
    dying_desk.WRITTEN,
    dying_desk.NOTED,
    dying_desk.TOLD_ONE,
)
DIES_IN = ("submit_payment", "settle_payment")
DEATHS = tuple(only_in(activity, AFTER) for activity in DIES_IN)
SETTLES = (dying_desk.WITHIN, dying_desk.REPORTED, dying_desk.TOLD_ONE)


class Bank:
    """A folder of payment files, and the reports that a bank makes on them.

    Args:
        folder: where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> list[Path]:
        """The files that a person would take to the bank, in the order in which they were made."""
        return sorted(self.folder.glob("*.xml"), key=lambda path: path.stat().st_mtime_ns)

    def asked(self) -> Counter[tuple[str, str]]:
        """What all files ask for: names of transfers, and amounts."""
        return Counter(each for path in self.files() for each in _inside(path))

    def report(self, said: Said) -> Path:
        """Its report on all payments of the newest file."""
        newest = self.files()[-1]
        report = self.folder / "report.txt"
        names = [name for name, _ in _inside(newest)]
        report.write_bytes(status_report(dict.fromkeys(names, said), original=newest.stem, made=bank_time()))
        return report


def _inside(path: Path) -> list[tuple[str, str]]:
    """Names and amounts in a file, which is whole and as the schema has it."""
    content = path.read_bytes()
    validate(content, Version.V09)
    transfers = etree.fromstring(content).iter("{*}CdtTrfTxInf")
    return [(each.findtext(".//{*}EndToEndId") or "", each.findtext(".//{*}InstdAmt") or "") for each in transfers]


def settings_for_files(folder: Path) -> dict[str, str]:
    """The settings of a service that pays by files."""
    return {
        "answer_within": str(HANGS),  # also of a worker that is just dying, on a machine that has much else to do
        "payment_rail": "files",
        "payment_files": str(folder),
        "payer_holder": "Challenge Fund",
        "payer_sort_code": "20-00-00",
        "payer_number": "55779911",
    }


# Longer than others: each of the six files needs what came of the file before.
async def test_every_transfer_is_in_one_file_however_often_the_desk_dies(tmp_path: Path) -> None:
    """Six files, each made by a command that dies at another point and is given again; so are reports and bank details.

    The worker dies besides, whenever it has noted that a payment left or what was reported. What comes back is released
    again, and settles at last.

    Fails when a file that was begun is not made first; when what was noted and not told is not told later; when a file
    is written to its place, or over another.
    """
    bank, by_files = Bank(tmp_path / "payments"), settings_for_files(tmp_path / "payments")
    database_url = f"sqlite:///{tmp_path / 'service.db'}"
    async with dev_server() as client:
        with (
            opened_desk(client, database_url, **by_files) as desk,
            running_worker(client, database_url, tmp_path / "worker", *DEATHS, **by_files) as worker,
            running_commands(client, database_url, tmp_path, **by_files) as commands,
        ):
            await worker.started()
            played = Played(desk, "air-quality", waiting_pilot())
            await played.open()
            await played.waiting_for("selection for exploration")
            await played.select_for("exploration")
            payments = await played.payments_of_teams()
            waiting = await give_payees(played, commands, payments)

            for number, moment in enumerate(SUBMITS, start=1):
                for key in waiting:
                    await played.release(key)
                waiting = payments
                if moment == dying_desk.BATCHED:
                    await die(commands, moment, "submit", "--as", FINANCE)
                    await check_not_written_over(played, commands, bank)
                else:
                    await die_and_again(commands, moment, "submit", "--as", FINANCE)
                for key in payments:
                    await played.stands(key, PaymentStatus.SUBMITTED)
                if number == len(SUBMITS):
                    # What a bank calls settled can still come back, when nothing waits for it any more.
                    await commands.run("", "settle", str(bank.report(ARRIVED)), "--as", FINANCE)
                    for key in payments:
                        await played.stands(key, PaymentStatus.SETTLED)
                settle = ("settle", str(bank.report(CAME_BACK)), "--as", FINANCE)
                await die_and_again(commands, SETTLES[number % len(SETTLES)], *settle)
                for key in payments:
                    await played.stands(key, *FAILED)

            for key in payments:
                await played.release(key)
            assert await commands.run("", "submit", "--as", FINANCE) == 0
            for key in payments:
                await played.stands(key, PaymentStatus.SUBMITTED)
            assert await commands.run("", "settle", str(bank.report(ARRIVED)), "--as", FINANCE) == 0
            for key in payments:
                await played.stands(key, PaymentStatus.SETTLED)

            check_worker(worker, payments)
            attempts = range(1, len(SUBMITS) + 2)
            assert bank.asked() == {
                (end_to_end_id(transfer_id(key, attempt)), "2000.00"): 1 for key in payments for attempt in attempts
            }
            assert {played.payments()[key].attempt for key in payments} == {len(attempts)}
            check_told(played, payments, len(attempts))
            assert await books_agree(desk) == ()


async def die(commands: Commands, moment: str, *arguments: str) -> None:
    """A command is given and dies."""
    assert await commands.run(moment, *arguments) == -signal.SIGKILL, f"{moment}: {commands.output()}"


async def die_and_again(commands: Commands, moment: str, *arguments: str) -> None:
    """A command is given, dies, and is given again."""
    await die(commands, moment, *arguments)
    assert await commands.run("", *arguments) == 0, commands.output()


async def give_payees(played: Played, commands: Commands, payments: list[str]) -> list[str]:
    """Teams give their bank details by a command that dies; it is given again, or the next decision finds them.

    Returns:
        The payments that are not released yet.
    """
    lost, kept, told, unseen = (played.payments()[key] for key in payments)
    for payment, moment in ((lost, dying_desk.WITHIN), (kept, dying_desk.KEPT), (told, dying_desk.TOLD_ONE)):
        await die_and_again(commands, moment, *_payee(played, payment.team))
        await played.stands(payment.key, PaymentStatus.PAYEE_KNOWN)
    await die(commands, dying_desk.KEPT, *_payee(played, unseen.team))
    assert played.payments()[unseen.key].status is PaymentStatus.REQUESTED
    await played.decide_on(unseen.key, "release")
    return [lost.key, kept.key, told.key]


def _payee(played: Played, team: str) -> tuple[str, ...]:
    account = ("--holder", "Tay Ltd", "--sort-code", "60-16-13", "--account", "31926819")
    return ("payee", played.id, team, "--as", played.books.mailbox(team), *account)


async def check_not_written_over(played: Played, commands: Commands, bank: Bank) -> None:
    """A file that is in the way of one that was begun stays as it is, and nothing leaves until somebody moves it."""
    with played.desk.core.database.reading() as connection:
        begun = connection.scalars(select(payment_files.c.id).where(payment_files.c.written_at.is_(None))).one()
    in_the_way = bank.folder / f"{begun}.xml"
    in_the_way.write_text("somebody else's")
    assert await commands.run("", "submit", "--as", FINANCE) == 1
    assert "other content" in commands.output()
    assert in_the_way.read_text() == "somebody else's"
    in_the_way.unlink()
    assert await commands.run("", "submit", "--as", FINANCE) == 0, commands.output()


def check_worker(worker: Worker, payments: list[str]) -> None:
    """The worker died where it had to."""
    worker.check_alive()
    assert worker.deaths == {point(key, activity, AFTER) for key in payments for activity in DIES_IN}


def check_told(played: Played, payments: list[str], attempts: int) -> None:
    """Every team was told once of each time that its money left or came back."""
    notices = Counter((each.occasion, each.recipient) for each in played.books.notices(played.id))
    for key in payments:
        team = played.payments()[key].team
        assert notices[Occasion.PAYMENT_REQUESTED, team] == 1
        assert notices[Occasion.PAYMENT_SENT, team] == attempts
        assert notices[Occasion.PAYMENT_RETURNED, team] == attempts - 1
    assert notices[Occasion.PAYMENT_RETURNED, FINANCE] == (attempts - 1) * len(payments)
    assert [line.text for line in played.books.record(played.id) if line.refused] == []
