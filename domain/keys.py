"""The keys that things are known by: made and taken apart here, and nowhere else.

A key is text, and stays text in Temporal, in tables and on the command line. Taking a key apart never fails: a part
that the text does not have is empty.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class _Key(str):
    """Text that has parts."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """In a model it is read from text and written as text."""
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())

    def _part(self, number: int) -> str:
        parts = self.split("/")
        return parts[number] if number < len(parts) else ""


class ChallengeId(_Key):
    """A challenge: `round/slug`, such as `pilot-2016/air-quality`."""

    @classmethod
    def of(cls, round_: str, slug: str) -> Self:
        """The id of a challenge that is opened in a round under a name of its own."""
        return cls(f"{round_}/{slug}")

    @property
    def round(self) -> str:
        """The id of its round."""
        return self._part(0)

    @property
    def slug(self) -> str:
        """Its own name within the round; of text without a round, that text."""
        return self.rpartition("/")[2]


class PaymentKey(_Key):
    """A payment: `round/challenge/stage/team/number`, unique for ever."""

    @classmethod
    def of(cls, challenge: str, stage: str, team: str, number: int) -> Self:
        """The key of one instalment of a team's award for a stage.

        Args:
            challenge: the challenge's id.
            stage: the stage's name.
            team: the team's id.
            number: which instalment, from 1.
        """
        return cls(f"{challenge}/{stage}/{team}/{number}")

    @staticmethod
    def is_one(text: str) -> bool:
        """Whether text has the shape of a payment's key: neither a challenge nor an attempt has."""
        return text.count("/") == 4

    @property
    def challenge(self) -> ChallengeId:
        """The id of its challenge."""
        return ChallengeId.of(self._part(0), self._part(1))

    @property
    def stage(self) -> str:
        """The name of its stage."""
        return self._part(2)

    @property
    def team(self) -> str:
        """The id of its team."""
        return self._part(3)


class TransferId(_Key):
    """One attempt of a payment, as rails know it: `payment/attempt`, unique for ever."""

    @classmethod
    def of(cls, payment: str, attempt: int) -> Self:
        """The id of an attempt of a payment, counted from 1."""
        return cls(f"{payment}/{attempt}")

    @property
    def payment(self) -> PaymentKey:
        """The key of the payment."""
        return PaymentKey(self.rpartition("/")[0])

    @property
    def attempt(self) -> str:
        """Which attempt, as it is written: whoever types one may write no number."""
        return self.rpartition("/")[2]


class DecisionKey(_Key):
    """A decision on a challenge or a payment: `what/kind/decision id`. Its announcement is made under this key."""

    @classmethod
    def of(cls, what: str, kind: str, decision_id: str) -> Self:
        """The key of a decision.

        Args:
            what: the challenge's id or the payment's key.
            kind: the decision's, such as "release".
            decision_id: that of whoever decides.
        """
        return cls(f"{what}/{kind}/{decision_id}")

    @property
    def decision_id(self) -> str:
        """The id that whoever decided has given the decision."""
        return self.rpartition("/")[2]


class NoticeKey(_Key):
    """A notice: `announcement/occasion/recipient`."""

    @property
    def ends(self) -> tuple[str, ...]:
        """What the key ends in, from its last two parts to the whole of it: short names for people."""
        parts = self.split("/")
        return tuple("/".join(parts[start:]) for start in range(len(parts) - 2, -1, -1))


def parts_of(end: str) -> tuple[str, ...]:
    """The parts of the end of a key."""
    return tuple(end.split("/"))
