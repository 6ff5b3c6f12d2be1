"""What somebody has asked a workflow for, and with which proof: the activity that does it looks at the proof first."""

from __future__ import annotations

from typing import Self

from domain.challenges.decisions import Decision
from domain.values.model import Value

from .proof import Unproven
from .statement import content_of


class Asked(Value):
    """A message that came, as far as a proof is about it. A workflow knows no key, and judges no proof.

    Args:
        kind: name of the decision, or of another message, such as "retry".
        content: what the decision says, in canonical form; see `statement.content_of`. Empty if it cannot be read.
        decision_id: id of the decision; empty if it cannot be read, or the message has none.
        by: id of the person whom the message names; empty if it names nobody, as a retry does.
        header: the proof that came with the message, unread; empty if none came.
    """

    kind: str
    content: str = ""
    decision_id: str = ""
    by: str = ""
    header: str = ""

    @classmethod
    def of(cls, decision: Decision, header: str) -> Self:
        """What a decision asks for.

        Args:
            decision: the decision.
            header: the proof that came with it.
        """
        return cls(
            kind=decision.kind,
            content=content_of(decision),
            decision_id=decision.decision_id,
            by=decision.by,
            header=header,
        )


class ToCheck(Value):
    """Somebody wants a run to try again, or to go on in a fresh run.

    Args:
        asked: the message, with a proof.
        unproven: what becomes of decisions without a proof there.
    """

    asked: Asked
    unproven: Unproven
