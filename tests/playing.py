"""A stage for whole stories: a real Temporal server, a real worker, a real database, and the desk in front of them.

In the time-skipping server months pass in a moment; what people do goes through the desk, as always.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from whenever import Instant, TimeDelta

from desk.desk import Desk
from desk.rounds import RoundFile
from domain.payments.payment import SERVICE
from domain.payments.rails import PaymentRail
from domain.programmes.programme import Programme
from domain.programmes.rehearsal import moved
from gateways.banking.http_rail import HttpRail
from service.settings import Settings
from service.wiring import database_of, rail_of
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.record.record import read_record
from tests.identity.signing import key_files
from tests.play import Play
from tests.replay import recording
from tests.rounds import FINANCE, round_from_file
from tests.sandbox import SANDBOX
from tests.store.sqlite import fresh_sqlite
from tests.waiting import HANGS
from worker import build_worker, search_attributes_wanted
from workflows.interface import SEARCH_ATTRIBUTES

_MOMENT = TimeDelta(milliseconds=1)


@asynccontextmanager
async def months() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal server of one's own in which time skips whenever nothing but timers is waited for.

    It has one clock for all its workflows: start one for each test.
    """
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter, test_server_existing_path=_beside_python("temporal-test-server")
    ) as environment:
        # This server can be told of search attributes, but cannot say which it knows.
        await environment.client.operator_service.add_search_attributes(
            search_attributes_wanted("default", SEARCH_ATTRIBUTES)
        )
        yield environment


# Longer than others: the stage is built and taken down in one place, in the order in which its parts need one another.
@asynccontextmanager
async def playing(
    folder: Path,
    environment: WorkflowEnvironment | Client,
    *,
    database_url: str = "",
    desk_url: str = "",
    programme: Programme | None = None,
    slug: str = "air-quality",
    rail: Callable[[Database], PaymentRail] | None = None,
    options: Mapping[str, Any] | None = None,
    releasers: tuple[str, ...] = (FINANCE,),
    round_name: str = "pilot-2016",
    opens_in: TimeDelta = TimeDelta(),  # noqa: B008
    window: TimeDelta | None = None,
    at_once: bool = False,
) -> AsyncIterator[Play]:
    """A challenge that opens now, with a worker in this process.

    Args:
        folder: where the database is, if it is SQLite.
        environment: from `months` or `dev_server`.
        database_url: of another database than SQLite in `folder`.
        desk_url: of the same database, if the desk has another login than the worker.
        programme: instead of the round's own.
        slug: which challenge is played; the others of the round are not opened.
        rail: makes another rail than the one that the settings name, which is the embedded one.
        options: more settings.
        releasers: who may release payments, besides what the service itself refuses them.
        round_name: which round's file is played.
        opens_in: how long before it opens, instead of now.
        window: for how long applications are taken, instead of what the file says.
        at_once: for a server in which time does not skip. Applications are taken until the play has the window sealed,
            however long that takes; only then the challenge opens, and its window, unless it has another length, closes
            at once.
    """
    skipping = environment if isinstance(environment, WorkflowEnvironment) else None
    client = skipping.client if skipping else environment
    assert isinstance(client, Client)
    round_, of_the_round, challenges = round_from_file(round_name)
    rules = programme or of_the_round
    settings = _settings_of(folder, database_url, options or {})
    database = database_of(settings)
    of_desk = database_of(settings.model_copy(update={"database_url": desk_url})) if desk_url else database
    if database_url:
        database.migrate()

    async def connected() -> Client:
        return client

    the_rail = rail(database) if rail else rail_of(settings, database)
    at_work = AsyncExitStack()

    async def start_work() -> None:
        await at_work.enter_async_context(build_worker(client, database, the_rail, settings, SANDBOX))

    @asynccontextmanager
    async def without_worker() -> AsyncIterator[None]:
        await at_work.aclose()
        yield
        await start_work()

    try:
        async with at_work:
            await start_work()
            now = (Instant(await skipping.get_current_time()) if skipping else Instant.now()) + opens_in
            lasts = _MOMENT if at_once and window is None else window
            (challenge,) = [each for each in moved(challenges, now, rules.time_zone) if each.slug == slug]
            closes = challenge.closes if lasts is None else challenge.opens + lasts
            challenge = challenge.model_copy(
                update={"releasers": releasers, "closes": closes, "unproven": settings.unproven}
            )
            desk = Desk(settings, of_desk, connected, lambda: play.now())
            file = RoundFile(round=round_, programme=rules, challenges=(challenge,))
            opening = partial(desk.rounds.start, file)
            play = Play(client, desk, challenge, rules, skipping, without_worker, opening, begun=not at_once)
            if at_once:
                keep_round(of_desk, round_, rules, (challenge,), challenge.opens)
            else:
                await opening()
            yield play
            await recording.keep(client, challenge.id)
            of_nobody = (SERVICE, "")  # whoever asks a question on a page need not say who they are
            lines = read_record(database, challenge.id)
            unsaid = [line for line in lines if line.by not in of_nobody and not line.proof]
            assert not unsaid, "the record does not say how these people were proven"
    finally:
        if isinstance(the_rail, HttpRail):
            the_rail.close()
        desk.close()
        of_desk.close()
        database.close()


def _settings_of(folder: Path, database_url: str, options: Mapping[str, Any]) -> Settings:
    given: dict[str, Any] = {
        "database_url": database_url or _own_database(folder),
        "payee_key_file": folder / "payee.key",
        "record_key_file": folder / "record.key",
        **key_files(folder),
        "files_place": str(folder / "files"),
        "files_key_file": folder / "files.key",
        "payment_files": folder / "payments",
        "answer_within": HANGS,
    }
    return Settings(**{**given, **options})


def _own_database(folder: Path) -> str:
    """A new one, or that which a play before has left there."""
    return f"sqlite:///{folder / 'service.db'}" if (folder / "service.db").exists() else fresh_sqlite(folder)


def _beside_python(program: str) -> str:
    return str(Path(sys.executable).parent / program)
