"""A rehearsal is the same programme with other times, and those are in proportion to the real ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import Instant, ItemizedDelta, TimeDelta

from domain.programmes.plan import plan_of, total_at_target
from domain.programmes.programme import Asks, Programme, Stage
from domain.programmes.rehearsal import applications_needed, moved, planned_fees, shortened, teams_taken
from domain.programmes.windows import WindowDates
from domain.values.money import Money
from tests.domain.challenges import CLOSES, EXPLORATION, INTERVIEW, OPENS, asking, challenge, in_instalments, programme
from tests.domain.moments import instants, lengths, zones

HOUR = TimeDelta(hours=1)
START = Instant("2026-02-03T04:05:06Z")


def seconds(duration: object) -> float:
    """The seconds of an exact duration."""
    assert isinstance(duration, ItemizedDelta)
    return float((START.to_tz("UTC").add(duration).to_instant() - START).total("seconds"))


def test_every_calendar_day_lasts_as_long_as_asked() -> None:
    """Fails when months count as 30 days, or hours of summer time count."""
    short, (first,) = shortened(programme(), (challenge(),), START, day=10)
    assert [seconds(stage.duration) for stage in short.stages] == [140, 910, 900, 910]
    assert [seconds(stage.decision_within) for stage in short.stages] == [140, 70, 140, 140]
    assert (first.opens, first.closes) == (START, START.add(seconds=266) + TimeDelta(milliseconds=250))


def test_three_months_that_are_92_days_last_92_days() -> None:
    august = challenge(OPENS, Instant("2016-08-22T16:00Z"))
    months = EXPLORATION.model_copy(
        update={"duration": ItemizedDelta(months=3), "decision_within": ItemizedDelta(days=0)}
    )
    short, _ = shortened(programme(months), (august,), START, day=1)
    assert seconds(short.stages[0].duration) == 92


def test_a_further_proposal_may_take_as_many_days() -> None:
    """Fails when teams have the real weeks for it, and the rehearsal waits for them."""
    asks = Asks(form="full", within=ItemizedDelta(weeks=2))
    exploration, accelerator, *others = programme().stages
    asking = programme(exploration, accelerator.model_copy(update={"asks": asks}), *others)
    dates = WindowDates(stage="accelerator", opens=OPENS.add(hours=24 * 60), closes=OPENS.add(hours=24 * 80))
    real = challenge().model_copy(update={"windows": (dates,)})
    short, (first,) = shortened(asking, (real,), START, day=10)
    assert [each.asks and seconds(each.asks.within) for each in short.stages] == [None, 140, None, None]
    (window,) = first.windows
    assert (window.opens - first.opens, window.closes - first.opens) == (TimeDelta(seconds=600), TimeDelta(seconds=800))


def test_reminders_come_as_many_days_before() -> None:
    real = programme().reminders
    short = shortened(programme(), (challenge(),), START, day=10)[0].reminders
    assert [seconds(each) for each in (*short.window, *short.decision, *short.stage)] == [20, 20, 20]
    assert seconds(short.decision_overdue_every) == 30
    assert real.decision_overdue_every == ItemizedDelta(days=3)


def test_people_are_not_reminded_of_what_is_late_many_times_in_a_second() -> None:
    """Fails when days of a tenth of a second make reminders that keep a busy machine from what is late."""
    short = shortened(programme(), (challenge(),), START, day=0.1)[0].reminders
    again = (short.decision_overdue_every, short.payment_overdue_every, short.evidence_overdue_every)
    assert [seconds(each) for each in again] == [2, 2, 2]


def test_everything_but_the_times_stays_as_it_was() -> None:
    short, (first,) = shortened(programme(), (challenge(),), START, day=0.1)
    real = programme()
    times = {"decision_within", "duration"}
    assert [stage.model_dump(exclude=times) for stage in short.stages] == [
        stage.model_dump(exclude=times) for stage in real.stages
    ]
    timed = {"stages", "reminders", "on_time", "questions_until"}
    assert short.model_dump(exclude=timed) == real.model_dump(exclude=timed)
    dates = {"opens", "closes"}
    assert first.model_dump(exclude=dates) == challenge().model_dump(exclude=dates)
    assert total_at_target(plan_of(first, short)) == total_at_target(plan_of(challenge(), real))


def test_a_stage_that_only_sifts_still_does_and_one_that_lasts_still_lasts() -> None:
    """Fails when a short time is rounded to none."""
    hour = EXPLORATION.model_copy(update={"duration": ItemizedDelta(seconds=1)})
    short, _ = shortened(programme(INTERVIEW, hour), (challenge(),), START, day=0.001)
    assert [stage.only_sifts for stage in short.stages] == [True, False]


def test_challenges_open_and_close_as_many_days_apart_as_in_reality() -> None:
    other = challenge(OPENS.add(hours=48), CLOSES.add(hours=72))
    _, (late, early) = shortened(programme(), (other, challenge()), START, day=10)
    assert early.opens == START
    assert late.opens - early.opens == TimeDelta(seconds=20)
    assert late.closes - early.closes == TimeDelta(seconds=30)


@pytest.mark.parametrize("day", [0, -1, float("nan")])
def test_a_day_lasts(day: float) -> None:
    with pytest.raises(ValueError, match="write a number above 0"):
        shortened(programme(), (challenge(),), START, day)


def test_a_rehearsal_needs_a_challenge() -> None:
    with pytest.raises(ValueError, match="name at least one"):
        shortened(programme(), (), START, 1)


def numbered(*numbers: tuple[int, int, int]) -> Programme:
    """A programme whose stages take so many teams: at least, expected, at most."""
    names = ("one", "two", "three")
    return programme(
        *(
            EXPLORATION.model_copy(update={"name": name, "min": least, "target": target, "max": most})
            for name, (least, target, most) in zip(names, numbers, strict=False)
        )
    )


@pytest.mark.parametrize(
    ("numbers", "taken"),
    [
        (((1, 3, 3), (1, 1, 3)), (3, 1)),
        (((6, 6, 8),), (6,)),
        (((1, 2, 6), (4, 4, 4)), (4, 4)),  # more than expected, because the next stage needs them
        (((1, 2, 6), (1, 4, 4)), (2, 2)),  # the next stage expects more, and can do with fewer
        (((1, 2, 6), (1, 1, 6), (5, 5, 5)), (5, 5, 5)),
        (((1, 2, 2), (3, 3, 3)), (2, 2)),  # cannot be played to its end, as the rehearsal says
    ],
)
def test_a_stage_takes_as_many_teams_as_it_expects_and_as_later_ones_need(
    numbers: tuple[tuple[int, int, int], ...], taken: tuple[int, ...]
) -> None:
    rules = numbered(*numbers)
    assert teams_taken(rules) == taken
    assert applications_needed(rules) == taken[0] + 1, "and one in reserve"
    assert planned_fees(rules) == Money(sum(taken) * 2_000_00)


def test_nobody_is_in_reserve_of_a_stage_that_only_sifts() -> None:
    assert applications_needed(programme(INTERVIEW, EXPLORATION)) == INTERVIEW.target


def test_the_planned_fees_are_those_of_the_plan_with_vat() -> None:
    rules = programme(*in_instalments())
    assert planned_fees(rules) == total_at_target(plan_of(challenge(), rules)).fixed.gross


def stages() -> st.SearchStrategy[Stage]:
    durations = st.builds(ItemizedDelta, months=st.integers(0, 12), days=st.integers(0, 60), hours=st.integers(0, 30))
    return durations.map(lambda each: EXPLORATION.model_copy(update={"duration": each}))


@given(instants(), st.integers(1, 2000), stages(), zones(), st.floats(0.01, 100))
def test_the_plan_of_a_rehearsal_is_the_real_plan_in_small(
    opens: Instant, hours: int, stage: Stage, zone: str, day: float
) -> None:
    """Fails when a duration is not measured from where the plan has it begin."""
    real = programme(stage).model_copy(update={"time_zone": zone})
    asked = challenge(opens, opens.add(hours=hours))
    short, (rehearsed,) = shortened(real, (asked,), START, day)
    plan, small = plan_of(asked, real), plan_of(rehearsed, short)
    length = (small.ends - small.opens).total("seconds")
    days = (plan.ends - plan.opens).total("hours") / 24
    assert length == pytest.approx(days * day, abs=day * 2 / 24 + 1e-3), "but for the hour of summer time"
    assert Programme.model_validate_json(short.model_dump_json()) == short


def test_windows_of_further_proposals_are_as_long_in_small_as_in_reality() -> None:
    """Fails when the time that teams have is not shortened, or that of a round's dates."""
    rules = programme(*asking())
    window = plan_of(challenge(), rules).stages[1].window
    assert window is not None
    dates = WindowDates(stage="accelerator", opens=window.opens + 48 * HOUR, closes=window.closes + 240 * HOUR)
    dated = challenge().model_copy(update={"windows": (dates,)})
    short, (rehearsed,) = shortened(rules, (dated,), START, day=10)
    asks = short.stages[1].asks
    assert asks is not None
    assert seconds(asks.within) == pytest.approx(210, abs=5)
    small = plan_of(rehearsed, short).stages[1].window
    assert small is not None
    days = (dates.closes - dates.opens).total("hours") / 24
    assert (small.closes - small.opens).total("seconds") == pytest.approx(days * 10, abs=1)
    assert (small.opens - START).total("seconds") == pytest.approx(
        (dates.opens - OPENS).total("hours") / 24 * 10, abs=1
    )


