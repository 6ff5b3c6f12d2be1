"""Questions about a challenge: asked by anybody on a page, answered for all, and never with the name of the asker."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from whenever import ItemizedDelta

from domain.announcements.announcement import Announcement, Answered
from domain.announcements.occasions import Occasion
from domain.identity.proof import Proof, Way
from domain.permissions import Actor, Grant, Role
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.refusals import ReasonMissing, UnknownQuestion
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.public import questions
from store.record.notices import read_notices
from store.record.record import announce, read_record
from tests.console.fronting import Fronted, Visitor, fronting, path_of
from tests.identity.conftest import Clock
from tests.store.conftest import database, form_round  # noqa: F401
from tests.store.said import AIR, CLOSES, MIDWAY, announcing, compose, opened

PAGE = f"/challenges/{AIR}/questions"
ANN = "ann@breathe.example"
BY_KEY = Proof(way=Way.KEY)
OLIVIA = Actor(
    name="olivia", proof=BY_KEY, grants=(Grant(round=AIR.partition("/")[0], role=Role.OPERATOR, person="olivia"),)
)


@pytest.fixture
def clock() -> Clock:
    """The window of the applications is open."""
    clock = Clock()
    clock.now = MIDWAY
    return clock


@pytest.fixture
def front(form_round: Database, round_: Round, programme: Programme, clock: Clock) -> Iterator[Fronted]:  # noqa: F811
    with fronting(form_round, clock, ask_for_proof=True) as front:
        yield front


def ask(visitor: Visitor, text: str = "May old data take part?", email: str = ANN) -> str:
    return path_of(visitor.fill_in(PAGE, PAGE, text=text, email=email))


def answer(front: Fronted, question: str, key: str = "answer/1") -> Announcement:
    """The answer to a question, as the workflow announces it."""
    said = Answered(id=question, question="May old data take part?", answer="Yes, it may.")
    told = announcing(key, at=MIDWAY).model_copy(update={"answered": said})
    announce(front.database, told, compose)
    return told


def test_anybody_asks_and_those_in_charge_are_told_without_a_name(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    ann = visit()

    assert ask(ann) == f"{PAGE}?asked=yes"

    assert "We have your question" in ann.get(f"{PAGE}?asked=yes").text
    assert "May old data" not in ann.get(PAGE).text, "it is published with its answer only"
    [asked] = questions.of(front.database, AIR)
    assert (asked.text, asked.is_late, asked.answer) == ("May old data take part?", False, "")
    told = [each for each in read_notices(front.database) if each.occasion == Occasion.QUESTION_ASKED]
    assert {each.recipient for each in told} == {"olivia", "sam"}
    assert all(asked.id in each.body and ANN not in each.body for each in told)
    assert not any("old data" in line.text or ANN in line.text for line in read_record(front.database, AIR))


def test_an_answer_is_for_everybody_and_comes_to_whoever_asked(front: Fronted, visit: Callable[..., Visitor]) -> None:
    ask(visit())
    [asked] = questions.of(front.database, AIR)

    answer(front, asked.id)
    answer(front, asked.id, "answer/2")

    page = visit().get(PAGE).text
    assert "May old data take part?" in page
    assert "Yes, it may." in page
    assert ANN not in page
    letters = [each for each in read_notices(front.database) if each.address == ANN]
    assert [each.occasion for each in letters] == [Occasion.QUESTION_ANSWERED]
    with pytest.raises(UnknownQuestion):
        questions.check_waits(front.database, AIR, asked.id)


def test_an_answer_to_what_nobody_asked_on_a_page_is_published_too(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    """As one that was sent by hand, or that answers a letter."""
    answer(front, "decision-7")

    assert "Yes, it may." in visit().get(PAGE).text


async def test_what_was_dropped_is_not_published_and_no_longer_answered(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    ask(visit())
    [asked] = questions.of(front.database, AIR)
    with pytest.raises(ReasonMissing):
        await front.desk.questions.drop(OLIVIA, AIR, asked.id, " ")

    await front.desk.questions.drop(OLIVIA, AIR, asked.id, "Asked twice.")

    answer(front, asked.id)
    assert "Yes, it may." not in visit().get(PAGE).text
    assert read_record(front.database, AIR)[-2].reason == "Asked twice."


def test_a_question_that_comes_too_late_is_not_taken_and_given_back(
    front: Fronted, visit: Callable[..., Visitor], clock: Clock
) -> None:
    ann = visit()
    token = ann.token(PAGE)
    clock.now = CLOSES

    page = ann.post(PAGE, {"token": token, "text": "May I?", "email": ""})

    assert page.status_code == 422
    assert "closed on" in page.text
    assert questions.of(front.database, AIR) == ()


def test_a_question_after_the_last_moment_is_kept_and_the_letter_proposes_more_time(
    database: Database,  # noqa: F811
    round_: Round,
    programme: Programme,
    clock: Clock,
) -> None:
    until = programme.model_copy(update={"questions_until": ItemizedDelta(days=3)})
    keep_round(database, round_, until, challenges_of(round_, until), MIDWAY)
    announce(database, opened(AIR), compose)
    with fronting(database, clock) as front:
        ann = Visitor(front)
        assert "You can ask until: <time" in ann.get(PAGE).text
        clock.now = CLOSES.subtract(hours=72)
        assert "The last moment for questions has passed" in ann.get(PAGE).text

        assert ask(ann) == f"{PAGE}?asked=yes"
        ann.close()

    [asked] = questions.of(database, AIR)
    assert asked.is_late
    [letter, *_] = [each for each in read_notices(database) if each.occasion == Occasion.QUESTION_ASKED]
    assert f"`starter.py extend {AIR} --closes" in letter.body


@pytest.mark.parametrize(
    ("text", "email", "field"), [(" ", "", "text"), ("x" * 2001, "", "text"), ("May I?", "nowhere", "email")]
)
def test_what_is_wrong_with_a_question_is_told_and_the_text_stays(
    front: Fronted, visit: Callable[..., Visitor], text: str, email: str, field: str
) -> None:
    page = visit().fill_in(PAGE, PAGE, text=text, email=email)

    assert page.status_code == 422
    assert f'<a href="#{field}">' in page.text
    assert text in page.text
    assert questions.of(front.database, AIR) == ()


def test_nobody_floods_those_in_charge(front: Fronted, visit: Callable[..., Visitor]) -> None:
    ann = visit()
    token = ann.token(PAGE)

    answers = [ann.post(PAGE, {"token": token, "text": f"May I, {n}?", "email": ""}).status_code for n in range(25)]

    assert answers.count(303) == 20
    assert answers[-1] == 429
    assert len(questions.of(front.database, AIR)) == 20
