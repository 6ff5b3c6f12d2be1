"""Marks that are agreed on, and selections that are checked against the ranking, in both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert

from domain.values.refusals import ReasonMissing, TooEarly, TooLate
from store.database import tables
from store.record.record import is_selected, put, read_record
from tests.store.judging import LATER, STAGES, Judgement
from tests.store.said import AIR, compose
from tests.store.test_races import wait_for_waiting
from tests.waiting import HANGS

# --- Moderation ----------------------------------------------------------------------------------------------------


def test_an_agreed_mark_counts_and_says_so_on_the_record_without_the_mark(judging: Judgement) -> None:
    judging.give_all(3, 3, 3)
    assert judging.agree(judging.teams[0], 5)
    assert not judging.agree(judging.teams[0], 5)
    assert judging.agree(judging.teams[0], 4)

    assert judging.places() == ["1 0", "2= 1", "2= 2"]
    lines = [line for line in read_record(judging.database, AIR) if line.action == "moderate"]
    said = ("sam", f"Agreed mark for Merit of {judging.teams[0]} in Exploration", "")
    assert [(line.by, line.text, line.reason) for line in lines] == [said, said]


def test_nobody_agrees_on_marks_that_they_do_not_see_yet(judging: Judgement) -> None:
    """Fails when a decider could look at marks by agreeing on one before the readers are done."""
    judging.give("rita", judging.teams[0], 3, 3, 3)
    with pytest.raises(TooEarly):
        judging.agree(judging.teams[0], 5)


# --- A selection and the ranking -----------------------------------------------------------------------------------


def test_a_selection_by_the_ranking_needs_no_reason(judging: Judgement) -> None:
    judging.give_all(3, 3, 3)
    judging.give("rita", judging.teams[1], 5)
    judging.select(judging.teams[1], reserve=(judging.teams[2], judging.teams[0]))

    assert [line.action for line in read_record(judging.database, AIR)][-1] == "select"


def test_a_selection_that_departs_from_the_ranking_is_refused_whole_until_it_has_a_reason(judging: Judgement) -> None:
    judging.give_all(3, 3, 3)
    judging.give("rita", judging.teams[1], 5)
    with pytest.raises(ReasonMissing, match=f"passes over {judging.teams[1]}"):
        judging.select(judging.teams[0])
    assert "select" not in [line.action for line in read_record(judging.database, AIR)]
    judging.select(judging.teams[0], reason="It is the only one in the north.")

    lines = read_record(judging.database, AIR)[-2:]
    assert {(line.action, line.by, line.reason) for line in lines} == {
        ("select", "sam", "It is the only one in the north."),
        ("departure", "sam", "It is the only one in the north."),
    }
    assert any(line.text.endswith(f"departs from the ranking: it passes over {judging.teams[1]}") for line in lines)


def test_while_marks_are_missing_every_selection_needs_a_reason(judging: Judgement) -> None:
    judging.give_all(3, 3, 3, teams=judging.teams[:2])
    with pytest.raises(ReasonMissing, match="the ranking is not complete"):
        judging.select(judging.teams[0])


# --- At the same moment --------------------------------------------------------------------------------------------


def test_a_mark_that_comes_while_the_decision_is_written_waits_and_is_too_late(judging: Judgement) -> None:
    """Fails on PostgreSQL when giving marks does not lock the challenge: the mark slips in behind the decision."""
    judging.give_all(3, 3, 3)
    with ThreadPoolExecutor(1) as pool:
        with judging.database.writing() as connection:
            put(connection, judging.selection(*judging.teams), compose)
            giving = pool.submit(judging.give, "rita", judging.teams[0], 5)
            if judging.database.engine.dialect.name == "postgresql":
                wait_for_waiting(judging.database, [giving])
        with pytest.raises(TooLate):
            giving.result(HANGS)


def test_a_decision_that_comes_while_a_mark_is_written_is_checked_against_it(judging: Judgement) -> None:
    """Fails on PostgreSQL when the ranking is read before the challenge is locked."""
    judging.give_all(3, 3, 3)
    mark = {"criterion": "merit", "version": 2, "mark": 5, "reason": "Because.", "at": LATER, "stage": "exploration"}
    with ThreadPoolExecutor(1) as pool:
        with judging.database.writing() as connection:
            assert not is_selected(connection, AIR, STAGES)
            connection.execute(insert(tables.scores).values(application=judging.teams[1], person="rita", **mark))
            selecting = pool.submit(judging.select, judging.teams[0])
            if judging.database.engine.dialect.name == "postgresql":
                wait_for_waiting(judging.database, [selecting])
        with pytest.raises(ReasonMissing):
            selecting.result(HANGS)
