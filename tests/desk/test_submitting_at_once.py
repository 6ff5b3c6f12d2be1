"""Two people who make payment files at the same moment: one file goes to the bank, and one person takes it there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree
from whenever import Date

from desk.payment_files import PaymentFile, PaymentFiles
from domain.values.refusals import FileRefused
from store.database.database import Database
from tests.chained import KEYS
from tests.desk.asking import acting, desk_on
from tests.desk.test_payment_files import TUESDAY, settings, till
from tests.store.filing import progress
from tests.store.paying import Till
from tests.store.said import CLOSES
from tests.waiting import HANGS

__all__ = ["settings", "till"]


@pytest.fixture
def elsewhere(url: str) -> Iterator[Database]:
    """The same database, from another process as it were."""
    database = Database(url, KEYS)
    yield database
    database.close()


class Meeting:
    """Holds both people just before they write their file, until both are there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.first_is_here = threading.Event()
        self._both = threading.Barrier(2)
        write = PaymentFiles._write

        def meet(files: PaymentFiles, *given: Any) -> object:
            self.first_is_here.set()
            self._both.wait(HANGS)
            return write(files, *given)

        monkeypatch.setattr(PaymentFiles, "_write", meet)


@pytest.mark.parametrize("other_day", [None, Date(2016, 8, 3)])
async def test_one_file_is_made_and_the_second_person_hears_who_takes_it_to_the_bank(
    till: Till,
    elsewhere: Database,
    settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    other_day: Date | None,
) -> None:
    """Fails when both are told to take the file to the bank, or when the second is not told who does; and when the list
    names another day than the file."""
    meeting, heard = Meeting(monkeypatch), list[tuple[str, str]]()
    async with (
        desk_on(till.database, CLOSES, **settings) as one,
        desk_on(elsewhere, CLOSES, **settings) as other,
    ):

        async def submit(who: str) -> tuple[PaymentFile, ...]:
            desk, day = (one, TUESDAY) if who == "olivia" else (other, other_day or TUESDAY)

            def by_another(file: PaymentFile, name: str) -> None:
                heard.append((who, name))

            return await desk.payment_files.submit(await acting(desk, who), day, made_by_another=by_another)

        first = asyncio.create_task(submit("olivia"))
        assert await asyncio.to_thread(meeting.first_is_here.wait, HANGS)
        made = await asyncio.gather(first, submit("fiona"), return_exceptions=True)
        [listed] = await one.payment_files.list(await acting(one, "olivia"))

    found = dict(zip(("olivia", "fiona"), made, strict=True))
    [winner] = [who for who, files in found.items() if isinstance(files, tuple) and files]
    [loser] = found.keys() - {winner}
    if other_day is None:
        assert found[loser] == ()
        assert heard == [(loser, winner)]
    else:  # whoever wanted another day finds a file with another day in its place
        assert isinstance(found[loser], FileRefused)
    assert [*settings["payment_files"].iterdir()] == [listed.path]
    assert listed.written
    day = etree.parse(listed.path).findtext(".//{*}ReqdExctnDt/{*}Dt")
    assert day == str(listed.execute_on)
    assert progress(till.database).keys() == {f"{till.key}/1"}
