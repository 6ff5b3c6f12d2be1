"""The store of files: a folder of this machine and a bucket of a real S3 server do the same."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import LocalStore, S3Store

from domain.values.refusals import FileRefused, Unavailable
from gateways.files.encryption import KEY_BYTES, PART, decrypted_part, encrypted_parts, number_of_parts
from gateways.files.place import FilePlace, place_at
from tests.gateways.file_servers import ACCESS_KEY, SECRET_KEY, Bucket, s3_server

KEY = bytes(range(KEY_BYTES))
SECRET = b"planted-marker-of-content "
SIZES = [1, 65_535, 65_536, 65_537, PART - 1, PART, PART + 1, 2 * PART + 70_000]
NAME = "a-name"


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    """A bucket."""
    with tempfile.TemporaryDirectory(prefix="s3-") as folder, s3_server(Path(folder)) as bucket:
        yield bucket


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> FilePlace:
    """An empty place."""
    if request.param == "folder":
        return place_at(str(tmp_path / "files"))
    return place_in(request.getfixturevalue("bucket"), tmp_path.name)


def place_in(bucket: Bucket, folder: str, secret: str = SECRET_KEY) -> FilePlace:
    """A folder of the bucket."""
    known = {"url": bucket.files_url, "region": bucket.files_region, "access_key": ACCESS_KEY, "secret_key": secret}
    return place_at(f"{bucket.files_place}/{folder}", **known)


def raw(place: FilePlace) -> dict[str, bytes]:
    """All that lies in a place, as it lies there."""
    store: LocalStore | S3Store = place._store
    found = [each["path"] for piece in store.list() for each in piece]
    return {path: bytes(store.get(path).bytes()) for path in found}


def content_of(size: int) -> bytes:
    """Bytes among which no two records are the same."""
    return b"".join(SECRET + f"{each:07}".encode() for each in range(size // 33 + 1))[:size]


def read(place: FilePlace, size: int, name: str = NAME, key: bytes = KEY) -> bytes:
    """What the place gives back."""
    return b"".join(place.part(name, key, number, size) for number in range(number_of_parts(size)))


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_is_what_is_read_and_lies_there_encrypted(place: FilePlace, size: int) -> None:
    content = content_of(size)
    place.put(NAME, KEY, io.BytesIO(content), size)

    assert read(place, size) == content
    lies = raw(place)
    assert len(lies) == number_of_parts(size)
    assert not any(SECRET[:8] in each for each in lies.values())


def test_a_file_that_is_put_again_is_the_same_and_one_that_is_removed_is_gone(place: FilePlace) -> None:
    size = PART + 1
    place.put(NAME, KEY, io.BytesIO(content_of(size)), size)
    before = raw(place)
    place.put("another", KEY, io.BytesIO(b"-"), 1)
    place.put(NAME, KEY, io.BytesIO(content_of(size)), size)
    assert {path: part for path, part in raw(place).items() if path.startswith(NAME)} == before

    for _ in range(2):  # also if it is gone already
        place.remove(NAME, size)
    assert [path.partition("/")[0] for path in raw(place)] == ["another"]
    with pytest.raises(Unavailable, match="is not in the store"):
        read(place, size)


def test_what_a_killed_process_left_in_a_folder_goes_with_the_file(tmp_path: Path) -> None:
    """The library writes beside the name, and hides what it has not finished from every list."""
    place = place_at(str(tmp_path / "files"))
    place.put(NAME, KEY, io.BytesIO(b"-"), 1)
    (tmp_path / "files" / NAME / "00001#1").write_bytes(b"half")
    assert len(raw(place)) == 1
    place.remove(NAME, 1)

    assert list((tmp_path / "files").rglob("*")) == []


def changed(parts: list[bytes], how: str) -> list[bytes]:
    """Parts that somebody has meddled with."""
    first, *rest = parts
    record = 65_536 + 16
    return {
        "a bit": [bytes([first[0] ^ 1]) + first[1:], *rest],
        "two records": [first[record : 2 * record] + first[:record] + first[2 * record :], *rest],
        "cut off inside a record": [*parts[:-1], parts[-1][:-1]],
        "cut off between records": [first[:-record], *rest],
        "longer": [*parts[:-1], parts[-1] + b"-"],
        "two parts": [rest[0], first, *rest[1:]],
        "no part": [b"", *rest],
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        *("a bit", "two records", "cut off inside a record", "cut off between records"),
        *("longer", "two parts", "no part"),
    ],
)
def test_what_somebody_meddled_with_does_not_open(how: str) -> None:
    size = 2 * PART + 70_000
    parts = list(encrypted_parts(KEY, io.BytesIO(content_of(size)), size))
    meddled = changed(parts, how)
    assert meddled != parts

    with pytest.raises(Unavailable, match="damaged in the store"):
        [decrypted_part(KEY, part, number, size) for number, part in enumerate(meddled)]


def test_a_file_that_was_cut_off_does_not_pass_for_a_shorter_one() -> None:
    """Fails if nothing says which record is the last."""
    parts = list(encrypted_parts(KEY, io.BytesIO(content_of(2 * PART)), 2 * PART))
    with pytest.raises(Unavailable, match="damaged"):
        decrypted_part(KEY, parts[0], 0, PART)


def test_another_key_opens_nothing() -> None:
    (part,) = encrypted_parts(KEY, io.BytesIO(b"-"), 1)
    with pytest.raises(Unavailable, match="damaged"):
        decrypted_part(bytes(KEY_BYTES), part, 0, 1)


def test_wrong_keys_of_a_bucket_are_said_without_them(bucket: Bucket) -> None:
    place = place_in(bucket, "x", secret="not-the-right-one")
    with pytest.raises(Unavailable, match="CHALLENGES_FILES_PLACE") as refusal:
        place.put(NAME, KEY, io.BytesIO(b"-"), 1)
    assert "not-the-right-one" not in str(refusal.value)
    assert ACCESS_KEY not in str(refusal.value)


@pytest.mark.parametrize("place", ["s3://", "http://bucket", "s3://user:word@bucket", "s3://bucket?x=1", "ftp://x"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(FileRefused, match="write the path of a folder, or a bucket"):
        place_at(place)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("-")
    with pytest.raises(Unavailable, match="cannot be made"):
        place_at(str(tmp_path / "file" / "files"))


def test_only_its_owner_looks_into_the_folder(tmp_path: Path) -> None:
    place_at(str(tmp_path / "files"))
    assert (tmp_path / "files").stat().st_mode & 0o077 == 0


def test_a_folder_that_is_lost_is_said(tmp_path: Path) -> None:
    place = place_at(str(tmp_path / "files"))
    place.put(NAME, KEY, io.BytesIO(b"-"), 1)
    shutil.rmtree(tmp_path / "files")
    with pytest.raises(Unavailable, match="restore the store"):
        read(place, 1)
