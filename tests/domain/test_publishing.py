"""What the public may know of a challenge: who was selected, and nothing of anybody else."""

from __future__ import annotations

from hypothesis import given

from domain.challenges import deadlines, selection
from domain.challenges.decisions import Select
from domain.challenges.publishing import snapshot_of, with_snapshot
from domain.challenges.state import Phase
from domain.forms.form import Choice, Form, Kind, Marking, Question, Section, ShownIf
from domain.publishing.challenge import published
from tests.domain.challenges import CLOSES, DECIDER, TEAMS, A, B, C, D, sealed
from tests.domain.stories import Story, stories

FORM = Form(
    id="application",
    title="Application",
    sections=(
        Section(
            title="Yours",
            questions=(
                Question(id="summary", title="In short", marking=Marking.PUBLIC),
                Question(id="secret", title="How exactly?", marking=Marking.CONFIDENTIAL),
                Question(id="price", title="The price"),
                Question(id="tried", title="Was it tried?", kind=Kind.YES_NO, marking=Marking.PUBLIC),
                Question(
                    id="places",
                    title="Where",
                    kind=Kind.CHOICES,
                    choices=(Choice(id="town", title="In towns"), Choice(id="sea", title="At sea")),
                    marking=Marking.PUBLIC,
                ),
                Question(
                    id="when",
                    title="When was it tried?",
                    shown_if=ShownIf(question="tried", answer=True),
                    marking=Marking.PUBLIC,
                ),
                Question(id="plan", title="Your plan", kind=Kind.FILE, marking=Marking.PUBLIC),
            ),
        ),
    ),
)


def shown(**answers: str | bool | tuple[str, ...]) -> dict[str, str]:
    return {each.question.id: each.answer for each in published(FORM, answers)}


@given(stories())
def test_nobody_is_named_who_was_not_selected_whatever_happens(story: Story) -> None:
    """Fails when the reserve, or the field of a selection, gets into the copy."""
    for step in story.steps:
        said = snapshot_of(step.after).model_dump_json()
        selected = {team.id for run in step.after.runs for team in run.teams}
        assert [team for team in TEAMS if f'"{team}"' in said and team not in selected] == []


@given(stories())
def test_how_many_applied_is_told_only_once_the_window_is_sealed(story: Story) -> None:
    for step in story.steps:
        seen = snapshot_of(step.after)
        assert seen.applications is None or seen.windows[0].sealed
        assert bool(seen.ended) == (step.after.phase is Phase.ENDED) == bool(seen.outcome)


def test_the_reserve_is_told_to_nobody() -> None:
    message = Select(decision_id="1", by=DECIDER, stage="exploration", teams=(A, B, C), reserve=(D,))
    new, announcement = selection.select(sealed(), message, CLOSES)
    seen = with_snapshot(new, announcement).snapshot

    assert seen is not None
    assert seen.selected == (A, B, C)
    assert D in new.run.reserve
    assert D not in seen.model_dump_json()


def test_a_refusal_leaves_the_copy_as_it_is() -> None:
    message = Select(decision_id="1", by=DECIDER, stage="exploration", teams=(A, B, C))
    new, announcement = selection.select(sealed(), message, CLOSES)
    entry = announcement.entry.model_copy(update={"refused": True})

    assert with_snapshot(new, announcement.model_copy(update={"entry": entry})).snapshot is None


def test_the_public_does_not_read_how_the_service_is_run() -> None:
    new, announcement = deadlines.cancelled_outside(sealed(), CLOSES)
    seen = snapshot_of(new)

    assert announcement.status is not None
    assert "Temporal" in announcement.status.reason
    assert (seen.outcome, seen.outcome_reason) == ("cancelled", "")


def test_only_answers_that_are_marked_so_are_published_and_in_words() -> None:
    seen = shown(summary="Sensors.", secret="With lasers.", price="9", tried=True, places=("town", "sea"))

    assert seen == {"summary": "Sensors.", "tried": "Yes", "places": "In towns\nAt sea"}


def test_an_answer_that_is_not_asked_for_any_more_and_a_file_are_not_published() -> None:
    assert shown(tried=True, when="In May.") == {"tried": "Yes", "when": "In May."}
    assert shown(tried=False, when="In May.") == {"tried": "No"}
    assert shown(plan=("att-1",)) == {}


def test_of_an_erased_application_nothing_is_published() -> None:
    assert published(FORM, {}) == ()
