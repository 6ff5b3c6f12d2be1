"""Files of answers, in TOML or JSON: an empty one for people to fill in, and reading it once it is filled in.

An answer is kept as it stands in the file: a number without quotes keeps its digits, and a text its line breaks.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from domain.forms.answers import Answer, Answers
from domain.forms.attachments import spoken_size
from domain.forms.conditions import condition_in_words
from domain.forms.form import Form, Kind, Question
from domain.values.model import Value
from domain.values.refusals import FileRefused, Problem
from domain.values.wording import counted, either
from service.toml_files import parse_toml

_TEXTS = ("form", "organisation", "email", "submission")
_ANSWERS = "answers"
_VERSIONS = "versions"
_WHOLE = r"[0-9]{1,9}"
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


class AnswersFile(Value):
    """What a file of answers says; a text that it leaves out is empty.

    Args:
        form: the version of the form that the answers are for.
        organisation, email, submission: as in `domain.challenges.application.Applying`.
        answers: by question. A file is named by its path.
        versions: by question, the version of a draft's answer that the answer builds on.
    """

    form: str = ""
    organisation: str = ""
    email: str = ""
    submission: str = ""
    answers: Answers
    versions: Mapping[str, int] = {}


def read_answers(text: str, name: str) -> AnswersFile:
    """Reads a file of answers. Whether the answers fit a form is not looked at.

    Args:
        text: the content of the file. JSON begins with a brace, which TOML cannot.
        name: what people call the file.

    Raises:
        FileRefused: the text is neither TOML nor JSON, has a key twice, or has something that is no answer. Each
            problem has a line with its key. No line repeats an answer.
    """
    text = text.removeprefix("\ufeff")
    data, problems = _from_json(text) if text.lstrip().startswith("{") else _from_toml(text)
    texts: dict[str, str] = {}
    for key in data:
        if key not in (*_TEXTS, _ANSWERS, _VERSIONS):
            near = get_close_matches(key, (*_TEXTS, _ANSWERS, _VERSIONS), n=1)
            instead = f"did you mean {near[0]}?" if near else f"move it below [{_ANSWERS}], or remove it"
            problems.append(Problem(field=key, text=f"{key}: unknown key: {instead}"))
    for key in (each for each in _TEXTS if each in data):
        value = data[key]
        if isinstance(value, str):
            texts[key] = value
        else:
            problems.append(Problem(field=key, text=f"{key}: write text in quotes"))
    answers: dict[str, Answer] = {}
    given = data.get(_ANSWERS)
    if isinstance(given, dict):
        for key, value in given.items():
            answer, wrong = _answer(value)
            if wrong:
                problems.append(Problem(field=key, text=f"{_ANSWERS}.{key}: {wrong}"))
            elif answer is not None:
                answers[key] = answer
    elif not problems:
        problems.append(Problem(field=_ANSWERS, text=f"{_ANSWERS}: missing: write the answers below [{_ANSWERS}]"))
    versions, wrong_versions = _versions(data.get(_VERSIONS, {}))
    refuse([*problems, *wrong_versions], name)
    return AnswersFile(answers=answers, versions=versions, **texts)


def _versions(given: object) -> tuple[dict[str, int], list[Problem]]:
    """The versions that answers build on. JSON's numbers come as text, like those among the answers."""
    whole = _WHOLE if isinstance(given, dict) else ""
    found = {key: str(value) for key, value in given.items()} if isinstance(given, dict) else {_VERSIONS: ""}
    wrong = [
        Problem(field=key, text=f"{_VERSIONS}.{key}: write a whole number, as `drafts` has printed it")
        for key, value in found.items()
        if not whole or not re.fullmatch(whole, value)
    ]
    return ({} if wrong else {key: int(value) for key, value in found.items()}), wrong


