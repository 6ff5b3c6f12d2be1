"""How far a challenge has come, as far as the public may know. The workflow writes it with each announcement.

It has ids only: the names of teams are in the database.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from whenever import Date, Instant

from domain.values.model import Value
from domain.values.money import Amount


class TeamIn(Value):
    """A team of a stage.

    Args:
        id: of its application.
        since: when the team came in.
        award: what the team is due for the stage, if anything.
        kept: instalments that keep their amounts after the award was amended, by their number.
        left: when the team left, if it did.
        ends: when the stage ends for the team.
        ended: when the stage ended for the team, if it did.
    """

    id: str
    since: Instant
    award: Amount | None = None
    kept: Mapping[int, Amount] = Field(default_factory=dict)
    left: Instant | None = None
    ends: Instant
    ended: Instant | None = None


class Held(Value):
    """A citizen participation session that was held."""

    on: Date
    people: int


class StageSnapshot(Value):
    """A stage that was filled.

    Args:
        stage: its name.
        begins, ends: when it began, and when it ends but for teams with more time.
        ended: when it ended for its last team, if it did.
        teams: who was selected. Who is in reserve is told to nobody else.
        sessions: the citizen participation sessions.
    """

    stage: str
    begins: Instant
    ends: Instant
    ended: Instant | None = None
    teams: tuple[TeamIn, ...]
    sessions: tuple[Held, ...] = ()


class WindowSnapshot(Value):
    """When something is taken: applications, or the further proposals that a stage asks for.

    Args:
        stage: the stage that asks; empty for the applications.
        opens, closes: as they stand now. At `closes` nothing is taken any more.
        sealed: whether it is closed for good.
    """

    stage: str = ""
    opens: Instant
    closes: Instant
    sealed: bool = False


class Snapshot(Value):
    """A challenge as it stands.

    Args:
        phase: window, deciding, running or ended.
        stage: name of the stage that is being filled or runs; empty while applications are taken, and at the end.
        decide_by: when the selection is due, while the sponsor decides.
        held_since: since when the challenge is on hold, if it is.
        windows: of the applications first, then of further proposals.
        stages: those that were filled so far, in order.
        outcome: how the challenge ended; empty while it goes on.
        outcome_reason: why it ended in this way.
        ended: when.
        applications: how many counted at the sealing; None before.
    """

    phase: str
    stage: str = ""
    decide_by: Instant | None = None
    held_since: Instant | None = None
    windows: tuple[WindowSnapshot, ...]
    stages: tuple[StageSnapshot, ...] = ()
    outcome: str = ""
    outcome_reason: str = ""
    ended: Instant | None = None
    applications: int | None = None

    @property
    def selected(self) -> tuple[str, ...]:
        """Ids of everybody who was selected for any stage, each once."""
        return tuple(dict.fromkeys(team.id for stage in self.stages for team in stage.teams))

    @property
    def came_through(self) -> tuple[str, ...]:
        """Ids of the teams that stayed until the last stage ended for them, once the challenge is completed."""
        if not self.ended or not self.stages:
            return ()
        last = self.stages[-1]
        return tuple(team.id for team in last.teams if team.ended and not (team.left and team.left < team.ends))
