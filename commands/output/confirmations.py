"""What the commands print about decisions that came without a proof."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from commands.terminal import say, show_facts, when
from desk.open import Unconfirmed


def unconfirmed(rows: Sequence[Unconfirmed], zones: Mapping[str, str]) -> None:
    """Prints the decisions that wait for a person, each with all that it says.

    Args:
        rows: the decisions.
        zones: the time zone of each challenge.
    """
    for row in rows:
        said = {name: value for name, value in json.loads(row.content).items() if name != "by"}
        show_facts(
            row.id,
            [
                ("Decision", f"{row.kind} of {row.workflow}"),
                ("In the name of", row.person),
                ("Came", when(row.came, zones[row.challenge], seconds=True)),
                ("Sent by", row.principal),
                *((name, value if isinstance(value, str) else json.dumps(value)) for name, value in said.items()),
            ],
        )
    if not rows:
        say("No decision waits for you.")
        return
    say("")
    say("If one is yours, use `confirm` with its id. If one is not, use `confirm` with --no and --reason.")
