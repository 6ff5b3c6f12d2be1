"""The plan of a challenge if everybody decides on the last day allowed: every date, and the money."""

from __future__ import annotations

from collections.abc import Iterable

from whenever import Instant

from domain.identity.proof import Unproven
from domain.values.calendar import WorkingDays, day_of, earlier, later, moment, spoken
from domain.values.model import Value
from domain.values.money import Amount, total

from .pay import Due, Pay
from .programme import CountedFrom, Programme, Stage, Without
from .round import Challenge, Round
from .windows import open_for


class InstalmentPlan(Value):
    """One instalment of what a stage pays each team.

    Args:
        amount: with its VAT; the most that it can be, if the fee is agreed later.
        due: the moment of the stage at which the instalment is due.
        at: the latest instant of that moment; None if the instalment is due once evidence is accepted.
        evidence: what the team must show, if the instalment is paid on evidence.
        when: the moment in words.
    """

    amount: Amount
    due: Due
    at: Instant | None
    evidence: str
    when: str


class EngagementPlan(Value):
    """An occasion on which applicants can ask about a challenge before they apply.

    Args:
        title: what it is.
        at: when it begins.
        minutes: how long it takes; None if the file does not say.
        where: an address, or a link; empty if the file does not say.
    """

    title: str
    at: Instant
    minutes: int | None = None
    where: str = ""


class WindowPlan(Value):
    """The window of the further proposals that a stage asks for.

    Args:
        proposal: what teams are asked for.
        opens, closes: the latest dates, unless the round gives dates.
        out: whether a team that sends none is out.
    """

    proposal: str
    opens: Instant
    closes: Instant
    out: bool


class StagePlan(Value):
    """One stage of a plan.

    Args:
        name, title: the stage's.
        window: of the further proposals that the stage asks for; None if it asks for none.
        decision_due: the last instant at which the sponsor may select its teams.
        begins: when its teams are selected and begin.
        ends: when the stage ends; the same instant for a stage that only sifts.
        least, target, most: how many teams it may take, and how many are expected.
        fee: what the stage pays each team, with its VAT; the most that it can be, if the fee is agreed later; None if
            the stage pays nothing.
        instalments: the parts in which the fee is paid, in order.
        agreed: whether the fee is a cap, and the amount is agreed at the selection.
        may_be_skipped: whether the challenge may skip the stage.
        participation_sessions: how many citizen participation sessions are expected.
        criteria: by what readers judge those who may enter the stage, with weights.
    """

    name: str
    title: str
    window: WindowPlan | None
    decision_due: Instant
    begins: Instant
    ends: Instant
    least: int
    target: int
    most: int
    fee: Amount | None
    instalments: tuple[InstalmentPlan, ...]
    agreed: bool
    may_be_skipped: bool
    participation_sessions: int
    criteria: tuple[str, ...] = ()

    def paid_to(self, teams: int) -> Amount:
        """What this number of teams is paid in all; the most that it can be, if the fee is agreed later."""
        return _sum([self.fee] * teams if self.fee else [])

    @property
    def at_target(self) -> Amount:
        """What the expected number of teams is paid in all; the most that it can be, if the fee is agreed later."""
        return self.paid_to(self.target)


class Plan(Value):
    """The dates and amounts of one challenge if every decision falls on the last day allowed and no stage is skipped.

    Args:
        challenge: its id.
        question, sponsor: the question, and who asks it.
        time_zone, currency: the programme's, for showing dates and amounts.
        opens, closes: the window.
        questions_close: the first moment at which a question comes too late.
        engagement: when applicants can ask before they apply.
        stages: in order.
        unproven: what becomes of a decision without a proof.
    """

    challenge: str
    question: str
    sponsor: str
    time_zone: str
    currency: str
    opens: Instant
    closes: Instant
    questions_close: Instant
    engagement: tuple[EngagementPlan, ...] = ()
    stages: tuple[StagePlan, ...]
    unproven: Unproven = Unproven.ACCEPT

    @property
    def ends(self) -> Instant:
        """When the last stage ends."""
        return self.stages[-1].ends


class Total(Value):
    """The cost of plans with the expected number of teams: fixed fees, and the most that may be agreed."""

    fixed: Amount
    agreed_up_to: Amount


def engagement_of(round_: Round, programme: Programme) -> dict[str, tuple[EngagementPlan, ...]]:
    """The engagement sessions of each challenge of a round, by the challenge's id."""
    return {
        f"{round_.id}/{question.id}": tuple(
            EngagementPlan(
                title=each.title,
                at=moment(each.at, programme.time_zone),
                minutes=each.minutes,
                where=each.where or "",
            )
            for each in question.engagement
        )
        for question in round_.challenges
    }


