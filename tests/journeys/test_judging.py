"""A stage is judged by its scorecard: marks, a moderation, a ranking, and a selection that departs with a reason."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from domain.announcements.occasions import Occasion
from domain.challenges.state import Phase
from domain.programmes.programme import Programme
from domain.values.paging import all_of
from domain.values.refusals import NotAllowed, ReasonMissing, ScoreRefused, TooEarly, TooLate, WindowNotSealed
from tests.domain.judging import CARD
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import FINANCE, OPERATOR, SPONSOR, known_by, pilot

SECRET = "Company words that only the database may have."
"""A reason. `known_by` finds it in logs, too."""


def judged() -> Programme:
    """The pilot's programme, in which two stages have a scorecard."""
    rules = pilot()[1]
    exploration, accelerator, *others = (
        stage.model_copy(update={"scorecard": CARD if number < 2 else None})
        for number, stage in enumerate(rules.stages)
    )
    return rules.model_copy(update={"stages": (exploration, accelerator, *others)})


def rows(marks: Mapping[str, Sequence[int]]) -> list[dict[str, object]]:
    """A sheet with the marks of each team, in the order of the criteria."""
    return [
        {"application": team, "criterion": criterion.id, "mark": mark, "reason": SECRET}
        for team, those in marks.items()
        for criterion, mark in zip(CARD.criteria, those, strict=True)
    ]


async def mark(play: Play, marks: Mapping[str, Sequence[int]], by: str = SPONSOR, stage: str = "") -> None:
    """Somebody marks teams."""
    await play.desk.judging.give(await play.actor(by), play.challenge.id, rows(marks), stage)


async def places(play: Play, by: str = SPONSOR) -> dict[str, str]:
    """The ranking as somebody sees it."""
    ranked = await play.desk.judging.ranking(await play.actor(by), play.challenge.id)
    return {each.application: each.row.place if each.row else each.hidden for each in ranked.places}


async def test_from_marks_to_a_selection_that_departs_from_the_ranking(tmp_path: Path) -> None:
    """Fails when a selection is not checked against the ranking, however it is sent."""
    async with months() as environment, playing(tmp_path, environment, programme=judged()) as play:
        best, good, weak = await play.applied(3)
        with pytest.raises(WindowNotSealed):
            await mark(play, {best: (5, 5, 0)})
        await play.sealed()
        assert play.told(Occasion.SCORING_INVITED) == {SPONSOR: 1}
        for person in (SPONSOR, OPERATOR):
            await play.declare(person)
        with pytest.raises(NotAllowed):
            await mark(play, {best: (5, 5, 0)}, by=FINANCE)
        with pytest.raises(ScoreRefused):
            await mark(play, {best: (5, 5, 0), good: (4, 9, 0)})
        await mark(play, {best: (5, 5, 0), good: (4, 3, 0)})
        assert await places(play, OPERATOR) == {best: "1", good: "2", weak: "its readers are not done"}
        _, line = await play.desk.judging.progress(await play.actor(SPONSOR), play.challenge.id)
        assert line == "0 of 1 reader done; yours: 1 left"
        await mark(play, {weak: (1, 2, 0)})

        with pytest.raises(ReasonMissing, match=f"it passes over {best}. Give a reason"):
            await play.select("exploration", [good, weak])
        assert (await play.state()).phase is Phase.DECIDING
        await play.select("exploration", [good, weak], reason="Both are in the north.")

        with pytest.raises(TooLate):
            await mark(play, {weak: (5, 5, 5)}, stage="exploration")
        (line_,) = play.record("departure")
        assert (line_.by, line_.reason) == (SPONSOR, "Both are in the north.")
        assert line_.text == f"The selection for exploration departs from the ranking: it passes over {best}"
        with pytest.raises(TooEarly):
            await mark(play, {good: (5, 5, 5)})


async def test_a_signal_by_hand_is_checked_against_the_ranking_too(tmp_path: Path) -> None:
    """Fails when only the desk checks."""
    async with months() as environment, playing(tmp_path, environment, programme=judged()) as play:
        best, good = await play.applied(2)
        await play.sealed()
        await play.declare(SPONSOR)
        await mark(play, {best: (5, 5, 0), good: (4, 3, 0)})
        await play.handle.signal("select", {"by": SPONSOR, "stage": "exploration", "teams": [good]})
        await play.until_told(Occasion.REFUSED, {SPONSOR: 1})

        assert any(f"passes over {best}" in text for text in play.refusals())
        assert (await play.state()).runs == ()


async def test_a_later_stage_is_judged_among_its_teams_and_readers_are_reminded(tmp_path: Path) -> None:
    async with months() as environment, playing(tmp_path, environment, programme=judged()) as play:
        one, two, other = await play.applied(3)
        await play.sealed()
        await play.declare(SPONSOR)
        await mark(play, {one: (5, 5, 0), two: (5, 5, 0), other: (1, 5, 0)})
        await play.select("exploration", [one, two])
        state = await play.stage_over()

        assert play.told(Occasion.SCORING_INVITED) == {SPONSOR: 2}
        assert await places(play) == dict.fromkeys((one, two), "your own marks come first")
        assert state.decide_by is not None
        await play.skip_to(state.decide_by)
        await play.until_told(Occasion.DECISION_OVERDUE, {SPONSOR: 1})
        assert play.told(Occasion.SCORES_DUE) == play.told(Occasion.DECISION_DUE) + play.told(Occasion.DECISION_OVERDUE)
        reminded = play.told(Occasion.SCORES_DUE)
        await mark(play, {one: (3, 3, 0), two: (4, 3, 0)})
        actor = await play.actor(SPONSOR)
        _, is_new = await play.desk.judging.moderate(actor, play.challenge.id, one, "merit", "5", SECRET)
        assert is_new
        assert await places(play) == {one: "1", two: "2"}
        await play.select("accelerator", [one])
        assert play.told(Occasion.SCORES_DUE) == reminded


async def test_marks_and_reasons_are_in_the_database_and_nowhere_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Fails when a reason gets into a payload, a letter, the record or a log line."""
    caplog.set_level(logging.DEBUG)
    async with months() as environment, playing(tmp_path, environment, programme=judged()) as play:
        one, two = await play.applied(2)
        await play.sealed()
        await play.declare(SPONSOR)
        await mark(play, {one: (5, 5, 0), two: (1, 2, 0)})
        actor = await play.actor(SPONSOR)
        await play.desk.judging.moderate(actor, play.challenge.id, two, "merit", "2", SECRET)
        with pytest.raises(ScoreRefused):
            await mark(play, {one: (88, 5, 0)})
        await play.select("exploration", [two], reason="It is in the north.")

        kept = await all_of(lambda page: play.desk.judging.marks(actor, page, play.challenge.id, "exploration"))
        assert {each.reason for each in kept} == {SECRET}
        history = (await play.handle.fetch_history()).to_json()
        assert SECRET not in history
        assert '"mark"' not in history
        assert not any(SECRET in f"{line.text} {line.reason}" for line in play.record())
        assert not any("88" in line.text for line in play.record())
        assert not any(SECRET in notice.body for notice in play.books.notices(play.challenge.id))
        assert not any(SECRET in record.getMessage() for record in caplog.records)
        assert known_by(SECRET)
