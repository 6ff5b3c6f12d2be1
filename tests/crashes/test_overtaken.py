"""A step of a payment that is taken, or taken again, after somebody has moved the payment on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.testing import ActivityEnvironment
from whenever import Date, Instant

from activities.payments import Paying
from activities.rails import Rails
from domain.challenges.decisions import Decision
from domain.keys import transfer_id
from domain.payments.bank_account import BankAccount
from domain.payments.decisions import Return, UndoReturn
from domain.payments.moves import PaymentSettlement, PaymentSubmission, move_for
from domain.payments.payment import PaymentSnapshot, PaymentStatus
from domain.payments.rails import Instruction, PaymentRail, Progress, Transfer
from domain.programmes.round import Person, challenges_of
from domain.values.money import Money
from domain.values.refusals import RailRefused, TooEarly, Unavailable
from gateways.banking.credit_transfers import end_to_end_id
from service.settings import Settings
from service.wiring import seals_of
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.payments import payment_files
from store.payments.embedded_rail import EmbeddedRail
from store.payments.file_rail import FileRail
from store.payments.reading import under_way
from store.record.record import announce
from tests.activities.runs import RememberingRuns
from tests.chained import KEYS
from tests.identity.signing import judge_on
from tests.rounds import pilot
from tests.store.paying import OPERATOR, RELEASER, SECOND_RELEASER, Till, to_make
from tests.store.said import AIR, CLOSES, applied, compose, opened

_SEEN = "It is on the statement."
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

    def submit(self) -> PaymentStatus:
        """Runs the activity that gives the payment to its rail."""
        return self.environment.run(self.paying.submit, PaymentSubmission(payment=self.till.payment)).status

    def settle(self) -> PaymentStatus:
        """Runs the activity that asks the rail what became of the payment."""
        return self.environment.run(self.paying.settle, PaymentSettlement(payment=self.till.payment)).status

    def give_back(self) -> PaymentStatus:
        """Runs the activity with which an operator says that the money came back, by one and the same decision."""
        return self._decide(self.paying.give_back, Return(by=OPERATOR, decision_id="back", reason=_SEEN))

    def undo_return(self) -> PaymentStatus:
        """Runs the activity with which an operator says that the first attempt has arrived after all."""
        decision = UndoReturn(by=OPERATOR, decision_id="undo-return", attempt=1, reason=_SEEN)
        return self._decide(self.paying.undo_return, decision)

    def _decide(self, activity: Callable[[Any], PaymentSnapshot], decision: Decision) -> PaymentStatus:
        return self.environment.run(activity, move_for(self.till.payment, decision)).status


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database with the pilot's challenges in it, one of them open, and other people."""
    database = Database(f"sqlite:///{tmp_path / 'service.db'}", KEYS)
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
    seals, team = seals_of(Settings(payee_key_file=folder / "payee.key"), database), applied(database)
    till = Till(database, to_make(team))
    till.brought_to(PaymentStatus.RELEASED)
    with database.writing() as connection:
        connection.execute(update(tables.payees).values(sealed=seals.seal(ACCOUNT, team)))
    rails, judge = Rails(rail, EmbeddedRail(database)), judge_on(database)
    return Step(till, Paying(database, rails, RememberingRuns(), seals, compose, judge))


def batch(database: Database) -> payment_files.Batch:
    """A file, begun, of all that waits to leave."""
    day, form = Date(2016, 8, 3), "pain.001.001.09"
    made, _ = payment_files.batch(database, "FILE1", form, day, OPERATOR, {}, CLOSES, end_to_end_id, lambda line: None)
    assert made is not None
    return made


def _instruction(one: Step) -> Instruction:
    """What a rail is asked for in the first attempt."""
    return Instruction(
        id=transfer_id(one.till.key, 1), amount=Money.parse("2400"), currency="GBP", payee=ACCOUNT, reference="x"
    )


def test_money_that_leaves_although_it_was_said_to_be_back_needs_a_person(database: Database, tmp_path: Path) -> None:
    """Fails when submitting takes whatever the ledger answers: a second attempt would be released unaware."""
    rail = OvertakenRail(database)
    one = step(database, rail, tmp_path)
    rail.meanwhile = one.give_back

    with pytest.raises(RailRefused, match=r"/1/1, which was said to have come back meanwhile"):
        one.submit()
    assert one.till.now.status is PaymentStatus.REJECTED
    assert rail.find(f"{one.till.key}/1") is not None


def test_a_rail_that_has_a_transfer_is_not_asked_for_it_again(database: Database, tmp_path: Path) -> None:
    """Fails without the look at the rail: of one that forgets what it was asked, a payment would be made twice."""
    rail, asked = OvertakenRail(database), Counter[str]()
    one = step(database, rail, tmp_path)

    def count_and_fail() -> None:
        asked["transfer"] += 1
        EmbeddedRail(database).transfer(_instruction(one), CLOSES)
        raise Unavailable("the answer was lost")

    rail.meanwhile = count_and_fail
    with pytest.raises(Unavailable, match="lost"):
        one.submit()
    assert one.submit() is PaymentStatus.SETTLED
    assert asked["transfer"] == 1


