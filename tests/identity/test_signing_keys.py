"""The files of the keys that sign: who may read them, what is in them, and how they change."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from domain.values.refusals import NotReadable, TooLate, Unavailable
from identity.signing_keys import (
    PublicKey,
    make_first_key,
    make_key,
    read_private,
    read_public,
    retire_key,
)
from tests.identity.signing import key_files
from tests.processes import forking
from tests.store.said import CLOSES


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Where keys are to be."""
    private, public = key_files(tmp_path / "keys").values()
    return private, public


def _signing(private: Path) -> str:
    return PublicKey.of(read_private(private)[0]).id


def test_the_first_key_is_made_once_and_only_its_owner_reads_the_private_half(files: tuple[Path, Path]) -> None:
    assert make_first_key(*files, CLOSES)
    before = [path.read_text() for path in files]
    assert not make_first_key(*files, CLOSES)
    assert [path.read_text() for path in files] == before
    private, public = (stat.S_IMODE(path.stat().st_mode) for path in files)
    assert (private, public) == (0o600, 0o644)
    (key,) = read_public(files[1])
    assert (key.id, key.made, key.retired) == (_signing(files[0]), CLOSES, None)
    assert key.public not in before[0]
    assert before[0].splitlines()[1].split()[0] not in before[1]
    assert sorted(path.name for path in files[0].parent.iterdir()) == ["signing.key", "signing.pub"]


def _make_first(private: Path, public: Path) -> bool:
    return make_first_key(private, public, CLOSES)


def test_of_several_processes_that_need_the_first_key_one_makes_it(files: tuple[Path, Path]) -> None:
    with forking().Pool(4) as pool:
        made = pool.starmap(_make_first, [files] * 8)
    assert made.count(True) == 1
    assert len(read_public(files[1])) == len(read_private(files[0])) == 1


def test_a_lost_public_file_is_made_again_from_the_private_one(files: tuple[Path, Path]) -> None:
    make_first_key(*files, CLOSES)
    made = make_key(*files, CLOSES)
    files[1].unlink()
    assert not make_first_key(*files, CLOSES)
    ids = {each.id for each in read_public(files[1])}
    assert made.id in ids
    assert len(ids) == 2


def test_the_newest_key_signs_and_stands_first(files: tuple[Path, Path]) -> None:
    make_first_key(*files, CLOSES)
    made = make_key(*files, CLOSES.add(hours=1))
    assert _signing(files[0]) == made.id == read_public(files[1])[0].id
    assert len(read_private(files[0])) == 2


def test_the_only_key_that_signs_is_not_retired(files: tuple[Path, Path]) -> None:
    make_first_key(*files, CLOSES)
    before = [path.read_text() for path in files]
    with pytest.raises(TooLate, match="only one that signs"):
        retire_key(*files, _signing(files[0]), CLOSES)
    assert [path.read_text() for path in files] == before


def test_a_key_is_retired_once(files: tuple[Path, Path]) -> None:
    make_first_key(*files, CLOSES)
    old = _signing(files[0])
    make_key(*files, CLOSES)
    retire_key(*files, old, CLOSES)
    with pytest.raises(TooLate, match="already"):
        retire_key(*files, old, CLOSES)
    assert not make_first_key(*files, CLOSES)
    assert [each.retired for each in read_public(files[1])] == [None, CLOSES]


def test_the_newest_key_can_be_retired_and_the_one_before_signs_again(files: tuple[Path, Path]) -> None:
    make_first_key(*files, CLOSES)
    old = _signing(files[0])
    new = make_key(*files, CLOSES)
    retire_key(*files, new.id, CLOSES)
    assert _signing(files[0]) == old


@pytest.mark.parametrize("id_", ["", "abc", "ffffffffffffffff", "../signing", "x" * 400])
def test_a_key_that_is_not_there_cannot_be_retired(files: tuple[Path, Path], id_: str) -> None:
    make_first_key(*files, CLOSES)
    with pytest.raises(NotReadable, match="`keys list`"):
        retire_key(*files, id_, CLOSES)


def test_a_private_file_that_others_may_read_is_not_used(files: tuple[Path, Path]) -> None:
    make_first_key(*files, CLOSES)
    files[0].chmod(0o640)
    for use in (lambda: read_private(files[0]), lambda: make_first_key(*files, CLOSES)):
        with pytest.raises(Unavailable, match="chmod 600"):
            use()


@pytest.mark.parametrize("text", ["", "# nothing\n", "secret\n", "AAAA=\n", "é\n"])
def test_a_private_file_that_is_none_is_refused_and_never_repeated(files: tuple[Path, Path], text: str) -> None:
    make_first_key(*files, CLOSES)
    files[0].write_text(text, encoding="utf-8")
    with pytest.raises(Unavailable) as refused:
        read_private(files[0])
    assert "secret" not in str(refused.value)
    with pytest.raises(Unavailable):
        make_key(*files, CLOSES)
    assert files[0].read_text(encoding="utf-8") == text


def test_a_public_line_that_was_changed_is_refused_with_its_number(files: tuple[Path, Path]) -> None:
    """Fails where another's key can be put under a known id."""
    make_first_key(*files, CLOSES)
    other = PublicKey.of(read_private(files[0])[0])
    make_key(*files, CLOSES)
    lines = files[1].read_text().splitlines()
    lines[1] = f"{lines[1].split()[0]} {other.public}"
    files[1].write_text("\n".join(lines))
    with pytest.raises(Unavailable, match="Line 2 of the key file"):
        read_public(files[1])


def test_keys_that_cannot_be_kept_are_not_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="CHALLENGES_SIGNING_KEY_FILE"):
        make_first_key(tmp_path / "file" / "signing.key", tmp_path / "signing.pub", CLOSES)
