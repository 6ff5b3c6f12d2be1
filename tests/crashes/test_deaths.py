"""The worker killed everywhere and restarted: money, notices and outcome are as if nothing had happened.

Nobody is reminded in these plays: how often people are reminded of a decision depends on how long it takes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from temporalio.client import Client

from domain.announcements.occasions import Occasion
from domain.keys import transfer_id
from domain.payments.payment import PaymentStatus
from tests.crashes.account import Account, account_of
from tests.crashes.dying import AFTER, BEFORE, WITHIN, point
from tests.crashes.dying_payments import BEGUN, RAIL_ASKED, TRANSFER, note_in, start_in, telling_in
from tests.crashes.dying_worker import check_died
from tests.crashes.played import HELD_BEFORE, STAGES, Played, short_pilot
from tests.crashes.running import Worker, opened_desk, running_worker
from tests.servers import new_namespace

OPENS_IN = 10
"""Seconds: enough to find a challenge that waits for its opening, also on a machine that has much else to do."""
ANNOUNCED = (
    "scheduled",
    "opened",
    *(f"select/for-{stage}" for stage in STAGES),
    "hold/in-spring",
    "resume/in-summer",
    *(f"ended-{stage}" for stage in STAGES[:-1]),
    "ended-as/completed",
    "paid-up",
)
ON_HOLD = "release of the hold"
WAITS = (
    "opening",
    "applications",
    *(
        wait
        for stage in STAGES
        for wait in (
            f"selection for {stage}",
            *((ON_HOLD,) if stage == HELD_BEFORE else ()),
            f"end of {stage}",
        )
    ),
    "payments",
)
OF_PAYMENTS = ("bank details", "release")
WITHOUT_A_WORKER = ("applications", "end of accelerator")
"""Waits whose deadline passes while no worker runs."""


async def test_a_worker_killed_anywhere_changes_nothing(tmp_path: Path) -> None:
    """One challenge five times at once: with a worker that lives, and with workers that are killed.

    Three die once at moments of their own of every activity; one is killed at every wait, twice of them until after
    the deadline.

    Fails when a payment is handed over without a look at what the rail has taken; when announcing or releasing does not
    look for its key, and when a note does not look whether it was made (the step is tried again in vain); when only the
    try that entered payments starts them; and when only the try that settled a payment tells its challenge.
    """
    undisturbed, *disturbed, (killed, killed_at) = await asyncio.gather(
        play_with_deaths(await new_namespace(), tmp_path, "air-quality"),
        play_with_deaths(await new_namespace(), tmp_path, "flood-forecasting", BEFORE),
        play_with_deaths(await new_namespace(), tmp_path, "smart-roads", WITHIN, BEGUN, RAIL_ASKED),
        play_with_deaths(await new_namespace(), tmp_path, "health-data", AFTER),
        play_with_kills(await new_namespace(), tmp_path, "a9-tourism"),
    )
    check_complete(undisturbed)
    for account in (*disturbed, killed):
        assert account == undisturbed
    assert Counter(killed_at) == Counter((*WAITS, *OF_PAYMENTS))


async def play_with_deaths(client: Client, folder: Path, slug: str, *moments: str) -> Account:
    """What comes of a challenge whose worker dies at these moments of every activity; all of them were died."""
    database_url = f"sqlite:///{folder / 'service.db'}"
    with (
        opened_desk(client, database_url) as desk,
        running_worker(client, database_url, folder / slug, *moments) as worker,
    ):
        await worker.started()
        played = Played(desk, slug, short_pilot(), opens_in=OPENS_IN)
        result = await played.play()
        worker.check_alive()
        worker.check_looked()
        check_died(worker.deaths, deaths_of(played, *moments), looks_of(played, *moments))
        return account_of(played, result)


def deaths_of(played: Played, *moments: str) -> frozenset[str]:
    """Every death to be died, from what a challenge has announced and ordered."""
    of_activities = [(f"{played.id}/{step}", "announce") for step in ANNOUNCED] + [(played.id, "seal_window")]
    of_runs, of_notes, of_rail = [], [], []
    for key in played.payments():
        of_activities += [(f"{key}/release/{played.decision_on('release', 0)}", "release_payment")]
        of_runs += [(key, start_in("announce")), (key, telling_in("release_payment"))]
        of_notes += [(transfer_id(key, 1), note_in("release_payment"))]
        of_rail += [(transfer_id(key, 1), TRANSFER)]
    # The teams give their bank details when these have been ordered.
    of_activities += [(key, "request_payment") for key in played.payments_of(STAGES[0])]
    steps = {
        BEFORE: of_activities + of_runs,
        WITHIN: of_activities + of_notes,
        BEGUN: of_rail,
        RAIL_ASKED: of_rail,
        AFTER: of_activities + of_runs,
    }
    return frozenset(point(key, step, moment) for moment in moments for key, step in steps[moment])


def looks_of(played: Played, *moments: str) -> frozenset[str]:
    """Deaths in looks that there are only if a payment got ahead of the announcement that ordered it."""
    steps = ("request_payment", "settle_payment", *map(telling_in, ("request_payment", "settle_payment")))
    steps += (note_in("settle_payment"),)
    keys = [name for key in played.payments() for name in (key, transfer_id(key, 1))]
    return frozenset(point(key, step, moment) for key in keys for step in steps for moment in moments)


async def play_with_kills(client: Client, folder: Path, slug: str) -> tuple[Account, tuple[str, ...]]:
    """What comes of a challenge whose worker is killed at every wait, and the waits at which it was."""
    database_url = f"sqlite:///{folder / 'service.db'}"
    killed_at = []
    with opened_desk(client, database_url) as desk, running_worker(client, database_url, folder / slug) as worker:
        await worker.started()
        played = Played(desk, slug, short_pilot(stage_seconds=5), window_seconds=15, opens_in=OPENS_IN)
        await played.open()
        async with AsyncExitStack() as finance:
            for wait in WAITS:
                if wait == "end of commercialisation":
                    worker.strikes()  # or else the payments would hardly be waited for
                await played.waiting_for(wait)
                if wait in WITHOUT_A_WORKER:
                    async with worker.down():
                        await played.past(await played.deadline())
                else:
                    await worker.kill()
                killed_at.append(wait)
                if wait == "end of exploration":
                    killed_at += await kill_while_payments_wait(played, worker)
                    await finance.enter_async_context(played.finance_at_work())
                if wait == "payments":
                    worker.works_again()
                if wait == f"selection for {HELD_BEFORE}":
                    await played.hold()
                elif wait == ON_HOLD:
                    await played.resume()
                    await played.select_for(HELD_BEFORE)
                elif wait.startswith("selection for "):
                    await played.select_for(wait.removeprefix("selection for "))
            result = await played.result()
        worker.check_alive()
        return account_of(played, result), tuple(killed_at)


async def kill_while_payments_wait(played: Played, worker: Worker) -> list[str]:
    """Kills the worker while the payments of the first stage wait for people; says for what they did."""
    payments = await played.payments_of_teams()
    await worker.kill()
    for payment in payments:
        await played.give_payee(played.payments()[payment].team)
    for payment in payments:
        await played.stands(payment, PaymentStatus.PAYEE_KNOWN)
    await worker.kill()
    return list(OF_PAYMENTS)


def check_complete(account: Account) -> None:
    """That the play to which others are compared is one: whole, paid once, and nothing of it refused."""
    paid = sum(pence for _, _, _, pence, status, _ in account.ledger.elements() if status == "settled")
    assert paid == 3 * 2_000_00 + 15_000_00 + 40_000_00 + 10_000_00
    assert account.transfers == {(stage, team, no, "1", pence): 1 for stage, team, no, pence, *_ in account.ledger}
    assert account.outcome == ("completed", "completed", "")
    assert account.notices[Occasion.PAYMENT_SENT, "team 1"] == 5
    assert account.notices[Occasion.PAYMENT_TO_RELEASE, "releaser"] == 7
    assert not any(refused for lines in (account.record, *account.payments.values()) for *_, refused in lines)
