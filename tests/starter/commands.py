"""The command line as a person uses it, and a round that is made for it: a programme of seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import typer.main
import typer.testing
from typer.testing import CliRunner
from whenever import Instant, TimeDelta, ZonedDateTime

from commands.app import app
from desk import open as opening
from embedded import ROOT
from service import log
from tests.books import Books
from tests.store.kept import database_at
from tests.waiting import HANGS

OPERATOR = "office"
SPONSOR = "council-decider"
FINANCE = "finance"
OTHER_SPONSOR = "museum-decider"
ROUND = "fair"
PURSE = "purse"
SORT_CODE, ACCOUNT, IBAN = "60-16-13", "31926819", "GB33BUKB20201555555555"
"""What no command may print, whoever asks: see `gives_away`."""
LIMIT = 200
"""The most characters of a proposal."""

_AS_OPERATOR = frozenset(
    {
        *("open", "rehearse", "renew", "retry", "record", "reconcile", "reseal"),
        *("applications", "payments", "payment-files", "notices"),
    }
)
"""Commands that tests run as the operator, where they do not say as whom."""

_COMMANDS = typer.main.get_command(app)

PROGRAMME = f"""
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

WITH_MONEY = f"""
id = "purse"
title = "A programme of hours, with VAT and evidence"
time_zone = "Europe/London"
currency = "GBP"
holidays = "GB-ENG"
proposal_limit = {LIMIT}
late_applications = true

[terms]
intellectual_property = "The company keeps it."
equity = "The company keeps it."

[[stages]]
name = "exploration"
title = "Exploration"
min = 1
target = 3
max = 3
decision_within = "P1D"
duration = "PT2S"

[stages.pay]
fixed = "100.00"
vat = "added"

[[stages]]
name = "accelerator"
title = "Accelerator"
target = 1
max = 2
decision_within = "P1D"
duration = "PT2H"

[stages.pay]
agreed_up_to = "5000.00"
vat = "added"
instalments = [
    {{ share = "50%" }},
    {{ share = "30%", due = "evidence", evidence = "A prototype" }},
    {{ share = "20%", due = "evidence", evidence = "A trial with citizens" }},
]
"""
"""Teams can be paid, and their evidence judged, for as long as a test lasts."""


def gives_away(text: str) -> bool:
    """Whether a text has anything of the bank details that the tests give, however it is written."""
    plain = text.replace(" ", "").replace("-", "")
    return any(secret.replace("-", "") in plain for secret in (SORT_CODE, ACCOUNT, IBAN))


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
        if words and words[0] in _AS_OPERATOR and "--as" not in words:
            settings = {"CHALLENGES_PERSON": OPERATOR, **settings}
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
        end = time.monotonic() + HANGS
        while not came(row := self.status(challenge)):
            assert time.monotonic() < end, f"still {row}"
            time.sleep(0.2)  # a glance, not a wait for time to pass
        return row

    def waits_for(self, challenge: str, what: str) -> dict[str, Any]:
        """Looks at a challenge until it waits for something."""
        return self.until(challenge, lambda row: row["waits_for"] == what)

    def payments(self, challenge: str) -> list[dict[str, Any]]:
        """A challenge's part of the ledger."""
        rows = self.data("payments", challenge)
        assert isinstance(rows, list)
        return rows

    def payment(self, key: str) -> dict[str, Any]:
        """One payment as the ledger has it."""
        return next(row for row in self.payments(key.rsplit("/", 3)[0]) if row["key"] == key)

    def ordered(self, challenge: str, count: int) -> list[str]:
        """The keys of a challenge's payments, once there are so many."""
        self._until(lambda: len(self.payments(challenge)) == count, lambda: self.payments(challenge))
        return [row["key"] for row in self.payments(challenge)]

    def until_payment(self, key: str, status: str) -> dict[str, Any]:
        """Looks at a payment until it stands as wanted; fails if it does not come to that."""
        self._until(lambda: self.payment(key)["status"] == status, lambda: self.payment(key))
        return self.payment(key)

    def declares_none(self, challenge: str, *people: str) -> None:
        """Lets people declare that they have nothing to do with the applicants."""
        for person in people:
            assert self("interests", challenge, "--none", "--as", person).status == 0

    def exploring(self, challenge: str, teams: Sequence[str]) -> list[str]:
        """Lets the sponsor take teams into exploration, and gives the keys of their payments."""
        self.waits_for(challenge, "selection for exploration")
        self.declares_none(challenge, SPONSOR)
        selected = self("select", challenge, "exploration", *teams, "--as", SPONSOR)
        assert selected.status == 0, selected
        return sorted(self.ordered(challenge, len(teams)), key=lambda key: teams.index(key.split("/")[3]))

    def payee(self, challenge: str, team: str, *words: str) -> Answer:
        """A team gives its bank details: those that `gives_away` knows, unless others are typed."""
        given = words or ("--sort-code", SORT_CODE, "--account", ACCOUNT)
        by = () if "--as" in given else ("--as", self.mailbox(team))
        return self("payee", challenge, team, "--holder", f"Company of {team}", *given, *by)

    def mailbox(self, team: str) -> str:
        """The address of a team's contact, by which the contact acts."""
        database = database_at(self.environment["CHALLENGES_DATABASE_URL"])
        return Books(database).mailbox(team)

    def pay(self, challenge: str) -> None:
        """Lets teams that have not done so give their bank details, and finance release all that waits for it."""
        for payment in self.payments(challenge):
            if payment["status"] == "requested" and not self.payment(payment["key"])["payee"]:
                assert self.payee(challenge, payment["team"]).status == 0
            if payment["status"] in ("requested", "payee known"):
                self.until_payment(payment["key"], "payee known")
                released = self("release", payment["key"], "--as", FINANCE)
                assert released.status == 0, released
        for payment in self.payments(challenge):
            self.until_payment(payment["key"], "settled")

    def books(self) -> Answer:
        """What `reconcile` says once what moves at the moment has come to rest; fails if differences stay."""
        self._until(lambda: self("reconcile").status == 0, lambda: self("reconcile"))
        return self("reconcile")

    @staticmethod
    def _until(came: Callable[[], bool], seen: Callable[[], object]) -> None:
        end = time.monotonic() + HANGS
        while not came():
            assert time.monotonic() < end, f"still {seen()}"
            time.sleep(0.2)  # a glance, not a wait for time to pass

    def _run(self, words: tuple[str, ...], text: str, environment: dict[str, str]) -> Answer:
        others = {name: None for name in os.environ if name.startswith(("TEMPORAL_", "CHALLENGES_"))}
        # Logging would be taken away from pytest; tests/test_log.py is about it. To make the commands out of their
        # functions takes longer than most of them do, and gives the same each time; so does to put statements into SQL.
        with (
            patch.object(log, "configure"),
            patch.object(typer.testing, "_get_command", return_value=_COMMANDS),
            patch.object(opening, "database_of", lambda each: database_at(each.database_url, each.record_key_file)),
        ):
            result = CliRunner().invoke(app, words, input=text, env={**others, **environment})
        assert isinstance(result.exception, SystemExit | None), result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)


