"""Stories in which time passes and anybody may say anything, right or wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from hypothesis import strategies as st
from whenever import Instant, ItemizedDelta

from domain.announcements.announcement import Announcement
from domain.challenges import (
    cancellation,
    deadlines,
    evidence,
    extension,
    holding,
    participation,
    selection,
    stage_extension,
    withdrawal,
)
from domain.challenges.awards import PaymentOrder, payments_due
from domain.challenges.decisions import (
    Cancel,
    Decision,
    Decline,
    Evidence,
    Extend,
    ExtendStage,
    Hold,
    Participate,
    Resume,
    Select,
    Withdraw,
)
from domain.challenges.state import OrderState, Phase, State
from domain.programmes.programme import CountedFrom, Without
from domain.values.calendar import WorkingDays
from domain.values.money import Money
from domain.values.refusals import Refused
from tests.domain.challenges import (
    BID,
    DECIDER,
    DEPUTY,
    FULLER,
    ON_EVIDENCE,
    OPENS,
    OPERATOR,
    OTHER,
    TEAMS,
    A,
    F,
    asking,
    in_instalments,
    waiting,
)

_HANDLERS = {
    Select: selection.select,
    Decline: selection.decline,
    Extend: extension.extend,
    ExtendStage: stage_extension.extend_stage,
    Withdraw: withdrawal.withdraw,
    Hold: holding.hold,
    Resume: holding.resume,
    Cancel: cancellation.cancel,
    Participate: participation.participate,
    Evidence: evidence.judge,
}


@dataclass
class Step:
    """One thing that happened in a story."""

    before: State
    after: State
    announcement: Announcement
    message: Decision | None = None


@dataclass
class Story:
    """A challenge to which things happen, as the workflow would let them. `sends` send the further proposals."""

    state: State
    now: Instant
    sends: frozenset[str] = frozenset()
    steps: list[Step] = field(default_factory=list)
    refusals: list[Refused] = field(default_factory=list)
    orders: list[PaymentOrder] = field(default_factory=list)

    def hear(self, message: Decision) -> None:
        """Somebody says something; what is refused changes nothing."""
        before = self.state
        try:
            self._take(_HANDLERS[type(message)](before, message, self.now), message)  # type: ignore[operator]
        except Refused as refusal:
            self.refusals.append(refusal)

    def wait(self) -> None:
        """The clock goes on to the next deadline or reminder; the service does what is due then."""
        deadline, reminder = self.state.deadline, deadlines.next_reminder(self.state)
        if deadline is None:
            self.now = self.now.add(hours=30)
            return
        if reminder is not None and (reminder < deadline or self.state.phase is Phase.DECIDING):
            self.now = max(self.now, reminder)
            self._take(deadlines.reminded(self.state, self.now))
            return
        self.now = max(self.now, deadline)
        match self.state.phase:
            case Phase.WINDOW if self.state.opened:
                sent = tuple(team for team in self.state.field if team in self.sends)
                self._take(deadlines.sealed(self.state, len(TEAMS), self.now, sent))
            case Phase.WINDOW:
                self._take(deadlines.opened(self.state, self.now))
            case Phase.RUNNING:
                self._take(deadlines.stage_ended(self.state, self.now))
            case _:
                pass

    def _take(self, happened: tuple[State, Announcement], message: Decision | None = None) -> None:
        new, announcement = happened
        due = payments_due(new)
        self.orders += due
        new = new.having(payments=dict(new.payments) | {order.key: OrderState.UNDER_WAY for order in due})
        self.steps.append(Step(self.state, new, announcement, message))
        self.state = new


def _reasons() -> st.SearchStrategy[str]:
    return st.sampled_from(("Because.", "Because.", ""))


@st.composite
def messages(draw: st.DrawFn, now: Instant) -> Decision:
    """Anything that anybody may say, right or wrong."""
    people = (DECIDER, DECIDER, DEPUTY, OPERATOR, OTHER, A, F)
    by, reason = draw(st.sampled_from(people)), draw(_reasons())
    stage = draw(st.sampled_from(("exploration", "accelerator", "pre-commercial", "commercialisation", "nowhere")))
    team = draw(st.sampled_from(TEAMS))
    some = st.lists(st.sampled_from(TEAMS), max_size=4).map(tuple)
    match draw(
        st.sampled_from(
            (Select,) * 6
            + (Decline, Extend, ExtendStage, Withdraw, Withdraw, Hold, Resume, Cancel, Participate)
            + (Evidence,) * 2
        )
    ):
        case kind if kind is Select:
            teams = draw(some)
            amounts = {each: draw(st.sampled_from((Money(1), Money(10**7)))) for each in teams if draw(st.booleans())}
            return Select(by=by, reason=reason, stage=stage, teams=teams, reserve=draw(some), amounts=amounts)
        case kind if kind is Decline:
            return Decline(by=by, reason=reason, stage=stage)
        case kind if kind is Extend:
            return Extend(by=by, reason=reason, closes=now.add(hours=draw(st.integers(-1000, 1000))))
        case kind if kind is ExtendStage:
            whose, ends = draw(st.sampled_from(("", *TEAMS))), now.add(hours=draw(st.integers(-1000, 1000)))
            return ExtendStage(by=by, reason=reason, stage=stage, team=whose, ends=ends)
        case kind if kind is Withdraw:
            return Withdraw(by=by, reason=reason, team=team, replace=draw(st.booleans()))
        case kind if kind is Participate:
            day = now.to_tz("Europe/London").date().add(days=draw(st.integers(-60, 3)))
            return Participate(by=by, reason=reason, stage=stage, on=day, people=12, summary="What was learnt.")
        case kind if kind is Evidence:
            number, accepted, final = draw(st.integers(0, 4)), draw(st.booleans()), draw(st.booleans())
            return Evidence(by=by, reason=reason, stage=stage, team=team, number=number, accepted=accepted, final=final)
        case kind if kind is Hold:
            return Hold(by=by, reason=reason)
        case kind if kind is Resume:
            return Resume(by=by, reason=reason)
        case _:
            return Cancel(by=by, reason=reason)


@st.composite
def good_selections(draw: st.DrawFn, state: State) -> Decision:
    """A selection that a sponsor can make now, so that stories get far."""
    stage = state.filling
    choice = st.permutations(state.field or TEAMS)
    teams = draw(choice)[: draw(st.integers(stage.min, min(stage.max, len(state.field or TEAMS))))]
    rest = tuple(team for team in (state.field or TEAMS) if team not in teams)
    agreed = stage.pay is not None and stage.pay.agreed_up_to is not None
    return Select(
        by=DECIDER,
        reason="Because.",
        stage=stage.name,
        teams=tuple(teams),
        reserve=rest[: draw(st.integers(0, 2))],
        amounts={team: Money(draw(st.integers(1, 5_000_000))) for team in teams} if agreed else {},
    )


@st.composite
def spoilt_selections(draw: st.DrawFn, state: State) -> Decision:
    """A selection that could be made now but for who makes it, or for whom it names."""
    good = draw(good_selections(state))
    assert isinstance(good, Select)
    if draw(st.booleans()):
        return good.model_copy(update={"by": draw(st.sampled_from((OTHER, OPERATOR, A)))})
    return good.model_copy(update={"teams": (*good.teams[1:], draw(st.sampled_from(TEAMS)))})


@st.composite
def good_verdicts(draw: st.DrawFn, state: State) -> Decision:
    """What those in charge can say of evidence that is waited for."""
    waiting_for = draw(st.sampled_from(state.open_evidence))
    return Evidence(
        by=draw(st.sampled_from(state.in_charge)),
        reason="Because.",
        stage=waiting_for.stage,
        team=waiting_for.team,
        number=waiting_for.number,
        accepted=draw(st.booleans()),
        final=draw(st.booleans()),
    )


@st.composite
def longer_stages(draw: st.DrawFn, state: State) -> Decision:
    """More time for all teams at work, or for one of them."""
    return ExtendStage(
        by=draw(st.sampled_from(state.in_charge)),
        reason="Because.",
        stage=state.run.stage,
        team=draw(st.sampled_from(("", *(team.id for team in state.run.working)))),
        longer=draw(
            st.one_of(st.just(WorkingDays(3)), st.just(ItemizedDelta(weeks=2)), st.just(ItemizedDelta(months=1)))
        ),
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A challenge in which time passes and anybody says anything."""
    story = Story(draw(st.sampled_from(_beginnings())), OPENS, draw(st.frozensets(st.sampled_from(TEAMS), min_size=3)))
    for _ in range(draw(st.integers(1, 30))):
        story.now = story.now.add(seconds=draw(st.integers(0, 200_000)))
        selecting = story.state.phase is Phase.DECIDING and not story.state.held
        match draw(st.integers(0, 5)):
            case 0:
                story.hear(draw(messages(story.now)))
            case 1 if story.state.open_evidence and not story.state.held:
                story.hear(draw(good_verdicts(story.state)))
            case 1 if story.state.phase is Phase.RUNNING and story.state.run.working and not story.state.held:
                story.hear(draw(longer_stages(story.state)))
            case 1 if selecting:
                story.hear(draw(spoilt_selections(story.state)))
            case 2 | 3 if selecting:
                story.hear(draw(good_selections(story.state)))
            case _:
                story.wait()
    return story


@cache
def _beginnings() -> tuple[State, ...]:
    out = Without.OUT
    at_once = asking(
        FULLER.model_copy(update={"counted_from": CountedFrom.SELECTION}), BID.model_copy(update={"without": out})
    )
    return (
        waiting(),
        waiting(*in_instalments()),
        waiting(*in_instalments(ON_EVIDENCE)),
        waiting(*asking()),
        waiting(*at_once),
    )
