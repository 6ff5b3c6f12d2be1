"""Uploads that are killed at every step: what they leave is swept, and the file can be attached again."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desk.desk import Desk
from domain.forms.attachments import Attachment
from domain.programmes.programme import Programme
from domain.programmes.round import Round
from service.files import place_of
from service.settings import Settings
from store.database.database import Database
from store.files.sweeping import sweep
from store.record.keys import RecordKeyFile
from tests.crashes import dying_upload
from tests.crashes.dying_upload import ATTACHED, CONTENT, LOOKED_AT, NAME, SWEEPS, UPLOADS
from tests.desk.test_rights import desk_on
from tests.gateways.file_servers import Bucket, s3_server
from tests.processes import Program
from tests.store.attaching import LATER, NOW, attach, open_with_files, read, rows, settings_in, writer
from tests.store.conftest import programme, round_  # noqa: F401  # fixtures
from tests.store.said import AIR
from tests.store.writing import ADDRESS


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with tempfile.TemporaryDirectory(prefix="s3-") as folder, s3_server(Path(folder)) as bucket:
        yield bucket


class Service:
    """A database with a draft, and a store of files."""

    def __init__(self, folder: Path, of_round: Round, rules: Programme, **settings: Any) -> None:
        self.folder = folder
        self.settings = {
            **settings_in(folder),
            "database_url": f"sqlite:///{folder / 'service.db'}",
            "files_key_file": str(folder / "files.key"),
            "record_key_file": str(folder / "record.key"),
            **settings,
        }
        self.database = Database(self.settings["database_url"], RecordKeyFile(folder / "record.key"))
        self.database.migrate()
        open_with_files(self.database, of_round, rules)
        self.draft = ""

    async def begin(self, desk: Desk) -> None:
        """Begins the draft."""
        _, self.draft = await writer(desk)

    def killed(self, moment: str) -> None:
        """Lets another process do it, and sees it killed at that moment."""
        asked = {"moment": moment, "settings": self.settings, "draft": self.draft, "email": ADDRESS}
        log = self.folder / "log"
        with Program(dying_upload.main, [json.dumps(asked)], os.environ, log) as process:
            assert process.wait() == -signal.SIGKILL, log.read_text()

    def sweep(self) -> int:
        """Sweeps, a day later."""
        return sweep(self.database, lambda: LATER, place_of(Settings(**self.settings)).remove)

    def lies(self) -> list[str]:
        """All that lies in the store, with what the library itself hides."""
        place = place_of(Settings(**self.settings))
        if place._folder is not None:
            return [str(each) for each in place._folder.rglob("*")]
        return [each["path"] for piece in place._store.list() for each in piece]


@pytest.fixture(params=["folder", "bucket"])
def service(request: pytest.FixtureRequest, tmp_path: Path, round_: Round, programme: Programme) -> Iterator[Service]:  # noqa: F811
    settings: dict[str, Any] = {}
    if request.param == "bucket":
        settings = request.getfixturevalue("bucket").settings
        settings["files_place"] += f"/{tmp_path.name}"
    service = Service(tmp_path, round_, programme, **settings)
    yield service
    service.database.close()


async def attached(desk: Desk, service: Service) -> tuple[Attachment, ...]:
    """What the applicant sees."""
    return await desk.attachments.list(await desk.actor(ADDRESS), AIR, service.draft)


@pytest.mark.parametrize("moment", UPLOADS)
async def test_an_upload_that_is_killed_leaves_nothing_that_is_not_swept_and_can_be_sent_again(
    service: Service, moment: str
) -> None:
    async with desk_on(service.database, **service.settings) as desk:
        desk.core.clock = lambda: NOW
        await service.begin(desk)
        service.killed(moment)
        if moment == ATTACHED:
            (done,) = await attached(desk, service)
            assert service.sweep() == 0
        else:
            assert await attached(desk, service) == ()
            there = moment not in UPLOADS[: UPLOADS.index(LOOKED_AT) + 1]
            assert rows(service.database) == ((1, 1) if there else (0, 0))
            assert service.sweep() == int(there)
            assert rows(service.database) == (0, 0)
            assert service.lies() == []
            actor = await desk.actor(ADDRESS)
            done = await attach(desk, actor, service.draft, "plans", NAME, CONTENT)
        assert await read(desk, await desk.actor(ADDRESS), done.id) == CONTENT


@pytest.mark.parametrize("moment", SWEEPS)
async def test_a_sweep_that_is_killed_is_finished_by_the_next(service: Service, moment: str) -> None:
    async with desk_on(service.database, **service.settings) as desk:
        desk.core.clock = lambda: NOW
        await service.begin(desk)
        actor = await desk.actor(ADDRESS)
        done = await attach(desk, actor, service.draft, "plans", NAME, CONTENT)
        await desk.attachments.detach(actor, AIR, done.id)
        service.killed(moment)
        assert service.sweep() == 1
        assert (rows(service.database), service.lies()) == ((0, 0), [])
