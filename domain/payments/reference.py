"""What a payee reads on a bank statement."""

from __future__ import annotations

import base64
import hashlib
import re

from .bank_account import BankAccount

SHOWN = 18
"""Bacs and many statements carry only so many characters of a reference."""

_CODE, _STAGE = 6, 4
_NOT_PLAIN = re.compile("[^A-Z0-9]+")


def reference_of(transfer: str, payee: BankAccount) -> str:
    """The reference of a transfer: what tells the transfer apart comes first.

    Args:
        transfer: `round/challenge/stage/team/number/attempt`.
        payee: the account that gets the money. A building society books by its own roll number, which takes the
            reference's place.

    Returns:
        Such as "7KX3QM-EXP1-QZ4T2A air-quality-7kx3qm exploration 1". The first 18 characters are the end of the team's
        id, the stage with the number of the instalment, and a hash of the transfer's id.
    """
    if payee.roll_number:
        return payee.roll_number
    *_, stage, team, number, _ = ["", "", "", "", *transfer.split("/")]
    return f"{short_reference(transfer)} {team} {stage} {number}"


def short_reference(transfer: str) -> str:
    """The first 18 characters of a transfer's reference, which are different for all transfers.

    Args:
        transfer: `round/challenge/stage/team/number/attempt`.
    """
    *_, stage, team, number, _ = ["", "", "", "", *transfer.split("/")]
    code = _plain(team.rpartition("-")[2])[:_CODE] or "TEAM"
    head = f"{code}-{_plain(stage)[: max(_STAGE - len(number), 0)]}{number}"[: _CODE + 1 + _STAGE]
    # A hash, because two teams can end alike, and two stages can begin alike.
    told_apart = base64.b32encode(hashlib.sha256(transfer.encode()).digest()).decode()
    return f"{head}-{told_apart}"[:SHOWN]


def plain_reference(transfer: str) -> str:
    """The letters and digits of a short reference, always 16. Banks replace hyphens, or leave them out.

    Args:
        transfer: `round/challenge/stage/team/number/attempt`.
    """
    return _plain(short_reference(transfer))


def _plain(text: str) -> str:
    return _NOT_PLAIN.sub("", text.upper())
