"""What nobody has attached goes: uploads that came to no end, and files that were detached or erased."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update
from whenever import Instant

from domain.forms.attachments import FileKind, Scan
from domain.values.refusals import TooLate, Unavailable
from store.challenges import attachments
from store.challenges.attachments import Begun, Place, Upload
from store.database import tables
from store.database.database import Database
from store.files.keys import FileKeys
from store.files.sweeping import forget, not_scanned, note_scan, reseal, sweep
from tests.store.attaching import LATER, NOW, rows
from tests.store.said import AIR
from tests.store.writing import begun as begun_draft


class Removed:
    """A store that remembers what was removed from it, and can refuse."""

    def __init__(self, *refuses: str) -> None:
        self.names = list[str]()
        self.refuses = refuses

    def __call__(self, name: str, size: int) -> None:
        if name in self.refuses:
            raise Unavailable("The store is away.")
        self.names.append(name)


@pytest.fixture
def keys() -> FileKeys:
    return FileKeys([Fernet.generate_key().decode()])


def begin(database: Database, keys: FileKeys, draft: str, content: str = "costs", at: Instant = NOW) -> Begun:
    """An upload whose row is written, and nothing else."""
    place = Place(challenge=AIR, application=draft, question="costs")
    digest = keys.digest(content.encode())
    upload = Upload(name="c.csv", kind=FileKind.CSV, size=5, digest=digest, scan=Scan.NOT_SCANNED, scanned=False)
    return attachments.begin(database, keys, place, upload, lambda: at)


def finish(database: Database, begun: Begun) -> str:
    """The id of the attachment, once its upload has ended."""
    return attachments.finish(database, begun, lambda: NOW).id


def test_an_upload_that_goes_on_is_left_alone_and_one_that_was_broken_off_is_removed(
    round_with_files: Database, keys: FileKeys
) -> None:
    upload, removed = begin(round_with_files, keys, begun_draft(round_with_files, NOW)), Removed()
    assert sweep(round_with_files, lambda: NOW.add(hours=24), removed) == 0
    assert sweep(round_with_files, lambda: LATER, removed) == 1

    assert removed.names == [upload.kept.file]
    assert rows(round_with_files) == (0, 0)
    with pytest.raises(TooLate, match="took too long"):
        finish(round_with_files, upload)


def test_what_is_in_a_draft_stays_however_old_it_is(round_with_files: Database, keys: FileKeys) -> None:
    """A draft is kept although its window has closed and it was never sent."""
    finish(round_with_files, begin(round_with_files, keys, begun_draft(round_with_files, NOW)))
    assert sweep(round_with_files, lambda: NOW.add(hours=10_000), Removed()) == 0
    assert rows(round_with_files) == (1, 1)


def test_a_store_that_is_away_is_asked_again_and_nobody_can_read_the_file_meanwhile(
    round_with_files: Database, keys: FileKeys
) -> None:
    upload = begin(round_with_files, keys, begun_draft(round_with_files, NOW))
    finish(round_with_files, upload)
    with round_with_files.writing() as connection:
        forget(connection, upload.place.application, NOW)
    with pytest.raises(Unavailable, match="away"):
        sweep(round_with_files, lambda: NOW, Removed(upload.kept.file))
    with round_with_files.reading() as connection:
        (row,) = connection.execute(select(tables.files)).all()
    assert (row.id, row.key) == (upload.kept.file, "")

    removed = Removed()
    assert sweep(round_with_files, lambda: NOW, removed) == 1
    assert removed.names == [upload.kept.file]
    assert rows(round_with_files) == (0, 0)


def test_a_file_that_cannot_be_removed_holds_up_no_other(round_with_files: Database, keys: FileKeys) -> None:
    draft = begun_draft(round_with_files, NOW)
    uploads = [begin(round_with_files, keys, draft, content) for content in ("one", "two", "three")]
    stuck, *others = sorted(each.kept.file for each in uploads)
    removed = Removed(stuck)
    with pytest.raises(Unavailable, match="away"):
        sweep(round_with_files, lambda: LATER, removed)

    assert removed.names == others
    assert rows(round_with_files) == (0, 1)


def test_a_content_that_is_attached_again_while_it_goes_gets_another_name(
    round_with_files: Database, keys: FileKeys
) -> None:
    """Fails if the sweep can remove what somebody has just attached."""
    drafts = [begun_draft(round_with_files, NOW, f"{each}@a.example") for each in "ab"]
    first = begin(round_with_files, keys, drafts[0])
    finish(round_with_files, first)
    with round_with_files.writing() as connection:
        forget(connection, drafts[0], NOW)
    second = begin(round_with_files, keys, drafts[1])
    assert second.kept.file != first.kept.file
    assert not second.kept.is_whole

    removed = Removed()
    sweep(round_with_files, lambda: NOW, removed)
    assert removed.names == [first.kept.file]
    assert rows(round_with_files) == (1, 1)


def test_what_two_have_attached_stays_while_one_has_it(round_with_files: Database, keys: FileKeys) -> None:
    drafts = [begun_draft(round_with_files, NOW, f"{each}@a.example") for each in "ab"]
    uploads = [begin(round_with_files, keys, draft) for draft in drafts]
    assert uploads[0].kept.file == uploads[1].kept.file
    for upload in uploads:
        finish(round_with_files, upload)
    with round_with_files.writing() as connection:
        forget(connection, drafts[0], NOW)

    assert sweep(round_with_files, lambda: NOW, Removed()) == 0
    assert rows(round_with_files) == (1, 1)


def test_the_stores_own_dates_do_not_count(round_with_files: Database, keys: FileKeys) -> None:
    """Only the row says when an upload began."""
    upload = begin(round_with_files, keys, begun_draft(round_with_files, NOW))
    with round_with_files.writing() as connection:
        connection.execute(update(tables.attachments).values(begun_at=LATER))
    assert sweep(round_with_files, lambda: LATER, Removed()) == 0
    assert finish(round_with_files, upload)


def test_files_wait_for_a_scanner_until_one_has_answered(round_with_files: Database, keys: FileKeys) -> None:
    upload = begin(round_with_files, keys, begun_draft(round_with_files, NOW))
    assert not_scanned(round_with_files) == ()  # its content is not there yet
    finish(round_with_files, upload)
    (waiting,) = not_scanned(round_with_files)
    assert waiting.file == upload.kept.file

    note_scan(round_with_files, waiting.file, Scan.CLEAN, NOW)
    assert not_scanned(round_with_files) == ()


def test_keys_open_for_their_own_file_only_and_show_nothing(keys: FileKeys) -> None:
    sealed = keys.sealed_key("one")
    assert len(keys.open(sealed, "one")) == 32
    assert keys.open(sealed, "one") != keys.open(keys.sealed_key("one"), "one")
    for wrong in (
        lambda: keys.open(sealed, "two"),
        lambda: keys.open("", "one"),
        lambda: keys.open(sealed[:-4], "one"),
    ):
        _does_not_open(wrong)
    other = FileKeys([Fernet.generate_key().decode()])
    _does_not_open(lambda: other.open(sealed, "one"))
    assert other.digest(b"-") != keys.digest(b"-")


def test_nothing_is_sealed_again_if_some_keys_do_not_open(round_with_files: Database, keys: FileKeys) -> None:
    begin(round_with_files, keys, begun_draft(round_with_files, NOW))
    with round_with_files.reading() as connection:
        before = connection.execute(select(tables.files)).all()
    other = FileKeys([Fernet.generate_key().decode()])
    _does_not_open(lambda: reseal(round_with_files, other))
    with round_with_files.reading() as connection:
        assert connection.execute(select(tables.files)).all() == before
    assert reseal(round_with_files, keys) == 1


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "files.key").write_text(Fernet.generate_key().decode())
    (tmp_path / "files.key").chmod(0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        FileKeys.from_file(tmp_path / "files.key")


def _does_not_open(wrong: Callable[[], object]) -> None:
    with pytest.raises(Unavailable, match="CHALLENGES_FILES_KEY_FILE"):
        wrong()
