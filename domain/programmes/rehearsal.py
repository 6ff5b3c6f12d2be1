"""A shortened programme, so that all of its months can be seen in a minute. The rules do not notice the difference."""

from __future__ import annotations

from whenever import Instant, ItemizedDelta, TimeDelta

from domain.values.calendar import WorkingDays, earlier, lasting, later
from domain.values.money import Money, total

from .plan import Plan, StagePlan, plan_of
from .programme import OnTime, Programme, Reminders, Stage
from .round import Challenge

_AGAIN_AT_MOST_EVERY = ItemizedDelta(seconds=2)
"""How often people are reminded of what is late, at most. More often would delay on a busy machine what is late."""

_SHORTEST = 1e-6
"""The shortest length in seconds. A length must not become zero, which would mean a stage that only sifts."""


def shortened(
    programme: Programme, challenges: tuple[Challenge, ...], start: Instant, day: float
) -> tuple[Programme, tuple[Challenge, ...]]:
    """A programme and its challenges, shortened so that every calendar day lasts a given number of seconds.

    The real calendar says how many days a duration has: three months from 22 August are 92 days, and ten working days
    are the days from the closing to the end of the last working day. Challenges that close on different days share
    the durations of the challenge that closes first, because they share one programme.

    Args:
        programme: the real one.
        challenges: the real ones, at least one.
        start: when the first window opens; the other windows open and close as many days later as in reality.
        day: seconds that stand for a calendar day, above 0.

    Returns:
        The same programme and challenges with other times. Everything else stays the same, also ids and money.

    Raises:
        ValueError: `day` is not above 0, or there is no challenge.
    """
    if not day > 0:
        raise ValueError(f"a day of {day} seconds: write a number above 0, such as 0.1")
    if not challenges:
        raise ValueError("no challenges to rehearse: name at least one")
    short = _Short(programme.time_zone, day)
    model = plan_of(min(challenges, key=lambda challenge: challenge.closes), programme)
    before = [model.closes, *(stage.ends for stage in model.stages)]
    stages = tuple(
        _shortened_stage(stage, planned, previous, programme, short)
        for stage, planned, previous in zip(programme.stages, model.stages, before, strict=False)
    )
    reminders = _shortened_reminders(programme, model, short)
    on_time = OnTime(
        within=_shortened_time(programme, model.ends, programme.on_time.within, short),
        by_law=_shortened_time(programme, model.ends, programme.on_time.by_law, short),
    )
    asking = short.time(earlier(model.closes, programme.questions_until, programme.time_zone), model.closes)
    times = {"stages": stages, "reminders": reminders, "on_time": on_time, "questions_until": asking}
    first = min(challenge.opens for challenge in challenges)
    return programme.model_copy(update=times), tuple(
        _between(challenge, start + short.delta(first, challenge.opens), short) for challenge in challenges
    )


def teams_taken(programme: Programme) -> tuple[int, ...]:
    """How many teams each stage takes in a rehearsal.

    A stage takes as many as expected, and more if a later stage needs them; never more than there are.
    """
    taken: list[int] = []
    for number, stage in enumerate(programme.stages):
        wanted = max(stage.target, *(later.min for later in programme.stages[number:]))
        taken.append(min(wanted, stage.max, *taken))
    return tuple(taken)


def planned_fees(programme: Programme) -> Money:
    """The fixed fees that a challenge pays in a rehearsal, with VAT."""
    taken = zip(programme.stages, teams_taken(programme), strict=True)
    fees = [(stage.pay, teams) for stage, teams in taken if stage.pay and stage.pay.fixed is not None]
    return total(pay.amount_of(pay.most).gross for pay, teams in fees for _ in range(teams))


def applications_needed(programme: Programme) -> int:
    """How many applications must come in time to each challenge of a rehearsal: for the teams, and one in reserve."""
    return teams_taken(programme)[0] + (not programme.stages[0].only_sifts)


def moved(challenges: tuple[Challenge, ...], opens: Instant, zone: str) -> tuple[Challenge, ...]:
    """The same challenges at other dates, for a round that is run again.

    All challenges move by the same length on the local clock, so windows stay as long as they were on the local clock.
    A window that closes at the end of a day still does, if `opens` has the time of day at which the first one opened.

    Args:
        challenges: at least one.
        opens: when the first challenge opens.
        zone: tz database name of the place whose clock counts.
    """
    first = min(challenge.opens for challenge in challenges)
    return tuple(_moved(challenge, first, opens, zone) for challenge in challenges)


def moved_instant(instant: Instant, first: Instant, opens: Instant, zone: str) -> Instant:
    """An instant of a round that is moved (see `moved`), whose first window opened at `first`."""
    plain = opens.to_tz(zone).to_plain().add(_on_the_wall(first, instant, zone), naive_arithmetic_ok=True)
    return plain.assume_tz(zone, disambiguation="compatible").to_instant()


