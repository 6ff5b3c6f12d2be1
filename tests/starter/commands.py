"""The command line as a person uses it, and a round that is made for it: a programme of seconds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from typer.testing import CliRunner
from whenever import Instant, TimeDelta

import log
import starter

OPERATOR = "office"
SPONSOR = "council-decider"
OTHER_SPONSOR = "museum-decider"
ROUND = "fair"
LIMIT = 200
"""The most characters of a proposal."""

PATIENCE = 30
"""Seconds in which whatever is waited for must have come."""

_PROGRAMME = f"""
id = "brief"
title = "A programme of seconds"
time_zone = "Europe/London"
currency = "GBP"
holidays = "GB-SCT"
proposal_limit = {LIMIT}

[terms]
intellectual_property = "The company keeps it."
equity = "The company keeps it."

[[stages]]
name = "exploration"
title = "Exploration"
min = 2
target = 2
max = 3
decision_within = "P1D"
duration = "PT1S"
participation_sessions = 1

[stages.pay]
fixed = "100.00"

[[stages]]
name = "accelerator"
title = "Accelerator"
target = 1
max = 2
decision_within = "P1D"
duration = "PT1S"

[stages.pay]
agreed_up_to = "500.00"
"""


class Answer(NamedTuple):
    """What a command said."""

    status: int
    out: str
    err: str


class Commands:
    """Runs commands of `starter.py` against a service.

    Args:
        environment: the variables that lead to it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)

    def __call__(self, *words: str, text: str = "", **settings: str) -> Answer:
        """One command.

        Args:
            words: as typed after `starter.py`.
            text: what is on standard input.
            settings: variables that differ from the service's.
        """
        # In a thread of its own: the commands bring their own event loop, and pytest has one in this.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._run, words, text, self.environment | settings).result()

    def data(self, *words: str) -> Any:
        """What a command prints with --json."""
        answer = self(*words, "--json")
        assert answer.status == 0, answer
        assert answer.err == ""
        return json.loads(answer.out)

    def status(self, challenge: str) -> dict[str, Any]:
        """Where a challenge stands."""
        (row,) = self.data("status", challenge)
        assert isinstance(row, dict)
        return row

    def apply(self, challenge: str, number: int) -> str:
        """One more application, told from the others by its number; gives its id."""
        words = ["--organisation", f"Company {number}", "--email", f"team{number}@company.example", "--proposal", "-"]
        answer = self("apply", challenge, *words, "--json", text=f"Answer number {number}.")
        assert answer.status == 0, answer
        return str(json.loads(answer.out)["application"])

    def until(self, challenge: str, came: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Looks at a challenge until it stands as wanted; fails if it does not come to that."""
        end = time.monotonic() + PATIENCE
        while not came(row := self.status(challenge)):
            assert time.monotonic() < end, f"still {row}"
            time.sleep(0.05)  # a glance, not a wait for time to pass
        return row

    def waits_for(self, challenge: str, what: str) -> dict[str, Any]:
        """Looks at a challenge until it waits for something."""
        return self.until(challenge, lambda row: row["waits_for"] == what)

    def _run(self, words: tuple[str, ...], text: str, environment: dict[str, str]) -> Answer:
        others = {name: None for name in os.environ if name.startswith(("TEMPORAL_", "CHALLENGES_"))}
        # Logging would be taken away from pytest; tests/test_log.py is about it.
        with patch.object(log, "configure"):
            result = CliRunner().invoke(starter.app, words, input=text, env={**others, **environment})
        assert isinstance(result.exception, SystemExit | None), result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)


def write_round(folder: Path, closing: Mapping[str, int], name: str = ROUND) -> None:
    """Writes a programme and a round that opens now.

    Args:
        folder: where to.
        closing: each challenge by its name, and in how many seconds its window closes.
        name: the round's id.
    """
    now = Instant.now().to_tz("Europe/London").round("second", mode="floor")

    def local(seconds: int) -> str:
        return (now + TimeDelta(seconds=seconds)).to_plain().format_iso()

    people = "".join(
        f"""
[[sponsors]]
id = "{sponsor}"
name = "The {sponsor}"

[[sponsors.deciders]]
id = "{sponsor}-decider"
name = "Decider of the {sponsor}"
email = "decider@{sponsor}.example"
"""
        for sponsor in ("council", "museum")
    )
    questions = "".join(
        f"""
[[challenges]]
id = "{slug}"
question = "What about {slug}?"
sponsor = "council"
closes = {local(seconds)}
"""
        for slug, seconds in closing.items()
    )
    folder.joinpath("brief.programme.toml").write_text(_PROGRAMME)
    folder.joinpath(f"{name}.round.toml").write_text(
        f"""
id = "{name}"
title = "A round of seconds"
programme = "brief"
opens = {local(0)}
closes = {local(86_400)}

[[operators]]
id = "{OPERATOR}"
name = "Office"
email = "office@scheme.example"

[[releasers]]
id = "finance"
name = "Finance"
email = "finance@scheme.example"
{people}{questions}"""
    )