def fitted(form: Form, answers: Answers) -> dict[str, Answer]:
    """Answers as a form takes them: yes and no may be written in quotes, and a single file, or nothing, without a list.

    Args:
        form: the questions.
        answers: as a file has them.
    """
    kinds = {question.id: question.kind for question in form.questions()}
    return {question: _fitted(kinds.get(question), answer) for question, answer in answers.items()}


def unknown_questions(form: Form, answers: Answers) -> Iterator[Problem]:
    """The answers to questions that a form does not have, by their names, which only the sender should be told."""
    known = [question.id for question in form.questions()]
    for each in answers:
        if each not in known:
            near = get_close_matches(each, known, n=1)
            instead = f"did you mean {near[0]}?" if near else "remove it"
            yield Problem(field=each, text=f"{_ANSWERS}.{each}: the form has no such question: {instead}")


def refuse(problems: Sequence[Problem], name: str) -> None:
    """Refuses a file if there are problems, with a line for each.

    Raises:
        FileRefused: there are problems.
    """
    if problems:
        raise FileRefused.for_problems([each.model_copy(update={"text": f"{name}: {each.text}"}) for each in problems])


def _fitted(kind: Kind | None, answer: Answer) -> Answer:
    if not isinstance(answer, str):
        return answer
    match kind:
        case Kind.YES_NO:
            return _YES_NO.get(answer.strip().casefold(), answer)
        case Kind.FILE:
            return (answer,) if answer.strip() else ()
        case Kind.CHOICES if not answer.strip():
            return ()
        case _:
            return answer


def _answer(value: object) -> tuple[Answer | None, str]:
    """A value of a file as an answer, and what is wrong with it. Nothing at all is no answer."""
    match value:
        case None:
            return None, ""
        case bool() | str():
            return value, ""
        case int():
            return str(value), ""
        case list() if all(isinstance(each, str) for each in value):
            return tuple(value), ""
        case list():
            return None, "the list has something that is no text: write each in quotes"
        case datetime.datetime() | datetime.time():
            return None, "is a time: write it in quotes"
        case datetime.date():
            return value.isoformat(), ""
        case _:
            return None, "is a table: write one answer, or a list"


def _from_toml(text: str) -> tuple[dict[str, Any], list[Problem]]:
    try:
        # Numbers stay as they were typed: 1.10 is not 1.1.
        return parse_toml(text, parse_float=str, quoting=False), []
    except ValueError as error:
        return {}, [Problem(field="", text=str(error))]


