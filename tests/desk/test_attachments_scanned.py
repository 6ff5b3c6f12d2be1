"""Attached files and a real clamd: a virus is refused, and nothing counts as clean that was not scanned."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import worker
from domain.forms.attachments import Scan
from domain.values.refusals import AttachmentRefused, FileRefused
from service import sweeping
from service.settings import Settings
from service.sweeping import check_scanner, sweep_and_log
from store.database.database import Database
from store.record.record import read_record
from tests.desk.attaching import declared, desk_at
from tests.gateways.documents import sheet
from tests.gateways.file_servers import VIRUS, VIRUS_NAME, clamd
from tests.store.attaching import LATER, NOW, SHEET, attach, lie_in, read, rows, settings_in, writer
from tests.store.said import AIR, seal

INFECTED = sheet(VIRUS.decode())


@pytest.fixture(scope="module")
def scanner() -> Iterator[str]:
    """The address of a scanner with the limits that the guide names."""
    with tempfile.TemporaryDirectory(prefix="av-") as folder, clamd(Path(folder)) as address:
        yield address


async def test_a_file_with_a_virus_is_refused_and_nothing_of_it_is_kept(
    round_with_files: Database, tmp_path: Path, scanner: str
) -> None:
    async with desk_at(round_with_files, tmp_path, files_scanner=scanner) as desk:
        actor, draft = await writer(desk)
        with pytest.raises(AttachmentRefused, match=f"Costs: the file has a virus .{VIRUS_NAME}., and was not kept"):
            await attach(desk, actor, draft, content=INFECTED)
        assert (await attach(desk, actor, draft)).scan is Scan.CLEAN
    assert rows(round_with_files) == (1, 1)


async def test_a_file_that_came_without_a_scanner_is_scanned_once_there_is_one(
    round_with_files: Database, tmp_path: Path, scanner: str
) -> None:
    async with desk_at(round_with_files, tmp_path, files_scanner="/no/such/clamd.ctl") as desk:
        actor, draft = await writer(desk)
        bad = await attach(desk, actor, draft, content=INFECTED)
        good = await attach(desk, actor, draft, "plans", "plan.xlsx", SHEET)
        assert (bad.scan, good.scan) == (Scan.NOT_SCANNED, Scan.NOT_SCANNED)
        await desk.drafts.send(actor, draft)
        seal(round_with_files)
        for address, scans in (
            ("/no/such/clamd.ctl", (Scan.NOT_SCANNED, Scan.NOT_SCANNED)),
            (scanner, (Scan.INFECTED, Scan.CLEAN)),
        ):
            options = Settings(database_url="sqlite:///none", files_scanner=address, **settings_in(tmp_path))
            sweep_and_log(round_with_files, options, lambda: LATER)
            sponsor = await declared(desk)
            found = {each.id: each.scan for each in await desk.attachments.list(sponsor, AIR, draft)}
            assert found == dict(zip((bad.id, good.id), scans, strict=True))
        assert await read(desk, sponsor, good.id) == SHEET
        for reader in (sponsor, actor):
            with pytest.raises(AttachmentRefused, match="has a virus: nobody opens it"):
                await desk.attachments.open(reader, AIR, bad.id)


async def test_the_sweep_of_the_worker_removes_what_was_broken_off_and_makes_nothing_where_nobody_attaches(
    round_with_files: Database, tmp_path: Path
) -> None:
    options = Settings(**settings_in(tmp_path))
    sweep_and_log(round_with_files, options, lambda: NOW)
    assert not (tmp_path / "files").exists()
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        done = await attach(desk, actor, draft)
        await desk.attachments.detach(actor, AIR, done.id)
    sweep_and_log(round_with_files, options, lambda: NOW)
    assert (rows(round_with_files), lie_in(tmp_path)) == ((0, 0), [])


async def test_a_worker_sweeps_as_it_starts_without_anybody_asking(
    round_with_files: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(sweeping, "sweep_and_log", lambda *_: loop.call_soon_threadsafe(swept.set))
    async with sweeping.swept(round_with_files, Settings(**settings_in(tmp_path))):
        await swept.wait()


def test_a_worker_does_not_start_with_a_scanner_that_would_pass_over_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="av-") as folder,
        clamd(Path(folder), AlertExceedsMax="no") as address,
    ):
        monkeypatch.setenv("CHALLENGES_FILES_SCANNER", address)
        monkeypatch.setenv("CHALLENGES_DATABASE_URL", f"sqlite:///{tmp_path}/service.db")
        # Otherwise, later tests in this process would log to where this test's output goes.
        monkeypatch.setattr("service.log.configure", lambda _: None)
        assert worker.main() == 1
    said = capsys.readouterr().err
    assert "AlertExceedsMax yes" in said
    assert not (tmp_path / "service.db").exists()


def test_a_scanner_that_is_not_up_yet_does_not_keep_the_worker_from_starting() -> None:
    check_scanner(Settings(files_scanner="/no/such/clamd.ctl"))
    with pytest.raises(FileRefused):
        check_scanner(Settings(files_scanner="nonsense"))


async def test_the_record_names_no_file(round_with_files: Database, tmp_path: Path, scanner: str) -> None:
    async with desk_at(round_with_files, tmp_path, files_scanner=scanner) as desk:
        actor, draft = await writer(desk)
        with pytest.raises(AttachmentRefused):
            await attach(desk, actor, draft, name="CV of Ann Orr.xlsx", content=INFECTED)
    line = read_record(round_with_files, AIR)[-1]
    assert "a virus" in line.text
    assert "Ann" not in line.text
