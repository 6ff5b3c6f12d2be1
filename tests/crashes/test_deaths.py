"""The worker killed everywhere and restarted: money, notices and outcome are as if nothing had happened.

Nobody is reminded in these plays: how often people are reminded of a decision depends on how long it takes.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from temporalio.client import Client

from tests.crashes.account import Account, account_of
from tests.crashes.dying_worker import AFTER, BEFORE, RAIL_HAS_IT, point
from tests.crashes.running import STAGES, Played, opened_desk, running_server, running_worker, short_pilot

ANNOUNCED = (
    "opened",
    "sealed",
    *(f"select/for-{stage}" for stage in STAGES),
    *(f"ended-{stage}" for stage in STAGES[:-1]),
    "ended-as/completed",
    "paid-up",
)
WAITS = (
    "applications",
    *(wait for stage in STAGES for wait in (f"selection for {stage}", f"end of {stage}")),
    "payments",
)
WITHOUT_A_WORKER = ("applications", "end of accelerator")
"""Waits whose deadline passes while no worker runs."""


async def test_a_worker_killed_anywhere_changes_nothing(tmp_path: Path) -> None:
    """One challenge five times at once: with a worker that lives, and with workers that are killed.

    Three die once at a moment of their own of every activity; one is killed at every wait, twice of them until after
    the deadline.

    Fails when a payment is submitted without asking the rail before, on a rail that takes the same key again (two
    transfers); when announcing does not look for its key, and when settling does not look whether it was done (the
    step is tried again in vain).
    """
    async with running_server(tmp_path, "before", "after", "between", "waits") as (_, clients):
        undisturbed, *disturbed, (killed, killed_at) = await asyncio.gather(
            play_with_deaths(clients[0], tmp_path, "air-quality"),
            play_with_deaths(clients[1], tmp_path, "flood-forecasting", BEFORE),
            play_with_deaths(clients[2], tmp_path, "health-data", AFTER),
            play_with_deaths(clients[3], tmp_path, "smart-roads", RAIL_HAS_IT),
            play_with_kills(clients[4], tmp_path, "a9-tourism"),
        )
    check_complete(undisturbed)
    for account in (*disturbed, killed):
        assert account == undisturbed
    assert killed_at == WAITS


async def play_with_deaths(client: Client, folder: Path, slug: str, *moments: str) -> Account:
    """What comes of a challenge whose worker dies at these moments of every activity; all of them were died."""
    database_url = f"sqlite:///{folder / 'service.db'}"
    with (
        opened_desk(client, database_url) as desk,
        running_worker(client, database_url, folder / slug, *moments) as worker,
    ):
        await worker.started()
        played = Played(desk, slug, short_pilot())
        result = await played.play()
        worker.check_alive()
        assert worker.deaths == deaths_of(played, *moments)
        return account_of(played, result)


def deaths_of(played: Played, *moments: str) -> frozenset[str]:
    """Every death to be died, from what a challenge has announced and ordered."""
    done = [(f"{played.id}/{step}", "announce") for step in ANNOUNCED] + [(played.id, "seal_window")]
    keys = [payment.key for payment in played.desk.payments(played.id)]
    done += [(key, activity) for key in keys for activity in ("request", "submit", "settle")]
    return frozenset(
        point(key, activity, moment)
        for key, activity in done
        for moment in moments
        if moment != RAIL_HAS_IT or activity == "submit"
    )


async def play_with_kills(client: Client, folder: Path, slug: str) -> tuple[Account, tuple[str, ...]]:
    """What comes of a challenge whose worker is killed at every wait, and the waits at which it was."""
    database_url = f"sqlite:///{folder / 'service.db'}"
    killed_at = []
    with opened_desk(client, database_url) as desk, running_worker(client, database_url, folder / slug) as worker:
        await worker.started()
        strike = worker.folder / "strike"
        played = Played(desk, slug, short_pilot(stage_seconds=5), window_seconds=7)
        await played.open()
        for wait in WAITS:
            if wait == "end of commercialisation":
                strike.touch()  # or else the payments would hardly be waited for
            await played.waiting_for(wait)
            if wait in WITHOUT_A_WORKER:
                async with worker.down():
                    await played.past(await played.deadline())
            else:
                await worker.kill()
            killed_at.append(wait)
            if wait == "payments":
                strike.unlink()
            if wait.startswith("selection for "):
                await played.select(wait.removeprefix("selection for "))
        result = await played.result()
        worker.check_alive()
        return account_of(played, result), tuple(killed_at)


def check_complete(account: Account) -> None:
    """That the play to which others are compared is one: whole, paid once, and nothing of it refused."""
    paid = sum(pence for _, _, _, pence, status in account.ledger.elements() if status == "settled")
    assert paid == 3 * 2_000_00 + 15_000_00 + 40_000_00 + 10_000_00
    assert account.transfers == {(stage, team, number, pence): 1 for stage, team, number, pence, _ in account.ledger}
    assert account.outcome == ("completed", "completed", "")
    assert account.notices["payment-made", "team 1"] == 5
    assert not any(refused for *_, refused in account.record)
