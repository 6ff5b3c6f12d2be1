"""An application as a reader has it in front of them: what was sent, beside the scorecard of the stage."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pydantic import Field

from domain.challenges.application import Application
from domain.forms.answers import Answer, Answers
from domain.forms.form import Form, Question
from domain.values.model import Value

from .scorecard import Scorecard


class Proposal(Value):
    """What was sent once: with the application, or as the further proposal that a stage asks for.

    Args:
        stage: name of that stage; empty for the application itself.
        form: the questions.
        answers: by question.
    """

    stage: str
    form: Form
    answers: Answers

    def answered(self, only: Collection[str] = ()) -> Iterator[tuple[Question, Answer]]:
        """The questions that have an answer, with it, in their order.

        Args:
            only: only these, by id; all if left out.
        """
        for question in self.form.questions():
            if question.id in self.answers and (not only or question.id in only):
                yield question, self.answers[question.id]


class ToRead(Value):
    """An application, all that was sent for it, and the scorecard of the stage.

    Args:
        application: who applied, and when.
        proposals: what was sent, in the order of the stages.
        stage: name of the stage that is judged now or next; empty if no stage has a scorecard.
        scorecard: its criteria.
        marks: the reader's own last marks, by criterion.
    """

    application: Application
    proposals: tuple[Proposal, ...]
    stage: str = ""
    scorecard: Scorecard | None = None
    marks: Mapping[str, int] = Field(default_factory=dict)
