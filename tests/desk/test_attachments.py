"""Files that answer a question: attached while the window is open, read by those who may once it is sealed."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from domain.challenges.application import Applying
from domain.forms.attachments import Scan
from domain.identity.proof import AT_TERMINAL
from domain.permissions import Actor
from domain.values.refusals import (
    ApplicationRefused,
    AttachmentRefused,
    NotAllowed,
    NotReadable,
    TooLate,
    Unavailable,
    UnknownTeam,
)
from gateways.files.place import FilePlace
from service.files import place_of
from store.challenges.applications import read as read_applications
from store.database import tables
from store.database.database import Database
from store.files.sweeping import sweep
from store.record.record import read_record
from tests.desk.attaching import RIVAL, declared, desk_at
from tests.gateways.documents import pdf, sheet, with_password
from tests.store.attaching import (
    NOW,
    PLAN,
    SHEET,
    attach,
    lie_in,
    pieces,
    read,
    rows,
    writer,
)
from tests.store.said import AIR, CLOSES, MICROSECOND, ROADS, seal


async def test_a_file_is_attached_sent_and_read_after_the_seal_as_it_was(
    round_with_files: Database, tmp_path: Path
) -> None:
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        done = await attach(desk, actor, draft, name="C:\\Users\\Ann\\costs 2027.xlsx")
        assert (done.name, done.kind, done.size, done.scan) == ("costs 2027.xlsx", "xlsx", len(SHEET), Scan.NOT_SCANNED)
        assert await desk.attachments.list(actor, AIR, draft) == (done,)
        assert (await desk.drafts.read(actor, draft)).draft.answered()["costs"] == (done.id,)
        assert await read(desk, actor, done.id) == SHEET
        await desk.drafts.send(actor, draft)
        seal(round_with_files)
        sponsor = await declared(desk)
        assert await desk.attachments.list(sponsor, AIR, draft) == (done,)
        assert await read(desk, sponsor, done.id) == SHEET
    (application,) = read_applications(round_with_files, AIR)
    assert application.answers["costs"] == (done.id,)


async def test_a_draft_without_a_file_that_must_be_there_is_not_sent(
    round_with_files: Database, tmp_path: Path
) -> None:
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        with pytest.raises(ApplicationRefused, match="Costs"):
            await desk.drafts.send(actor, draft)
        done = await attach(desk, actor, draft)
        await desk.attachments.detach(actor, AIR, done.id)
        with pytest.raises(ApplicationRefused, match="Costs"):
            await desk.drafts.send(actor, draft)


async def test_nobody_sends_the_files_of_somebody_else_as_their_own(round_with_files: Database, tmp_path: Path) -> None:
    """Fails if the id of a file, however somebody came by it, counts as a file in an application that is typed."""
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        done = await attach(desk, actor, draft)
        applying = Applying(organisation="Rival", email=RIVAL, answers={"idea": "Mine.", "costs": (done.id,)})
        with pytest.raises(ApplicationRefused, match="Costs: files are attached to a draft"):
            await desk.applications.apply(Actor(), AIR, applying)


WRONG = {
    "of another kind": ("costs.xlsx", PLAN, "the file is of kind pdf, and the question takes xlsx or csv"),
    "with another ending": ("costs.pdf", SHEET, "its name does not end so: end it in .xlsx"),
    "with a password": ("costs.xlsx", with_password(sheet()), "has a password"),
    "too large": ("costs.csv", b"1;2\n" * 10_001, "more than 40 kB"),
    "empty": ("costs.csv", b"", "the file is empty"),
    "no file of any kind": ("costs.xlsx", bytes(100), "of no kind that can be attached"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_file_is_refused_in_one_line_and_leaves_nothing(
    round_with_files: Database, tmp_path: Path, what: str
) -> None:
    name, content, said = WRONG[what]
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        with pytest.raises(AttachmentRefused, match=said) as refusal:
            await attach(desk, actor, draft, name=name, content=content)
    assert "\n" not in str(refusal.value)
    assert [each.field for each in refusal.value.problems] == ["costs"]
    assert rows(round_with_files) == (0, 0)
    assert lie_in(tmp_path) == []
    line = read_record(round_with_files, AIR)[-1]
    assert (line.refused, line.action, line.by) == (True, "attach", draft)
    assert name not in line.text


async def test_a_file_of_exactly_the_size_is_taken(round_with_files: Database, tmp_path: Path) -> None:
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        assert (await attach(desk, actor, draft, name="costs.csv", content=b"1;2\n" * 10_000)).size == 40_000


async def test_an_upload_that_breaks_off_leaves_nothing(round_with_files: Database, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield SHEET[:1000]
        raise ConnectionResetError

    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        with pytest.raises(ConnectionResetError):
            await desk.attachments.attach(actor, AIR, draft, "costs", "costs.xlsx", broken())
        with pytest.raises(AttachmentRefused, match="the upload broke off after 1 kB of"):
            await desk.attachments.attach(
                actor, AIR, draft, "costs", "costs.xlsx", pieces(SHEET[:1000]), size=len(SHEET)
            )
    assert (rows(round_with_files), lie_in(tmp_path)) == ((0, 0), [])


async def test_a_store_that_fails_leaves_nothing_that_is_not_swept(
    round_with_files: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: FilePlace, name: str, key: bytes, file: Any, size: int) -> None:
        put(self, name, key, file, size)
        raise Unavailable("The store is full.")

    put = FilePlace.put
    monkeypatch.setattr(FilePlace, "put", fails)
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        with pytest.raises(Unavailable, match="The store is full"):
            await attach(desk, actor, draft)
    assert (rows(round_with_files), lie_in(tmp_path)) == ((0, 0), [])


@pytest.mark.parametrize(
    ("question", "said"), [("idea", "asks for no file at 'idea'"), ("none", "it does at costs, plans")]
)
async def test_a_question_that_asks_for_no_file_takes_none(
    round_with_files: Database, tmp_path: Path, question: str, said: str
) -> None:
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        with pytest.raises(NotReadable, match=said):
            await attach(desk, actor, draft, question)


async def test_a_draft_that_is_not_there_takes_none(round_with_files: Database, tmp_path: Path) -> None:
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        with pytest.raises(NotAllowed):
            await attach(desk, actor, "air-quality-000000")
        with pytest.raises((UnknownTeam, NotAllowed)):
            await attach(desk, actor, draft, challenge=ROADS)


async def test_of_many_uploads_at_once_only_so_many_are_attached_as_the_question_takes(
    round_with_files: Database, tmp_path: Path
) -> None:
    """Fails if two uploads that end at once are not counted one after the other."""
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        uploads = [
            attach(desk, actor, draft, "plans", f"plan-{number}.txt", f"Plan {number}".encode()) for number in range(6)
        ]
        ended = await asyncio.gather(*uploads, return_exceptions=True)
        assert sum(isinstance(each, NotReadable) for each in ended) == 4
        assert len(await desk.attachments.list(actor, AIR, draft)) == 2


async def test_the_same_content_is_kept_once_and_goes_when_nobody_has_it(
    round_with_files: Database, tmp_path: Path
) -> None:
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        rival, other = await writer(desk, RIVAL)
        mine, theirs = await attach(desk, actor, draft), await attach(desk, rival, other)
        assert rows(round_with_files) == (2, 1)
        assert len(lie_in(tmp_path)) == 1
        await desk.attachments.detach(actor, AIR, mine.id)
        sweep(round_with_files, lambda: NOW, place_of(desk.core.options).remove)
        assert await read(desk, rival, theirs.id) == SHEET
        await desk.attachments.detach(rival, AIR, theirs.id)
        sweep(round_with_files, lambda: NOW, place_of(desk.core.options).remove)
    assert (rows(round_with_files), lie_in(tmp_path)) == ((0, 0), [])


async def test_names_in_the_store_do_not_say_what_is_in_the_files(round_with_files: Database, tmp_path: Path) -> None:
    """Whoever sees the store cannot tell whether a certain document was attached."""
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        await attach(desk, actor, draft)
    (name,) = lie_in(tmp_path)
    assert hashlib.sha256(SHEET).hexdigest() not in name
    with round_with_files.reading() as connection:
        (row,) = connection.execute(select(tables.files)).all()
    assert hashlib.sha256(SHEET).hexdigest() not in str(row)


async def test_a_file_that_is_still_uploading_at_the_closing_instant_is_refused_and_holds_up_nobody(
    round_with_files: Database, tmp_path: Path
) -> None:
    """The last application is sent while the file comes in, an instant before the closing."""
    came, closed = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield PLAN[:500]
        came.set()
        await closed.wait()
        yield PLAN[500:]

    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        costs = await attach(desk, actor, draft)
        desk.core.clock = lambda: CLOSES - MICROSECOND
        upload = asyncio.create_task(desk.attachments.attach(actor, AIR, draft, "plans", "plan.pdf", slow()))
        await came.wait()
        receipt = await desk.drafts.send(actor, draft)
        assert receipt.received == CLOSES - MICROSECOND
        desk.core.clock = lambda: CLOSES
        seal(round_with_files)
        closed.set()
        with pytest.raises(TooLate, match="nothing is attached or detached any more"):
            await upload
        with pytest.raises(TooLate):
            await desk.attachments.detach(actor, AIR, costs.id)
        assert [each.id for each in await desk.attachments.list(actor, AIR, draft)] == [costs.id]
    (application,) = read_applications(round_with_files, AIR)
    assert application.answers.get("plans") in (None, ())
    assert rows(round_with_files) == (1, 1)


async def test_a_window_that_closes_while_a_file_is_kept_takes_it_no_more(
    round_with_files: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if the time is looked at only before the content goes to the store."""
    async with desk_at(round_with_files, tmp_path) as desk:
        times = [NOW]
        desk.core.clock = lambda: times[-1]
        actor, draft = await writer(desk)

        def slowly(*words: Any) -> None:
            put(*words)
            times.append(CLOSES)

        put = FilePlace.put
        monkeypatch.setattr(FilePlace, "put", slowly)
        with pytest.raises(TooLate):
            await attach(desk, actor, draft)
    assert (rows(round_with_files), lie_in(tmp_path)) == ((0, 0), [])


