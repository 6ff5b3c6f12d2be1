"""What the commands print for people; programs get the same as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from desk.desk import Desk, Opened
from desk.front import ChallengeRow, Notice, Payment, RecordLine
from desk.paying import Late, PaymentFile
from desk.reconciling import Reconciled
from desk.rehearsing import Books, Findings
from domain.application import Application
from domain.calendar import spoken
from domain.decisions import Participate
from domain.money import total
from domain.payment import OVER, PaymentStatus
from domain.plan import Plan, StagePlan, total_at_target
from domain.round import Round
from domain.wording import counted
from terminal import say, show_facts, show_table, when


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
    show_table(
        "",
        ("=Challenge", "=Opens", "=Closes", ""),
        [
            (
                row.challenge,
                when(row.opens, zone),
                when(row.closes, zone),
                "was open already" if row.already else "opened",
            )
            for row in rows
        ],
    )


def challenge(row: ChallengeRow) -> None:
    """Where one challenge stands, with all that is known of it."""
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
        ),
    )


def challenges(rows: Sequence[ChallengeRow]) -> None:
    """Where every challenge stands."""
    for round_, of_one in groupby(rows, key=lambda row: row.round):
        show_table(
            f"Round {round_}",
            ("=Challenge", "Stage", "Waits for", "=Until", "Outcome", "Needs attention"),
            [
                (row.slug, row.stage, row.waits_for, when(row.until, row.time_zone), row.outcome, row.attention)
                for row in of_one
            ],
        )
    if not rows:
        say("No challenge was ever opened: open a round with `starter.py open ROUND`.")


def applications(row: ChallengeRow, rows: Sequence[Application]) -> None:
    """A list of the applications to a challenge, with how each proposal begins."""
    zone = row.time_zone
    show_table(
        f"Applications to {row.id}",
        ("=Application", "Organisation", "E-mail", "=Received", "Withdrawn", "Proposal"),
        [
            (
                each.id,
                each.organisation,
                each.email,
                when(each.received, zone),
                when(each.withdrawn, zone),
                _beginning(each.proposal),
            )
            for each in rows
        ],
        "Nobody applied.",
    )


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
    """The ledger, challenge by challenge.

    Args:
        rows: the payments.
        zones: the time zone of each challenge.
    """
    for name, of_one in groupby(rows, key=lambda row: row.challenge):
        show_table(
            f"Payments of {name}",
            (
                *("=Payment", ">Amount", ">of it VAT", "Status", "=Pay by", "Payee", "Released by", "Reference"),
                *("Reason", "Needs attention"),
            ),
            [
                (
                    row.key.removeprefix(f"{name}/"),
                    row.amount.gross.shown(row.currency),
                    row.amount.vat.shown(row.currency) if row.amount.vat.pence else "",
                    row.status,
                    "" if row.status in OVER else when(row.pay_by, zones[name]),
                    row.payee,
                    row.released_by,
                    row.reference,
                    row.reason,
                    row.attention,
                )
                for row in of_one
            ],
        )
    if not rows:
        say("No payment was requested yet.")
    for currency in sorted({row.currency for row in rows}):
        of_it = [row for row in rows if row.currency == currency]
        settled = total(row.amount.gross for row in of_it if row.status is PaymentStatus.SETTLED)
        owed = total(row.amount.gross for row in of_it if row.status not in OVER)
        say(f"Settled: {settled.shown(currency)}" + (f"; to be paid: {owed.shown(currency)}" if owed.pence else ""))
    if any(row.status not in OVER for row in rows):
        say("A payment's key is the challenge, a slash, and what stands in the first column.")


def late(found: Sequence[Late], zones: Mapping[str, str]) -> None:
    """What was not paid when it was promised, and what is owed for it."""
    show_table(
        "Late payments",
        (
            "=Payment",
            ">Amount",
            "Status",
            "=Promised by",
            "=By law",
            ">Days late by law",
            ">Rate",
            ">Interest",
            ">Fixed sum",
        ),
        [
            (
                each.payment.key,
                each.payment.amount.gross.shown(each.payment.currency),
                each.payment.status,
                when(each.payment.pay_by, zones[each.payment.challenge]),
                when(each.payment.pay_by_law, zones[each.payment.challenge]),
                *_interest(each),
            )
            for each in found
        ],
        "No payment is late, and none was.",
    )
    if any(each.interest and not each.interest.certain for each in found):
        say("~ The base rate of that half-year is not in programmes/rates/base-rates.toml yet: add it there.")


def _interest(each: Late) -> tuple[str, str, str, str]:
    owed = each.interest
    if owed is None:
        # On the last day itself, or with nothing to pay, nothing is owed.
        return ("not in pounds" if each.by_law and each.payment.currency != "GBP" else "", "", "", "")
    sure = "" if owed.certain else "~"
    return str(owed.days), f"{sure}{owed.rate}%", f"{sure}{owed.interest.shown()}", owed.fixed_sum.shown()


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
    """The notices sent, challenge by challenge.

    Args:
        rows: the notices.
        zones: the time zone of each challenge.
        nothing: what is said if there are none.
    """
    for name, of_one in groupby(rows, key=lambda row: row.challenge):
        show_table(
            f"Notices of {name}",
            ("=When", "To", "Address", "Subject", "Status", "Reason"),
            [
                (when(row.created, zones[name]), row.recipient, row.address, row.subject, row.status, row.reason)
                for row in of_one
            ],
        )
    if not rows:
        say(nothing)
    if any(row.status == "failed" for row in rows):
        say(
            "A notice that failed reached nobody: tell its recipient in another way, or mend its cause and let it "
            "be sent again with `notices resend`."
        )


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
    show_table("The notices", ("Occasion", ">Sent"), told.most_common(), "No notice was sent.")
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
    say(f"{findings.accepted} applications taken, {findings.refused} refused as late, {told.total()} notices sent.")
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
    dates = [("Window opens", plan.opens), ("Window closes", plan.closes)]
    for stage in plan.stages:
        dates.append((f"{stage.title}: selection due", stage.decision_due))
        if stage.ends > stage.begins:
            dates.append((f"{stage.title} ends", stage.ends))
    show_table(
        "",
        ("At the latest", f"In {plan.time_zone}", "=In UTC"),
        [(what, spoken(date, plan.time_zone), f"{date.to_stdlib():%Y-%m-%d %H:%M}") for what, date in dates],
    )
    show_table(
        "",
        ("Stage", ">Teams", ">Each team", ">Together"),
        [
            (
                stage.title + (" (may be skipped)" if stage.may_be_skipped else ""),
                f"{stage.target} ({stage.least} to {stage.most})",
                _fee(plan, stage),
                (("up to " if stage.agreed else "") + stage.at_target.gross.shown(plan.currency)) if stage.fee else "",
            )
            for stage in plan.stages
        ],
    )


def _fee(plan: Plan, stage: StagePlan) -> str:
    if stage.fee is None:
        return "nothing"
    vat = f" and {stage.fee.vat.shown(plan.currency)} VAT" if stage.fee.vat.pence else ""
    return f"{'up to ' if stage.agreed else ''}{stage.fee.net.shown(plan.currency)}{vat}"


def _beginning(text: str, most: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
