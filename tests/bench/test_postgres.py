"""The PostgreSQL server of measurements and tests needs nobody to prepare the machine for it."""

from __future__ import annotations

import os
import pwd
import tempfile
from pathlib import Path

import pytest

from tests import conftest

postgres = pytest.importorskip("bench.postgres", reason="there is no PostgreSQL for this Python")


def test_as_root_it_runs_as_a_user_whom_every_machine_has() -> None:
    """Fails when it has a user made for it: the program for that may be missing."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, postgres.running(Path(folder)):
        owner = (Path(folder) / "data" / "postmaster.pid").stat().st_uid

    assert owner == (pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid())


def test_what_hinders_it_is_said_in_one_line_before_any_test_runs(
    monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", {}.__getitem__)

    with pytest.raises(pytest.UsageError) as said:
        conftest.pytest_configure(pytestconfig)
    assert str(said.value) == (
        "PostgreSQL does not run as root, and there is no user 'nobody' here: add the user, or be another one."
    )


def test_nothing_hinders_it_for_another_user_than_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(pwd, "getpwnam", {}.__getitem__)

    assert postgres.hindrance() == ""
