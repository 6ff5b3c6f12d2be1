"""How fast a channel is given notices, and when a person hears that it is away."""

from __future__ import annotations

from domain.delivery.pacing import ChannelHealth, Pace

AWAY = "The mail server is away: see that it runs."


def test_a_channel_gets_so_many_a_second_and_no_burst_after_a_rest() -> None:
    """Fails when a rest is saved up."""
    pace, now, sent = Pace(2), 0.0, 0
    for begins, seconds in ((0.0, 10.0), (100.0, 10.0)):
        now = begins
        while now < begins + seconds:
            if pace.rest(now) <= 0:
                pace.count(now)
                sent += 1
            now += 0.125

    assert sent == 40


def test_a_channel_in_trouble_gets_less_and_less_until_it_answers() -> None:
    pace, pauses = Pace(1_000_000), []
    for tried in range(10):
        pace.goes_badly(tried * 1000.0, None)
        pauses.append(max(0.0, round(pace.rest(tried * 1000.0), 3)))

    assert pauses == [0, 0, 2, 4, 8, 16, 32, 60, 60, 60]
    pace.goes_well()
    pace.goes_badly(20_000.0, None)
    assert pace.rest(20_000.0) <= 0


def test_a_channel_is_left_alone_for_as_long_as_it_asks() -> None:
    pace = Pace(5)
    pace.goes_badly(0.0, 300.0)

    assert pace.rest(0.0) == 300


def test_a_channel_that_is_away_for_an_hour_needs_a_person_until_it_answers() -> None:
    """Fails when nobody hears of a mail server that is down for days, now that no notice pays for it."""
    health = ChannelHealth()
    for minute in range(60):
        health.is_away(minute * 60.0, AWAY)
        assert health.complaint(minute * 60.0) == ""

    health.is_away(3600.0, AWAY)
    assert health.complaint(3600.0) == AWAY
    health.answers()
    assert health.complaint(3601.0) == ""
    health.is_away(3602.0, AWAY)
    assert health.complaint(3602.0) == ""


def test_two_short_troubles_far_apart_are_not_one_long_one() -> None:
    """Fails when a server that hung up once, a day ago, counts as away for a day."""
    health = ChannelHealth()
    health.is_away(0.0, AWAY)
    assert health.complaint(86_400.0) == ""
    health.is_away(86_400.0, AWAY)

    assert health.complaint(86_400.0) == ""


def test_ten_in_a_row_who_are_turned_away_are_not_believed_until_one_is_taken() -> None:
    """Fails when a server that refuses everybody makes every notice a failed one."""
    health = ChannelHealth()
    health.takes()
    believed = [health.turns_away(f"notice/{number}", doubtful=False) for number in range(12)]
    assert believed == [True] * 9 + [False] * 3

    health.takes()
    assert health.turns_away("notice/1", doubtful=False)


def test_one_notice_that_is_turned_away_again_and_again_says_nothing_of_the_others() -> None:
    health = ChannelHealth()

    assert all(health.turns_away("notice/1", doubtful=False) for _ in range(80))


def test_a_doubtful_refusal_is_believed_only_of_a_channel_that_has_taken_something() -> None:
    """Fails when the first words of a server that does not relay for this service are the end of a notice."""
    health = ChannelHealth()
    assert not health.turns_away("notice/1", doubtful=True)
    assert health.turns_away("notice/2", doubtful=False)
    health.takes()

    assert health.turns_away("notice/1", doubtful=True)
