"""Puts what the public sees into the answers of the interface for machines."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from whenever import Instant

from console.public.dates import dates_of
from domain.forms.form import Form
from domain.judging.scorecard import Scorecard
from domain.publishing.challenge import PublicAnswer, PublicChallenge
from domain.publishing.posed import StagePosed
from domain.publishing.snapshot import StageSnapshot, TeamIn
from domain.values.paging import Paged

from . import answers


def challenges(found: Paged[PublicChallenge], now: Instant, origin: str, query: dict[str, str]) -> answers.Challenges:
    """A page of the list.

    Args:
        found: the page.
        now: the present.
        origin: of the web front.
        query: what was asked for, which the address of the next page asks for again.
    """
    items = tuple(answers.Brief.model_validate(_brief(each, now, origin)) for each in found.items)
    following = _next(f"{origin}/api/challenges", found.next, query)
    return answers.Challenges(as_of=_newest(found.items, now), items=items, next=following)


def catalogue(found: Paged[PublicChallenge], now: Instant, origin: str, query: dict[str, str]) -> answers.Catalogue:
    """A page of the solutions that came through; see `challenges`."""
    items = tuple(
        answers.Finished(
            challenge=answers.Brief.model_validate(_brief(each, now, origin)),
            solutions=tuple(_solution(each, team) for team in each.snapshot.came_through),
        )
        for each in found.items
    )
    following = _next(f"{origin}/api/catalogue", found.next, query)
    return answers.Catalogue(as_of=_newest(found.items, now), items=items, next=following)


def challenge(found: PublicChallenge, now: Instant, origin: str) -> answers.Challenge:
    """A challenge with all that the public may know.

    Args:
        found: the challenge.
        now: the present.
        origin: of the web front.
    """
    posed, snapshot = found.posed, found.snapshot
    runs = {each.stage: each for each in snapshot.stages}
    return answers.Challenge.model_validate(
        {
            **_brief(found, now, origin),
            "background": posed.background,
            "contact": posed.contact or None,
            "currency": posed.currency,
            "language": posed.language,
            "intellectual_property": posed.terms.intellectual_property,
            "equity": posed.terms.equity,
            "questions_close": found.questions_close.format_iso(),
            "dates": tuple(_dates(found)),
            "stages": tuple(_stage(found, each, runs.get(each.name)) for each in posed.stages),
            "form": _form(posed.form),
            "answered": tuple(
                answers.Answered(id=each.id, question=each.question, answer=each.answer, at=each.at.format_iso())
                for each in found.answered
            ),
            "payments": tuple(_payments(found)),
            "applications": snapshot.applications,
            "outcome_reason": snapshot.outcome_reason,
            "ended": _at(snapshot.ended),
        }
    )


def _brief(found: PublicChallenge, now: Instant, origin: str) -> dict[str, object]:
    posed, page = found.posed, f"{origin}/challenges/{found.id}"
    links = answers.Links(
        page=page,
        form=f"{page}/form",
        calendar=f"{page}/dates.ics",
        self=f"{origin}/api/challenges/{found.id}",
        ocds=f"{origin}/api/ocds/{found.id}",
    )
    return {
        "id": found.id,
        "question": posed.question,
        "round": posed.round,
        "round_title": posed.round_title,
        "programme_title": posed.programme_title,
        "sponsor": answers.Organisation(id=posed.sponsor, name=posed.sponsor_name),
        "state": found.shelf(now),
        "opens": found.opens.format_iso(),
        "closes": found.closes.format_iso(),
        "time_zone": posed.time_zone,
        "on_hold": found.is_held,
        "outcome": found.snapshot.outcome or None,
        "as_of": found.changed(now).format_iso(),
        "links": links,
    }


def _newest(found: Iterable[PublicChallenge], now: Instant) -> str | None:
    return _at(max((each.changed(now) for each in found), default=None))


def _next(address: str, after: str, query: dict[str, str]) -> str | None:
    return f"{address}?{urlencode({**query, 'after': after})}" if after else None


def _at(moment: Instant | None) -> str | None:
    return None if moment is None else moment.format_iso()


def _dates(found: PublicChallenge) -> Iterable[answers.Date]:
    for each in (date for date in dates_of(found) if not date.is_off):
        yield answers.Date(
            id=each.name,
            title=each.title,
            at=each.at.format_iso(),
            ends=_at(each.ends),
            where=each.where,
            enforced=each.is_enforced,
        )


def _stage(found: PublicChallenge, stage: StagePosed, run: StageSnapshot | None) -> answers.Stage:
    sessions = () if run is None else run.sessions
    return answers.Stage(
        id=stage.name,
        title=stage.title,
        teams_expected=stage.target,
        teams_most=stage.max,
        duration=stage.duration.format_iso(),
        pay=_pay(stage, found.posed.currency),
        participation_sessions=stage.participation_sessions,
        scorecard=_scorecard(stage.scorecard),
        begins=None if run is None else run.begins.format_iso(),
        ends=None if run is None else (run.ended or run.ends).format_iso(),
        selected=() if run is None else tuple(_team(found, team) for team in run.teams),
        sessions=tuple(answers.Session(on=each.on.format_iso(), people=each.people) for each in sessions),
    )


def _pay(stage: StagePosed, currency: str) -> answers.Pay | None:
    if stage.pay is None:
        return None
    pay = stage.pay
    return answers.Pay(
        fixed=None if pay.fixed is None else str(pay.fixed),
        agreed_up_to=None if pay.agreed_up_to is None else str(pay.agreed_up_to),
        currency=currency,
        vat=pay.vat,
        instalments=tuple(each.due for each in pay.instalments),
    )


def _scorecard(scorecard: Scorecard | None) -> tuple[answers.Criterion, ...]:
    return tuple(
        answers.Criterion(
            id=each.id,
            title=each.title,
            hint=each.hint,
            weight=each.weight,
            scale=tuple(answers.Mark(mark=step.mark, means=step.means) for step in each.scale),
        )
        for each in (scorecard.criteria if scorecard else ())
    )


def _team(found: PublicChallenge, team: TeamIn) -> answers.Team:
    solution = _solution(found, team.id)
    return answers.Team(
        id=team.id,
        organisation=solution.organisation,
        since=team.since.format_iso(),
        ends=(team.ended or team.ends).format_iso(),
        left=_at(team.left),
        award=None if team.award is None else str(team.award.gross),
        answers=solution.answers,
    )


def _solution(found: PublicChallenge, team: str) -> answers.Solution:
    who = found.selected.get(team)
    said: tuple[PublicAnswer, ...] = () if who is None else who.answers
    texts = tuple(answers.PublicText(question=each.question.title, answer=each.answer) for each in said)
    return answers.Solution(team=team, organisation=(who.organisation or None) if who else None, answers=texts)


def _form(form: Form) -> tuple[answers.FormSection, ...]:
    return tuple(
        answers.FormSection(
            title=section.title,
            hint=section.hint,
            questions=tuple(
                answers.FormQuestion(
                    id=each.id,
                    title=each.title,
                    hint=each.hint,
                    kind=each.kind,
                    required=each.required,
                    most_words=each.most_words,
                    most_characters=each.most_characters,
                    choices=tuple(answers.Choice(id=choice.id, title=choice.title) for choice in each.choices),
                )
                for each in section.questions
            ),
        )
        for section in form.sections
    )


def _payments(found: PublicChallenge) -> Iterable[answers.Payment]:
    for each in found.paid:
        yield answers.Payment(
            id=each.key,
            stage=each.stage,
            team=each.team,
            number=each.number,
            net=str(each.net),
            vat=str(each.vat),
            currency=found.posed.currency,
            at=each.at.format_iso(),
        )