def _from_json(text: str) -> tuple[dict[str, Any], list[Problem]]:
    twice: list[Problem] = []

    def an_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        again = dict.fromkeys(key for place, key in enumerate(keys) if key in keys[:place])
        twice.extend(Problem(field=key, text=f"{key}: the key appears twice: keep one of the two") for key in again)
        return dict(pairs)

    try:
        data = json.loads(text, object_pairs_hook=an_object, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        return {}, [
            Problem(field="", text=f"{where}: this is not JSON: look for a missing quote, comma or brace before it")
        ]
    except RecursionError:
        return {}, [Problem(field="", text="has brackets in brackets too many times: write each answer as one value")]
    return data, twice


# --- An empty file ---------------------------------------------------------------------------------------------------


def empty_file(form: Form, heading: Sequence[str]) -> str:
    """A file of answers to fill in, in TOML: every question with its hint, its kind, its limits and its choices.

    Args:
        form: the questions.
        heading: lines that say what the file is for and how to hand it in.
    """
    return "\n".join([*_above(form, heading), *_WHOSE, *_questions(form, {})]) + "\n"


def draft_file(form: Form, heading: Sequence[str], answers: Answers, versions: Mapping[str, int]) -> str:
    """The same with the answers of a draft, and with the versions that answers build on once the file is saved.

    Args:
        form, heading: as in `empty_file`.
        answers: of the draft. Files are left out: they are attached.
        versions: of these answers.
    """
    kept = {
        question.id: versions.get(question.id, 0) for question in form.questions() if question.kind is not Kind.FILE
    }
    below = ["", f"[{_VERSIONS}] # what your answers build on: leave these lines as they are"]
    below += [f"{question} = {version}" for question, version in kept.items()]
    return "\n".join([*_above(form, heading), *_questions(form, answers, files=False), *below]) + "\n"


_WHOSE = (
    'organisation = "" # who applies: a company or a person',
    'email = "" # where the receipt and the decisions go',
)


def _above(form: Form, heading: Sequence[str]) -> Iterator[str]:
    yield f"# {form.title}"
    yield from (f"# {line}" for line in heading)
    yield ""
    yield f'form = "{form.version}" # the version of the form: leave this line as it is'


def _questions(form: Form, answers: Answers, *, files: bool = True) -> Iterator[str]:
    yield ""
    yield f"[{_ANSWERS}]"
    for section in form.sections:
        yield ""
        yield f"# --- {section.title} ---"
        yield from _comment(section.hint)
        for question in section.questions:
            yield ""
            yield from _asked(form, question)
            if question.kind is Kind.FILE and not files:
                yield f"# {question.id}: attach the files with `attach`"
            elif question.id in answers:
                yield f"{question.id} = {_in_toml(answers[question.id])}"
            else:
                yield f"{question.id} = {_EMPTY.get(question.kind, _NOTHING)}"


def _in_toml(answer: Answer) -> str:
    """An answer as TOML reads it back, to the letter."""
    match answer:
        case bool():
            return "true" if answer else "false"
        case str() if "\n" in answer:
            return '"""\n' + "\n".join(_in_quotes(line)[1:-1] for line in answer.split("\n")) + '"""'
        case str():
            return _in_quotes(answer)
        case _:
            return f"[{', '.join(map(_in_quotes, answer))}]"


def _in_quotes(text: str) -> str:
    # JSON's escapes are among TOML's. One more character must not stand in TOML as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _asked(form: Form, question: Question) -> Iterator[str]:
    yield f"# {question.title}"
    yield from _comment(question.hint)
    condition = condition_in_words(form, question)
    yield f"# {'; '.join(_facts(question))}"
    yield from _comment(f"Asked {condition}. If not, leave it empty." if condition else None)
    if question.choices:
        width = max(len(each.id) for each in question.choices)
        yield from (f"#   {each.id:{width}}  {each.title}" for each in question.choices)


def _facts(question: Question) -> Iterator[str]:
    yield _HOW[question.kind]
    if question.most_words:
        yield f"at most {question.most_words:,} {'word' if question.most_words == 1 else 'words'}"
    if question.most_characters:
        yield f"at most {question.most_characters:,} {'character' if question.most_characters == 1 else 'characters'}"
    if question.kind is Kind.FILE:
        yield f"at most {counted(question.most_files_taken, 'file')} of {spoken_size(question.bytes_taken)}"
        yield either(question.types_taken)
    if not question.required:
        yield "may stay empty"
    if question.marking:
        yield f"marked {question.marking}"


def _comment(text: str | None) -> Iterator[str]:
    if text:
        yield f"# {text}"


_NOTHING = '""'
_EMPTY: Mapping[Kind, str] = {Kind.TEXT: "'''\n'''", Kind.CHOICES: "[]", Kind.FILE: "[]"}
_HOW: Mapping[Kind, str] = {
    Kind.LINE: "one line",
    Kind.TEXT: "text, between the quotes",
    Kind.NUMBER: "a number, such as 12, 1,200 or 0.25",
    Kind.MONEY: "an amount, such as 15,000 or 2000.50",
    Kind.DATE: "a day, such as 2027-03-01",
    Kind.CHOICE: "one of these, by the word on the left",
    Kind.CHOICES: 'some of these, by the words on the left, such as ["this", "that"]',
    Kind.YES_NO: "yes or no",
    Kind.LINK: "the address of a page, with https://",
    Kind.FILE: 'files, by their paths from here, such as ["plan.pdf"]',
}
