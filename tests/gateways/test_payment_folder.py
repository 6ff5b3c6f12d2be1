"""The folder of payment files: each file whole, once, for its owner alone, and never in the place of another."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.values.refusals import FileRefused
from gateways.banking.payment_folder import PaymentFolder

XML = b"<Document>31926819</Document>"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the folder will be, which nobody has made yet."""
    return tmp_path / "var" / "payment-files"


def names(place: Path) -> list[str]:
    """All that is in the folder, hidden files too."""
    return sorted(each.name for each in place.iterdir())


def test_a_file_is_written_whole_and_alone(place: Path) -> None:
    """Fails when a draft is left beside the file: whoever takes the folder to the bank would take the draft too."""
    folder = PaymentFolder(place)
    assert not folder.has("CH1")

    path = folder.write("CH1", XML)

    assert path == folder.path_of("CH1") == place / "CH1.xml"
    assert (path.read_bytes(), names(place), folder.has("CH1")) == (XML, ["CH1.xml"], True)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX says who may read a file")
def test_nobody_but_its_owner_reads_a_file(place: Path) -> None:
    """Fails when the file is made as others are, and its rights are taken away afterwards or never."""
    path = PaymentFolder(place).write("CH1", XML)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_the_same_file_again_is_harmless(place: Path) -> None:
    folder = PaymentFolder(place)
    first = folder.write("CH1", XML)
    inode = first.stat().st_ino
    assert folder.write("CH1", XML).stat().st_ino == inode
    assert names(place) == ["CH1.xml"]


def test_nothing_is_written_over_another_file(place: Path) -> None:
    """Fails when the new file takes the place of the old: a bank may have had the old one."""
    folder = PaymentFolder(place)
    folder.write("CH1", XML)
    with pytest.raises(FileRefused, match=r"CH1\.xml already exists with other content: move that file away"):
        folder.write("CH1", b"other")
    assert (folder.path_of("CH1").read_bytes(), names(place)) == (XML, ["CH1.xml"])


def test_of_those_who_write_one_file_at_once_the_first_has_it_and_the_others_are_told(place: Path) -> None:
    """Fails when the folder is looked into first and the file is put there afterwards."""
    folder = PaymentFolder(place)

    def write(number: int) -> bool:
        try:
            folder.write("CH1", b"%d" % number)
        except FileRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(write, range(40)))

    assert written.count(True) == 1
    assert folder.path_of("CH1").read_bytes() == b"%d" % written.index(True)
    assert names(place) == ["CH1.xml"]


def test_a_folder_that_cannot_be_made_is_said(place: Path) -> None:
    place.parent.mkdir()
    place.write_text("no folder")
    with pytest.raises(FileRefused, match=r"payment-files/CH1\.xml cannot be written \(.+\): check the folder"):
        PaymentFolder(place).write("CH1", XML)


def test_what_cannot_be_kept_on_the_disk_is_not_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a file gets its name before the disk has its content."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    folder = PaymentFolder(place)
    with pytest.raises(FileRefused, match="No space left on device"):
        folder.write("CH1", XML)
    assert names(place) == []


def test_a_file_can_be_taken_away_again_and_again(place: Path) -> None:
    folder = PaymentFolder(place)
    folder.write("CH1", XML)
    folder.write("CH2", XML)
    folder.remove("CH1")
    folder.remove("CH1")
    assert names(place) == ["CH2.xml"]
