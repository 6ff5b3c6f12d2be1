"""The messages that people send to a challenge, one class for each. Every field is checked.

Every decision says who acts and has an id, so that you can safely send it again. Some decisions need a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from domain.values.calendar import TimeAllowed, WrittenDay, WrittenInstant
from domain.values.model import Reason, Value
from domain.values.money import Money

TeamId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9-]+$",
        max_length=80,
        description="the id of an application, such as air-quality-7kx3qm",
        examples=["air-quality-7kx3qm"],
    ),
]

Teams = Annotated[
    tuple[TeamId, ...],
    Field(max_length=1000, description="the id of an application, such as air-quality-7kx3qm"),
]

PersonOrTeam = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9-]+$",
        max_length=80,
        description="the id of a person of the round, or of a team, such as sepa-decider",
    ),
]

StageName = Annotated[
    str,
    # Wider than a name, so that the refusal of an unknown stage can list the names that exist.
    Field(
        pattern=r"^[A-Za-z0-9 _.-]{1,60}$",
        description="the name of a stage of the programme, such as exploration",
    ),
]


class Decision(Value):
    """The fields that every message has.

    Args:
        by: id of the person who acts, as in the round file.
        decision_id: the sender's own id of this decision. Sending the same id again changes nothing and gets the same
            answer. If the id is left empty, as in a signal typed by hand, the content serves as the id.
        reason: why; some decisions need one.
    """

    kind: ClassVar[str]
    by: PersonOrTeam
    decision_id: Annotated[
        str,
        Field(
            max_length=100,
            pattern=r"^[A-Za-z0-9._:-]*$",
            description="an id of your own, of at most 100 letters, digits and . _ : -",
        ),
    ] = ""
    reason: Reason = ""


class Select(Decision):
    """The sponsor takes applications, or teams of the stage before, into a stage.

    Args:
        stage: the stage that is filled.
        teams: who is selected.
        reserve: who takes the place of a team that leaves, in this order.
        amounts: for a stage with an agreed amount, what each team is awarded.
    """

    kind: ClassVar[str] = "select"
    stage: StageName
    teams: Teams
    reserve: Teams = ()
    amounts: Annotated[
        Mapping[TeamId, Money],
        Field(description='amounts by team, such as {"air-quality-7kx3qm": "40000.00"}'),
    ] = Field(default_factory=dict)


class Amend(Decision):
    """The amount that was agreed for a team is amended, as far as it has not left.

    Args:
        stage, team: the stage and the team.
        amount: what is agreed from now on, in the way in which the programme states its cap: with or without VAT.
    """

    kind: ClassVar[str] = "amend"
    stage: StageName
    team: TeamId
    amount: Annotated[Money, Field(description="an amount in quotes, such as 40000.00")]


class Decline(Decision):
    """The sponsor takes nobody into a stage. This ends the challenge."""

    kind: ClassVar[str] = "decline"
    stage: StageName


class Extend(Decision):
    """The window closes at a later instant."""

    kind: ClassVar[str] = "extend"
    closes: WrittenInstant


class ExtendStage(Decision):
    """The stage under way ends later, for all its teams or for one. Exactly one of `ends` and `longer` is given.

    Args:
        stage: the stage.
        team: the only team that gets more time; empty for all teams.
        ends: when the stage ends from now on.
        longer: how much longer the stage lasts, by the programme's calendar.
    """

    kind: ClassVar[str] = "extend-stage"
    stage: StageName
    team: TeamId | Literal[""] = ""
    ends: Annotated[WrittenInstant | None, Field(description="an instant such as 2027-08-09T23:00:00Z")] = None
    longer: Annotated[TimeAllowed | None, Field(description='a duration such as P2W, or "10 working days"')] = None


class Admit(Decision):
    """An application that came after the closing is admitted. It was handed in before, in the database.

    Args:
        application: its id.
    """

    kind: ClassVar[str] = "admit"
    application: TeamId


class Withdraw(Decision):
    """An applicant or a team leaves; `replace` says whether the first of the reserve takes its place."""

    kind: ClassVar[str] = "withdraw"
    team: TeamId
    replace: bool = True


class Hold(Decision):
    """The challenge's clock stops."""

    kind: ClassVar[str] = "hold"


class Resume(Decision):
    """The challenge's clock goes on. Its deadline moves by the length of the hold."""

    kind: ClassVar[str] = "resume"


class Cancel(Decision):
    """The challenge ends now, whatever it waits for."""

    kind: ClassVar[str] = "cancel"


class Participate(Decision):
    """A citizen participation session was held.

    Args:
        stage: the stage that it belongs to.
        on: the day of the session.
        people: how many citizens took part.
        summary: what was learnt, without personal data.
    """

    kind: ClassVar[str] = "participation"
    stage: StageName
    on: WrittenDay
    people: Annotated[int, Field(ge=1, le=100_000)]
    summary: Annotated[Reason, Field(min_length=1)]


class Evidence(Decision):
    """A team's evidence for an instalment is accepted, which makes the instalment due, or is rejected.

    Args:
        stage, team: the stage and the team.
        number: which instalment; 0 means the first that waits for evidence.
        accepted: whether the evidence is accepted.
        final: for a rejection: whether the instalment is lost; otherwise the team can show something else.
    """

    kind: ClassVar[str] = "evidence"
    stage: StageName
    team: TeamId
    number: Annotated[int, Field(ge=0, le=1000)] = 0
    accepted: bool
    final: bool = False


class PublishAnswer(Decision):
    """A question about the challenge is answered for everybody; both texts are public.

    Args:
        question: as it was asked, without the name of the person who asked.
        answer: what everybody is told.
        asked: id of the question, if somebody has asked it on a page.
    """

    kind: ClassVar[str] = "answer"
    question: Annotated[Reason, Field(min_length=1)]
    answer: Annotated[Reason, Field(min_length=1)]
    asked: Annotated[str, Field(max_length=60)] = ""


class HandOver(Decision):
    """Somebody's role in the round goes to a successor, as the books of the service have it.

    Args:
        number: of the hand-over in the round, from 1.
        person, successor: ids of the two.
    """

    kind: ClassVar[str] = "hand-over"
    number: Annotated[int, Field(ge=1, le=1_000_000)]
    person: PersonOrTeam
    successor: PersonOrTeam


DECISIONS: dict[str, type[Decision]] = {
    message.kind: message
    for message in (
        Select,
        Amend,
        Decline,
        Extend,
        ExtendStage,
        Admit,
        Withdraw,
        Hold,
        Resume,
        Cancel,
        Participate,
        Evidence,
        PublishAnswer,
        HandOver,
    )
}
"""Every decision by the name of its update and its signal."""
