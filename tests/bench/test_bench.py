"""The measurements can be made. Their figures are nobody's test: they differ from machine to machine."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import func, select

from bench import against, lifecycles, sleepers
from bench.__main__ import MEASUREMENTS, run
from bench.databases import SQLITE, database
from bench.measuring import Compared, Measurement
from bench.payments import Till
from bench.report import as_json, as_markdown
from domain.payments.payment import PaymentStatus
from store.database import tables
from store.database.database import Database
from store.payments.reading import read_payments

OTHERWISE_TESTED = (against.NAME, lifecycles.NAME, sleepers.NAME)


@pytest.mark.parametrize("name", [name for name in MEASUREMENTS if name not in OTHERWISE_TESTED])
async def test_a_measurement_gives_figures_at_a_tiny_size(name: str) -> None:
    measured = await asyncio.to_thread(run, [name], small=True)

    assert measured
    assert all(each.figure > 0 and each.name.startswith(name) and each.aim for each in measured)


async def test_the_floor_of_a_lifecycle_does_as_many_things_as_a_challenge() -> None:
    # Checked: with one activity more in the floor, or one timer fewer, of the challenge or of a payment, this fails.
    real, bare = await lifecycles.halves(lifecycles.Size(at_once=1, total=1, rounds=1), together=True)

    tasks = "workflow tasks"  # as many as there are moments at which something arrives, which is left to chance
    assert real[0].counted | {tasks: 0} == bare[0].counted | {tasks: 0}
    assert all(count > 0 for count in real[0].counted.values())


def test_the_floor_of_payments_leaves_the_same_rows_as_the_ledger() -> None:
    # Checked: without the line of the settlement in the floor, this fails.
    counted = [tables.payments, tables.transfers, tables.record, tables.notices]

    def counts(kept: Database) -> list[int]:
        with kept.reading() as connection:
            return [connection.scalars(select(func.count()).select_from(table)).one() for table in counted]

    with database(SQLITE) as kept:
        till = Till(kept)
        first = counts(kept)
        till.make("1")
        made = counts(kept)
        till.insert("2")
        bare = counts(kept)
        payments = {each.key.rpartition("/")[2]: each for each in read_payments(kept)}

    written = [after - before for before, after in zip(first, made, strict=True)]
    assert [after - before for before, after in zip(made, bare, strict=True)] == written
    assert sum(written) == till.rows
    same = {"status", "attempt", "payee", "reference", "released_by"}
    assert payments["2"].model_dump(include=same) == payments["1"].model_dump(include=same)
    assert payments["1"].status is PaymentStatus.SETTLED


def test_the_report_says_figure_floor_ratio_and_aim() -> None:
    measured = [
        Measurement(
            name="accepting: SQLite",
            what="Applications.",
            unit="a second",
            figure=1234.5,
            floor=2345.6,
            ratio=0.526,
            aim="half",
            met=True,
        ),
        Measurement(name="sealing", what="A window.", unit="seconds", figure=1.5, aim="under 1 second", met=False),
    ]
    machine = {"cores": "2"}

    text = as_markdown("2016-07-06", machine, measured)
    data = json.loads(as_json("2016-07-06", machine, measured))

    assert "| accepting: SQLite | 1,234 a second | 2,346 a second | 0.53 | half | yes |" in text
    assert "| sealing | 1.5 seconds |  |  | under 1 second | **no** |" in text
    assert [each["name"] for each in data["measurements"]] == [each.name for each in measured]


def test_two_things_are_compared_round_by_round() -> None:
    compared = Compared.of([(1.0, 2.0), (3.0, 3.0), (10.0, 100.0)])

    assert (compared.figure, compared.floor, compared.ratio) == (3.0, 3.0, 0.5)
