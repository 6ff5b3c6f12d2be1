"""The sponsor's decisions: who may select how many teams for which stage, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from whenever import Instant

from domain.announcements.announcement import (
    Announcement,
    Deciding,
    Entry,
    OutgoingNotice,
    ToApplicants,
    to_people,
    to_teams,
)
from domain.announcements.occasions import Occasion
from domain.permissions import Action
from domain.programmes.programme import CountedFrom, Stage
from domain.values.calendar import later
from domain.values.money import NOTHING, Amount, Money, Vat
from domain.values.refusals import (
    NamedTwice,
    OnHold,
    Problem,
    ReasonMissing,
    Refused,
    TooEarly,
    TooLate,
    UnknownStage,
    UnknownTeam,
    WrongAmount,
    WrongNumber,
    refuse_for_all,
)
from domain.values.wording import counted, listed

from . import further
from .awards import amount_in_words, status_of
from .decisions import Decline, Select
from .feedback import kept_words
from .stage_run import StageRun, Team
from .state import Outcome, Phase, State


def select(state: State, message: Select, now: Instant) -> tuple[State, Announcement]:
    """Takes teams into a stage, which begins now.

    The announcement names the applications: the database checks that they belong to this challenge.

    Raises:
        Refused: one of its kinds, with the reason for the sponsor. The refusal names all faults of the selection.
    """
    index = _stage_to_decide(state, message.stage, message.by, Action.SELECT)
    stage = state.programme.stages[index]
    refuse_for_all(_faults(state, stage, message))
    teams = tuple(Team(id=team, since=now, award=award_of(stage, message.amounts.get(team))) for team in message.teams)
    run = StageRun(
        stage=stage.name,
        selected_by=message.by,
        begins=now,
        ends=later(now, stage.duration, state.zone, state.programme.holidays),
        teams=teams,
        reserve=message.reserve,
    )
    new = state.having(phase=Phase.RUNNING, stage=index, decide_by=None, runs=(*state.runs, run), reminded=now)
    new = further.asking(new, now, CountedFrom.SELECTION)
    text = f"{listed(message.teams)} selected for {stage.title}"
    if message.reserve:
        text += f", in reserve {listed(message.reserve)}"
    if message.amounts:
        text += f"; agreed: {', '.join(f'{award_in_words(new, team)} for {team.id}' for team in teams)}"
    if new.asked:
        text += f"; {further.opening_in_words(new, now)}"
    because = f": {message.reason}" if message.reason else ""
    new = new.telling(now, f"{text}, by {message.by}{because}")
    applications = () if state.runs else (*message.teams, *message.reserve)
    decides = Deciding(teams=message.teams, reserve=message.reserve, field=state.field)
    return new, _announced(new, stage, message, now, text, _notices(state, new, stage, message), decides, applications)


def decline(state: State, message: Decline, now: Instant) -> tuple[State, Announcement]:
    """Takes nobody into a stage, which ends the challenge.

    Raises:
        Refused: one of its kinds, with the reason for the sponsor.
    """
    index = _stage_to_decide(state, message.stage, message.by, Action.DECLINE)
    stage = state.programme.stages[index]
    if not message.reason:
        raise ReasonMissing(f"Taking nobody into {stage.title} needs a reason, for the applicants.")
    awarded = any(team.award for run in state.runs for team in run.teams)
    outcome = Outcome.DISCONTINUED if awarded else Outcome.NO_AWARD
    text = f"Nobody taken into {stage.title}; the challenge ends: {outcome}"
    new = state.having(
        phase=Phase.ENDED,
        stage=index,
        decide_by=None,
        outcome=outcome,
        outcome_reason=message.reason,
        reminded=now,
        ended=now,
    )
    new = new.telling(now, f"{text}, by {message.by}: {message.reason}")
    facts = {"stage": stage.title, "reason": message.reason}
    told: tuple[OutgoingNotice, ...] = (
        (to_teams(state.field, Occasion.NOT_CONTINUED, facts),)
        if state.runs
        else (OutgoingNotice(occasion=Occasion.NOT_CONTINUED, whom=ToApplicants(), facts=facts),)
    )
    others = tuple(person for person in state.in_charge if person != message.by)
    notices = (*told, to_people(others, Occasion.NOT_CONTINUED, facts), *kept_words(new))
    return new, _announced(new, stage, message, now, text, notices, Deciding(field=state.field))


def _announced(
    new: State,
    stage: Stage,
    message: Select | Decline,
    now: Instant,
    text: str,
    notices: tuple[OutgoingNotice, ...],
    decides: Deciding,
    applications: tuple[str, ...] = (),
) -> Announcement:
    return Announcement(
        key=f"{new.challenge.id}/{message.kind}/{message.decision_id}",
        challenge=new.challenge.id,
        entry=Entry(
            at=now,
            by=message.by,
            role="sponsor",
            action=message.kind,
            stage=stage.name,
            text=text,
            reason=message.reason,
        ),
        status=status_of(new),
        notices=notices,
        applications=applications,
        decides=decides,
        window=new.window,
    )


def _stage_to_decide(state: State, name: str, by: str, action: Action) -> int:
    """The index of the stage that a sponsor's decision is about, if that person may decide on the stage now."""
    state.check_may(action, by)
    names = [stage.name for stage in state.programme.stages]
    if name not in names:
        raise UnknownStage(f"No stage {name!r} in {state.programme.id}: it has {', '.join(names)}.")
    index = names.index(name)
    if state.phase is Phase.ENDED:
        raise TooLate(f"{state.challenge.id} has ended ({state.outcome}): nothing can be decided now.")
    if state.held:
        raise OnHold(f"{state.challenge.id} is on hold ({state.held.reason}): it must be resumed first.")
    if state.takes_applications:
        raise TooEarly(
            f"The window of {state.challenge.id} closes on {state.at(state.closes)}: decide after it is sealed."
        )
    decided = next((run for run in state.runs if run.stage == name), None)
    if decided:
        raise TooLate(f"{name} was decided on {state.at(decided.begins)}: its teams are {listed(decided.active)}.")
    if index < state.stage:
        raise TooLate(f"{name} was skipped; the challenge is at {state.filling.name}.")
    if state.phase is Phase.RUNNING:
        raise TooEarly(f"{state.filling.title} runs until {state.at(state.run.last_end)}: decide on {name} after that.")
    if state.phase is Phase.WINDOW:
        raise TooEarly(
            f"The window for {state.filling.title} of {state.challenge.id} closes on {state.turns_at}: "
            "decide after it is sealed."
        )
    must = [stage.name for stage in state.programme.stages[state.stage : index] if not stage.may_be_skipped]
    if must:
        raise TooEarly(f"{must[0]} comes before {name} and may not be skipped: decide on {must[0]} first.")
    return index


