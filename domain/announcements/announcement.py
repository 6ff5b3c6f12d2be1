"""What the record says and who is told when something happens to a challenge.

An announcement is one line of the record, the challenge's new status, and the notices that go out. All three are
written in one transaction under one key, so you can safely announce the same thing again.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from whenever import Instant

from domain.identity.proof import Shown
from domain.publishing.snapshot import Snapshot
from domain.values.model import Value

from .occasions import FACTS, Facts, Occasion


class ToTeams(Value):
    """Notice to named applicants."""

    to: Literal["teams"] = "teams"
    teams: tuple[str, ...]


class ToPeople(Value):
    """Notice to people of the round, by id."""

    to: Literal["people"] = "people"
    people: tuple[str, ...]


class ToApplicants(Value):
    """Notice to everybody who applied and has not withdrawn, except those named.

    This value stays short however many applicants there are: the store expands it when it writes the notices.
    """

    to: Literal["applicants"] = "applicants"
    without: tuple[str, ...] = ()


class ToSpokenOf(Value):
    """Notice to every applicant to whom the sponsor's feedback on a stage was not sent yet.

    Each applicant gets their own feedback. The store adds it when it writes the notices: Temporal never has it.

    Args:
        stage: name of the stage.
        without: ids of those who were selected for the stage: the feedback no longer applies to them.
    """

    to: Literal["spoken-of"] = "spoken-of"
    stage: str
    without: tuple[str, ...] = ()


class ToUnsent(Value):
    """Notice to the teams that may send the further proposal that a stage asks for, and have not sent it.

    The store knows who has sent one, and expands this value when it writes the notices.

    Args:
        stage: name of the stage.
    """

    to: Literal["unsent"] = "unsent"
    stage: str


class ToReaders(Value):
    """Notice to every reader who has not given all their marks for a stage. The store expands it, as `ToApplicants`.

    The store adds what each of them has left, and knows whether the stage has a scorecard. Without one nobody is told.

    Args:
        stage: name of the stage.
        field: ids of those who could enter it; empty for all applications that count.
    """

    to: Literal["readers"] = "readers"
    stage: str
    field: tuple[str, ...] = ()


class OutgoingNotice(Value):
    """One occasion, and the people who are told.

    Args:
        occasion: what it is about.
        whom: who is told.
        facts: exactly the facts of the occasion, without the facts that every occasion has.
        lapses: whether the notice is sent only while the challenge still waits for the same thing.
        payment: key of a payment, if the notice is sent only while that payment's status is unchanged.
    """

    occasion: Occasion
    whom: Annotated[ToTeams | ToPeople | ToApplicants | ToSpokenOf | ToUnsent | ToReaders, Field(discriminator="to")]
    facts: Facts = Field(default_factory=dict)
    lapses: bool = False
    payment: str = ""

    @model_validator(mode="after")
    def _has_its_facts(self) -> Self:
        if self.facts.keys() != FACTS[self.occasion]:
            raise ValueError(
                f"{self.occasion} has the facts {sorted(self.facts)}: it has {sorted(FACTS[self.occasion])}"
            )
        return self


class Entry(Value):
    """One line of the record.

    Args:
        at: when it happened, by Temporal's clock; for what the service does at a deadline, the deadline.
        by: id of the person who acted; "service" for the service itself.
        role: in what role: sponsor, operator, releaser, team, service, unknown.
        action: what was done, one of a few words such as "select".
        stage: the stage to which it belongs; empty if there is none.
        text: one line for people.
        reason: the reason that the person gave.
        refused: whether the service refused it; then `text` says why.
        proof: how the person was proven, such as "organisation and passkey"; empty where the service itself acts.
        signed: the desk's signed statement about the person, as it came; empty if none came.
        principal: who has sent a message that came without such a statement, as the Temporal server says, such as
            "jwt/ann"; empty if the server does not say.
    """

    at: Instant
    by: str
    role: str
    action: str
    stage: str = ""
    text: str
    reason: str = ""
    refused: bool = False
    proof: str = ""
    signed: str = ""
    principal: str = ""


class Status(Value):
    """Where a challenge stands, for lists. The workflow writes this copy and never reads it back.

    Args:
        stage: the stage under way, or being filled, or "window".
        waits_for: what the challenge waits for, in words.
        until: the deadline for that, if there is one.
        outcome: how the challenge ended; empty while it goes on.
        reason: why the challenge ended in this way.
    """

    stage: str
    waits_for: str
    until: Instant | None
    outcome: str = ""
    reason: str = ""


class Window(Value):
    """When the challenge takes applications, or the further proposals that a stage asks for.

    Args:
        opens: the first instant at which they are taken.
        closes: the first instant at which they are no longer taken.
        held: whether none are taken because the challenge is on hold.
        sealed: whether none will ever be taken again.
        stage: name of the stage that asks for further proposals; empty for the window of the applications.
        teams: ids of those who may send a further proposal; empty for the window of the applications.
    """

    opens: Instant
    closes: Instant
    held: bool = False
    sealed: bool = False
    stage: str = ""
    teams: tuple[str, ...] = ()


class Attention(Value):
    """A problem in a challenge that a person must solve, or that was solved.

    Args:
        text: the problem, in a line; the same line when a person is called and when the problem is solved.
        mended: whether the problem is solved.
        of: id of the workflow with the problem: a payment's key, or the challenge's id; empty means the challenge.
        unresolved: all problems that remain in that workflow.
    """

    text: str
    mended: bool = False
    of: str = ""
    unresolved: str = ""

    @property
    def left(self) -> str:
        """What needs a person in that workflow now; empty if the workflow goes on."""
        return self.unresolved or ("" if self.mended else self.text)


class HandedOver(Value):
    """A hand-over of a role that the books of the round must have.

    Args:
        number: of the hand-over in the round.
        person, successor: ids of the two.
    """

    number: int
    person: str
    successor: str


class Deciding(Value):
    """A sponsor's decision on applications: whom it takes, and from whom it could choose. It has ids only.

    Args:
        teams: who is taken into the stage; nobody if the sponsor declines.
        reserve: who takes the place of a team that leaves, in this order.
        field: whom the sponsor could take; empty for all applications that count.
    """

    teams: tuple[str, ...] = ()
    reserve: tuple[str, ...] = ()
    field: tuple[str, ...] = ()


class Impartial(Value):
    """Towards which applications the person who acts has to be impartial, by the interests that they declared.

    Args:
        towards: the applications, by id; all that count, if there are no ids. Temporal never has the list of all: the
            database knows them.
        declares_first: whether the person must have declared their interests for each of them. Otherwise only a
            declared conflict of interest matters.
    """

    towards: tuple[str, ...] = ()
    declares_first: bool = True


class Answered(Value):
    """A question that is answered for everybody.

    Args:
        id: of the question, if somebody has asked it on a page; otherwise of the decision.
        question, answer: both are public.
    """

    id: str
    question: str
    answer: str


class Judged(Value):
    """A decision on the evidence for an instalment. Its reason is that of the entry.

    Args:
        stage, team, number: which instalment.
        accepted: whether the evidence was accepted.
        final: whether the team can show nothing else for it.
    """

    stage: str
    team: str
    number: int
    accepted: bool
    final: bool


class Announcement(Value):
    """What happened, in one piece.

    Args:
        key: its business key. If an announcement comes twice under one key, it is written once.
        challenge: id of the challenge.
        entry: the line of the record.
        status: where the challenge stands afterwards; None if nothing changes, as in a refusal.
        window: the window afterwards; None if it does not change.
        notices: the notices that go out.
        attention: what now needs a person, or no longer does; None if that does not change.
        applications: ids that must be applications to this challenge that were not withdrawn; otherwise the whole
            announcement is refused.
        withdrawn: id of the application that this withdraws.
        admitted: id of the late application that this admits. If somebody has read the applications, the whole
            announcement is refused.
        handed_over: the hand-over that this is about; the announcement is refused if the round's books do not have it.
        decides: the decision on applications that this announces. The database checks what the workflow cannot know:
            interests and scores.
        impartial: for anything else that a person decides on applications: on which. The announcement is refused if the
            person has not declared their interests, or has a conflict of interest.
        snapshot: what the public may know of the challenge afterwards; None if that does not change.
        answered: the question that this answers for everybody.
        judged: the decision on evidence that this announces.
    """

    key: str
    challenge: str
    entry: Entry
    status: Status | None = None
    window: Window | None = None
    notices: tuple[OutgoingNotice, ...] = ()
    attention: Attention | None = None
    applications: tuple[str, ...] = ()
    withdrawn: str = ""
    admitted: str = ""
    handed_over: HandedOver | None = None
    decides: Deciding | None = None
    impartial: Impartial | None = None
    answered: Answered | None = None
    snapshot: Snapshot | None = None
    judged: Judged | None = None

    def proven(self, shown: Shown) -> Self:
        """The same announcement, with how the person of its line was proven."""
        entry = self.entry.model_copy(
            update={"proof": shown.proof, "signed": shown.signed, "principal": shown.principal}
        )
        return self.model_copy(update={"entry": entry})

    @property
    def must_be_impartial(self) -> Impartial | None:
        """Towards which applications the person of the entry has to be impartial; None if interests do not matter."""
        return self.impartial if self.decides is None else Impartial(towards=self.decides.field)


def to_people(people: tuple[str, ...], occasion: Occasion, facts: Facts) -> OutgoingNotice:
    """A notice to people of the round."""
    return OutgoingNotice(occasion=occasion, whom=ToPeople(people=people), facts=facts)


def to_teams(teams: tuple[str, ...], occasion: Occasion, facts: Facts) -> OutgoingNotice:
    """A notice to named applicants."""
    return OutgoingNotice(occasion=occasion, whom=ToTeams(teams=teams), facts=facts)


def while_so(notice: OutgoingNotice) -> OutgoingNotice:
    """The same notice, sent only while the challenge still waits for what it waits for after this announcement."""
    return notice.model_copy(update={"lapses": True})
