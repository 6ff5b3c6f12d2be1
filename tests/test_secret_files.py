"""Secrets in files count like secrets in variables, and nothing repeats them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from domain.values.refusals import FileRefused
from service import settings
from service.settings import SECRETS


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of this machine counts."""
    for name in os.environ:
        if name.startswith(settings.PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a secret can be written."""
    return tmp_path / "secret"


def shown(value: object) -> str:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)


@pytest.mark.parametrize(("variable", "name"), SECRETS.items())
def test_every_secret_can_stand_in_a_file(
    monkeypatch: pytest.MonkeyPatch, file: Path, variable: str, name: str
) -> None:
    file.write_text("postgresql://known/only-here\n", encoding="utf-8")
    monkeypatch.setenv(f"{variable}_FILE", str(file))

    assert shown(getattr(settings.load(), name)) == "postgresql://known/only-here"


def test_what_is_secret_is_named_as_such() -> None:
    """Fails when a secret setting is added whose value would be printed."""
    words = ("password", "token", "secret_key", "notify_key")
    known = {name for name in settings.Settings.model_fields if name.endswith(words)}

    assert set(SECRETS.values()) == known | {"database_url"}


@pytest.mark.parametrize(
    ("content", "secret"),
    [(b"", ""), (b"\n", ""), (b" a b \n", " a b "), (b"of ours\r\n", "of ours"), ("pâss".encode(), "pâss")],
)
def test_only_the_new_line_at_the_end_is_no_part_of_the_secret(
    monkeypatch: pytest.MonkeyPatch, file: Path, content: bytes, secret: str
) -> None:
    file.write_bytes(content)
    monkeypatch.setenv("CHALLENGES_SMTP_PASSWORD_FILE", str(file))

    assert settings.load().smtp_password.get_secret_value() == secret


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"marked one\nmarked two\n", "it has more than one line"),
        (b"marked\0\n", "it has more than one line"),
        (b"marked \xff\n", "it is not text in UTF-8"),
        (b"marked" * 2_000, "it has more than 10000 bytes"),
    ],
)
def test_a_file_that_holds_no_secret_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, file: Path, content: bytes, why: str
) -> None:
    file.write_bytes(content)
    monkeypatch.setenv("CHALLENGES_RAIL_TOKEN_FILE", str(file))

    with pytest.raises(FileRefused) as said:
        settings.load()

    assert str(said.value) == (
        f"The secret in {file} cannot be read ({why}): correct CHALLENGES_RAIL_TOKEN_FILE, or let this login read the "
        "file."
    )


def test_all_that_is_wrong_with_files_is_said_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("in the file")
    for name, value in {
        "SMTP_PASSWORD": "marked",
        "SMTP_PASSWORD_FILE": str(tmp_path / "given"),
        "NOTIFY_KEY_FILE": str(tmp_path / "missing"),
        "RAIL_TOKEN_FILE": str(tmp_path),
        "THREADS": "many",
    }.items():
        monkeypatch.setenv(f"CHALLENGES_{name}", value)

    with pytest.raises(FileRefused) as said:
        settings.load()

    fields = ["NOTIFY_KEY_FILE", "RAIL_TOKEN_FILE", "SMTP_PASSWORD", "THREADS"]
    assert sorted(each.field for each in said.value.problems) == [f"CHALLENGES_{name}" for name in fields]
    assert "given twice, in CHALLENGES_SMTP_PASSWORD and in CHALLENGES_SMTP_PASSWORD_FILE" in str(said.value)
    assert "No such file" in str(said.value)
    assert "marked" not in str(said.value)
