"""One side of a comparison of two builds: makes challenges and payments with the modules of the build that it is given.

This program is run as a file, with a build's folder on PYTHONPATH: `bench`, `store` and all other modules are that
build's, so nothing is imported from here. It reads a question from each line and answers each with a line, in JSON.
A question is the name of a method of `Side`, and the method's arguments.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TextIO

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

_ONLY_ERRORS = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))

# Earlier builds import the HTTP client by the name that it had. The packages are the same for both builds.
sys.modules.setdefault("httpx", import_module("httpx2"))


class Side:
    """Answers questions. What was opened for one is kept for the next."""

    def __init__(self) -> None:
        self._stage: tuple[Any, ...] = ()
        self._making: dict[str, Callable[[str], None]] = {}

    async def lifecycles(
        self, address: str, namespace: str, database: str, name: str, at_once: int, total: int
    ) -> dict[str, Any]:
        """One round of whole lifecycles with the service's own worker.

        Args:
            address, namespace: of the Temporal server. The namespace is for this side only.
            database: its URL. The database is for this side only, too.
            name: of the round, different each time.
            at_once, total: how many lifecycles run at once, and how many there are.

        Returns:
            See `bench.lifecycles.Half`.
        """
        lifecycles: Any = import_module("bench.lifecycles")
        if not self._stage:
            watch = lifecycles.Watch()
            client = await Client.connect(
                address,
                namespace=namespace,
                data_converter=pydantic_data_converter,
                interceptors=[watch],
                runtime=Runtime(telemetry=TelemetryConfig(logging=_ONLY_ERRORS)),
            )
            await import_module("worker").register_search_attributes(client)
            self._stage = client, watch, _opened(database)
        turn = getattr(lifecycles, "Turn", None) or lifecycles._Stage  # the name in earlier builds
        half = await turn(*self._stage, lifecycles.Size(at_once, total, 1), name).real()
        return dict(half.model_dump())

    async def events(self) -> float:
        """The number of events in the history of a pilot challenge, all months in virtual time."""
        measured = await asyncio.to_thread(lambda: list(import_module("bench.history").measure(small=True)))
        return float(measured[0].figure)

    async def payments(self, database: str, threads: int, number: int) -> float:
        """Payments a second through the ledger, from the request to the settlement.

        Args:
            database: its URL. The database is for this side only.
            threads: that make payments at the same time.
            number: of payments, in all threads together.
        """
        if database not in self._making:
            self._making[database] = _payments_in(_opened(database))
        with ThreadPoolExecutor(threads) as pool:
            made = import_module("bench.measuring").rate(pool, [self._making[database]] * threads, number)
        return float(made)


def _opened(url: str) -> Any:
    keys = getattr(import_module("bench.databases"), "RECORD_KEYS", None)  # earlier builds chain nothing
    kept = import_module("bench.payments").Database(url, *([keys] if keys else []))
    kept.migrate()
    return kept


def _payments_in(kept: Any) -> Callable[[str], None]:
    """What makes a payment in a database.

    Raises:
        RuntimeError: the build's own measurement does not follow a payment to its settlement.
    """
    till = import_module("bench.payments").Till(kept)
    if find_spec("store.payments") is None:
        return partial(_make_by_functions, till)
    with kept.reading() as connection:
        status = connection.exec_driver_sql("SELECT status FROM payments").scalar_one()
    if status != "settled":
        raise RuntimeError(f"bench.payments of this build leaves a payment {status}: compare with another build.")
    return till.make  # type: ignore[no-any-return]


def _make_by_functions(till: Any, name: str) -> None:
    """As `bench.payments.Till.make`, for earlier builds, in which the ledger was a module with functions."""
    ledger, rules = import_module("store.ledger"), import_module("domain.payment")
    order = till._payment.order.model_copy(update={"key": till._key(name), "number": int(name)})
    payment = till._payment.model_copy(update={"order": order})
    kept, compose, now = till._kept, till._compose, import_module("whenever").Instant.now()
    ledger.request(kept, payment, now, compose)
    release = rules.decided(payment, rules.Release(by=till._releaser, decision_id="release", payee_version=1), now)
    ledger.request(kept, payment, now, compose, release)  # whether the decision was taken before
    ledger.release(kept, payment, release, 1, now, compose)
    ledger.under_way(kept, order.key)
    ledger.read_returned(kept, order.key)
    begun = ledger.begin(kept, order.key, "embedded", now)
    ledger.mark_submitted(kept, payment, begun, "reference", now, compose)
    ledger.under_way(kept, order.key)
    ledger.mark_settled(kept, payment, begun, now, compose)


async def _answer_all(answers: TextIO) -> None:
    side = Side()
    while line := await asyncio.to_thread(sys.stdin.readline):
        question = json.loads(line)
        answer = await getattr(side, question.pop("what"))(**question)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "w") as answers_only:
        os.dup2(2, 1)  # what the build's modules print is no answer
        asyncio.run(_answer_all(answers_only))
