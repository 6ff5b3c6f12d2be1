"""Further proposals in the database: who may send one, who is reminded, and when anybody can read one."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pytest
from whenever import Instant

from domain.announcements.announcement import OutgoingNotice, ToUnsent, Window
from domain.announcements.occasions import Occasion
from domain.challenges.draft import Typed
from domain.challenges.steps import Sealed
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.refusals import TooLate, UnknownStage
from store.challenges import drafts, sending, windows
from store.challenges.applications import accept, read
from store.challenges.rounds import find_challenge, keep_round
from store.database.database import Database
from store.record.record import announce, read_notices
from tests.store.said import AIR, CLOSES, OPENS, announcing, applying, compose, facts, opened, seal, status
from tests.store.writing import COMPLETE, asking

STAGE = "accelerator"
ENDED = CLOSES.add(hours=24 * 14)
CLOSING = ENDED.add(hours=24 * 7)


class Asked(NamedTuple):
    """A challenge that asks two of three teams for a further proposal."""

    database: Database
    one: str
    two: str
    other: str

    def window(self, *teams: str, at: Instant = ENDED, **changes: bool) -> None:
        """The window is announced, with those who may send a proposal from now on."""
        window = Window(opens=ENDED, closes=CLOSING, stage=STAGE, teams=teams, **changes)
        announce(self.database, announcing(f"window/{at}", window=window, at=at), compose)

    def send(self, team: str, at: Instant = ENDED) -> None:
        """A team sends its proposal."""
        typed = [Typed(question=question, answer=answer) for question, answer in COMPLETE.items()]
        drafts.save(self.database, team, STAGE, typed, lambda: at)
        sending.send(self.database, team, STAGE, lambda: at, compose)

    def seal(self, at: Instant = CLOSING) -> Sealed:
        """The window is sealed."""
        with self.database.writing() as connection:
            return windows.seal(connection, AIR, at, STAGE)

    def remind(self, at: Instant) -> Counter[str]:
        """Those who have sent none are reminded. Says who was, how often, so far."""
        due = OutgoingNotice(
            occasion=Occasion.PROPOSAL_DUE, whom=ToUnsent(stage=STAGE), facts=facts(Occasion.PROPOSAL_DUE)
        )
        announce(self.database, announcing(f"reminded/{at}", due, at=at), compose)
        told = read_notices(self.database, AIR)
        return Counter(each.recipient for each in told if each.occasion == Occasion.PROPOSAL_DUE)

    def read(self) -> dict[str, list[str]]:
        """For which stages each application has a further proposal that can be read."""
        return {each.id: [proposal.stage for proposal in each.further] for each in read(self.database, AIR)}


@pytest.fixture
def asked(database: Database, round_: Round, programme: Programme) -> Asked:
    """One and two are asked."""
    rules = asking(programme)
    keep_round(database, round_, rules, challenges_of(round_, rules), OPENS)
    announce(database, opened(), compose)
    teams = [accept(database, AIR, applying(name), lambda: OPENS, compose).application for name in ("A", "B", "C")]
    seal(database)
    found = Asked(database, *teams)
    found.window(found.one, found.two)
    return found


def test_nobody_reads_a_further_proposal_before_its_window_is_sealed(asked: Asked) -> None:
    """Fails when the seal of the applications is taken for that of the further proposals (invariant 3)."""
    asked.send(asked.one)
    assert asked.read() == {asked.one: [], asked.two: [], asked.other: []}
    asked.seal()
    assert asked.read() == {asked.one: [STAGE], asked.two: [], asked.other: []}
    (proposal,) = next(each.further for each in read(asked.database, AIR) if each.id == asked.one)
    assert (proposal.answers, proposal.sent) == (COMPLETE, ENDED)


def test_those_are_reminded_who_may_send_a_proposal_and_have_sent_none(asked: Asked) -> None:
    """Fails when a team is told that nothing came from it although it did."""
    assert asked.remind(ENDED.add(hours=1)) == {asked.one: 1, asked.two: 1}
    asked.send(asked.two)
    assert asked.remind(ENDED.add(hours=2)) == {asked.one: 2, asked.two: 1}
    asked.window(asked.two, asked.other, at=ENDED.add(hours=3))
    assert asked.remind(ENDED.add(hours=4)) == {asked.one: 2, asked.two: 1, asked.other: 1}


def test_the_sealing_says_who_has_sent_one_the_same_each_time(asked: Asked) -> None:
    """Fails when a workflow that is reset learns other senders, or a team that has left is taken for one of them."""
    asked.send(asked.two)
    asked.send(asked.one)
    asked.window(asked.two, at=ENDED.add(hours=1))
    first = asked.seal()
    assert first.sent == (asked.two,)
    assert asked.seal(CLOSING.add(hours=1)) == first


def test_the_windows_of_a_challenge_have_nothing_to_do_with_one_another(asked: Asked) -> None:
    """Fails when a further window opens the applications' again, or its dates are taken for theirs."""
    with pytest.raises(TooLate, match="its window closed"):
        accept(asked.database, AIR, applying("Late"), lambda: ENDED, compose)
    row = find_challenge(asked.database, AIR)
    assert (row.closes, row.applications) == (CLOSES, 3)
    asked.seal()
    assert find_challenge(asked.database, AIR).applications == 3


def test_a_window_that_is_sealed_stays_so(asked: Asked) -> None:
    asked.seal()
    with pytest.raises(TooLate, match="sealed for good"):
        asked.window(asked.one, at=CLOSING.add(hours=1))
    asked.window(at=CLOSING.add(hours=2), sealed=True)
    with pytest.raises(TooLate):
        asked.send(asked.one, CLOSING.subtract(hours=1))


def test_a_window_closes_when_people_are_shown_although_a_reset_gives_it_another_date(asked: Asked) -> None:
    """Fails when the row keeps what a run has said that was reset, or follows a run that is behind."""
    window = Window(opens=ENDED, closes=CLOSING.add(hours=24), stage=STAGE, teams=(asked.one,))

    def again(at: Instant) -> None:
        announcement = announcing(f"window/{ENDED}", status=status("proposals"), window=window, at=at)
        announce(asked.database, announcement, compose)

    announce(asked.database, announcing("other", status=status("proposals"), at=ENDED.add(hours=5)), compose)
    again(ENDED.add(hours=4))
    with pytest.raises(TooLate):
        asked.send(asked.one, CLOSING)
    again(ENDED.add(hours=6))
    asked.send(asked.one, CLOSING)
    sealed = asked.seal(CLOSING.add(hours=24))
    again(ENDED.add(hours=7))
    assert asked.seal() == sealed == Sealed(number=1, sent=(asked.one,))


def test_a_stage_that_has_not_asked_yet_has_no_window(asked: Asked) -> None:
    with asked.database.writing() as connection, pytest.raises(UnknownStage):
        windows.seal(connection, AIR, CLOSING, "commercialisation")
