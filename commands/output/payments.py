"""What the commands print about money: the ledger, what is late, payment files, whether the books agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commands.terminal import say, show_entry, show_table, when
from desk.late_payments import Late
from desk.open import Payment
from desk.payment_files import PaymentFile
from desk.reconciliation import Reconciled
from domain.payments.payment import OVER, PaymentStatus
from domain.values.calendar import spoken
from domain.values.money import total
from domain.values.wording import counted


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
