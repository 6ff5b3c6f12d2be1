"""The questions of a form as fields of a page, and what was typed into these fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from console.forms import BUILDS_ON
from console.forms import Form as Sent
from domain.challenges.draft import KeptAnswer, Typed
from domain.forms.answers import Answer
from domain.forms.attachments import spoken_size
from domain.forms.conditions import condition_in_words, shown
from domain.forms.form import Form, Kind, Marking, Question
from domain.values.model import Value
from domain.values.refusals import Problem
from domain.values.words import gettext

FIELD = "q-"
"""Begins the names of fields with answers: a question may have any id."""
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?")


class Field(Value):
    """A question as a field of a page.

    Args:
        name: of the field.
        question: the question.
        value: what is written there: a text, or the ids of what was chosen.
        builds_on: the version of that answer; 0 if there is none.
        hint: what helps to answer.
        other: what somebody else has saved meanwhile, if both texts are shown.
        asked_if: the field on which it hangs whether the question is asked; empty if it is always asked.
        asked_answer: what has to be chosen there.
        is_asked: whether the question is asked, by the answers that were kept.
    """

    name: str
    question: Question
    value: str | tuple[str, ...]
    builds_on: int = 0
    hint: str = ""
    other: str = ""
    asked_if: str = ""
    asked_answer: str = ""
    is_asked: bool = True

    @property
    def is_day(self) -> bool:
        """Whether a field for days can hold what is written there. A draft may hold anything."""
        return isinstance(self.value, str) and _DAY.fullmatch(self.value) is not None

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ids of what was chosen."""
        return self.value if isinstance(self.value, tuple) else (self.value,)


def fields_of(form: Form, number: int, kept: Iterable[KeptAnswer]) -> tuple[Field, ...]:
    """The questions of a section as fields.

    Args:
        form: the form.
        number: of the section, from 1.
        kept: the answers that count.
    """
    by_question = {each.question: each for each in kept}
    asked = shown(form, {each.question: each.answer for each in by_question.values()})
    return tuple(
        Field(
            name=f"{FIELD}{question.id}",
            question=question,
            value=_shown(by_question[question.id].answer) if question.id in by_question else "",
            builds_on=by_question[question.id].version if question.id in by_question else 0,
            hint=hint_of(form, question),
            asked_if=f"{FIELD}{question.shown_if.question}" if question.shown_if else "",
            asked_answer=str(_shown(question.shown_if.answer)) if question.shown_if else "",
            is_asked=question.id in asked,
        )
        for question in form.sections[number - 1].questions
    )


def hint_of(form: Form, question: Question) -> str:
    """All that helps to answer a question of a form, and says who sees the answer."""
    return " ".join(_hints(form, question))


def takes(question: Question) -> str:
    """Which files a question takes, in words."""
    text = gettext("{kinds}; at most {size} each; at most {number}.")
    kinds = ", ".join(kind.value for kind in question.types_taken)
    return text.format(kinds=kinds, size=spoken_size(question.bytes_taken), number=question.most_files_taken)


def typed_in(sent: Sent, questions: Iterable[Question]) -> Iterator[Typed]:
    """What was typed for some questions. A question whose field the page did not have is left out.

    Args:
        sent: the form of the page.
        questions: of the section.
    """
    for question in questions:
        built = sent[f"{BUILDS_ON}{question.id}"]
        if question.kind is not Kind.FILE and built.isdecimal() and len(built) < 8:
            answer = _answer(question, sent.all(f"{FIELD}{question.id}"))
            yield Typed(question=question.id, answer=answer, builds_on=int(built))


def at_fields(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems with answers, each with the name of its field."""
    return tuple(each.model_copy(update={"field": f"{FIELD}{each.field}"}) if each.field else each for each in problems)


def in_words(question: Question, answer: Answer, files: Mapping[str, str]) -> str:
    """An answer as people read it.

    Args:
        question: the question.
        answer: as it is kept.
        files: the names of the attached files, by their ids.
    """
    titles = {each.id: each.title for each in question.choices} | dict(files)
    if isinstance(answer, bool):
        return gettext("Yes") if answer else gettext("No")
    if isinstance(answer, tuple):
        return ", ".join(titles.get(each, each) for each in answer)
    return titles.get(answer, answer)


def _answer(question: Question, values: Iterable[str]) -> Answer:
    given = tuple(values)
    match question.kind:
        case Kind.CHOICES:
            return tuple(each for each in given if each)
        case Kind.YES_NO:
            return {"yes": True, "no": False}.get(given[0] if given else "", "")
        case Kind.TEXT:
            # Browsers send every new line as two characters, and nobody has typed two.
            return (given[0] if given else "").replace("\r\n", "\n")
        case _:
            return given[0] if given else ""


def _shown(answer: Answer) -> str | tuple[str, ...]:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return answer


def _hints(form: Form, question: Question) -> Iterator[str]:
    if question.hint:
        yield question.hint
    if question.shown_if is not None:
        condition = condition_in_words(form, question)
        yield gettext("Answer this {condition}.").format(condition=condition)
    if question.kind is Kind.MONEY:
        yield gettext("An amount, such as 2000 or 2000.50.")
    if question.kind is Kind.DATE:
        yield gettext("A day, such as 2027-03-31.")
    if question.kind is Kind.LINK:
        yield gettext("A link, such as https://example.org.")
    if question.kind is Kind.FILE:
        yield gettext("Files: {takes}").format(takes=takes(question))
    match question.marking:
        case Marking.PERSONAL:
            yield gettext("Only those who decide see this answer: nobody is judged by it.")
        case Marking.CONFIDENTIAL:
            yield gettext("This answer is treated as confidential.")
        case Marking.PUBLIC:
            yield gettext("This answer is published if you are selected.")