def _faults(state: State, stage: Stage, message: Select) -> Iterator[Refused]:
    """Everything that is wrong with a selection for a stage that may be filled now."""
    yield from _wrong_names(state, message)
    yield from _wrong_number(stage, message)
    if stage.only_sifts and message.reserve:
        text = f"{stage.title} takes no time, so no place in it can become free: name nobody in reserve for it."
        yield WrongNumber.for_problems([Problem(field="reserve", text=text)])
    for team in dict.fromkeys(message.teams):
        if text := wrong_amount(stage, team, message.amounts.get(team), state.programme.currency):
            yield WrongAmount(text)


def _wrong_names(state: State, message: Select) -> Iterator[Refused]:
    count = Counter((*message.teams, *message.reserve))
    if twice := [team for team in count if count[team] > 1]:
        yield NamedTwice(f"{listed(twice)} {_is(twice)} named twice: name each team once.")
    for field, teams in (("teams", message.teams), ("reserve", message.reserve)):
        unknown = [team for team in dict.fromkeys(teams) if state.runs and team not in state.field]
        if out := further.out_in_words(state, unknown):
            yield UnknownTeam.for_problems([Problem(field=field, text=f"{out}: choose from {listed(state.field)}.")])
        elif unknown:
            text = (
                f"{listed(unknown)} {_is(unknown)} not {'a team' if len(unknown) == 1 else 'teams'} in "
                f"{state.run.stage} of {state.challenge.id}: choose from {listed(state.field)}."
            )
            yield UnknownTeam.for_problems([Problem(field=field, text=text)])
    if others := [team for team in message.amounts if team not in message.teams]:
        one = len(others) == 1
        text = (
            f"{'An amount is' if one else 'Amounts are'} given for {listed(others)}, which {_is(others)} not selected: "
            + ("select it, or leave out the amount." if one else "select them, or leave out the amounts.")
        )
        yield UnknownTeam.for_problems([Problem(field="amounts", text=text)])


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _wrong_number(stage: Stage, message: Select) -> Iterator[Refused]:
    count = len(message.teams)
    if not stage.min <= count <= stage.max:
        fewest = f"{stage.min} to " if stage.min < stage.max else ""
        named = f"{count} {'was' if count == 1 else 'were'} named"
        too_few = " If no more teams are suitable, decline: that ends the challenge." if count < stage.min else ""
        yield WrongNumber(f"{stage.title} takes {fewest}{counted(stage.max, 'team')}: {named}.{too_few}")
    can_enter = min(count, stage.max)
    if can_enter > stage.target and not message.reason:
        yield ReasonMissing(
            f"{stage.title} expects {counted(stage.target, 'team')}: taking {can_enter} needs a reason."
        )


