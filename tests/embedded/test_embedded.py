"""The whole service on one machine, started and stopped as a person does."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from embedded import ROOT, Service
from service.ports import free_ports
from tests.waiting import HANGS


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    """`embedded.py`, as from a shell; stopped at the end if it still runs."""
    command = [sys.executable, str(ROOT / "embedded.py"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                end_of(process)


def end_of(process: subprocess.Popen[str]) -> None:
    """Waits until a process that was told to stop has ended; kills it, and fails, if it does not."""
    try:
        process.wait(HANGS)
    except subprocess.TimeoutExpired:
        process.kill()  # whoever leaves the block of a process waits for its end once more, and for ever
        raise


def free_port() -> int:
    """A port that nobody uses, and the one for the UI above it neither, as far as can be known."""
    return next(port for port, *_ in iter(free_ports, None) if port < 60_000)


def until_it_says(process: subprocess.Popen[str], word: str) -> str:
    """Reads what a process says up to a word, and gives it."""
    assert process.stdout is not None
    said = ""
    while word not in said:
        line = process.stdout.readline()
        assert line, f"it ended after {said!r}: {process.stderr and process.stderr.read()}"
        said += line
    return said


def processes_in(folder: Path) -> dict[int, str]:
    """All processes that were started for a folder, with their commands; none of them may outlive the service."""
    if sys.platform == "darwin":
        listed = subprocess.run(["ps", "-A", "-E", "-ww", "-o", "pid=,command="], capture_output=True, text=True)
        lines = (line.split(None, 1) for line in listed.stdout.splitlines() if str(folder) in line)
        return {int(number): command for number, command in lines}
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile, or is not ours
            command = process.joinpath("cmdline").read_bytes()
            if os.fsencode(folder) in command + process.joinpath("environ").read_bytes():
                found[int(process.name)] = os.fsdecode(command.replace(b"\0", b" "))
    return found


def page_at(address: str) -> str:
    """A page of the web front, once the front has started."""
    end = time.monotonic() + HANGS
    while True:
        with suppress(httpx2.TransportError):
            return httpx2.get(address, trust_env=False, timeout=HANGS).text
        assert time.monotonic() < end, address


def worker_in(folder: Path) -> int:
    """The worker's process, once the system says what it is: for a moment after it was started, it does not."""
    end = time.monotonic() + HANGS
    while not (found := [number for number, command in processes_in(folder).items() if "worker.py" in command]):
        assert time.monotonic() < end, processes_in(folder)
    (worker,) = found
    return worker


def copy_round(folder: Path, name: str, challenges: int, opens: tuple[str, str]) -> None:
    """Copies a round and its programme, with so many of its challenges and another opening."""
    original = ROOT / "programmes" / f"{name}.round.toml"
    shutil.copy(original.with_name(f"{name}.programme.toml"), folder)
    head, *questions = original.read_text().split("[[challenges]]")
    assert len(questions) >= challenges
    assert opens[0] in head
    (folder / original.name).write_text("[[challenges]]".join([head.replace(*opens), *questions[:challenges]]))


