"""A draft: what an applicant is still writing, saved by question, and what becomes of two who save at once.

A draft may hold anything: it may be unfinished, too long or wrong. Only sending makes an application of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from whenever import Instant

from domain.forms.answers import Answer, Answers
from domain.forms.form import LONGEST_TEXT, Form, Kind
from domain.values.model import Value
from domain.values.refusals import ApplicationRefused, Problem

MOST_DRAFTS = 20
"""How many drafts that were not sent one address may have for one challenge."""

MOST_VERSIONS = 1_000
"""How many versions of one answer a draft keeps."""

MOST_CHARACTERS = 20_000_000
"""How many characters a draft keeps, in all versions of all answers."""

LONGEST_ANSWER = LONGEST_TEXT
"""The most characters of one answer in a draft. A form may allow fewer: this is what is kept."""

_NOT_KEPT = re.compile("[\\x00\\ud800-\\udfff]")


class Typed(Value):
    """What somebody types for an answer to one question.

    Args:
        question: id of the question.
        answer: as typed.
        builds_on: the version of the answer that they had before them; 0 if there was none.
    """

    question: str
    answer: Answer
    builds_on: int = 0


class KeptAnswer(Value):
    """A version of an answer, as a draft keeps it.

    Args:
        question: id of the question.
        version: counts how often this answer was saved. A version from what was sent without a draft is the first.
        answer: as typed.
        saved_at: when.
        counts: whether it took the place of the version before. If not, another save had come between.
    """

    question: str
    version: int
    answer: Answer
    saved_at: Instant
    counts: bool = True


class Saved(Value):
    """What became of something that was typed. It is kept, whatever became of it.

    Args:
        yours: what was typed, and the version that it is kept as.
        other: what counts instead, because another save came between, or has come since; None if what was typed counts.
    """

    yours: KeptAnswer
    other: KeptAnswer | None = None


class Sent(Value):
    """What was sent last.

    Args:
        at: when.
        version: counts how often it was sent.
        withdrawn: when the application was withdrawn, if it was.
        changed: whether the draft says something else by now.
    """

    at: Instant
    version: int
    withdrawn: Instant | None = None
    changed: bool = False


class Draft(Value):
    """A draft, as whoever writes it sees it. Personal data: it stays in the database.

    Args:
        application: the id that its application has, or will have.
        challenge: id of the challenge.
        stage: the stage that asks for a further proposal; empty for the application itself.
        organisation, email: whose it is.
        form: the version of the form.
        answers: the answers that count, in no order.
        sent: what was sent last; None if nothing was sent.
        opens, closes: when it can be sent.
        is_held: whether it cannot be sent now, because the challenge is on hold.
        is_sealed: whether it can never be sent any more.
    """

    application: str
    challenge: str
    stage: str = ""
    organisation: str
    email: str
    form: str
    answers: tuple[KeptAnswer, ...] = ()
    sent: Sent | None = None
    opens: Instant
    closes: Instant
    is_held: bool = False
    is_sealed: bool = False

    def answered(self) -> Answers:
        """The answers that count, by question."""
        return {each.question: each.answer for each in self.answers}


class DraftRow(Value):
    """A draft, or something that was sent, in the list of whoever wrote it.

    Args:
        application, challenge, stage: as in `Draft`.
        sent_at: when it was sent last; None if it was not sent.
        withdrawn: when the application was withdrawn, if it was.
        opens, closes, is_held, is_sealed: as in `Draft`.
    """

    application: str
    challenge: str
    stage: str = ""
    sent_at: Instant | None = None
    withdrawn: Instant | None = None
    opens: Instant
    closes: Instant
    is_held: bool = False
    is_sealed: bool = False


class SoFar(Value):
    """How many applications, or further proposals, have come in before their window is sealed.

    Args:
        stage: the stage that asks for further proposals; empty for the applications.
        sent: how many were sent and not withdrawn.
        written: how many applications more are being written, and were not sent.
    """

    stage: str = ""
    sent: int
    written: int = 0

    @property
    def in_words(self) -> str:
        """Such as "12 so far; 3 more are being written"."""
        more = f"; {self.written} more {'is' if self.written == 1 else 'are'} being written" if self.written else ""
        return f"{self.sent} so far{more}"


def check_keepable(form: Form, typed: Sequence[Typed], version: str = "") -> None:
    """Checks that a draft can keep what somebody typed, whether or not it is a good answer.

    Args:
        form: the questions.
        typed: what was typed, for one question or several.
        version: the version of the form that was filled in, if the sender knows it.

    Raises:
        ApplicationRefused: it is for another version of the form; a question is unknown, named twice or asks for files;
            or a text is longer than any text, or has characters that no database keeps. The refusal names every
            question concerned, and repeats nothing.
    """
    problems = list(_problems(form, typed))
    if version not in ("", form.version):
        text = f"The answers are for another version of the form than {form.version}: look at the draft again."
        problems.insert(0, Problem(field="form", text=text))
    if problems:
        raise ApplicationRefused.for_problems(problems)


def _problems(form: Form, typed: Sequence[Typed]) -> Iterator[Problem]:
    kinds = {question.id: question.kind for question in form.questions()}
    names = [each.question for each in typed]
    for each in typed:
        if each.question not in kinds:
            # The name is not repeated: it may be a part of an answer.
            yield Problem(field="", text=f"The form has no question of that name: it has {', '.join(kinds)}.")
        elif names.count(each.question) > 1:
            yield Problem(field=each.question, text=f"{each.question} is answered twice: answer it once.")
        elif kinds[each.question] is Kind.FILE:
            text = f"{each.question} asks for files: attach the files, and take them away, with `attach` and `detach`."
            yield Problem(field=each.question, text=text)
        else:
            yield from _cannot_be_kept(each)


def _cannot_be_kept(typed: Typed) -> Iterator[Problem]:
    texts = _texts(typed.answer)
    for text in texts:
        if found := _NOT_KEPT.search(text):
            place = f"{found.start() + 1:,}"
            words = f"{typed.question}: invalid character at position {place}: save it as plain text."
            yield Problem(field=typed.question, text=words)
            return
    if (length := sum(map(len, texts))) > LONGEST_ANSWER:
        words = f"{typed.question}: the answer has {length:,} characters: a draft keeps {LONGEST_ANSWER:,} at most."
        yield Problem(field=typed.question, text=words)
    if not 0 <= typed.builds_on <= MOST_VERSIONS:
        yield _no_such_version(typed)


def _texts(answer: Answer) -> Collection[str]:
    if isinstance(answer, bool):
        return ()
    return (answer,) if isinstance(answer, str) else answer


def placed(typed: Typed, current: KeptAnswer | None, before: KeptAnswer | None, last: int, at: Instant) -> Saved:
    """What becomes of something that is typed. The whole rule for two who write at once.

    Args:
        typed: what is typed.
        current: the answer that counts now; None if there is none.
        before: the version that is kept, built on the same one and says the same, if there is one: then the same save
            comes again.
        last: the number of the last version of this answer that is kept, whether it counts or not; 0 if there is none.
        at: when.

    Returns:
        What is kept, and under which number. It is new if this number is higher than `last`.

    Raises:
        ApplicationRefused: it builds on a version that there is not, or there are as many versions as are kept.
    """
    if current is not None and current.answer == typed.answer:
        return Saved(yours=current)
    if before is not None:
        return Saved(yours=before, other=current)
    if typed.builds_on > last:
        raise ApplicationRefused.for_problems([_no_such_version(typed)])
    if last >= MOST_VERSIONS:
        words = f"{typed.question}: {MOST_VERSIONS:,} versions are kept, and no more: send the draft, or begin another."
        raise ApplicationRefused.for_problems([Problem(field=typed.question, text=words)])
    counts = typed.builds_on == (current.version if current else 0)
    yours = KeptAnswer(question=typed.question, version=last + 1, answer=typed.answer, saved_at=at, counts=counts)
    return Saved(yours=yours, other=None if counts else current)


def _no_such_version(typed: Typed) -> Problem:
    words = f"{typed.question}: there is no version {typed.builds_on} to build on: look at the draft again."
    return Problem(field=typed.question, text=words)
