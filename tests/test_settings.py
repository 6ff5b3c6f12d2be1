"""What differs from place to place comes from variables, and a wrong one is said by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import settings
from domain.refusals import FileRefused


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of this machine counts."""
    for name in os.environ:
        if name.startswith(settings.PREFIX):
            monkeypatch.delenv(name)


def test_every_field_is_set_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "database_url": "postgresql://challenges@db/challenges",
        "programmes": Path("/etc/programmes"),
        "person": "programme-office",
        "log_level": "WARNING",
        "log_format": "json",
        "metrics_address": "0.0.0.0:9464",
        "build_id": "1.2.3",
        "threads": 4,
        "answer_within": 2.5,
    }
    for name, value in values.items():
        monkeypatch.setenv(f"CHALLENGES_{name.upper()}", str(value))

    assert settings.load().model_dump() == values


def test_the_state_is_kept_beside_the_code_wherever_a_command_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    code = Path(settings.__file__).parent

    assert settings.load().database_url == f"sqlite:///{code / 'var' / 'service.db'}"
    assert settings.load().programmes == code / "programmes"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("THREADS", "many"),
        ("THREADS", "0"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("METRICS_ADDRESS", "9464"),
        ("ANSWER_WITHIN", "-1"),
        ("ANSWER_WITHIN", "inf"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"CHALLENGES_{variable}", value)

    with pytest.raises(
        FileRefused, match=f"CHALLENGES_{variable}={value}: .* Change that environment variable"
    ) as said:
        settings.load()
    assert "\n" not in str(said.value)


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("DATABSE_URL", "DATABASE_URL"),
        ("DB_URL", "DATABASE_URL"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("PROGRAMS", "PROGRAMMES"),
    ],
)
def test_a_misspelt_variable_is_not_passed_over(monkeypatch: pytest.MonkeyPatch, slip: str, meant: str) -> None:
    monkeypatch.setenv(f"CHALLENGES_{slip}", "secret")

    with pytest.raises(FileRefused, match=f"no setting CHALLENGES_{slip}: did you mean CHALLENGES_{meant}") as said:
        settings.load()
    assert "secret" not in str(said.value)


def test_a_variable_of_somebody_else_with_the_prefix_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHALLENGES_DB_PASSWORD", "for docker-compose.yml")

    settings.load()
