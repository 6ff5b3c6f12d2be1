"""The file of the chain's keys: made once, changed without a restart, and never another one unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from domain.announcements.chain import Wrong
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.refusals import Unavailable
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.record.keys import SETTING, RecordKeyFile
from store.record.record import announce
from store.record.verifying import verify
from tests.store.said import AIR, OPENS, announcing, compose, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the keys are."""
    return tmp_path / "keys" / "record.key"


@pytest.fixture
def database(url: str, path: Path, round_: Round, programme: Programme) -> Iterator[Database]:
    """A database with a round in it, and no line of the record yet."""
    database = Database(url, RecordKeyFile(path))
    keep_round(database, round_, programme, challenges_of(round_, programme), OPENS)
    yield database
    database.close()


def test_the_key_is_made_with_the_first_line_for_its_owner_alone(database: Database, path: Path) -> None:
    assert verify(database).fault is None
    assert not path.exists()
    announce(database, opened(), compose)

    assert (path.stat().st_mode & 0o777, verify(database).lines) == (0o600, 1)


def test_without_its_key_file_a_record_is_neither_written_nor_verified(
    database: Database, url: str, path: Path
) -> None:
    """Fails if another key is made: nobody could ever verify what was written before together with what comes."""
    announce(database, opened(), compose)
    path.unlink()
    later = Database(url, RecordKeyFile(path))

    with pytest.raises(Unavailable, match=f"is gone, and the record is chained with its keys: .*{SETTING}"):
        announce(later, announcing(), compose)
    with pytest.raises(Unavailable, match="There is no key file"):
        verify(later)
    assert not path.exists()
    later.close()


def test_with_the_keys_of_another_database_a_record_is_not_written(database: Database, url: str, path: Path) -> None:
    announce(database, opened(), compose)
    path.write_text(Fernet.generate_key().decode())
    new = Database(url, RecordKeyFile(path))
    for who in (database, new):  # the first has read the file before
        with pytest.raises(Unavailable, match="has none of the keys under which the record of this database"):
            announce(who, announcing(), compose)
    new.close()

    assert verify(database).fault is not None


def test_a_new_key_counts_from_the_next_line_on_and_the_old_one_still_verifies(database: Database, path: Path) -> None:
    announce(database, opened(), compose)
    old, new = path.read_text(), Fernet.generate_key().decode()
    path.write_text(f"{new}\n{old}")
    announce(database, announcing("hold/1"), compose)
    announce(database, announcing("hold/2"), compose)
    assert verify(database).fault is None

    path.write_text(new)
    fault = verify(database).fault
    assert fault is not None
    assert (fault.challenge, fault.line, fault.wrong) == (AIR, 1, Wrong.CHANGED)
    path.write_text(old)
    fault = verify(database).fault
    assert fault is not None
    assert (fault.line, fault.wrong) == (2, Wrong.CHANGED)


def test_a_key_file_that_others_may_read_is_refused(database: Database, path: Path) -> None:
    announce(database, opened(), compose)
    path.chmod(0o644)
    with pytest.raises(Unavailable, match=r"chmod 600 .* put a new key above the others"):
        verify(database)


def test_no_key_is_shown_by_what_prints_it(database: Database, path: Path) -> None:
    announce(database, opened(), compose)
    key = path.read_text().splitlines()[-1]

    assert key not in repr([vars(database), database.engine.get_execution_options(), database.record_keys])