def test_asking_after_an_attempt_that_a_try_before_has_closed_is_no_alarm(database: Database, tmp_path: Path) -> None:
    """Fails when whatever attempt is under way must be with the rail: this one is released, and was not sent yet."""
    one = step(database, EmbeddedRail(database), tmp_path)
    begun = one.till.begun()
    one.till.submit(begun)
    one.till.come_back(begun)
    one.till.release("again")

    assert one.settle() is PaymentStatus.RELEASED
    assert one.submit() is PaymentStatus.SETTLED
    assert one.settle() is PaymentStatus.SETTLED


def test_a_transfer_that_its_rail_has_lost_needs_a_person(database: Database, tmp_path: Path) -> None:
    one = step(database, EmbeddedRail(database), tmp_path)
    one.till.submit(one.till.begun())

    with pytest.raises(RailRefused, match="has lost"):
        one.settle()


class TellingRail(EmbeddedRail):
    """The embedded rail, which says of every transfer what the test has it say."""

    progress = Progress.SETTLED

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """See `PaymentRail`."""
        found = super().find(id)
        return found and found.model_copy(update={"progress": self.progress})


class ForgetfulProvider(TellingRail):
    """A rail that loses the answer to the first transfer, and books it only when `late` says so, as far as it does."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._lost: list[Instruction] = []

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        if not self._lost:
            self._lost.append(instruction)
            raise Unavailable("the answer was lost")
        return super().transfer(instruction, at)

    def late(self) -> None:
        """Books what it had lost."""
        super().transfer(self._lost[0], CLOSES)


@pytest.mark.parametrize(("progress", "says"), [(Progress.SETTLED, "is settled"), (Progress.TAKEN, "is on its way")])
def test_nothing_leaves_again_while_the_rail_has_the_attempt_before(
    database: Database, tmp_path: Path, progress: Progress, says: str
) -> None:
    """Invariant 1. Fails without the look at the attempts before: a person believed that the first was not made."""
    rail = ForgetfulProvider(database)
    one = step(database, rail, tmp_path)
    with pytest.raises(Unavailable):
        one.submit()
    assert one.give_back() is PaymentStatus.REJECTED
    rail.progress = progress
    rail.late()
    one.till.release("again")

    with pytest.raises(RailRefused, match=rf"{one.till.key}/1 came back by the ledger, and {says}, says the rail"):
        one.submit()
    assert rail.find(f"{one.till.key}/2") is None
    assert one.till.cancel().status is PaymentStatus.CANCELLED, "no rail was asked for the second"


@pytest.mark.parametrize("progress", [None, Progress.TAKEN, Progress.RETURNED])
def test_what_a_rail_can_be_asked_of_has_arrived_after_all_only_if_it_says_so(
    database: Database, tmp_path: Path, progress: Progress | None
) -> None:
    """Fails when a person is believed before a provider; or where one that has corrected itself leaves nothing but to
    give up a payment that was made."""
    rail = ForgetfulProvider(database)
    one = step(database, rail, tmp_path)
    with pytest.raises(Unavailable):
        one.submit()
    one.give_back()
    one.till.release("again")
    if progress:
        rail.late()
        rail.progress = progress
    with pytest.raises(TooEarly, match=f"{one.till.key}/1 has not arrived, says the rail embedded"):
        one.undo_return()
    if not progress:
        rail.late()
    rail.progress = Progress.SETTLED
    with pytest.raises(RailRefused, match=f"if the team has its money, say `undo-return {one.till.key}/1`"):
        one.submit()

    assert one.undo_return() is PaymentStatus.SETTLED
    rail.progress = Progress.RETURNED
    assert one.undo_return() is PaymentStatus.SETTLED, "a try that was not heard of is taken again"
    assert one.till.now.attempt == 1


@pytest.mark.parametrize("progress", [Progress.SETTLED, Progress.RETURNED])
def test_what_had_arrived_and_came_back_later_leaves_again(
    database: Database, tmp_path: Path, progress: Progress
) -> None:
    """Fails when a rail must see what a person sees on a statement."""
    rail = TellingRail(database)
    one = step(database, rail, tmp_path)
    assert one.submit() is PaymentStatus.SETTLED
    assert one.give_back() is PaymentStatus.RETURNED
    one.till.release("again")
    rail.progress = progress

    assert one.submit() is PaymentStatus.SETTLED
    assert one.till.now.attempt == 2


def test_what_the_rail_itself_takes_back_its_word_of_does_not_leave_again(database: Database, tmp_path: Path) -> None:
    """Fails when a rail that says settled, returned and settled again is believed the second word and not the third."""
    rail = EmbeddedRail(database)
    one = step(database, rail, tmp_path)
    assert one.submit() is PaymentStatus.SETTLED
    begun = under_way(database, one.till.key)
    assert begun is not None
    assert one.till.come_back(begun).status is PaymentStatus.RETURNED
    one.till.release("again")

    with pytest.raises(RailRefused, match="is settled, says the rail"):
        one.submit()
    assert rail.find(f"{one.till.key}/2") is None


def test_what_has_arrived_does_not_come_back_before_the_ledger_knows_that(database: Database, tmp_path: Path) -> None:
    """Fails when a person is believed who cannot know: the rail would be said to have it by mistake ever after."""
    rail = EmbeddedRail(database)
    one = step(database, rail, tmp_path)
    one.till.submit(one.till.begun())
    rail.transfer(_instruction(one), CLOSES)
    with pytest.raises(TooEarly, match="is settled, says the rail, which the ledger has not noted yet"):
        one.give_back()
    one.settle()
    assert one.give_back() is PaymentStatus.RETURNED


class AnotherRail(EmbeddedRail):
    """A rail that took the place of the embedded one, with books of its own."""

    name = "another"

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """See `PaymentRail`."""
        return None


@pytest.mark.parametrize("is_batched", [True, False])
def test_a_rail_is_not_asked_for_what_another_may_have(database: Database, tmp_path: Path, is_batched: bool) -> None:
    """Invariant 1. Fails when the name of the rail is not looked at: it would be paid twice, or stand still unseen."""
    rail = AnotherRail(database)
    rail.is_batched = is_batched
    one = step(database, rail, tmp_path)
    begun = one.till.begun()
    for asks in (one.submit, one.settle):
        with pytest.raises(RailRefused, match="was begun at the rail embedded, and this is another"):
            asks()
    with pytest.raises(RailRefused, match="was begun at the rail embedded"):
        one.till.begin(rail="another")
    one.till.submit(begun)
    with pytest.raises(RailRefused, match="was begun at the rail embedded"):
        one.settle()

    # A person who has asked there is believed.
    assert one.give_back() is PaymentStatus.REJECTED
    one.till.release("again")
    assert one.submit() is (PaymentStatus.RELEASED if is_batched else PaymentStatus.SETTLED)


def test_a_provider_is_not_asked_for_what_is_in_a_file(database: Database, tmp_path: Path) -> None:
    """Invariant 1. Fails when a worker that is set to another rail than the desk takes over what has left."""
    one = step(database, EmbeddedRail(database), tmp_path)
    batch(database)
    with pytest.raises(RailRefused, match="was begun at the rail files, and this is embedded"):
        one.submit()
    assert EmbeddedRail(database).find(f"{one.till.key}/1") is None


@pytest.mark.parametrize("changed", [{"amount": Money.parse("2400.01")}, {"currency": "EUR"}], ids=str)
def test_a_transfer_of_another_amount_is_not_taken_for_the_payment(
    database: Database, tmp_path: Path, changed: dict[str, object]
) -> None:
    """Fails when what is found at the rail is not compared with what was ordered."""
    rail = EmbeddedRail(database)
    one = step(database, rail, tmp_path)
    rail.transfer(_instruction(one).model_copy(update=changed), CLOSES)

    with pytest.raises(RailRefused, match="at the rail and of £2,400 in the ledger"):
        one.submit()
    assert one.till.now.status is PaymentStatus.RELEASED
    one.till.submit(one.till.begun())
    with pytest.raises(RailRefused, match="at the rail and of £2,400 in the ledger"):
        one.settle()
    # A person who has cleared that up with the rail can end it; nothing leaves again.
    assert one.give_back() is PaymentStatus.REJECTED
    one.till.release("again")
    with pytest.raises(RailRefused, match="does not leave again"):
        one.submit()
    assert one.till.cancel().status is PaymentStatus.CANCELLED


@pytest.mark.parametrize("is_noted", [False, True])
def test_a_transfer_of_another_amount_that_came_back_is_noted(
    database: Database, tmp_path: Path, is_noted: bool
) -> None:
    """Fails when a payment whose rail has put its mistake right stands still for ever."""
    rail = ForgetfulProvider(database)
    rail.progress = Progress.RETURNED
    one = step(database, rail, tmp_path)
    EmbeddedRail(database).transfer(_instruction(one).model_copy(update={"currency": "EUR"}), CLOSES)

    if is_noted:
        one.till.submit(one.till.begun())
    assert (one.settle if is_noted else one.submit)() is PaymentStatus.RETURNED


def test_what_may_still_leave_in_a_file_cannot_have_come_back(database: Database, tmp_path: Path) -> None:
    """Fails without the look at the file: it would still be written, and the payment be made again besides."""
    one = step(database, FileRail(database), tmp_path)
    with pytest.raises(TooEarly, match="no money is on its way"):
        one.give_back()
    made = batch(database)
    with pytest.raises(TooEarly, match="no file yet: make the one that was begun with `submit` first"):
        one.give_back()

    payment_files.mark_written(database, made.id, CLOSES)
    assert one.give_back() is PaymentStatus.REJECTED
    assert one.give_back() is PaymentStatus.REJECTED, "a try that was not heard of is taken again"
