"""What the commands print about money: payments, late payments, payment files, differences in the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commands.terminal import complain, say, show_entry, show_table, when
from desk.bank_reports import Settled
from desk.late_payments import Late
from desk.open import Payment
from desk.payment_files import PaymentFile
from desk.reconciliation import Reconciled
from domain.payments.payment import OVER, TO_RELEASE, PaymentStatus
from domain.payments.positions import Doubt
from domain.values.calendar import spoken
from domain.values.money import total
from domain.values.wording import counted

_NAMED = 5
"""How many payments a line names."""


def payments(rows: Sequence[Payment], zones: Mapping[str, str]) -> None:
    """Prints payments and their sums.

    Args:
        rows: the payments.
        zones: the time zone of each challenge.
    """
    for row in rows:
        over = row.status in OVER  # account and reference of a payment that is over are in the JSON
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
            ("" if over else " ".join(row.warnings),),
            (team_left(row, zones),),
        )
    if not rows:
        say("No payments yet.")
    for currency in sorted({row.currency for row in rows}):
        of_it = [row for row in rows if row.currency == currency]
        settled = total(row.amount.gross for row in of_it if row.status is PaymentStatus.SETTLED)
        owed = total(row.amount.gross for row in of_it if row.status not in OVER)
        say(f"Settled: {settled.shown(currency)}" + (f"; to be paid: {owed.shown(currency)}" if owed.pence else ""))


def team_left(row: Payment, zones: Mapping[str, str]) -> str:
    """What the leaving of its team means for a payment that is not over; empty if the team has not left."""
    if row.team_left is None or row.status in OVER:
        return ""
    since = f"its team left on {spoken(row.team_left, zones[row.challenge])}"
    if row.status in (PaymentStatus.REQUESTED, *TO_RELEASE):
        return f"{since}: `release` it only if it is still owed; otherwise `cancel-payment`"
    if row.released is not None and row.released > row.team_left:
        return f"{since}, and it was released after that"
    return f"{since}, and it cannot be held: it may have left"


def held(rows: Sequence[Payment], zones: Mapping[str, str]) -> list[str]:
    """A line for each payment that is in no file because its team has left."""
    return [f"In no file: {row.key}, because {team_left(row, zones)}." for row in rows]


def to_release(payment: Payment) -> None:
    """Prints what a person is about to release, and what the person should look at twice."""
    say(f"{payment.key}: {payment.amount.gross.shown(payment.currency)} to {payment.payee or 'nobody yet'}")
    for warning in payment.warnings:
        say(warning, indent=4)


def late(found: Sequence[Late], zones: Mapping[str, str]) -> None:
    """Prints payments that were not made when promised, and the interest owed."""
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
        say("No payment is or was late.")
    if any(each.interest and not each.interest.certain for each in found):
        say("~: not certain. The base rate of that half-year is missing: add it to programmes/rates/base-rates.toml.")


def _interest(each: Late) -> str:
    owed = each.interest
    if owed is None:
        # No interest is owed for a payment on the last day itself, or for an amount of zero.
        abroad = each.by_law and each.payment.currency != "GBP"
        return "late by law; interest is calculated for payments in pounds only" if abroad else ""
    sure = "" if owed.certain else "~"
    late = f"{counted(owed.days, 'day')} late by law"
    interest = f"{sure}{owed.interest.shown()} interest at {sure}{owed.rate}%"
    return f"{late}: {interest}, and a fixed sum of {owed.fixed_sum.shown()}"


def payment_file(file: PaymentFile) -> None:
    """Prints a payment file that was just made."""
    say(
        f"{file.path}: {_counted(file)}, {file.control_sum.shown(file.currency)}, "
        f"to be paid on {file.execute_on}. Take the file to the bank, then read the bank's report with `settle`."
    )


def made_by_another(file: PaymentFile, who: str) -> None:
    """Warns that somebody else has just made a payment file: a file that goes to the bank twice may be paid twice."""
    complain(
        f"{file.path} ({_counted(file)}, {file.control_sum.shown(file.currency)}) was made at the same moment by "
        f"{who}, who takes it to the bank: do not take it there again."
    )


def nothing_to_send(files: Sequence[PaymentFile]) -> None:
    """Says that no file was made, and who has made the newest."""
    newest = (
        f" The newest is {files[-1].path}, made by {files[-1].made_by}, {spoken(files[-1].made, 'UTC')}."
        if files
        else ""
    )
    say(f"No payments to send: every released payment is already in a file.{newest}")


def _counted(file: PaymentFile) -> str:
    return counted(file.count, "cross-border payment" if file.abroad else "payment")


def payment_files(files: Sequence[PaymentFile]) -> None:
    """Prints payment files, one on a line, however long their paths are."""
    for each in files:
        there = "" if each.written else " NOT WRITTEN: run `submit` to finish the file."
        say(
            f"{each.path}: {_counted(each)}, {each.control_sum.shown(each.currency)}, to be paid on "
            f"{each.execute_on}; made by {each.made_by}, {spoken(each.made, 'UTC')}.{there}"
        )
    if not files:
        say("No payment files yet.")


def settled(found: Settled) -> None:
    """Prints what a bank's reports change, what changes nothing and why, and what a person has to find out.

    A contradiction is a refusal, which the command prints itself.
    """
    say(f"The report has news of {counted(len(found.payments), 'payment')}: see `payments` in a moment.")
    for why in dict.fromkeys(each.why for each in found.ignored):
        keys = [each.payment for each in found.ignored if each.why == why and each.payment]
        more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
        say(f"Ignored: {why}" + (f": {', '.join(keys[:_NAMED])}{more}" if keys else ""))
    for doubt in found.doubtful:
        if doubt.doubt is Doubt.COPY:
            say(f"Needs attention: {doubt.text}")


def reconciled(found: Reconciled) -> None:
    """Prints the differences in the books, or that the books agree."""
    show_table(
        "Differences",
        ("=Challenge", "=Payment", "What"),
        [(each.challenge, each.payment.removeprefix(f"{each.challenge}/"), each.what) for each in found.differences],
        f"The books agree: {counted(found.payments, 'payment')} of {counted(found.challenges, 'challenge')}.",
    )
