"""Somebody with a conflict of interest, or who has declared nothing yet, tries every way in to an application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from domain.permissions import RIGHTS, Action, Actor
from domain.programmes.programme import Programme
from domain.values.paging import Page, all_of
from domain.values.refusals import ConflictOfInterest, InterestsMissing, Refused, UnknownTeam
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import OPERATOR, SPONSOR, pilot

MARK = {"criterion": "idea", "mark": "1", "reason": "Well argued."}
WHY = "My sister works there."
Way = Callable[[Play, Actor, str], Awaitable[object]]


def _give(play: Play, actor: Actor, team: str) -> Awaitable[object]:
    return play.desk.judging.give(actor, play.challenge.id, [MARK | {"application": team}])


def _select(play: Play, actor: Actor, team: str) -> Awaitable[object]:
    decide = play.desk.challenges.decide
    return decide(actor, play.challenge.id, "select", stage="exploration", teams=[team], reason="The best.")


WAYS: dict[Action, tuple[Way, ...]] = {
    Action.READ_APPLICATIONS: (
        lambda play, actor, team: play.desk.judging.read(actor, play.challenge.id, team),
        lambda play, actor, team: play.desk.attachments.list(actor, play.challenge.id, team),
    ),
    Action.READ_SCORES: (lambda play, actor, team: play.desk.judging.judgement(actor, play.challenge.id, team),),
    Action.SCORE: (_give,),
    Action.MODERATE: (
        lambda play, actor, team: play.desk.judging.moderate(actor, play.challenge.id, team, "idea", "1", "Agreed."),
    ),
    Action.FEEDBACK: (
        lambda play, actor, team: play.desk.applications.give_feedback(
            actor, play.challenge.id, "exploration", team, "Well argued."
        ),
        lambda play, actor, team: play.desk.judging.feedback_draft(actor, play.challenge.id, "exploration", team),
    ),
    Action.SELECT: (_select,),
    Action.DECLINE: (
        lambda play, actor, _: play.desk.challenges.decide(
            actor, play.challenge.id, "decline", stage="exploration", reason="None fits."
        ),
    ),
}
"""The ways in before teams are selected: what anybody can ask for that reads, scores or decides on one application."""

ELSEWHERE = {
    Action.EVIDENCE: "tests/domain/test_impartial.py, with the check in tests/store/test_interests.py",
    Action.READ_EVIDENCE: "tests/desk/test_evidence.py",
    Action.AMEND: "tests/domain/test_impartial.py",
    Action.EXTEND_STAGE: "tests/domain/test_impartial.py",
    Action.WITHDRAW: "tests/domain/test_impartial.py, and below",
    Action.RELEASE: "tests/store/test_shut_out.py",
}
"""Ways in that are tried elsewhere."""

NO_WAY_IN = {
    *(Action.PLAN, Action.OPEN_ROUND, Action.HAND_OVER, Action.REHEARSE, Action.RENEW, Action.RETRY),
    *(Action.READ_CHALLENGE, Action.READ_RECORD, Action.READ_FORM, Action.READ_READERS, Action.COUNT_APPLICATIONS),
    *(Action.EXTEND, Action.HOLD, Action.RESUME, Action.CANCEL, Action.PARTICIPATION, Action.ANSWER),
    *(Action.APPLY, Action.BEGIN_DRAFT, Action.READ_DRAFT, Action.SAVE, Action.SEND, Action.ATTACH),
    *(Action.ADMIT, Action.CHANGE_CONTACT, Action.DECLARE_INTERESTS, Action.ASSIGN, Action.ERASE),
    *(Action.READ_PAYMENTS, Action.GIVE_PAYEE, Action.RETURN, Action.UNDO_RETURN, Action.CANCEL_PAYMENT),
    *(Action.MAKE_PAYMENT_FILES, Action.READ_PAYMENT_FILES, Action.BRING_REPORT, Action.CONFIRM_SETTLED),
    *(Action.RECONCILE, Action.RESEAL, Action.READ_NOTICES, Action.RESEND, Action.PREVIEW),
    *(Action.SIGN_IN, Action.PRINT_LINK, Action.SESSIONS, Action.READ_UNCONFIRMED, Action.CONFIRM),
    *(Action.ASK, Action.READ_QUESTIONS, Action.DROP_QUESTION, Action.READ_WRITERS, Action.INVITE_WRITER),
    *(Action.READ_BOARD, Action.READ_OWN, Action.SEND_EVIDENCE, Action.OWN_DATA, Action.OWN_CALENDAR),
    *(Action.SIGNING_KEYS, Action.TERMINAL_KEYS, Action.PASSKEYS, Action.OWN_PASSKEYS, Action.TELL_HEADS),
}
"""What shows nothing of what an applicant wrote to anybody else, and decides on no application."""


def test_every_action_is_a_way_in_that_is_tried_or_no_way_in() -> None:
    """Fails for a new action: put it in its place, by whether it reads, scores or decides on an application."""
    assert {*WAYS, *ELSEWHERE, *NO_WAY_IN} == set(RIGHTS)
    assert len(WAYS) + len(ELSEWHERE) + len(NO_WAY_IN) == len(RIGHTS)


def judged() -> Programme:
    """The pilot with a scorecard for its first stage: its decider reads, because the round names no reader."""
    _, programme, _ = pilot()
    scale = [{"mark": 0, "means": "Poor"}, {"mark": 1, "means": "Good"}]
    card = {"criteria": [{"id": "idea", "title": "The idea", "scale": scale}]}
    first, *others = [stage.model_dump() for stage in programme.stages]
    return Programme.model_validate(programme.model_dump() | {"stages": [first | {"scorecard": card}, *others]})


async def tried(play: Play, person: str, team: str, refusal: type[Refused]) -> None:
    """Somebody tries every way in that their role allows, and each is refused in this way, on the record."""
    actor, before, way = await play.actor(person), len(play.refusals()), 0
    for action, ways in WAYS.items():
        if not any(grant.role in RIGHTS[action].roles for grant in actor.grants):
            continue
        for way, goes in enumerate(ways):
            with pytest.raises(refusal) as said:
                await goes(play, actor, team)
            assert person in str(said.value), (action, way)
            assert len(play.refusals()) == before + 1, (action, way)
            before += 1
    assert WHY not in str(play.record())


async def test_whoever_has_declared_nothing_and_whoever_has_a_conflict_is_refused_at_every_way_in(
    tmp_path: Path,
) -> None:
    async with months() as environment, playing(tmp_path, environment, programme=judged()) as play:
        theirs, *others = await play.applied(3)
        await play.sealed()
        for person in (SPONSOR, OPERATOR):
            await tried(play, person, theirs, InterestsMissing)
            with pytest.raises(InterestsMissing):
                await play.desk.applications.list(await play.actor(person), Page(), play.challenge.id)

        for person in (SPONSOR, OPERATOR):
            actor = await play.actor(person)
            await play.desk.interests.declare(actor, play.challenge.id, theirs, WHY, conflict=True)
            await play.desk.interests.declare_none(actor, play.challenge.id)
            await tried(play, person, theirs, ConflictOfInterest)
            shown = await all_of(partial(play.desk.applications.list, actor, challenge=play.challenge.id))
            assert {each.id for each in shown} == set(others)
            assert await play.desk.interests.conflicts(actor, play.challenge.id) == (theirs,)
            read = await play.desk.judging.read(actor, play.challenge.id, others[0])
            assert read.application.id == others[0]
        operator = await play.actor(OPERATOR)
        fields = {"team": theirs, "reason": "They asked for it."}
        with pytest.raises(ConflictOfInterest):
            await play.desk.challenges.decide(operator, play.challenge.id, "withdraw", **fields)

        # Whoever decides on a stage decides on everybody who could enter it, named or not; by hand as well.
        message = {"by": SPONSOR, "stage": "exploration", "teams": others, "reason": "The best."}
        await play.handle.signal("select", message)
        await play.until(lambda state: "conflict of interest" in state.story[-1].text)
        assert (await play.state()).runs == ()

        await play.desk.interests.declare(await play.actor(SPONSOR), play.challenge.id, theirs, "She has left.")
        await play.decide("select", stage="exploration", teams=others, reason="The best.")
        assert (await play.state()).run.active == tuple(others)
        with pytest.raises(UnknownTeam):
            await play.desk.judging.read(await play.actor(SPONSOR), play.challenge.id, "nothing")