def of_nothing_else(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that is led to this service, and finds no other setting of this machine."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "CHALLENGES_"))}
    return {**others, **environment}


def as_process(environment: Mapping[str, str], *words: str | bytes, output: Path | None = None) -> Answer:
    """A command as a process of its own, as from a shell."""
    with open(output or os.devnull, "w") as file:
        done = subprocess.run(
            [sys.executable, str(ROOT / "starter.py"), *words],
            env=of_nothing_else(environment),
            stdout=file if output else subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=HANGS,
            check=False,
        )
    return Answer(done.returncode, done.stdout or "", done.stderr)


def one_line(answer: Answer, status: int = 1) -> str:
    """The one line on standard error of a command that was not done."""
    assert (answer.status, answer.out) == (status, ""), answer
    assert answer.err.count("\n") == 1, answer.err
    return answer.err.strip()


def known_of(starter: Commands, challenge: str) -> dict[str, Any]:
    """All that a refusal must leave as it was."""
    return starter.status(challenge) | {"payments": starter.payments(challenge)}


def refused(starter: Commands, challenge: str, *words: str, **given: str) -> str:
    """A command that is refused and changes nothing; gives its one line."""
    before, record = known_of(starter, challenge), starter.data("record", challenge)
    answer = starter(*words, **given)
    line = one_line(answer)
    assert known_of(starter, challenge) == before
    (entry,) = starter.data("record", challenge)[len(record) :]
    assert entry["refused"] is True
    assert entry["text"] == line
    return line


_DECIDERS = "".join(
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


def write_round(
    folder: Path,
    closing: Mapping[str, int],
    name: str = ROUND,
    programme: tuple[str, str] = ("brief", PROGRAMME),
    opened: ZonedDateTime | None = None,
) -> ZonedDateTime:
    """Writes a programme and a round that opens now, or that has opened before.

    Args:
        folder: where to.
        closing: each challenge by its name, and in how many seconds its window closes.
        name: the round's id.
        programme: the id of the programme, and what its file says.
        opened: when the round has opened, for a file with the same dates; now if left out.

    Returns:
        When the round opens.
    """
    now = opened or Instant.now().to_tz("Europe/London").round("second", mode="floor")

    def local(seconds: int) -> str:
        return (now + TimeDelta(seconds=seconds)).to_plain().format_iso()

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
    folder.joinpath(f"{programme[0]}.programme.toml").write_text(programme[1])
    folder.joinpath(f"{name}.round.toml").write_text(
        f"""
id = "{name}"
title = "A round of seconds"
programme = "{programme[0]}"
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
{_DECIDERS}{questions}"""
    )
    return now
