"""Answers to the questions of a form: kept by question, as they were typed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import Strict

from .form import PROPOSAL

Answer = Annotated[str, Strict()] | Annotated[bool, Strict()] | tuple[Annotated[str, Strict()], ...]
"""A text, number, amount, date, link or line as typed; a choice by its id; yes or no; several choices by their ids;
files by the ids of their attachments."""

Answers = Mapping[str, Answer]
"""Answers by the ids of their questions."""


def only_text(text: str) -> Answers:
    """The answers of an application that is one text, as programmes without forms take it."""
    return {PROPOSAL: text}


_EMPTY = ("", ())
_IN_ORDER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


def written(answers: Answers) -> str:
    """Answers as the database keeps them: JSON, in the order of their questions' ids."""
    return _IN_ORDER.encode(answers)


def read(text: str) -> Answers:
    """What `written` has written. An erased text has no answers."""
    kept = json.loads(text) if text else {}
    return {question: tuple(each) if isinstance(each, list) else each for question, each in kept.items()}


def written_one(answer: Answer) -> str:
    """One answer as a draft keeps it: JSON."""
    return json.dumps(answer, ensure_ascii=False)


def read_one(text: str) -> Answer:
    """What `written_one` has written."""
    kept: str | bool | list[str] = json.loads(text)
    return tuple(kept) if isinstance(kept, list) else kept


def seen(answers: Answers) -> str:
    """A short name of exactly these answers, such as "costs=41f0… idea=9b2c…", for a page that shows them.

    An answer that is empty has no part in it.
    """
    return " ".join(
        f"{question}={_short(answer)}" for question, answer in sorted(answers.items()) if answer not in _EMPTY
    )


def changed_since(was: str, answers: Answers) -> frozenset[str]:
    """The ids of the questions whose answers are others by now.

    Args:
        was: what `seen` has made of the answers then. If it is something else, all were changed.
        answers: of now.
    """
    then, now = (dict(part.split("=", 1) for part in text.split(" ") if "=" in part) for text in (was, seen(answers)))
    return frozenset(each for each in then.keys() | now.keys() if then.get(each) != now.get(each))


def _short(answer: Answer) -> str:
    return hashlib.sha256(written_one(answer).encode(errors="surrogatepass")).hexdigest()[:12]


def ids_in(answers: Answers) -> frozenset[str]:
    """All ids that answers name: of attachments, and of several choices."""
    return frozenset(each for several in answers.values() if isinstance(several, tuple) for each in several)
