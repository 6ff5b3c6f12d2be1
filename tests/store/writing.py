"""A round whose programme has a form, and people who write drafts for it."""

from __future__ import annotations

from whenever import Instant, ItemizedDelta

from domain.challenges.application import Receipt
from domain.challenges.draft import Draft, KeptAnswer, Saved, Typed
from domain.forms.answers import Answer
from domain.forms.form import Choice, Form, Kind, Question, Section
from domain.programmes.programme import Asks, Programme
from store.challenges import drafts, sending
from store.database.database import Database
from tests.store.said import AIR, MIDWAY, compose

ADDRESS = "breathe@applicants.example"

FORM = Form(
    id="application",
    title="Application",
    sections=(
        Section(
            title="Your answer",
            questions=(
                Question(id="summary", title="In short", kind=Kind.LINE),
                Question(id="idea", title="Your idea", most_characters=1000),
                Question(id="partners", title="Your partners", required=False, most_characters=1000),
                Question(id="tried", title="Was it tried before?", kind=Kind.YES_NO),
                Question(
                    id="places",
                    title="Where",
                    kind=Kind.CHOICES,
                    choices=(Choice(id="town", title="In towns"), Choice(id="sea", title="At sea")),
                    required=False,
                ),
            ),
        ),
    ),
)
COMPLETE: dict[str, Answer] = {"summary": "Sensors on buses", "idea": "Every bus measures the air.", "tried": True}


def with_form(programme: Programme, form: Form = FORM) -> Programme:
    """The programme, with a form for its applications."""
    return programme.model_copy(update={"forms": (form,), "application_form": form.id})


def asking(programme: Programme, form: Form = FORM) -> Programme:
    """The programme, with a second stage that asks its teams for a further proposal."""
    (first,) = programme.stages
    within = ItemizedDelta(weeks=1)
    second = first.model_copy(
        update={"name": "accelerator", "title": "Accelerator", "asks": Asks(form=form.id, within=within)}
    )
    return programme.model_copy(update={"stages": (first, second), "forms": (form,)})


def begun(database: Database, at: Instant = MIDWAY, email: str = ADDRESS, challenge: str = AIR) -> str:
    """The id of a draft that was begun."""
    return drafts.begin(database, challenge, "Breathe Ltd", email, lambda: at)


def save(
    database: Database, draft: str, question: str, answer: Answer, builds_on: int = 0, at: Instant = MIDWAY
) -> Saved:
    """Saves the answer to one question."""
    typed = Typed(question=question, answer=answer, builds_on=builds_on)
    (saved,) = drafts.save(database, draft, "", [typed], lambda: at)
    return saved


def fill(database: Database, draft: str, at: Instant = MIDWAY) -> None:
    """Answers all questions that must be answered."""
    drafts.save(database, draft, "", [Typed(question=q, answer=a) for q, a in COMPLETE.items()], lambda: at)


def complete(database: Database, at: Instant = MIDWAY) -> str:
    """The id of a draft that can be sent."""
    draft = begun(database, at)
    fill(database, draft, at)
    return draft


def send(database: Database, draft: str, at: Instant = MIDWAY) -> Receipt:
    """Sends a draft."""
    return sending.send(database, draft, "", lambda: at, compose)


def look_at(database: Database, draft: str) -> Draft:
    """A draft as whoever writes it sees it."""
    return drafts.read(database, draft, "", lambda: MIDWAY)[0]


def current(database: Database, draft: str, question: str) -> KeptAnswer:
    """The answer to a question that counts."""
    return next(each for each in look_at(database, draft).answers if each.question == question)
