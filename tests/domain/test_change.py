"""What is true of every change that people make to a challenge."""

from __future__ import annotations

from hypothesis import given

from domain.challenges.decisions import Cancel, Decision, Extend, Hold, Resume, Withdraw
from tests.domain.stories import Story, stories


@given(stories())
def test_whoever_changes_something_has_a_say_in_it(story: Story) -> None:
    """Invariant 10. Fails when `check_may_change` does not look at the role."""
    for step in story.steps:
        if isinstance(step.message, Extend | Hold | Resume | Cancel):
            assert step.message.by in (*story.state.challenge.deciders, *story.state.challenge.operators)
        if isinstance(step.message, Withdraw):
            assert step.message.by in (step.message.team, *story.state.challenge.operators)


@given(stories())
def test_a_refusal_is_one_line_and_everything_taken_is_told_under_a_key_of_its_challenge(story: Story) -> None:
    assert all(str(refusal) and "\n" not in str(refusal) for refusal in story.refusals)
    for step in story.steps:
        assert step.announcement.key.startswith(f"{story.state.challenge.id}/")
        assert step.announcement.entry.text
        assert isinstance(step.message, Decision | None)


@given(stories())
def test_a_deadline_never_comes_nearer_while_what_is_waited_for_stays_the_same(story: Story) -> None:
    for step in story.steps:
        old, new = step.before, step.after
        if old.deadline and new.deadline and old.waits_for == new.waits_for:
            assert new.deadline >= old.deadline
