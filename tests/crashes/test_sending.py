"""A process is killed while it saves or sends a draft: all of it counts or nothing, and to do it again is safe."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from store.challenges.applications import count, read
from store.database.database import Database
from store.record.record import read_notices
from tests.crashes.sending import AT, die_saving, die_sending
from tests.processes import forking
from tests.store.conftest import (  # noqa: F401
    database,
    form_round,
    migrated_postgres,
    postgres,
    programme,
    round_,
    sqlite_folder,
    url,
)
from tests.store.said import AIR, seal
from tests.store.writing import COMPLETE, complete, look_at, save, send
from tests.waiting import HANGS


def killed(dies: Callable[[str, str, bool], None], url: str, draft: str, *, after: bool) -> None:  # noqa: F811
    """Lets another process do something, and checks that it was killed in the midst of it."""
    process = forking().Process(target=dies, args=(url, draft, after))
    process.start()
    process.join(HANGS)
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
def test_a_receipt_means_that_it_counts_and_sending_again_changes_nothing(
    form_round: Database,  # noqa: F811
    url: str,  # noqa: F811
    after: bool,
) -> None:
    """Fails if anything of the sending is committed by itself."""
    draft = complete(form_round, AT)
    killed(die_sending, url, draft, after=after)

    assert count(form_round, AIR) == len(read_notices(form_round, AIR)) == int(after)
    assert look_at(form_round, draft).answered() == COMPLETE
    receipt = send(form_round, draft, AT.add(hours=1))
    assert receipt.repeated is after
    assert len(read_notices(form_round, AIR)) == 1
    assert seal(form_round) == 1
    (application,) = read(form_round, AIR)
    assert (application.received, application.answers) == (receipt.received, COMPLETE)


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
def test_a_save_that_was_cut_off_is_made_again_as_the_same_version(
    form_round: Database,  # noqa: F811
    url: str,  # noqa: F811
    after: bool,
) -> None:
    draft = complete(form_round, AT)
    killed(die_saving, url, draft, after=after)
    assert (look_at(form_round, draft).answered()["idea"] == "Trams.") is after
    again = save(form_round, draft, "idea", "Trams.", 1, AT)
    assert (again.yours.version, again.other) == (2, None)