def wrong_amount(stage: Stage, team: str, agreed: Money | None, currency: str) -> str:
    """What is wrong with the amount that is agreed for a team, or with its absence; empty if nothing is."""
    named = agreed.shown(currency) if agreed is not None else ""
    if stage.pay is None:
        return f"{stage.title} pays nothing: leave the amount {named} out." if named else ""
    most = stage.pay.most.shown(currency)
    if stage.pay.agreed_up_to is None:
        return f"{stage.title} pays a fixed {most}: leave the amount {named} out." if named else ""
    if agreed is None:
        return f"{stage.title} pays an agreed amount up to {most}: name the amount for {team}."
    if agreed == NOTHING:
        return f"{named} for {team} is nothing: name an amount up to {most}."
    if agreed > stage.pay.most:
        return f"{named} for {team} is over the cap of {stage.title}: agree on {most} at most."
    if any(part.gross == NOTHING for part in stage.pay.instalments_of(stage.pay.amount_of(agreed))):
        return f"{named} for {team} is too little for {len(stage.pay.instalments)} instalments: one would be nothing."
    return ""


def award_of(stage: Stage, agreed: Money | None) -> Amount | None:
    """What a team is due for a stage, by the amount that was agreed for it if there is one."""
    if stage.pay is None:
        return None
    return stage.pay.amount_of(stage.pay.most if agreed is None else agreed)


def _notices(old: State, new: State, stage: Stage, message: Select) -> tuple[OutgoingNotice, ...]:
    run = new.run
    facts = {"stage": stage.title, "begins": new.at(run.begins), "ends": new.at(run.ends)}
    notices = [_welcomed(new, stage, team) for team in run.teams]
    if message.reserve:
        notices.append(to_teams(message.reserve, Occasion.IN_RESERVE, facts))
    chosen = (*message.teams, *message.reserve)
    # The sponsor's feedback is kept in the database, which adds it when it writes the notices.
    not_selected = {"stage": stage.title, "feedback": ""}
    if not old.runs:
        whom = ToApplicants(without=chosen)
        notices.append(OutgoingNotice(occasion=Occasion.NOT_SELECTED, whom=whom, facts=not_selected))
    elif rest := tuple(team for team in old.field if team not in chosen):
        notices.append(to_teams(rest, Occasion.NOT_SELECTED, not_selected))
    if new.asked:
        notices += [*further.invitations(new, new.field, new.run.begins), further.opening_told(new)]
    return (*notices, *kept_words(new))


def _welcomed(state: State, stage: Stage, team: Team) -> OutgoingNotice:
    """The team's notice: its stage has begun. A stage that takes no time shortlists the team, or gives it a prize."""
    if stage.only_sifts:
        following = state.programme.stages[state.stage + 1 : state.stage + 2]
        facts = {"stage": stage.title, "next": following[0].title if following else ""}
        if stage.pay is None:
            return to_teams((team.id,), Occasion.SHORTLISTED, facts)
        paid = stage.pay.in_words(state.programme.currency, at_once=True)
        facts |= {"award": award_in_words(state, team), "paid": paid} | state.programme.terms.model_dump()
        return to_teams((team.id,), Occasion.PRIZE_WON, facts)
    facts = {"begins": state.at(state.run.begins)} | place_in_words(state, stage, team)
    return to_teams((team.id,), Occasion.STAGE_STARTED, facts)


def place_in_words(state: State, stage: Stage, team: Team) -> dict[str, str]:
    """A team's place in a stage as facts of a notice: the end, money, terms and sessions."""
    return {
        "stage": stage.title,
        "ends": state.at(state.run.ends_for(team)),
        "award": award_in_words(state, team) if team.award else "",
        "paid": stage.pay.in_words(state.programme.currency) if stage.pay else "",
        "sessions": str(stage.participation_sessions or ""),
    } | state.programme.terms.model_dump()


def award_in_words(state: State, team: Team) -> str:
    """What a team is due for a stage, in words."""
    if team.award is None:
        return "nothing for this stage"
    return amount_in_words(team.award, state.programme.currency)


def agreed_amount_in_words(stage: Stage, currency: str) -> str:
    """How much may be agreed for each team: "up to £20,000 (without VAT)"; empty if the fee is not agreed."""
    if stage.pay is None or stage.pay.agreed_up_to is None:
        return ""
    vat = {Vat.ADDED: " (without VAT)", Vat.INCLUDED: " (with VAT)", Vat.NONE: ""}[stage.pay.vat]
    return f"up to {stage.pay.agreed_up_to.shown(currency)}{vat}"
