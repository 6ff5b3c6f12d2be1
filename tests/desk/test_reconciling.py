"""Whether the books agree: each way in which they can differ is named, and nothing else."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.client import Client
from whenever import Instant, TimeDelta

from desk.desk import Desk
from desk.reconciliation import Reconciled
from domain.challenges.state import OrderState, Outcome, State
from domain.identity.proof import AT_TERMINAL
from domain.payments.bank_account import BankAccount
from domain.payments.payment import PaymentStatus
from domain.payments.rails import Instruction
from domain.values.money import Money
from gateways.banking.http_rail import HttpRail
from store.challenges.rounds import ChallengeRow
from store.database.database import Database
from tests.gateways.provider import Provider
from tests.play import Play
from tests.playing import playing
from tests.replay.recording import is_closed
from tests.rounds import OPERATOR, pilot, with_stages_of
from tests.servers import dev_server
from tests.waiting import eventually

BY_FILES = {"payment_rail": "files", "payer_holder": "Fund", "payer_sort_code": "200000", "payer_number": "55779911"}


@dataclass(frozen=True)
class Books:
    """A challenge with a payment that is settled, one whose payee is known, and one that is only requested."""

    play: Play
    paid: str
    known: str
    asked: str


@pytest.fixture(scope="module")
async def books(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Books]:
    """The same for all tests, on a server of their own: what they plant they plant in a copy of the database."""
    _, programme, _ = pilot()
    lasting = with_stages_of(TimeDelta(hours=1), programme)
    async with (
        dev_server() as client,
        playing(tmp_path_factory.mktemp("books"), client, programme=lasting, at_once=True) as play,
    ):
        teams = await play.exploring()
        paid, known, asked = (f"{play.challenge.id}/exploration/{team}/1" for team in teams)
        for key, team in ((paid, teams[0]), (known, teams[1])):
            await play.give_payee(team)
            await eventually(partial(_stands, play, key, PaymentStatus.PAYEE_KNOWN))
        await play.release(paid)
        await eventually(partial(_stands, play, paid, PaymentStatus.SETTLED))
        await eventually(partial(is_closed, client, paid))
        await eventually(partial(_stands, play, asked, PaymentStatus.REQUESTED))
        await play.until(lambda state: paid not in state.unpaid)
        yield Books(play, paid, known, asked)
    # The challenge's run had nobody wait for the payment that a test terminates; what is left of that goes now.
    gc.collect()


async def _stands(play: Play, key: str, status: PaymentStatus) -> bool:
    return any(each.key == key and each.status is status for each in play.books.payments(play.challenge.id))


@contextmanager
def copied(books: Books, folder: Path, *planted: str, **settings: object) -> Iterator[Desk]:
    """A desk on a copy of the database, in which something was planted."""
    file = folder / "copy.db"
    original = books.play.desk.core.database.engine.url.database
    with closing(sqlite3.connect(str(original))) as there, closing(sqlite3.connect(file)) as here:
        there.backup(here)
        for statement in planted:
            assert here.execute(statement).rowcount > 0, f"nothing was planted by {statement}"
        here.commit()
    database = Database(f"sqlite:///{file}", books.play.desk.core.database.record_keys)

    async def connected() -> Client:
        return books.play.client

    desk = Desk(books.play.desk.core.options.model_copy(update=settings), database, connected)
    try:
        yield desk
    finally:
        desk.close()
        database.close()


async def reconciled(desk: Desk) -> Reconciled:
    """What comes of it when the operator asks."""
    return await desk.reconciliation.reconcile(await desk.actor(OPERATOR, AT_TERMINAL))


async def differences(desk: Desk) -> list[tuple[str, str]]:
    """What is named, by the keys of payments."""
    return [(each.payment, each.what) for each in (await reconciled(desk)).differences]


async def test_books_that_agree_are_said_to(books: Books, tmp_path: Path) -> None:
    with copied(books, tmp_path) as desk:
        found = await reconciled(desk)
    assert (found.challenges, found.payments, found.differences) == (1, 3, ())


COLUMNS = "challenge, stage, team, net, vat, currency, requested_at"
FILED = (
    "INSERT INTO payment_files (id, form, currency, execute_on, made_by, made_at, written_at) "
    "VALUES ('F', 'pain.001.001.09', 'GBP', '2026-01-02', 'x', '2026-01-01', '2026-01-01')",
    "INSERT INTO filed_transfers (transfer, file, end_to_end, plain_reference, pence, progress) "
    "VALUES ('{paid}/1', 'F', 'E', 'R', 200000, '{progress}')",
    "UPDATE transfers SET rail = 'files' WHERE payment = '{paid}'",
)
RELEASED = (
    "INSERT INTO transfers (id, payment, attempt, team, payee_version, released_by, released_at, begun_at, rail) "
    "SELECT key || '/1', key, 1, team, 1, 'finance', requested_at, requested_at, '{rail}' FROM payments "
    "WHERE key = '{known}'",
    "UPDATE payments SET status = 'released' WHERE key = '{known}'",
)
CAME_BACK = (
    "UPDATE payments SET status = 'returned' WHERE key = '{paid}'",
    "UPDATE transfers SET returned_at = released_at, ended_as = 'returned' WHERE payment = '{paid}'",
)
SUBMITTED = (
    "UPDATE payments SET status = 'submitted' WHERE key = '{paid}'",
    "UPDATE transfers SET settled_at = NULL WHERE payment = '{paid}'",
)
NOT_HEARD = "is submitted in the ledger, and its workflow is completed: take it up again with `retry`"


@pytest.mark.parametrize(
    ("planted", "which", "named"),
    [
        pytest.param(
            ["UPDATE payments SET net = net + 1 WHERE key = '{known}'"],
            "known",
            ["is £2,000.01 in the ledger and £2,000 by the programme"],
            id="amount changed",
        ),
        pytest.param(
            ["UPDATE payments SET currency = 'EUR' WHERE key = '{known}'"],
            "known",
            ["is €2,000 in the ledger and £2,000 by the programme"],
            id="currency changed",
        ),
        pytest.param(
            [
                f'INSERT INTO payments (key, number, "of", {COLUMNS}) '
                f"SELECT '{{known}}2', 2, 2, {COLUMNS} FROM payments WHERE key = '{{known}}'"
            ],
            "known2",
            [
                "is in the ledger and not due by the programme",
                "is requested in the ledger, and no workflow is there to go on with it",
            ],
            id="row too many",
        ),
        pytest.param(
            ["DELETE FROM payments WHERE key = '{asked}'"],
            "asked",
            ["£2,000 is due by the programme and not in the ledger"],
            id="row missing",
        ),
        pytest.param(
            ["DELETE FROM rail_transfers"],
            "paid",
            ["attempt 1 is submitted according to the ledger, but the rail does not know it"],
            id="settled without the rail",
        ),
        pytest.param(
            ["UPDATE payments SET status = 'settled' WHERE key = '{known}'"],
            "known",
            [
                "is settled in the ledger, and the challenge has not heard of it",
                "is settled in the ledger, and its workflow has not ended",
                "is settled in the ledger, where no attempt is made",
            ],
            id="settled without a transfer",
        ),
        pytest.param(
            ["UPDATE payments SET status = 'cancelled' WHERE key = '{asked}'"],
            "asked",
            [
                "is cancelled in the ledger, and the challenge has not heard of it",
                "is cancelled in the ledger, and its workflow has not ended",
            ],
            id="cancelled, and nobody heard",
        ),
        pytest.param(
            ["UPDATE payments SET status = 'payee known' WHERE key = '{paid}'"],
            "paid",
            [
                "is payee known in the ledger and settled for the challenge",
                "is payee known in the ledger, and its workflow is completed: take it up again with `retry`",
                "is payee known in the ledger, where an attempt is settled",
            ],
            id="settled for the challenge alone",
        ),
        pytest.param(
            [
                *RELEASED,
                "INSERT INTO rail_transfers VALUES ('{known}/1', 'x', 200000, '2026-01-01', 'GBP')",
            ],
            "known",
            ["attempt 1 is with the rail, and the ledger does not have this yet"],
            id="with the rail alone",
        ),
        pytest.param(
            SUBMITTED,
            "paid",
            [NOT_HEARD, "attempt 1 is settled according to the rail, and the ledger does not have this yet"],
            id="arrived by the rail alone",
        ),
        pytest.param(
            [*CAME_BACK, "UPDATE transfers SET settled_at = NULL WHERE payment = '{paid}'"],
            "paid",
            [
                NOT_HEARD.replace("submitted", "returned"),
                "attempt 1 is settled according to the rail, but came back according to the ledger",
            ],
            id="came back by the ledger, arrived by the rail",
        ),
        pytest.param(
            CAME_BACK,
            "paid",
            [
                NOT_HEARD.replace("submitted", "returned"),
                "attempt 1 is settled according to the rail, but came back according to the ledger",
            ],
            id="came back by a word that the rail took back",
        ),
        pytest.param(
            [CAME_BACK[0], CAME_BACK[1].replace("SET", "SET returned_by = 'x',")],
            "paid",
            [NOT_HEARD.replace("submitted", "returned")],
            id="came back by a person's word after it had arrived",
        ),
        pytest.param(
            RELEASED,
            "known",
            ["attempt 1 was begun, and the rail has nothing of it"],
            id="begun, and at no rail",
        ),
        pytest.param(
            ["UPDATE rail_transfers SET pence = pence + 1"],
            "paid",
            ["attempt 1 is of £2,000.01 at the rail and of £2,000 in the ledger"],
            id="another amount at the rail",
        ),
        pytest.param(
            ["UPDATE rail_transfers SET currency = 'EUR'"],
            "paid",
            ["attempt 1 is of €2,000 at the rail and of £2,000 in the ledger"],
            id="another currency at the rail",
        ),
        pytest.param(
            [
                *RELEASED,
                "UPDATE payments SET status = 'submitted' WHERE key = '{known}'",
                "UPDATE transfers SET rail = 'gone', submitted_at = begun_at, rail_reference = 'x' "
                "WHERE payment = '{known}'",
            ],
            "known",
            ["attempt 1 was begun at the rail gone, and the rail is embedded now"],
            id="at a rail that was replaced",
        ),
        pytest.param(
            ["UPDATE transfers SET rail = 'gone' WHERE payment = '{paid}'"],
            "paid",
            [],
            id="settled by a rail that was replaced",
        ),
    ],
)
async def test_a_difference_is_named(
    books: Books, tmp_path: Path, planted: list[str], which: str, named: list[str]
) -> None:
    keys = {"paid": books.paid, "known": books.known, "asked": books.asked, "known2": f"{books.known}2"}
    named_so = keys | {"rail": "embedded"}
    with copied(books, tmp_path, *(each.format(**named_so) for each in planted)) as desk:
        assert await differences(desk) == [(keys[which], what) for what in named]


@pytest.mark.parametrize(
    ("planted", "outcome", "named"),
    [
        (SUBMITTED, Outcome.COMPLETED, ["is submitted in the ledger and cancelled for the challenge", NOT_HEARD]),
        ((), None, ["is settled in the ledger and cancelled for the challenge"]),
        ((), Outcome.COMPLETED, []),
    ],
)
async def test_what_has_left_and_is_cancelled_for_the_challenge_is_named_unless_that_could_not_hear(
    books: Books,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    planted: tuple[str, ...],
    outcome: Outcome | None,
    named: list[str],
) -> None:
    """Fails when any payment may be submitted, whatever the challenge has heard of it; and where a payment that was
    given up and has arrived after all is named for ever once its challenge has ended."""
    with copied(books, tmp_path, *(each.format(paid=books.paid) for each in planted)) as desk:
        [row] = await desk.core.challenges()
        state = await desk.core.state(row)
        believed = state.having(payments={**state.payments, books.paid: OrderState.CANCELLED}, outcome=outcome)

        async def says(_: ChallengeRow) -> State:
            return believed

        monkeypatch.setattr(desk.core, "state", says)
        found = [
            what for key, what in await differences(desk) if key == books.paid and "according to the rail" not in what
        ]
        assert found == named


@pytest.mark.parametrize(
    ("progress", "planted", "named"),
    [
        ("settled", (), []),
        ("returned", (), ["attempt 1 came back according to the rail, but not according to the ledger"]),
        ("taken", (), ["attempt 1 is settled according to the ledger, but not according to the rail"]),
        ("taken", SUBMITTED, [NOT_HEARD]),
    ],
)
async def test_what_a_bank_has_reported_is_compared(
    books: Books, tmp_path: Path, progress: str, planted: tuple[str, ...], named: list[str]
) -> None:
    statements = [each.format(paid=books.paid, progress=progress) for each in (*FILED, *planted)]
    with copied(books, tmp_path, *statements, **BY_FILES) as desk:
        assert await differences(desk) == [(books.paid, what) for what in named]


async def test_a_provider_is_asked_and_one_that_is_silent_is_named(books: Books, tmp_path: Path) -> None:
    payee = BankAccount(holder="Tay Ltd", sort_code="601613", number="31926819")
    returned = "settled_at = NULL, returned_at = released_at, ended_as = 'returned'"
    came_back = f"UPDATE transfers SET {returned}, rail = 'http (127.0.0.1)'"
    of_payment = f"UPDATE payments SET status = 'returned' WHERE key = '{books.paid}'"
    with Provider() as provider:
        settings = {"payment_rail": "http", "rail_url": provider.url, "rail_token": SecretStr(provider.token)}
        with closing(HttpRail(provider.url, provider.token)) as rail:
            amount = Money.parse("2000")
            asked = Instruction(id=f"{books.paid}/1", amount=amount, currency="GBP", payee=payee, reference="x")
            rail.transfer(asked, Instant.now())
        with copied(books, tmp_path, came_back, of_payment, **settings) as desk:
            found = await differences(desk)
            assert (
                books.paid,
                "attempt 1 is on its way according to the rail, but came back according to the ledger",
            ) in found
            with provider.away():
                [silent] = [what for _, what in await differences(desk) if "does not say whether" in what]
    assert silent.startswith("attempt 1: the rail does not say whether it has it (The payment provider")


async def test_a_payment_whose_workflow_was_terminated_is_named_until_it_is_taken_up_again(books: Books) -> None:
    desk, handle = books.play.desk, books.play.client.get_workflow_handle(books.known)
    await handle.terminate()
    assert await differences(desk) == [
        (books.known, "is payee known in the ledger, and its workflow is terminated: take it up again with `retry`")
    ]
    await books.play.retry(books.known)
    assert await differences(desk) == []