def test_a_round_that_is_moved_moves_its_windows_of_further_proposals() -> None:
    dates = WindowDates(stage="accelerator", opens=Instant("2016-10-05T08:00Z"), closes=Instant("2016-11-05T17:00Z"))
    dated = challenge().model_copy(update={"windows": (dates,)})
    (later,) = moved((dated,), Instant("2016-07-13T08:00Z"), "Europe/London")
    assert (later.windows[0].opens, later.windows[0].closes) == (
        Instant("2016-10-12T08:00Z"),
        Instant("2016-11-12T17:00Z"),
    )


def test_a_round_that_is_moved_keeps_the_time_of_day_across_the_end_of_summer_time() -> None:
    """Invariant 9. Fails when windows are moved by exact hours."""
    opens = Instant("2026-10-05T08:00Z")
    (new,) = moved((challenge(),), opens, "Europe/London")
    assert new.opens == opens
    assert new.closes == Instant("2026-11-01T00:00Z"), "26 days later, at the end of the day"


def test_a_window_of_minutes_that_is_moved_to_where_clocks_go_back_still_closes_after_it_opens() -> None:
    """Fails when the closing is taken from the local clock alone, which shows that time twice."""
    short = challenge(OPENS, OPENS.add(minutes=20))
    (new,) = moved((short,), Instant("2016-10-30T01:20Z"), "Europe/London")
    assert new.closes - new.opens == TimeDelta(minutes=20)


@given(instants(), instants(), lengths(), lengths(), zones())
def test_a_round_that_is_moved_keeps_its_order_and_its_lengths(
    opens: Instant, new_opens: Instant, length: int, apart: int, zone: str
) -> None:
    first = challenge(opens, opens.add(seconds=length + 1))
    second = challenge(opens.add(seconds=apart), opens.add(seconds=apart + length + 1))
    new_first, new_second = moved((first, second), new_opens, zone)
    assert new_first.opens == new_opens
    for old, new in ((first, new_first), (second, new_second)):
        assert new.closes > new.opens
        assert abs((new.closes - new.opens) - (old.closes - old.opens)) <= TimeDelta(hours=2)
        assert abs((new.opens - new_opens) - (old.opens - opens)) <= TimeDelta(hours=2)
