"""A step of a payment that is taken, or taken again, after somebody has moved the payment on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import update
from temporalio.testing import ActivityEnvironment
from whenever import Date, Instant

from activities.paying import Paying
from domain import payment as rules
from domain.bank_account import BankAccount
from domain.money import Money
from domain.payment import PaymentMove, PaymentStatus, Return
from domain.refusals import RailRefused, TooEarly, Unavailable
from domain.round import Person, challenges_of
from domain.transfer import transfer_id
from gateways.credit_transfers import end_to_end_id
from gateways.embedded_rail import EmbeddedRail
from gateways.file_rail import FileRail
from gateways.rails import Instruction, PaymentRail, Transfer
from parts import seals_of
from settings import Settings
from store import payment_files, tables
from store.database import Database
from store.record import announce
from store.rounds import keep_round
from tests.playing import pilot
from tests.store.paying import OPERATOR, RELEASER, SECOND_RELEASER, Till, to_make
from tests.store.said import AIR, CLOSES, applied, compose, opened

ACCOUNT = BankAccount(holder="Breathe Ltd", sort_code="601613", number="31926819")


class OvertakenRail(EmbeddedRail):
    """The embedded rail; something happens after it was asked for a transfer and before it makes it."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        self.meanwhile()
        return super().transfer(instruction, at)


@dataclass
class Step:
    """A payment that is released, and the activities on it.

    Args:
        till: the payment in the ledger.
        paying: the activities, which a worker would run.
    """

    till: Till
    paying: Paying
    environment: ActivityEnvironment = field(default_factory=ActivityEnvironment)

    def take(self, activity: Callable[[PaymentMove], rules.PaymentStanding]) -> PaymentStatus:
        """Runs an activity of the service's own accord."""
        return self.environment.run(activity, PaymentMove(payment=self.till.payment)).status

    def give_back(self) -> PaymentStatus:
        """Runs the activity with which an operator says that the money came back, by one and the same decision."""
        decision = Return(by=OPERATOR, decision_id="back", reason="It is on the statement.")
        announcement = rules.decided(self.till.payment, decision, CLOSES)
        move = PaymentMove(payment=self.till.payment, announcement=announcement)
        return self.environment.run(self.paying.give_back, move).status


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database with the pilot's challenges in it, one of them open, and other people."""
    database = Database(f"sqlite:///{tmp_path / 'service.db'}")
    database.migrate()
    round_, programme, _ = pilot()
    operator, *releasers = (
        Person(id=each, name=each, email=f"{each}@scheme.example") for each in (OPERATOR, RELEASER, SECOND_RELEASER)
    )
    people = {"operators": (operator,), "releasers": tuple(releasers)}
    round_ = round_.model_copy(update={"id": AIR.partition("/")[0], **people})
    keep_round(database, round_, programme, challenges_of(round_, programme), CLOSES)
    announce(database, opened(AIR), compose)
    yield database
    database.close()


def step(database: Database, rail: PaymentRail, folder: Path) -> Step:
    """A payment that finance has released, on a rail."""
    seals = seals_of(Settings(payee_key_file=folder / "payee.key"), database)
    team = applied(database)
    till = Till(database, to_make(team))
    till.brought_to(PaymentStatus.RELEASED)
    with database.writing() as connection:
        connection.execute(update(tables.payees).values(sealed=seals.seal(ACCOUNT, team)))
    return Step(till, Paying(database, rail, EmbeddedRail(database.engine), seals, compose))


def _instruction(one: Step) -> Instruction:
    """What a rail is asked for in the first attempt."""
    return Instruction(
        id=transfer_id(one.till.key, 1), amount=Money.parse("2400"), currency="GBP", payee=ACCOUNT, reference="x"
    )


def test_money_that_leaves_although_it_was_said_to_be_back_needs_a_person(database: Database, tmp_path: Path) -> None:
    """Fails when submitting takes whatever the ledger answers: a second attempt would be released unaware."""
    rail = OvertakenRail(database.engine)
    one = step(database, rail, tmp_path)
    rail.meanwhile = one.give_back

    with pytest.raises(RailRefused, match=r"/1/1, which was said to have come back while it was asked for"):
        one.take(one.paying.submit)
    assert one.till.now.status is PaymentStatus.RETURNED
    assert rail.find(f"{one.till.key}/1") is not None


def test_a_rail_that_has_a_transfer_is_not_asked_for_it_again(database: Database, tmp_path: Path) -> None:
    """Fails without the look at the rail: of one that forgets what it was asked, a payment would be made twice."""
    rail, asked = OvertakenRail(database.engine), Counter[str]()
    one = step(database, rail, tmp_path)

    def count_and_fail() -> None:
        asked["transfer"] += 1
        EmbeddedRail(database.engine).transfer(_instruction(one), CLOSES)
        raise Unavailable("the answer was lost")

    rail.meanwhile = count_and_fail
    with pytest.raises(Unavailable, match="lost"):
        one.take(one.paying.submit)
    assert one.take(one.paying.submit) is PaymentStatus.SUBMITTED
    assert asked["transfer"] == 1


def test_asking_after_an_attempt_that_a_try_before_has_closed_is_no_alarm(database: Database, tmp_path: Path) -> None:
    """Fails when whatever attempt is under way must be with the rail: this one is released, and was not sent yet."""
    one = step(database, EmbeddedRail(database.engine), tmp_path)
    begun = one.till.begun()
    one.till.submit(begun)
    one.till.come_back(begun)
    one.till.release("again")

    assert one.take(one.paying.settle) is PaymentStatus.RELEASED
    assert one.take(one.paying.submit) is PaymentStatus.SUBMITTED
    assert one.take(one.paying.settle) is PaymentStatus.SETTLED


def test_a_transfer_that_its_rail_has_lost_needs_a_person(database: Database, tmp_path: Path) -> None:
    one = step(database, EmbeddedRail(database.engine), tmp_path)
    one.till.submit(one.till.begun())

    with pytest.raises(RailRefused, match="has lost"):
        one.take(one.paying.settle)


def test_what_may_still_leave_in_a_file_cannot_have_come_back(database: Database, tmp_path: Path) -> None:
    """Fails without the look at the file: it would still be written, and the payment be made again besides."""
    one = step(database, FileRail(database.engine), tmp_path)
    with pytest.raises(TooEarly, match="no file yet"):
        one.give_back()
    day = Date(2016, 8, 3)
    made = payment_files.collect(database, "FILE1", "pain.001.001.09", day, OPERATOR, CLOSES, end_to_end_id)
    assert made is not None
    with pytest.raises(TooEarly, match="make it with `submit` first"):
        one.give_back()

    payment_files.mark_written(database, made.id, CLOSES)
    assert one.give_back() is PaymentStatus.RETURNED
    assert one.give_back() is PaymentStatus.RETURNED, "a try that was not heard of is taken again"
