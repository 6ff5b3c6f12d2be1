"""What the commands print about rounds: plans, what was opened, rehearsals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from whenever import Instant

from commands.terminal import say, show_entry, show_table, when
from desk.open import ChallengeRow, Notice, Payment
from desk.rehearsal_findings import Books, Findings
from desk.rounds import Opened
from domain.programmes.pay import Due
from domain.programmes.plan import Plan, StagePlan, total_at_target
from domain.programmes.round import Round
from domain.values.calendar import spoken
from domain.values.money import total
from domain.values.wording import counted, listed


def plans(round_: Round, all_plans: Sequence[Plan]) -> None:
    """Prints the dates and the money of a round. Challenges with the same dates are printed together."""
    for _, alike in groupby(sorted(all_plans, key=_dates_of), key=_dates_of):
        _plans_alike(tuple(alike))
    sums, currency = total_at_target(*all_plans), all_plans[0].currency
    say(
        f"{round_.title}: {sums.fixed.gross.shown(currency)} in fixed fees for the expected number of teams, "
        f"and up to {sums.agreed_up_to.gross.shown(currency)} in agreed fees."
    )
    say(f"A decision without a proof {all_plans[0].unproven.in_words}.")
    for note in round_.notes:
        say(f"Note: {note}")


def opened(zone: str, rows: Sequence[Opened]) -> None:
    """Prints which challenges of a round were opened, and which were open before."""
    for title, already in (("Opened", False), ("Already open, dates unchanged", True)):
        show_table(
            title,
            ("=Challenge", "=Opens", "=Closes"),
            [
                (row.challenge, when(row.opens, zone, begins=True), when(row.closes, zone))
                for row in rows
                if row.already is already
            ],
        )


def ended(challenges: Sequence[str]) -> None:
    """Prints which challenges of earlier rehearsals were ended."""
    show_table("Ended", ("=Challenge",), [(each,) for each in challenges], "No rehearsal of this round was running.")


class Rehearsed(NamedTuple):
    """A challenge that was rehearsed, with its payments and notices."""

    row: ChallengeRow
    payments: Sequence[Payment]
    notices: Sequence[Notice]


def rehearsed(seen: Sequence[Rehearsed], findings: Findings) -> None:
    """Prints the result of a rehearsal: the challenges, the notices and the books."""
    currency = seen[0].row.currency
    show_table(
        "\nThe challenges",
        ("=Challenge", "Outcome", ">Applications", ">Payments", ">Paid"),
        [
            (
                row.slug,
                row.outcome,
                row.applications,
                len(paid),
                total(each.amount.gross for each in paid if each.settled).shown(row.currency),
            )
            for row, paid, _ in seen
        ],
    )
    told = Counter(notice.occasion for each in seen for notice in each.notices)
    show_table("The notices", ("Occasion", ">Written"), told.most_common(), "No notice was written.")
    show_table(
        "The ledger",
        ("Stage", ">Payments", ">Each", ">Together"),
        [(line.stage, line.payments, _each(line, currency), line.paid.shown(currency)) for line in findings.ledger],
        "Nothing was paid.",
    )
    fixed = " + ".join(
        f"{line.payments} × {line.each.shown(currency)}"
        if line.each
        else f"{line.paid.shown(currency)} in {counted(line.payments, 'instalment')}"
        for line in findings.ledger
        if not line.agreed
    )
    agreed = ", ".join(f"{line.paid.shown(currency)} for {line.stage}" for line in findings.ledger if line.agreed)
    say(
        f"{findings.accepted} applications received, {findings.refused} refused as too late, "
        f"{told.total()} notices written."
    )
    more = ((findings.files, "file"), (findings.proposals, "further proposal"), (findings.marks, "mark"))
    if any(number for number, _ in more):
        say(f"{listed([counted(number, what) for number, what in more])} received.")
    say(f"Fixed fees: {fixed or 'none'} = {findings.fixed.shown(currency)}")
    say(f"Agreed fees: {agreed or 'none'}")
    say(f"Paid in all: {findings.paid.shown(currency)}")


def _each(line: Books, currency: str) -> str:
    if line.agreed:
        return "as agreed"
    return line.each.shown(currency) if line.each else "in instalments"


def _dates_of(plan: Plan) -> tuple[object, ...]:
    return plan.opens, plan.closes, plan.stages[-1].ends


def _plans_alike(alike: tuple[Plan, ...]) -> None:
    """Prints challenges with the same dates, the dates, and the money of each challenge."""
    plan = alike[0]
    for each in alike:
        say(f"{each.challenge}, posed by {each.sponsor}: {each.question}")
        for session in each.engagement:
            local, utc = spoken(session.at, plan.time_zone, begins=True), _in_utc(session.at)
            more = (counted(session.minutes, "minute") if session.minutes else "", session.where)
            say(", ".join(filter(None, (f"{session.title}: {local} ({utc} UTC)", *more))), indent=4)
    dates = [("Window opens", plan.opens), ("Window closes", plan.closes)]
    if plan.questions_close < plan.closes:
        dates.insert(1, ("Questions until", plan.questions_close))
    for stage in plan.stages:
        if stage.window:
            dates.append((f"{stage.title}: proposals from", stage.window.opens))
            dates.append((f"{stage.title}: proposals until", stage.window.closes))
        dates.append((f"{stage.title}: selection due", stage.decision_due))
        if stage.ends > stage.begins:
            dates.append((f"{stage.title} ends", stage.ends))
    beginnings = {plan.opens, *(stage.window.opens for stage in plan.stages if stage.window)}
    show_table(
        "",
        ("Latest date", f"In {plan.time_zone}", "=In UTC"),
        [(what, spoken(date, plan.time_zone, begins=date in beginnings), _in_utc(date)) for what, date in dates],
    )
    for stage in plan.stages:
        _stage_planned(plan, stage)
    say("")


def _in_utc(instant: Instant) -> str:
    return f"{instant.to_stdlib():%Y-%m-%d %H:%M}"


def _stage_planned(plan: Plan, stage: StagePlan) -> None:
    teams = counted(stage.target, "team")
    if stage.least < stage.most:
        teams += f" ({stage.least} to {stage.most})"
    at_most = "up to " if stage.agreed else ""
    together = f"{at_most}{stage.at_target.gross.shown(plan.currency)} together" if stage.fee else ""
    show_entry(
        f"{stage.title}{': may be skipped' if stage.may_be_skipped else ''}",
        (teams, f"{_fee(plan, stage)} each" if stage.fee else "pays nothing", together),
        (_asked(stage),),
        *(
            (f"{at_most}{part.amount.gross.shown(plan.currency)} to each {part.when}",)
            for part in stage.instalments
            if len(stage.instalments) > 1 or part.due is not Due.START
        ),
        (
            f"{counted(stage.participation_sessions, 'session')} with citizens expected"
            if stage.participation_sessions
            else "",
        ),
        (f"judged by a scorecard: {', '.join(stage.criteria)}" if stage.criteria else "",),
    )


def _asked(stage: StagePlan) -> str:
    """What the stage asks teams for before the selection."""
    if stage.window is None:
        return ""
    without = "who sends none is out" if stage.window.out else "who sends none can still be selected"
    return f"teams are asked for: {stage.window.proposal}; {without}"


def _fee(plan: Plan, stage: StagePlan) -> str:
    if stage.fee is None:
        return ""
    vat = f" and {stage.fee.vat.shown(plan.currency)} VAT" if stage.fee.vat.pence else ""
    return f"{'up to ' if stage.agreed else ''}{stage.fee.net.shown(plan.currency)}{vat}"
