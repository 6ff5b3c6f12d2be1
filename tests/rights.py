"""Prints the table of rights into docs/rights.md: `python tests/rights.py`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from domain.permissions import RIGHTS, Action, Period, Right, Role  # noqa: E402

GUIDE = ROOT / "docs" / "rights.md"

_INTRODUCTION = """\
# Who may do what

This page is printed from the table in `domain/permissions.py` by `python tests/rights.py`. A test fails while the two
differ. The desk asks the table before it reads or writes anything, and the workflows ask it about every message. The
rights of a person come from the round that was opened: from its operators, releasers, deciders and readers, and from
the contacts of the applications to its challenges.

A *team* is the contact of an application, for that application alone. A *sponsor* decides for the challenges of their
own body. A *releaser* never releases a payment that follows from their own decision, whatever stands here. *once
sealed* means: after the window was sealed. *passkey* means: if the setting `CHALLENGES_SECOND_STEP` is on, a sponsor,
an operator or a releaser who signed in with a browser has to use a passkey, too.
"""


def _cell(right: Right, role: Role) -> str:
    if role not in right.roles and Role.ANYONE not in right.roles:
        return ""
    return "yes" if right.during == frozenset(Period) else "once sealed"


def printed() -> str:
    """The page, as the table has it."""
    roles = list(Role)
    rows = [["action", "in words", *(str(role) for role in roles), "passkey"], ["---"] * (len(roles) + 3)]
    rows += [
        [
            f"`{action}`",
            f"to {RIGHTS[action].words} …",
            *(_cell(RIGHTS[action], role) for role in roles),
            "yes" if RIGHTS[action].second_step else "",
        ]
        for action in Action
    ]
    return _INTRODUCTION + "\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


if __name__ == "__main__":
    GUIDE.write_text(printed(), encoding="utf-8")
