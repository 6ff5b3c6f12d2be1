"""Answers to the questions of a form: kept by question, as they were typed."""

from __future__ import annotations

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


def ids_in(answers: Answers) -> frozenset[str]:
    """All ids that answers name: of attachments, and of several choices."""
    return frozenset(each for several in answers.values() if isinstance(several, tuple) for each in several)
