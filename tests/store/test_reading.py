"""One application as a reader opens it, in both databases: only theirs, only once declared, only what is sealed."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, update

from domain.forms import answers
from domain.forms.answers import only_text
from domain.forms.form import Form, Kind, Marking, Question, Section
from domain.judging.reading import Proposal
from domain.values.paging import Page
from domain.values.refusals import ConflictOfInterest, InterestsMissing, NotAllowed, UnknownTeam
from store.challenges.applications import page_of_applications
from store.challenges.attachments import Reader, files_sent
from store.database import tables
from store.judging.reading import read_one
from tests.store.judging import LATER, Judgement
from tests.store.said import AIR, CLOSES


def sent(judging: Judgement, team: str, person: str = "rita", *, assigned_only: bool = True) -> tuple[Proposal, ...]:
    """What somebody sees of what a team has sent."""
    one, proposals = read_one(judging.database, AIR, team, lambda: LATER, person, assigned_only=assigned_only)
    assert one.id == team
    return proposals


def test_a_reader_reads_the_answers_with_their_questions(judging: Judgement) -> None:
    (proposal,) = sent(judging, judging.teams[0])
    ((question, answer),) = proposal.answered()

    assert (proposal.stage, question.id) == ("", "proposal")
    assert str(answer).endswith("measures the air from every bus.")
    assert list(proposal.answered(only=["other"])) == []


def test_nothing_is_read_before_interests_are_declared(judging: Judgement) -> None:
    with judging.database.writing() as connection:
        connection.execute(delete(tables.interests).where(tables.interests.c.person == "rita"))
    with pytest.raises(InterestsMissing):
        sent(judging, judging.teams[0])


def test_nobody_reads_what_they_have_a_conflict_with_or_what_is_assigned_to_others(judging: Judgement) -> None:
    judging.declare("rita", judging.teams[0], 2, conflict=True)
    judging.assign(judging.teams[1], "rita")
    judging.assign(judging.teams[2], "rob")

    for assigned_only in (True, False):
        with pytest.raises(ConflictOfInterest):
            sent(judging, judging.teams[0], assigned_only=assigned_only)
    with pytest.raises(NotAllowed):
        sent(judging, judging.teams[2])
    assert sent(judging, judging.teams[1])
    assert sent(judging, judging.teams[2], assigned_only=False), "whoever decides reads all"


def test_an_application_that_is_not_there_is_none(judging: Judgement) -> None:
    with pytest.raises(UnknownTeam):
        sent(judging, "nobody")


def test_a_further_proposal_is_read_once_its_own_window_is_sealed(judging: Judgement) -> None:
    """Fails when the seal of the applications opens what is sent later."""
    team, text = judging.teams[0], answers.written(only_text("Our fuller proposal."))
    with judging.database.writing() as connection:
        form = {"challenge": AIR, "stage": "exploration", "version": "v", "title": "Fuller proposal"}
        said = connection.execute(tables.forms.select().where(tables.forms.c.challenge == AIR)).one().said
        connection.execute(insert(tables.forms).values(**form, said=said))
        window = {"challenge": AIR, "stage": "exploration", "opens": CLOSES, "closes": LATER, "held": False}
        connection.execute(insert(tables.windows).values(window))
        values = {"application": team, "stage": "exploration", "form": "v", "answers": text, "sent_at": CLOSES}
        connection.execute(insert(tables.proposals).values(values))
    assert [each.stage for each in sent(judging, team)] == [""]
    with judging.database.writing() as connection:
        of_stage = tables.windows.c.stage == "exploration"
        connection.execute(tables.windows.update().where(of_stage).values(sealed_at=LATER, sealed_count=1))

    assert [each.stage for each in sent(judging, team)] == ["", "exploration"]


def test_only_those_who_decide_see_what_is_marked_personal(judging: Judgement) -> None:
    """In the list, beside the scorecard, and among the files. Fails when a reader can learn whom to call."""
    database, team = judging.database, judging.teams[0]
    contact = Question(id="contact", title="Whom can we call?", kind=Kind.LINE, marking=Marking.PERSONAL)
    photo = Question(id="photo", title="A picture of you", kind=Kind.FILE, marking=Marking.PERSONAL)
    sections = (Section(title="All", questions=(Question(id="proposal", title="Your idea"), contact, photo)),)
    form = Form(id="application", title="Application", sections=sections)
    said: answers.Answers = {"proposal": "Buses.", "contact": "Ann, 01382", "photo": ("file-1",)}
    with database.writing() as connection:
        kept = {"version": form.version, "said": form.model_dump_json()}
        connection.execute(update(tables.forms).where(tables.forms.c.challenge == AIR).values(kept))
        of_team = tables.applications.c.id == team
        changed = {"form": form.version, "answers": answers.written(said)}
        connection.execute(update(tables.applications).where(of_team).values(changed))

    for person, only_reads in (("rita", True), ("sam", False)):
        (proposal,) = sent(judging, team, person, assigned_only=only_reads)
        listed = page_of_applications(database, Page(), AIR, lambda: LATER, person, assigned_only=only_reads).items
        with database.reading() as connection:
            files = files_sent(connection, AIR, team, "", Reader(person=person, assigned_only=only_reads))
        seen = {"proposal": "Buses."} if only_reads else said
        assert proposal.answers == next(each.answers for each in listed if each.id == team) == seen
        assert files == (frozenset() if only_reads else {"file-1"})