def test_the_demo_rehearses_the_pilot_and_two_more_rounds_and_ends_with_their_books(tmp_path: Path) -> None:
    """With four of their ten challenges; `make demo` itself, which checks the same, has all of them.

    They open months earlier, so that applications are in time although a day is short, however busy the machine.
    """
    programmes = tmp_path / "programmes"
    programmes.mkdir()
    copy_round(programmes, "pilot-2016", 2, ("opens = 2016-07-06", "opens = 2016-02-06"))
    copy_round(programmes, "town-trials", 1, ("opens = 2018-03-05", "opens = 2017-10-05"))
    copy_round(programmes, "later-rounds", 1, ("opens = 2024-07-01", "opens = 2024-02-01"))
    later_rounds = programmes / "later-rounds.programme.toml"
    later_rounds.write_text(later_rounds.read_text().replace('within = "P5W"', 'within = "P30W"'))
    command = [sys.executable, str(ROOT / "embedded.py"), "demo", "--day", "0.025", "--state", str(tmp_path / "state")]
    environment = os.environ | {"CHALLENGES_PROGRAMMES": str(programmes)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=HANGS, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    pilot, beside, later = re.split("Meanwhile, the round (?:town-trials|later-rounds):", done.stdout)
    assert "Fixed fees: 6 × £2,000 + 2 × £15,000 = £42,000\n" in pilot
    assert "Fixed fees: £21,600 in 9 instalments = £21,600\n" in beside, "three teams, with VAT"
    assert "evidence for instalment 2 accepted from " in beside
    assert "Fixed fees: 3 × £6,000 + £36,000 in 3 instalments = £54,000\n" in later
    assert "accelerator: further proposals from " in later
    for said, ended in ((pilot, 2), (beside, 1), (later, 1)):
        assert said.count("ended: completed\n") == ended
        (sent,) = re.findall(r"^(\d+) applications received, (\d+) refused as too late", said, re.MULTILINE)
        assert sum(map(int, sent)) == 80
    # Then the books are compared: 6 payments for exploration, 2 for the accelerator, and what was agreed after it; 9
    # for the trial and 3 for the roll-out; and 3 for exploration, 3 for the accelerator and 2 for what comes after it.
    (payments,) = re.findall(r"^The books agree: (\d+) payments of 4 challenges\.$", later, re.MULTILINE)
    assert int(payments) >= 8 + 12 + 8
    assert "Temporal UI  http://127.0.0.1:" in done.stdout
    assert processes_in(tmp_path) == {}


def test_the_service_stops_as_told_and_takes_its_parts_with_it(tmp_path: Path) -> None:
    port = free_port()
    for number in (signal.SIGTERM, signal.SIGINT):
        with started("run", "--port", str(port), "--state", str(tmp_path)) as process:
            said = until_it_says(process, "Ctrl-C stops the service")
            assert "Temporal UI  http://127.0.0.1:" in said
            front = re.search(r"^Web front    (http://localhost:[0-9]+)$", said, re.MULTILINE)
            assert front
            assert "<h1>Sign in</h1>" in page_at(f"{front[1]}/sign-in")
            assert worker_in(tmp_path)
            assert len(processes_in(tmp_path)) >= 4
            process.send_signal(number)
            out, err = process.communicate(timeout=HANGS)

        assert (process.returncode, out, err) == (0, "Stopped.\n", "")
        assert processes_in(tmp_path) == {}


def test_a_demo_that_is_stopped_has_not_passed_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with started("demo", "--state", str(tmp_path)) as process:
        until_it_says(process, "challenges open as the round")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=HANGS)

    assert (process.returncode, err) == (1, "The rehearsal was told to stop. Nothing of it runs any more.\n")
    assert out.endswith("Stopped.\n")
    assert processes_in(tmp_path) == {}


def test_a_second_service_is_refused_in_one_line_and_the_first_goes_on(tmp_path: Path) -> None:
    port, other = free_port(), free_port()
    with started("run", "--port", str(port), "--state", str(tmp_path)) as first:
        until_it_says(first, "Ctrl-C stops the service")
        for words, says in (
            (["--port", str(port), "--state", str(tmp_path / "other")], f"Port {port} is in use"),
            (["--port", str(other), "--state", str(tmp_path)], f"The service runs on {tmp_path} already"),
        ):
            with started("run", *words) as second:
                out, err = second.communicate(timeout=HANGS)
            assert (second.returncode, out) == (1, "")
            assert err.startswith(says)
            assert err.count("\n") == 1
        assert first.poll() is None


def test_a_worker_that_dies_ends_the_service_with_a_line_that_names_it(tmp_path: Path) -> None:
    port = free_port()
    with started("run", "--port", str(port), "--state", str(tmp_path)) as process:
        until_it_says(process, "Ctrl-C stops the service")
        os.kill(worker_in(tmp_path), signal.SIGKILL)
        _, err = process.communicate(timeout=HANGS)

    assert process.returncode == 1
    assert err.startswith("The worker stopped by itself (exit status -9)")
    assert err.count("\n") == 1
    assert processes_in(tmp_path) == {}


def test_nothing_of_another_temporal_set_up_on_the_machine_reaches_the_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_API_KEY", "of another service")
    environment = Service(tmp_path, 1, 2, 3).environment

    assert "TEMPORAL_API_KEY" not in environment
    assert environment["TEMPORAL_ADDRESS"] == "127.0.0.1:1"


@pytest.mark.parametrize("words", [[], ["run", "--port", "none"], ["run", "--port", "65000"], ["stop"]], ids=str)
def test_what_is_no_command_ends_with_status_2(words: list[str]) -> None:
    with started(*words) as process:
        _, err = process.communicate(timeout=HANGS)

    assert process.returncode == 2
    assert "usage: embedded.py" in err