async def test_an_upload_that_is_cancelled_leaves_nothing(round_with_files: Database, tmp_path: Path) -> None:
    came = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"-"
        came.set()
        await asyncio.Event().wait()

    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        upload = asyncio.create_task(desk.attachments.attach(actor, AIR, draft, "costs", "costs.csv", endless()))
        await came.wait()
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
    assert (rows(round_with_files), lie_in(tmp_path)) == ((0, 0), [])


async def test_a_new_key_above_the_old_one_reads_all_files_and_the_old_one_can_go(
    round_with_files: Database, tmp_path: Path
) -> None:
    async with desk_at(round_with_files, tmp_path, payee_key_file=tmp_path / "payee.key") as desk:
        actor, draft = await writer(desk)
        done = await attach(desk, actor, draft)
        keys = tmp_path / "files.key"
        old, new = keys.read_text(), f"{Fernet.generate_key().decode()}\n"
        keys.write_text(new + old)
        assert await read(desk, actor, done.id) == SHEET
        await desk.payments.reseal(await desk.actor("olivia", AT_TERMINAL))
        keys.write_text(new)
        assert await read(desk, actor, done.id) == SHEET
        keys.write_text(old)
        with pytest.raises(Unavailable, match="does not open with any key"):
            await read(desk, actor, done.id)


