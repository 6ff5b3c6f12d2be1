"""What the commands print for people; programs get the same as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from whenever import Instant

from desk.desk import Desk, Opened
from desk.late_payments import Late
from desk.open import ChallengeRow, Notice, Payment, RecordLine
from desk.payment_files import PaymentFile
from desk.reconciliation import Reconciled
from desk.rehearsal import Books, Findings
from domain.challenges.application import Application
from domain.challenges.decisions import Participate
from domain.challenges.page import evidence_of, facts_of, stages_of
from domain.challenges.state import State
from domain.payments.payment import OVER, PaymentStatus
from domain.programmes.plan import Plan, StagePlan, total_at_target
from domain.programmes.programme import Due
from domain.programmes.round import Round
from domain.values.calendar import spoken
from domain.values.money import total
from domain.values.wording import counted

from .terminal import cut, say, show_entry, show_facts, show_table, when

_ID = 32
"""Characters of an id that was made for a decision."""


def plans(round_: Round, all_plans: Sequence[Plan]) -> None:
    """The dates and the money of a round; challenges with the same dates stand together."""
    for _, alike in groupby(sorted(all_plans, key=_dates_of), key=_dates_of):
        _plans_alike(tuple(alike))
    sums, currency = total_at_target(*all_plans), all_plans[0].currency
    say(
        f"{round_.title}: {sums.fixed.gross.shown(currency)} in fixed fees with the teams that are expected, "
        f"and up to {sums.agreed_up_to.gross.shown(currency)} to be agreed."
    )
    for note in round_.notes:
        say(f"Note: {note}")


def opened(zone: str, rows: Sequence[Opened]) -> None:
    """What became of each challenge of a round."""
    for title, already in (("Opened", False), ("Open already, with the dates that they have", True)):
        show_table(
            title,
            ("=Challenge", "=Opens", "=Closes"),
            [(row.challenge, when(row.opens, zone), when(row.closes, zone)) for row in rows if row.already is already],
        )


def challenge_status(row: ChallengeRow, paid: Sequence[Payment], state: State) -> None:
    """Where one challenge stands, with its teams, its reserve, its money, and who must act."""
    show_facts(
        row.id,
        (
            ("Question", row.question),
            ("Needs attention", row.attention),
            *(
                (label, f"{row.sponsor_name} ({fact})" if label == "Sponsor" else fact)
                for label, fact in facts_of(state, row.attention)
            ),
            *stages_of(state),
            *(("Evidence", each) for each in evidence_of(state)),
            ("Payments", _payments_counted(paid)),
        ),
    )


def challenge(row: ChallengeRow, paid: Sequence[Payment]) -> None:
    """Where one challenge stands, as far as the database has it."""
    zone = row.time_zone
    show_facts(
        row.id,
        (
            ("Question", row.question),
            ("Sponsor", f"{row.sponsor_name} ({row.sponsor})"),
            ("Window opens", spoken(row.opens, zone)),
            ("Window closes", spoken(row.closes, zone)),
            ("Applications", row.applications),
            ("Stage", row.stage),
            ("Waits for", row.waits_for),
            ("Until", spoken(row.until, zone) if row.until else ""),
            ("Needs attention", row.attention),
            ("Outcome", row.outcome),
            ("Reason", row.outcome_reason),
            ("Payments", _payments_counted(paid)),
        ),
    )


def _payments_counted(paid: Sequence[Payment]) -> str:
    """How many stand how, and what they come to: "2 settled (£4,000), 1 requested (£2,000)"."""
    of_each = [(status, [each for each in paid if each.status is status]) for status in PaymentStatus]
    return ", ".join(
        f"{len(found)} {status} ({total(each.amount.gross for each in found).shown(found[0].currency)})"
        for status, found in of_each
        if found
    )


def challenges(rows: Sequence[ChallengeRow]) -> None:
    """Where every challenge stands."""
    for round_, of_one in groupby(rows, key=lambda row: row.round):
        show_table(
            f"Round {round_}",
            ("=Challenge", "Stage", "Waits for", "=Until"),
            [
                (
                    row.slug,
                    row.stage,
                    f"{row.waits_for} ({row.outcome})" if row.outcome else row.waits_for,
                    when(row.until, row.time_zone),
                )
                for row in of_one
            ],
        )
    for row in rows:
        if row.attention:
            say(f"{row.id} needs attention: {row.attention}")
    if not rows:
        say("No challenge was ever opened: open a round with `starter.py open ROUND`.")


def applications(row: ChallengeRow, rows: Sequence[Application]) -> None:
    """A list of the applications to a challenge, with how each proposal begins."""
    zone = row.time_zone
    say(f"Applications to {row.id}", bold=True)
    for each in rows:
        withdrawn = f"withdrawn {when(each.withdrawn, zone)}" if each.withdrawn else ""
        show_entry(
            f"{each.id}  {each.organisation}",
            (each.email, f"received {when(each.received, zone)}", withdrawn),
            (_beginning(each.proposal),),
        )
    if not rows:
        say("Nobody applied.")


def applications_in_full(row: ChallengeRow, rows: Sequence[Application]) -> None:
    """The applications to a challenge, word for word."""
    zone = row.time_zone
    for each in rows:
        withdrawn = f", withdrawn {spoken(each.withdrawn, zone)}" if each.withdrawn else ""
        say(f"{each.id}: {each.organisation}, {each.email}, received {spoken(each.received, zone)}{withdrawn}")
        for line in each.proposal.splitlines():
            say(line, indent=4)
        say("")
    if not rows:
        say("Nobody applied.")


def payments(rows: Sequence[Payment], zones: Mapping[str, str]) -> None:
    """The ledger.

    Args:
        rows: the payments.
        zones: the time zone of each challenge.
    """
    for row in rows:
        over = row.status in OVER  # to whom it went, and under which name, is in the JSON
        vat = f" ({row.amount.vat.shown(row.currency)} of it VAT)" if row.amount.vat.pence else ""
        show_entry(
            row.key,
            (
                f"{row.amount.gross.shown(row.currency)}{vat}, {row.status}",
                "" if over or not row.pay_by else f"pay by {when(row.pay_by, zones[row.challenge])}",
                "" if over or not row.payee else f"to {row.payee}",
                row.released_by and f"released by {row.released_by}",
                "" if over or not row.reference else f"reference {row.reference}",
                row.reason and f"reason: {row.reason}",
            ),
            (row.attention and f"needs attention: {row.attention.removeprefix(f'{row.key}: ')}",),
        )
    if not rows:
        say("No payment was requested yet.")
    for currency in sorted({row.currency for row in rows}):
        of_it = [row for row in rows if row.currency == currency]
        settled = total(row.amount.gross for row in of_it if row.status is PaymentStatus.SETTLED)
        owed = total(row.amount.gross for row in of_it if row.status not in OVER)
        say(f"Settled: {settled.shown(currency)}" + (f"; to be paid: {owed.shown(currency)}" if owed.pence else ""))


def late(found: Sequence[Late], zones: Mapping[str, str]) -> None:
    """What was not paid when it was promised, and what is owed for it."""
    for each in found:
        payment, zone = each.payment, zones[each.payment.challenge]
        show_entry(
            payment.key,
            (
                f"{payment.amount.gross.shown(payment.currency)}, {payment.status}",
                f"promised by {when(payment.pay_by, zone)}",
                f"by law {when(payment.pay_by_law, zone)}",
            ),
            (_interest(each),),
        )
    if not found:
        say("No payment is late, and none was.")
    if any(each.interest and not each.interest.certain for each in found):
        say("~ The base rate of that half-year is not in programmes/rates/base-rates.toml yet: add it there.")


def _interest(each: Late) -> str:
    owed = each.interest
    if owed is None:
        # On the last day itself, or with nothing to pay, nothing is owed.
        abroad = each.by_law and each.payment.currency != "GBP"
        return "late by law; no interest is worked out, as it is not in pounds" if abroad else ""
    sure = "" if owed.certain else "~"
    late = f"{counted(owed.days, 'day')} late by law"
    return (
        f"{late}: {sure}{owed.interest.shown()} of interest at {sure}{owed.rate}% and {owed.fixed_sum.shown()} besides"
    )


def payment_file(file: PaymentFile) -> None:
    """A file that was made for the bank just now."""
    say(
        f"{file.path}: {counted(file.count, 'payment')}, {file.control_sum.shown(file.currency)}, "
        f"to be paid on {file.execute_on}. Take it to the bank; then read its report with `settle`."
    )


def payment_files(files: Sequence[PaymentFile]) -> None:
    """The files that were made for the bank, one a line, as long as their paths are."""
    for each in files:
        there = "" if each.written else " NOT WRITTEN: `submit` finishes it."
        say(
            f"{each.path}: {counted(each.count, 'payment')}, {each.control_sum.shown(each.currency)}, to be paid on "
            f"{each.execute_on}; made by {each.made_by}, {spoken(each.made, 'UTC')}.{there}"
        )
    if not files:
        say("No payment file was made yet.")


def reconciled(found: Reconciled) -> None:
    """Whether the books agree."""
    show_table(
        "Differences",
        ("=Challenge", "=Payment", "What"),
        [(each.challenge, each.payment.removeprefix(f"{each.challenge}/"), each.what) for each in found.differences],
        f"The books agree: {counted(found.payments, 'payment')} of {counted(found.challenges, 'challenge')}.",
    )


def notices(rows: Sequence[Notice], zones: Mapping[str, str], nothing: str) -> None:
    """The notices, with the keys that `notices show` takes.

    Args:
        rows: the notices.
        zones: the time zone of each challenge.
        nothing: what is said if there are none.
    """
    ends = _ends_of_keys(rows)
    for row in rows:
        told = f"{when(row.created, zones[row.challenge])}, {row.status}: {row.subject}"
        show_entry(ends[row.key], (cut(told, before=4),), (row.reason,))
    if not rows:
        say(nothing)
    if any(row.status == "failed" for row in rows):
        say(
            "A notice that failed reached nobody: tell its recipient in another way, or mend its cause and let it "
            "be sent again with `notices resend`."
        )


def _ends_of_keys(rows: Sequence[Notice]) -> dict[str, str]:
    """Of each key as much of its end as tells it from the others, also from those of other challenges."""

    def ends(row: Notice) -> list[str]:
        parts = row.key.split("/")
        return ["/".join(parts[start:]) for start in range(len(parts) - 2, -1, -1)]

    count = Counter(end for row in rows for end in ends(row))
    return {
        row.key: next(
            (end for end in ends(row) if count[end] == 1 and _only_here(end, row.challenge.partition("/")[2])), row.key
        )
        for row in rows
    }


def _only_here(end: str, slug: str) -> bool:
    """Whether it has the id of an application or of a decision in it, which no other challenge has."""
    return any(part.startswith(f"{slug}-") or len(part) == _ID for part in end.split("/"))


def notice(row: Notice, of: ChallengeRow) -> None:
    """One notice in full."""
    show_facts(
        row.key,
        [
            ("To", f"{row.recipient}, {row.address}"),
            ("Written", spoken(row.created, of.time_zone)),
            ("Status", f"{row.status}, {spoken(row.status_at, of.time_zone)}" if row.status_at else row.status),
            ("Through", row.channel),
            ("Reason", row.reason),
            ("Turn to", of.contact if row.status == "failed" else ""),
        ],
    )
    letter(row.subject, row.body)


def letter(subject: str, body: str) -> None:
    """The words of a notice."""
    say("")
    say(f"Subject: {subject}", indent=4)
    say("")
    for line in body.splitlines():
        say(line, indent=4)
    say("")


def record(row: ChallengeRow, lines: Sequence[RecordLine]) -> None:
    """What was done on a challenge, an entry each."""
    for line in lines:
        refused = " refused" if line.refused else ""
        role = f" ({line.role})" if line.role not in (line.by, "unknown") else ""
        say(f"{when(line.at, row.time_zone, seconds=True)}  {line.by}{role}: {line.action}{refused}")
        reason = "Summary" if line.action == Participate.kind else "Reason"
        for text in (line.text, line.reason and f"{reason}: {line.reason}"):
            if text:
                say(text, indent=4)
    if not lines:
        say("Nothing is on the record yet.")


def rehearsed(desk: Desk, findings: Findings) -> None:
    """What came of a rehearsal: the challenges, the notices and the books."""
    rows = [(row, desk.payments(row.id)) for row in map(desk.find, findings.challenges)]
    currency = rows[0][0].currency
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
            for row, paid in rows
        ],
    )
    told = Counter(notice.occasion for row, _ in rows for notice in desk.notices(row.id))
    show_table("The notices", ("Occasion", ">Written"), told.most_common(), "No notice was written.")
    show_table(
        "The ledger",
        ("Stage", ">Payments", ">Each", ">Together"),
        [(line.stage, line.payments, _each(line, currency), line.paid.shown(currency)) for line in findings.ledger],
        "Nothing was paid.",
    )
    fixed = " + ".join(
        f"{line.payments} × {line.each.shown(currency)}" if line.each else line.paid.shown(currency)
        for line in findings.ledger
        if not line.agreed
    )
    agreed = ", ".join(f"{line.paid.shown(currency)} for {line.stage}" for line in findings.ledger if line.agreed)
    say(f"{findings.accepted} applications taken, {findings.refused} refused as late, {told.total()} notices written.")
    say(f"Fixed fees: {fixed or 'none'} = {findings.fixed.shown(currency)}")
    say(f"Agreed after that: {agreed or 'nothing'}")
    say(f"Paid in all: {findings.paid.shown(currency)}")


def _each(line: Books, currency: str) -> str:
    if line.agreed:
        return "as agreed"
    return line.each.shown(currency) if line.each else "in instalments"


def _dates_of(plan: Plan) -> tuple[object, ...]:
    return plan.opens, plan.closes, plan.stages[-1].ends


def _plans_alike(alike: tuple[Plan, ...]) -> None:
    """Challenges with the same dates, the dates, and the money of each of them."""
    plan = alike[0]
    for each in alike:
        say(f"{each.challenge}, posed by {each.sponsor}: {each.question}")
        for session in each.engagement:
            local, utc = spoken(session.at, plan.time_zone), _in_utc(session.at)
            say(f"{session.title}: {local} ({utc} UTC)", indent=4)
    dates = [("Window opens", plan.opens), ("Window closes", plan.closes)]
    for stage in plan.stages:
        dates.append((f"{stage.title}: selection due", stage.decision_due))
        if stage.ends > stage.begins:
            dates.append((f"{stage.title} ends", stage.ends))
    show_table(
        "",
        ("At the latest", f"In {plan.time_zone}", "=In UTC"),
        [(what, spoken(date, plan.time_zone), _in_utc(date)) for what, date in dates],
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
        *(
            (f"{at_most}{part.amount.gross.shown(plan.currency)} to each {part.when}",)
            for part in stage.instalments
            if len(stage.instalments) > 1 or part.due is not Due.START
        ),
        (
            f"{counted(stage.participation_sessions, 'session')} of citizen participation expected"
            if stage.participation_sessions
            else "",
        ),
    )


def _fee(plan: Plan, stage: StagePlan) -> str:
    if stage.fee is None:
        return ""
    vat = f" and {stage.fee.vat.shown(plan.currency)} VAT" if stage.fee.vat.pence else ""
    return f"{'up to ' if stage.agreed else ''}{stage.fee.net.shown(plan.currency)}{vat}"


def _beginning(text: str, most: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