def plan_of(challenge: Challenge, programme: Programme, engagement: tuple[EngagementPlan, ...] = ()) -> Plan:
    """Every date and amount of a challenge, without starting anything.

    Args:
        challenge: the challenge with its window.
        programme: the programme that the challenge runs under. Dates are computed in the programme's time zone, with
            the public holidays that the challenge will be frozen with.
        engagement: its engagement sessions.

    Raises:
        ValueError: the programme counts working days, and a date is in a year whose holidays the challenge will lack;
            or a window of further proposals would open before it is known who may send one.
    """
    programme = programme.model_copy(update={"holidays": programme.holidays.around(challenge.opens)})
    stages: list[StagePlan] = []
    for stage in programme.stages:
        window = _window_plan(stage, stages[-1], challenge, programme) if stage.asks and stages else None
        before = stages[-1].ends if stages else challenge.closes
        before = max(before, window.closes) if window else before
        stages.append(_stage_plan(stage, before, window, programme))
    plan = Plan(
        challenge=challenge.id,
        question=challenge.question,
        sponsor=challenge.sponsor,
        time_zone=programme.time_zone,
        currency=programme.currency,
        opens=challenge.opens,
        closes=challenge.closes,
        questions_close=earlier(challenge.closes, programme.questions_until, programme.time_zone),
        engagement=engagement,
        stages=tuple(stages),
        unproven=challenge.unproven,
    )
    _check_holidays(plan, programme)
    return plan


def total_at_target(*plans: Plan) -> Total:
    """The cost of plans if every stage takes as many teams as it expects."""
    stages = [stage for plan in plans for stage in plan.stages]
    return Total(
        fixed=_sum(stage.at_target for stage in stages if not stage.agreed),
        agreed_up_to=_sum(stage.at_target for stage in stages if stage.agreed),
    )


def _check_holidays(plan: Plan, programme: Programme) -> None:
    """Checks that every year in which working days may be counted is one whose public holidays the challenge keeps.

    Raises:
        ValueError: the holidays of a year are missing, so its working days would be counted as if it had none.
    """
    on_time = programme.on_time
    promises = [on_time.within, on_time.by_law] if any(stage.pay for stage in programme.stages) else []
    promises = [each for each in promises if isinstance(each, WorkingDays)]
    allowed = [stage.decision_within for stage in programme.stages]
    allowed += [stage.asks.within for stage in programme.stages if stage.asks]
    if not promises and not any(isinstance(each, WorkingDays) for each in allowed):
        return
    zone, off = plan.time_zone, programme.holidays
    last = max((later(plan.ends, each, zone, off) for each in promises), default=plan.ends)
    # The first day that is counted is the one that follows the closing.
    first_year, last_year = day_of(plan.closes, zone).add(days=1).year, day_of(last, zone).year
    kept = off.years_around(plan.opens)
    if first_year in kept and last_year in kept:
        return
    only = f"only for {kept[0]} to {kept[-1]}" if kept else "for none of these years"
    raise ValueError(
        f"working days are counted from {first_year} to {last_year}, but a challenge that opens then keeps the public "
        f"holidays of {off.code} {only}: shorten its stages, open it in other years, or write decision_within, "
        "asks.within and on_time.within as durations such as P2W"
    )


def _window_plan(stage: Stage, before: StagePlan, challenge: Challenge, programme: Programme) -> WindowPlan:
    """The window of a stage's further proposals, if the stage before takes as long as it may."""
    asks = stage.asks
    assert asks is not None, "only a stage that asks has a window"
    dates = next((each for each in challenge.windows if each.stage == stage.name), None)
    selected = asks.counted_from is CountedFrom.SELECTION
    since = before.begins if selected else before.ends
    if dates and dates.opens < since:
        zone, what = (
            programme.time_zone,
            f"the selection for {before.title}" if selected else f"the end of {before.title}",
        )
        raise ValueError(
            f"the window for {stage.title} opens on {spoken(dates.opens, zone, begins=True)}, but {what} can come as "
            f"late as {spoken(since, zone)}: move opens of that window under [[windows]]"
        )
    opens, closes = open_for(asks, since, dates, programme.time_zone, programme.holidays)
    title = next((form.title for form in programme.forms if form.id == asks.form), asks.form)
    return WindowPlan(proposal=asks.title or title, opens=opens, closes=closes, out=asks.without is Without.OUT)


def _stage_plan(stage: Stage, before: Instant, window: WindowPlan | None, programme: Programme) -> StagePlan:
    due = later(before, stage.decision_within, programme.time_zone, programme.holidays)
    ends = later(due, stage.duration, programme.time_zone, programme.holidays)
    return StagePlan(
        name=stage.name,
        title=stage.title,
        window=window,
        decision_due=due,
        begins=due,
        ends=ends,
        least=stage.min,
        target=stage.target,
        most=stage.max,
        fee=stage.pay.amount_of(stage.pay.most) if stage.pay else None,
        instalments=_instalments(stage.pay, due, ends) if stage.pay else (),
        agreed=stage.pay is not None and stage.pay.agreed_up_to is not None,
        may_be_skipped=stage.may_be_skipped,
        participation_sessions=stage.participation_sessions,
        criteria=tuple(each.weighed for each in stage.scorecard.criteria) if stage.scorecard else (),
    )


def _instalments(pay: Pay, begins: Instant, ends: Instant) -> tuple[InstalmentPlan, ...]:
    dates = {Due.START: begins, Due.END: ends}
    amounts = pay.instalments_of(pay.amount_of(pay.most))
    return tuple(
        InstalmentPlan(
            amount=amount,
            due=part.due,
            at=dates.get(part.due),
            evidence=part.evidence or "",
            when=part.when(at_once=begins == ends),
        )
        for part, amount in zip(pay.instalments, amounts, strict=True)
    )


def _sum(amounts: Iterable[Amount]) -> Amount:
    parts = list(amounts)
    return Amount(net=total(part.net for part in parts), vat=total(part.vat for part in parts))
