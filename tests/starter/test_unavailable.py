"""What the command line needs and does not find: one line that says what to do, status 1, and no password."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from embedded import ROOT, Service
from service.ports import free_ports
from tests.starter.commands import OPERATOR, ROUND, Commands, as_process, one_line
from tests.waiting import HANGS

HOLD = ("hold", "bridge", "--as", OPERATOR, "--reason", "Election period.")


def test_without_a_temporal_server_a_command_says_so_at_once(starter: Commands, teams: dict[str, list[str]]) -> None:
    port, *_ = free_ports()
    for _ in range(2):
        line = one_line(as_process(starter.environment | {"TEMPORAL_ADDRESS": f"127.0.0.1:{port}"}, *HOLD))

        assert f"No Temporal server answers at 127.0.0.1:{port} (connection refused): start the service" in line


def test_what_only_a_workflow_knows_is_missing_from_the_status_without_a_server(
    starter: Commands, teams: dict[str, list[str]]
) -> None:
    """Everything else is there: whoever looks because Temporal is down needs it."""
    port, *_ = free_ports()
    answer = starter("status", "bridge", TEMPORAL_ADDRESS=f"127.0.0.1:{port}")

    assert (answer.status, answer.err) == (0, "")
    assert "Window closes" in answer.out
    assert "who must act, are not known at the moment. No Temporal server answers" in answer.out


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("TEMPORAL_NAMESPACE", "elsewhere", "has no namespace 'elsewhere': create it"),
        ("TEMPORAL_ADDRESS", "::::", "The Temporal configuration cannot be used"),
        ("TEMPORAL_TLS", "true", "speaks another protocol; check TEMPORAL_TLS"),
        ("TEMPORAL_PROFILE", "elsewhere", "The Temporal configuration cannot be used: Profile 'elsewhere' not found"),
        ("TEMPORAL_CONFIG_FILE", "/no/such/temporal.toml", "/no/such/temporal.toml does not exist"),
        ("TEMPORAL_TLS_CLIENT_CERT_PATH", "/no/such/cert", "The Temporal configuration cannot be used"),
        ("CHALLENGES_THREADS", "many", "CHALLENGES_THREADS=many"),
        ("CHALLENGES_DATABSE_URL", "sqlite:///x", "did you mean CHALLENGES_DATABASE_URL?"),
        ("CHALLENGES_DATABASE_URL", "sqlite:////no/such/service.db", "There is no database /no/such/service.db: start"),
        ("CHALLENGES_DATABASE_URL", "postgresql://us:secret@127.0.0.1:9/db", "db at 127.0.0.1:9 cannot be reached"),
        ("CHALLENGES_DATABASE_URL", "mysql://us:secret@127.0.0.1/db", "URL is not understood"),
    ],
)
def test_a_setting_that_leads_nowhere_is_said_in_one_line(
    starter: Commands, teams: dict[str, list[str]], variable: str, value: str, says: str
) -> None:
    line = one_line(starter(*HOLD, **{variable: value}))

    assert says in line
    assert "secret" not in line


def test_a_command_before_any_service_ran_makes_no_empty_database(starter: Commands, tmp_path: Path) -> None:
    file = tmp_path / "service.db"
    line = one_line(starter("status", CHALLENGES_DATABASE_URL=f"sqlite:///{file}"))

    assert f"There is no database {file}: start the service (make run), or say with CHALLENGES_DATABASE_URL" in line
    assert not file.exists()


def test_a_file_that_is_no_database_is_left_alone(starter: Commands, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear applicants, " * 100)
    line = one_line(starter("status", CHALLENGES_DATABASE_URL=f"sqlite:///{file}"))

    assert "is not an SQLite database" in line
    assert file.read_text().startswith("Dear applicants")


def test_the_plan_needs_no_service_at_all(starter: Commands, teams: dict[str, list[str]], tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path / 'service.db'}"

    assert starter("plan", ROUND, CHALLENGES_DATABASE_URL=nowhere, TEMPORAL_ADDRESS="127.0.0.1:9").status == 0


def test_a_process_that_was_connected_leaves_without_the_clearing_up_that_aborts_it() -> None:
    """Ended by `sys.exit`, one command in some ends with status 134 after all was done; too seldom for a test."""
    script = (
        "import atexit; from service.connection import leave; "
        "atexit.register(print, 'cleared up'); print('done'); leave(3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=HANGS
    )

    assert (done.returncode, done.stdout, done.stderr) == (3, "done\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is a full disk to be had on Linux only")
@pytest.mark.parametrize("words", [("status",), ("status", "--json"), ("--help",)], ids=" ".join)
def test_output_to_a_full_disk_is_no_success(
    starter: Commands, teams: dict[str, list[str]], words: tuple[str, ...]
) -> None:
    answer = as_process(starter.environment, *words, output=Path("/dev/full"))

    assert "No space left on device" in one_line(answer)


def test_a_command_done_as_a_process_of_its_own_ends_with_status_0(
    starter: Commands, service: Service, teams: dict[str, list[str]]
) -> None:
    answer = as_process(starter.environment, "status", "bridge")

    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith(f"{ROUND}/bridge\n")
