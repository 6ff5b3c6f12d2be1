"""The amount that was agreed for a team is amended, as long as it has not left."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from whenever import Instant

from domain.announcements.announcement import Announcement, to_people, to_teams
from domain.announcements.occasions import Occasion
from domain.permissions import Action
from domain.programmes.pay import Due, Pay
from domain.programmes.programme import Stage
from domain.values.money import NOTHING, Amount, Vat, total
from domain.values.refusals import Problem, Refused, TooEarly, TooLate, UnknownTeam, WrongAmount, refuse_for_all
from domain.values.wording import listed

from .awards import amount_in_words
from .change import announced_by, check_not_held, check_stage_known, no_reason
from .decisions import Amend
from .selection import award_in_words, award_of, wrong_amount
from .stage_run import StageRun, Team, parts_of
from .state import Outcome, Phase, State


def amend(state: State, message: Amend, now: Instant, left: Collection[str]) -> tuple[State, Announcement]:
    """Amends what was agreed for a team. Instalments that may have left keep their amounts; the rest is split again.

    This is possible after the challenge has ended, too, as long as a part of the award is still to be paid.

    Args:
        state: the challenge.
        message: the decision.
        now: when it is taken.
        left: keys of the team's payments that may have left, or were cancelled.

    Raises:
        Refused: one of its kinds.
    """
    state.check_may(Action.AMEND, message.by)
    check_not_held(state)
    stage, pay, run, team = _awarded(state, message)
    new_team = team.model_copy(
        update={"award": award_of(stage, message.amount), "kept": _kept(state, pay, run, team, left)}
    )
    wrong = _wrong(state, stage, pay, team, new_team, message)
    refuse_for_all([*no_reason(message, "An amended amount"), *wrong])
    changed = run.model_copy(update={"teams": tuple(new_team if each is team else each for each in run.teams)})
    new = state.having(runs=tuple(changed if each is run else each for each in state.runs))
    return _announced(new, stage, pay, message, now, team, new_team)


def payments_of(state: State, message: Amend) -> tuple[str, ...]:
    """The keys of the payments that were ordered for the award that a message would amend."""
    start = f"{state.challenge.id}/{message.stage}/{message.team}/"
    return tuple(key for key in state.payments if key.startswith(start))


def _awarded(state: State, message: Amend) -> tuple[Stage, Pay, StageRun, Team]:
    """The stage, what it pays, and the team for which an amount was agreed there."""
    check_stage_known(state, message.stage)
    stage = next(each for each in state.programme.stages if each.name == message.stage)
    if stage.pay is None or stage.pay.agreed_up_to is None:
        pays = "nothing" if stage.pay is None else f"a fixed {stage.pay.most.shown(state.programme.currency)}"
        raise WrongAmount(f"{stage.title} pays {pays}: only an agreed amount can be amended.")
    run = next((run for run in state.runs if run.stage == stage.name), None)
    if run is None:
        raise TooEarly(f"No amount was agreed for {stage.title} of {state.challenge.id} yet: name it at the selection.")
    team = next((team for team in run.teams if team.id == message.team), None)
    if team is None:
        teams = listed([team.id for team in run.teams])
        raise UnknownTeam(f"{message.team} was not in {run.stage} of {state.challenge.id}: choose from {teams}.")
    if team.left is not None and not run.stayed(team):
        raise TooLate(
            f"{team.id} left {stage.title} on {state.at(team.left)}: its award cannot be amended. "
            "A payment that is no longer owed can be cancelled."
        )
    return stage, stage.pay, run, team


def _kept(state: State, pay: Pay, run: StageRun, team: Team, left: Collection[str]) -> dict[int, Amount]:
    """The instalments that keep their amounts: those that may have left, and those that will never be paid."""
    kept = {}
    for number, (instalment, part) in enumerate(zip(pay.instalments, parts_of(pay, team), strict=True), start=1):
        key = f"{state.challenge.id}/{run.stage}/{team.id}/{number}"
        if key in left or (key not in state.payments and not _may_fall_due(state, instalment.due, run, team, number)):
            kept[number] = part
    return kept


def _may_fall_due(state: State, due: Due, run: StageRun, team: Team, number: int) -> bool:
    """Whether an instalment that was not ordered yet can still be."""
    if due is Due.EVIDENCE:
        return number not in team.verdicts and state.outcome is not Outcome.CANCELLED
    return due is Due.END and run.ended_for(team) is None and state.phase is not Phase.ENDED


def _wrong(state: State, stage: Stage, pay: Pay, team: Team, new: Team, message: Amend) -> Iterator[Refused]:
    """What is wrong with the new amount: the first fault that there is."""
    currency, shown = state.programme.currency, message.amount.shown(state.programme.currency)
    award = pay.amount_of(message.amount)
    kept = Amount(net=total(part.net for part in new.kept.values()), vat=total(part.vat for part in new.kept.values()))
    too_little = award.gross.pence <= kept.gross.pence or (pay.vat is Vat.ADDED and award.vat.pence < kept.vat.pence)
    if len(new.kept) == len(pay.instalments):
        yield TooLate(
            f"Nothing of the award of {team.id} for {stage.title} can be amended: each part of it may have left, was "
            "cancelled or will not be paid."
        )
    elif text := wrong_amount(stage, team.id, message.amount, currency):
        yield WrongAmount.for_problems([Problem(field="amount", text=text)])
    elif award == team.award:
        text = f"{shown} for {team.id} is what was agreed: name another amount."
        yield WrongAmount.for_problems([Problem(field="amount", text=text)])
    elif new.kept and (too_little or any(part.gross == NOTHING for part in parts_of(pay, new))):
        text = (
            f"{shown} for {team.id} is too little: {amount_in_words(kept, currency)} of the award may have left or is "
            "settled otherwise. Name more, or cancel a payment that is no longer owed."
        )
        yield WrongAmount.for_problems([Problem(field="amount", text=text)])


def _announced(
    new: State, stage: Stage, pay: Pay, message: Amend, now: Instant, before: Team, after: Team
) -> tuple[State, Announcement]:
    facts = {
        "stage": stage.title,
        "award": award_in_words(new, after),
        "was": award_in_words(new, before),
        "paid": _paid_in_words(new, stage, pay, after),
        "reason": message.reason,
    }
    people = tuple(dict.fromkeys((*new.in_charge, *new.challenge.releasers)))
    told = (
        to_teams((after.id,), Occasion.AWARD_AMENDED, facts | {"team": ""}),
        to_people(people, Occasion.AWARD_AMENDED, facts | {"team": after.id}),
    )
    text = f"Award of {after.id} for {stage.title} amended to {facts['award']} instead of {facts['was']}"
    return announced_by(new, message, now, text, told, stage.name, after.id)


def _paid_in_words(state: State, stage: Stage, pay: Pay, team: Team) -> str:
    """How the award is paid from now on: "£20,000 at the start (as before), £10,000 at the end"."""
    if len(pay.instalments) == 1:
        return pay.in_words(state.programme.currency, at_once=stage.only_sifts)
    parts = enumerate(zip(pay.instalments, parts_of(pay, team), strict=True), start=1)
    return ", ".join(
        f"{part.gross.shown(state.programme.currency)} {instalment.when(at_once=stage.only_sifts)}"
        + (" (as before)" if number in team.kept else "")
        for number, (instalment, part) in parts
    )
