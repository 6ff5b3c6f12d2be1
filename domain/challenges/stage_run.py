"""A stage under way: its teams, their evidence, and the sessions that were held."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from whenever import Date, Instant

from domain.programmes.pay import Due, Pay
from domain.programmes.programme import Stage
from domain.publishing.snapshot import TeamIn
from domain.values.model import Value
from domain.values.money import Amount, Money, total


class Verdict(Value):
    """The final decision on the evidence for an instalment."""

    at: Instant
    by: str
    accepted: bool


class Team(Value):
    """An application that a selection has taken into a stage.

    Args:
        id: the application's id.
        since: when the team came in.
        award: what the team is due for the stage, if anything.
        kept: instalments that may have left before the award was amended, by their number. They keep their amounts.
        left: when the team withdrew, if it did.
        ends: when the stage ends for the team, if the team has more time than the others.
        ended: when the stage ended for the team, if it goes on for others.
        verdicts: on the evidence for its instalments, by their number.
    """

    id: str
    since: Instant
    award: Amount | None = None
    kept: Mapping[int, Amount] = Field(default_factory=dict)
    left: Instant | None = None
    ends: Instant | None = None
    ended: Instant | None = None
    verdicts: Mapping[int, Verdict] = Field(default_factory=dict)


class Session(Value):
    """A citizen participation session that was held."""

    on: Date
    people: int


class StageRun(Value):
    """A stage that was filled: its teams, its dates, and what happened.

    Args:
        selected_by: id of the person who selected its teams.
        ends: when the stage ends, but for teams that have more time: see `ends_for`.
        ended: when the stage ended for its last team.
    """

    stage: str
    selected_by: str = ""
    begins: Instant
    ends: Instant
    teams: tuple[Team, ...]
    reserve: tuple[str, ...] = ()
    sessions: tuple[Session, ...] = ()
    ended: Instant | None = None

    @property
    def active(self) -> tuple[str, ...]:
        """Ids of the teams that have not left."""
        return tuple(team.id for team in self.teams if team.left is None)

    @property
    def in_reserve(self) -> tuple[str, ...]:
        """Ids of those in reserve who can still get a place: nobody once the stage has ended."""
        return self.reserve if self.ended is None else ()

    @property
    def working(self) -> tuple[Team, ...]:
        """The teams for which the stage goes on; nobody once the stage has ended."""
        return tuple(team for team in self.teams if team.left is None and self.ended_for(team) is None)

    @property
    def next_end(self) -> Instant:
        """When the stage next ends for a team. If the last team at work has left, the stage ended with that."""
        if self.working:
            return min(map(self.ends_for, self.working))
        return max(team.ended or team.left or self.ends_for(team) for team in self.teams)

    @property
    def last_end(self) -> Instant:
        """When the stage ends for its last team: the selection for the next stage comes after that."""
        return max(map(self.ends_for, self.working), default=self.next_end)

    def ends_for(self, team: Team) -> Instant:
        """When the stage ends for a team."""
        return team.ends or self.ends

    def ended_for(self, team: Team) -> Instant | None:
        """When the stage ended for a team that was in it; None while the stage goes on for the team."""
        return team.ended or self.ended

    def stayed(self, team: Team) -> bool:
        """Whether a team stayed until the stage ended for it; while the stage runs, whether the team is still in."""
        return team.left is None or (self.ended_for(team) is not None and team.left >= self.ends_for(team))


class FurtherWindow(Value):
    """The window in which teams send the further proposal that a stage asks for.

    Args:
        stage: name of the stage that asks.
        opens, closes: the window as it stands now.
        sealed: whether it is sealed for good.
        sent: ids of the teams that have sent a proposal, once the window is sealed.
        out: ids of the teams that are out because they sent none.
    """

    stage: str
    opens: Instant
    closes: Instant
    sealed: bool = False
    sent: tuple[str, ...] = ()
    out: tuple[str, ...] = ()


class OpenEvidence(Value):
    """An instalment that is paid on evidence, with no decision on the evidence yet.

    Args:
        stage, team, number: which instalment.
        what: the evidence that the programme asks for.
        amount: what the instalment pays.
    """

    stage: str
    team: str
    number: int
    what: str
    amount: Amount


def parts_of(pay: Pay, team: Team | TeamIn) -> tuple[Amount, ...]:
    """The instalments of a team's award, in order. After an amendment, what is not kept is split again."""
    if team.award is None:
        return ()
    if not team.kept:
        return pay.instalments_of(team.award)
    kept = team.kept.values()
    rest = Amount(
        net=Money(team.award.net.pence - total(each.net for each in kept).pence),
        vat=Money(team.award.vat.pence - total(each.vat for each in kept).pence),
    )
    numbers = range(1, len(pay.instalments) + 1)
    others = tuple(part for number, part in zip(numbers, pay.instalments, strict=True) if number not in team.kept)
    split_anew = iter(pay.model_copy(update={"instalments": others}).instalments_of(rest) if others else ())
    return tuple(team.kept[number] if number in team.kept else next(split_anew) for number in numbers)


def open_evidence_of(stage: Stage, run: StageRun, team: Team) -> list[OpenEvidence]:
    """The evidence of a team in a stage that still has to be shown or accepted."""
    if stage.pay is None or team.award is None:
        return []
    parts = zip(stage.pay.instalments, parts_of(stage.pay, team), strict=True)
    return [
        OpenEvidence(stage=run.stage, team=team.id, number=number, what=instalment.evidence or "", amount=amount)
        for number, (instalment, amount) in enumerate(parts, start=1)
        if instalment.due is Due.EVIDENCE and number not in team.verdicts
    ]