class _Short:
    """How long a duration of the real calendar lasts in the rehearsal."""

    def __init__(self, zone: str, day: float) -> None:
        self._zone = zone
        self._day = day

    def delta(self, start: Instant, end: Instant) -> TimeDelta:
        """The rehearsal's length of the time between two real instants, in local days and parts of days."""
        days = _on_the_wall(start, end, self._zone).total("hours") / 24
        seconds = days * self._day
        return TimeDelta(microseconds=round(max(seconds, _SHORTEST if end > start else 0) * 1_000_000))

    def time(self, start: Instant, end: Instant) -> ItemizedDelta:
        """The same length, as a duration for a programme."""
        return lasting(self.delta(start, end).total("seconds"))


def _shortened_stage(stage: Stage, planned: StagePlan, before: Instant, programme: Programme, short: _Short) -> Stage:
    """A stage with its times shortened, measured where the plan has them."""
    asks, since = stage.asks, before
    if asks and planned.window:
        within = _shortened_time(programme, planned.window.opens, asks.within, short)
        asks, since = asks.model_copy(update={"within": within}), max(before, planned.window.closes)
    return stage.model_copy(
        update={
            "asks": asks,
            "decision_within": short.time(since, planned.decision_due),
            "duration": short.time(planned.begins, planned.ends),
        }
    )


def _shortened_reminders(programme: Programme, model: Plan, short: _Short) -> Reminders:
    """The shortened reminders, measured at the first deadline of each kind."""
    zone, real = programme.time_zone, programme.reminders
    runs = [stage for stage in model.stages if stage.ends > stage.begins]
    decision, stage = model.stages[0].decision_due, _end_of(runs, model)

    def before(deadline: Instant, ladder: tuple[ItemizedDelta, ...]) -> tuple[ItemizedDelta, ...]:
        return tuple(short.time(earlier(deadline, rung, zone), deadline) for rung in ladder)

    def again(every: ItemizedDelta) -> ItemizedDelta:
        return max(_shortened_time(programme, decision, every, short), _AGAIN_AT_MOST_EVERY, key=_seconds)

    return Reminders(
        window=before(model.closes, real.window),
        decision=before(decision, real.decision),
        decision_overdue_every=again(real.decision_overdue_every),
        stage=before(stage, real.stage),
        payment=before(decision, real.payment),
        payment_overdue_every=again(real.payment_overdue_every),
        evidence_overdue_every=again(real.evidence_overdue_every),
    )


def _shortened_time(
    programme: Programme, since: Instant, allowed: ItemizedDelta | WorkingDays, short: _Short
) -> ItemizedDelta:
    """A shortened time allowed, measured from a real instant."""
    return short.time(since, later(since, allowed, programme.time_zone, programme.holidays))


def _seconds(exact: ItemizedDelta) -> float:
    return exact.get("seconds", 0) + exact.get("nanoseconds", 0) / 1e9


def _end_of(runs: list[StagePlan], model: Plan) -> Instant:
    return runs[0].ends if runs else model.ends


def _between(challenge: Challenge, opens: Instant, short: _Short) -> Challenge:
    closes = opens + short.delta(challenge.opens, challenge.closes)
    windows = tuple(
        each.model_copy(
            update={
                name: opens + short.delta(challenge.opens, instant)
                for name, instant in (("opens", each.opens), ("closes", each.closes))
            }
        )
        for each in challenge.windows
    )
    return challenge.model_copy(update={"opens": opens, "closes": closes, "windows": windows})


def _on_the_wall(start: Instant, end: Instant, zone: str) -> TimeDelta:
    """How far the local clock goes from one instant to another, as if no clock were ever changed."""
    return end.to_tz(zone).to_plain().difference(start.to_tz(zone).to_plain(), naive_arithmetic_ok=True)


def _moved(challenge: Challenge, first: Instant, opens: Instant, zone: str) -> Challenge:
    new_opens = opens if challenge.opens == first else moved_instant(challenge.opens, first, opens, zone)
    # A window of less than an hour at the change of the clock keeps its exact length.
    shortest = new_opens + min(challenge.closes - challenge.opens, TimeDelta(hours=1))
    closes = max(moved_instant(challenge.closes, first, opens, zone), shortest)
    windows = tuple(
        each.model_copy(
            update={
                "opens": moved_instant(each.opens, first, opens, zone),
                "closes": moved_instant(each.closes, first, opens, zone),
            }
        )
        for each in challenge.windows
    )
    return challenge.model_copy(update={"opens": new_opens, "closes": closes, "windows": windows})
