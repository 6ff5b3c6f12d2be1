"""Drafts sent per second through the store, with a form of twenty questions."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from queue import SimpleQueue

from sqlalchemy import insert
from whenever import Instant, TimeDelta

from domain.challenges.application import Applying
from domain.forms.answers import only_text, written_one
from domain.forms.form import Form, Kind, Question, Section
from domain.programmes.round import Challenge
from gateways.messaging.letters import Letters
from store.challenges.applications import accept
from store.challenges.sending import send
from store.database import tables
from store.database.database import Database

from .databases import database, keep, kinds, versions
from .measuring import Action, Compared, Measurement, rate, say
from .pilot import pilot

NAME = "sending"
_AIM = 0.5
_QUESTIONS = 20
_TEXT = "We would put low-cost sensors where people live and show what they measure on an open map. " * 10
_ids = count()


def measure(small: bool) -> Iterator[Measurement]:
    """`store.challenges.sending.send` of a draft with twenty answers, against `accept` of one text.

    A draft is locked, its answers are read and put together, and checked against the form, in the transaction that
    takes an application. The drafts are inserted in bulk before. The turns are short, so that other work on the machine
    affects both alike.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    for kind in kinds():
        with database(kind) as kept:
            texts, form = _open_challenges(kept)
            for threads in (1, 4):
                say(f"  {kind}, {threads} thread{'s' if threads > 1 else ''}")
                yield _measured(kept, kind, texts, form, threads, 2 if small else 40, 4 if small else 40)


def _measured(
    kept: Database, kind: str, texts: Challenge, form: Challenge, threads: int, rounds: int, number: int
) -> Measurement:
    ready: SimpleQueue[str] = SimpleQueue()
    _write_drafts(kept, form, ready, (rounds + 1) * number)
    with ThreadPoolExecutor(threads) as pool:
        both = [_sending(kept, ready)] * threads, [_accepting(kept, texts)] * threads
        rates = [[rate(pool, each, number) for each in both] for _ in range(rounds + 1)][1:]
    compared = Compared.of([(sent, accepted) for sent, accepted in rates])
    return Measurement(
        name=f"{NAME}: {kind}, {threads} thread{'s' if threads > 1 else ''}",
        what=f"Drafts with {_QUESTIONS} answers sent through the store, against applications of one text accepted.",
        unit="a second",
        figure=compared.figure,
        floor=compared.floor,
        ratio=compared.ratio,
        aim=f"at least {_AIM} of the applications",
        met=compared.ratio >= _AIM,
        notes=(f"{kind} {versions(kept)}.", compared.spread),
    )


def _form() -> Form:
    questions = [Question(id=f"q-{each}", title=f"Question {each}", most_words=500) for each in range(_QUESTIONS - 1)]
    alone = Question(id="alone", title="Alone?", kind=Kind.YES_NO)
    return Form(id="long", title="Long", sections=(Section(title="All", questions=(*questions, alone)),))


def _open_challenges(kept: Database) -> tuple[Challenge, Challenge]:
    """One that asks for a text, and one that asks twenty questions."""
    round_, programme, challenges = pilot()
    now = Instant.now()
    dates = {"opens": now, "closes": now + TimeDelta(hours=24)}
    texts, form = (each.model_copy(update=dates) for each in challenges[:2])
    keep(kept, round_, programme, (texts,))
    keep(kept, round_, programme.model_copy(update={"forms": (_form(),), "application_form": "long"}), (form,))
    return texts, form


def _write_drafts(kept: Database, challenge: Challenge, ready: SimpleQueue[str], number: int) -> None:
    form, now = _form(), Instant.now()
    ids = [f"{challenge.slug}-{next(_ids):07d}" for _ in range(number)]
    same = {"stage": "", "challenge": challenge.id, "organisation": "Tay Ltd", "form": form.version, "begun_at": now}
    texts = {question.id: written_one(_TEXT if question.kind is Kind.TEXT else True) for question in form.questions()}
    first = {"stage": "", "version": 1, "builds_on": 0, "counts": True, "saved_at": now}
    with kept.writing() as connection:
        whose = [{"application": each, "email": f"{each}@companies.example", **same} for each in ids]
        connection.execute(insert(tables.drafts), whose)
        rows = [
            {"application": each, "question": question, "answer": text, **first}
            for each in ids
            for question, text in texts.items()
        ]
        connection.execute(insert(tables.draft_answers), rows)
    for each in ids:
        ready.put(each)


def _sending(kept: Database, ready: SimpleQueue[str]) -> Action:
    compose = Letters().compose

    def put(_: str) -> None:
        send(kept, ready.get_nowait(), "", Instant.now, compose)

    return put


def _accepting(kept: Database, challenge: Challenge) -> Action:
    compose, answers = Letters().compose, only_text(_TEXT)

    def put(name: str) -> None:
        applying = Applying(organisation=f"Company {name}", email=f"{name}@companies.example", answers=answers)
        accept(kept, challenge.id, applying, Instant.now, compose)

    return put
