"""Keys, and those who sign and judge with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from identity.judging import Judge
from identity.signatures import Signer, Verifier
from store.database.database import Database
from tests.store.said import compose


def key_files(folder: Path) -> dict[str, Any]:
    """The settings that keep keys in a folder."""
    return {"signing_key_file": folder / "signing.key", "public_key_file": folder / "signing.pub"}


def signer_in(folder: Path) -> Signer:
    """Signs with the keys of a folder."""
    return Signer(*key_files(folder).values())


def judge_on(database: Database, public: Path = Path("/nobody/has/signed")) -> Judge:
    """Judges proofs by a file of public keys, for messages that come without a proof by none."""
    return Judge(Verifier(public), database, compose)
