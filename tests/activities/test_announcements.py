"""What happened to a challenge is written down and told once, and its window is sealed for good."""

from __future__ import annotations

import pytest
from whenever import TimeDelta

from activities.announcements import Announcing
from activities.rails import Rails
from domain.announcements.announcement import Window, to_people, to_teams
from domain.announcements.occasions import Occasion
from domain.challenges import deadlines
from domain.challenges.state import State
from domain.challenges.steps import Sealing, ToAnnounce
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.refusals import TooLate
from store.challenges import applications
from store.challenges.rounds import find_challenge
from store.database.database import Database
from store.payments.embedded_rail import EmbeddedRail
from store.record.notices import read_notices
from store.record.record import read_record
from tests.activities.running import environment, failure_of, run
from tests.activities.runs import RememberingRuns
from tests.identity.signing import judge_on
from tests.store.said import AIR, CLOSES, MIDWAY, OPENS, announcing, applied, compose, facts, status

HOUR = TimeDelta(hours=1)


@pytest.fixture
def announcing_(open_: Database) -> Announcing:
    """The activities, on a challenge whose window is open."""
    rail = EmbeddedRail(open_)
    return Announcing(open_, Rails(rail, rail), RememberingRuns(), compose, judge_on(open_))


@pytest.fixture
def window(round_: Round, programme: Programme) -> State:
    """The challenge as its workflow knows it while its window is open."""
    challenge = next(each for each in challenges_of(round_, programme) if each.id == AIR)
    return deadlines.opened(State.of(challenge, programme), OPENS)[0]


def test_what_is_announced_again_is_written_and_told_once(open_: Database, announcing_: Announcing) -> None:
    """Fails when a try that was not heard of is told to people a second time."""
    team = applied(open_)
    before = {each.key for each in read_notices(open_)}
    told = (to_people(("sam",), Occasion.HELD, facts(Occasion.HELD)),)
    announcement = announcing("held", *told, to_teams((team,), Occasion.HELD, facts(Occasion.HELD)), status=status())

    asked = [run(announcing_.announce, ToAnnounce(announcement=announcement), at) for at in (MIDWAY, MIDWAY + HOUR)]

    assert asked == [MIDWAY.to_stdlib(), (MIDWAY + HOUR).to_stdlib()]
    assert [line.key for line in read_record(open_, AIR)].count(announcement.key) == 1
    new = sorted(each.recipient for each in read_notices(open_) if each.key not in before)
    assert new == sorted(["sam", team])


async def test_an_announcement_is_made_whole_or_not_at_all(open_: Database, announcing_: Announcing) -> None:
    """Fails when the line of the record is kept of what was then refused."""
    held = to_people(("sam",), Occasion.HELD, facts(Occasion.HELD))
    announcement = announcing("select", held, status=status("nothing"), applications=("nobody-1",))
    lines, notices = read_record(open_, AIR), read_notices(open_)

    failure = await failure_of(announcing_.announce, ToAnnounce(announcement=announcement))

    assert (failure.type, failure.non_retryable) == ("unknown-team", True)
    assert (read_record(open_, AIR), read_notices(open_)) == (lines, notices)
    assert find_challenge(open_, AIR).waits_for == "applications"


async def test_a_withdrawn_team_is_in_no_selection(open_: Database, announcing_: Announcing) -> None:
    team = applied(open_)
    run(announcing_.announce, ToAnnounce(announcement=announcing("withdraw", withdrawn=team)))
    run(announcing_.announce, ToAnnounce(announcement=announcing("withdraw", withdrawn=team)))

    failure = await failure_of(
        announcing_.announce, ToAnnounce(announcement=announcing("select", applications=(team,)))
    )
    assert (failure.type, failure.non_retryable) == ("unknown-team", True)
    assert "breathe@" not in failure.message


def test_a_window_is_sealed_for_good_with_the_same_number_each_time(
    open_: Database, announcing_: Announcing, window: State
) -> None:
    """Fails when applications are counted again: a workflow that is reset would read another number."""
    stays, leaves = applied(open_), applied(open_, "Tay Ltd")
    first = run(announcing_.seal_window, Sealing(state=window, at=CLOSES))
    run(announcing_.announce, ToAnnounce(announcement=announcing("withdraw", withdrawn=leaves, at=CLOSES)))
    again = run(announcing_.seal_window, Sealing(state=window, at=CLOSES + HOUR))

    assert (first.number, again.number) == (2, 2)
    assert find_challenge(open_, AIR).applications == 2
    assert [each.id for each in applications.read(open_, AIR) if each.withdrawn is None] == [stays]
    with pytest.raises(TooLate):
        applied(open_, "Clyde Ltd")


def test_a_sealed_window_is_announced_once_in_the_step_that_seals_it(
    open_: Database, announcing_: Announcing, window: State
) -> None:
    """Fails when a window can be sealed and nobody is told, or whoever decides is told of each try."""
    applied(open_)
    for at in (CLOSES, CLOSES + HOUR):
        run(announcing_.seal_window, Sealing(state=window, at=at))

    [line] = [each for each in read_record(open_, AIR) if each.key == f"{AIR}/sealed"]
    assert (line.at, line.by) == (CLOSES, "service")
    assert line.text.startswith("Window sealed with 1 application; selection for Exploration is due on ")
    challenge = find_challenge(open_, AIR)
    assert (challenge.stage, challenge.waits_for) == ("exploration", "selection for exploration")
    invited = [each for each in read_notices(open_) if each.occasion == Occasion.DECISION_INVITED]
    assert [each.recipient for each in invited] == ["sam"]


def test_a_window_whose_sealing_cannot_be_announced_is_not_sealed(
    open_: Database, announcing_: Announcing, window: State
) -> None:
    """Fails when a window is sealed in a transaction of its own."""
    unheard = window.having(challenge=window.challenge.model_copy(update={"deciders": ("nobody",)}))
    applied(open_)
    with pytest.raises(LookupError, match="nobody"):
        run(announcing_.seal_window, Sealing(state=unheard, at=CLOSES))

    assert find_challenge(open_, AIR).waits_for == "applications"
    assert applied(open_, "Clyde Ltd")


async def test_a_sealed_window_is_not_opened_again(announcing_: Announcing, window: State) -> None:
    run(announcing_.seal_window, Sealing(state=window, at=CLOSES))
    moved = announcing("extend", window=Window(opens=MIDWAY, closes=CLOSES + HOUR))
    failure = await failure_of(announcing_.announce, ToAnnounce(announcement=moved))
    assert (failure.type, failure.non_retryable) == ("too-late", True)


async def test_a_challenge_that_was_never_opened_is_refused(announcing_: Announcing, window: State) -> None:
    unknown = window.having(challenge=window.challenge.model_copy(update={"id": "test-2016/nothing"}))
    failure = await failure_of(announcing_.seal_window, Sealing(state=unknown, at=CLOSES))
    assert (failure.type, failure.non_retryable) == ("unknown-challenge", True)


def test_the_clock_is_temporals_and_not_the_machines(announcing_: Announcing) -> None:
    assert environment(MIDWAY).run(announcing_.read_clock, None) == MIDWAY.to_stdlib()