async def test_keys_that_are_gone_are_not_replaced_by_others(round_with_files: Database, tmp_path: Path) -> None:
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        done = await attach(desk, actor, draft)
        (tmp_path / "files.key").unlink()
        with pytest.raises(Unavailable, match="is gone, and attached files are sealed"):
            await read(desk, actor, done.id)
        with pytest.raises(Unavailable, match="is gone"):
            await attach(desk, actor, draft, "plans", "plan.pdf", pdf())
    assert rows(round_with_files) == (1, 1)


async def test_the_files_of_somebody_who_is_erased_go_with_them(round_with_files: Database, tmp_path: Path) -> None:
    """Those of another applicant stay, even if the content is the same."""
    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        await attach(desk, actor, draft, "plans", "plan of Ann.pdf", PLAN)
        rival, other = await writer(desk, RIVAL)
        await attach(desk, actor, draft)
        theirs = await attach(desk, rival, other)
        await desk.drafts.send(actor, draft)
        with round_with_files.writing() as connection:
            connection.execute(update(tables.applications).values(withdrawn=NOW))
        operator = await desk.actor("olivia", AT_TERMINAL)
        shown = await desk.erasing.erase(operator, team=draft)
        assert [each.attachments for each in shown.found.applications] == [2]
        assert rows(round_with_files) == (3, 2)
        await desk.erasing.erase(operator, team=draft, confirmed=True)
        assert (rows(round_with_files), len(lie_in(tmp_path))) == ((1, 1), 1)
        assert await read(desk, rival, theirs.id) == SHEET
        await desk.erasing.erase(operator, email=RIVAL, confirmed=True)
        assert (rows(round_with_files), lie_in(tmp_path)) == ((0, 0), [])
    assert "2 files" in str(read_record(round_with_files, AIR))


async def test_a_disk_without_room_is_said(
    round_with_files: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    async with desk_at(round_with_files, tmp_path) as desk:
        actor, draft = await writer(desk)
        monkeypatch.setattr(tempfile, "TemporaryFile", Full)
        with pytest.raises(Unavailable, match="No space left on device"):
            await attach(desk, actor, draft)
