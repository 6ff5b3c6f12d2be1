"""What a bank sends about payments, in whatever file: every message in it that the service reads."""

from __future__ import annotations

from collections import Counter

from domain.payments.bank_reports import BankReport
from domain.payments.statements import Statement
from domain.values.model import Value
from domain.values.refusals import FileRefused
from domain.values.wording import counted, listed

from . import statements, status_reports
from .messages import messages
from .statements import read_statements
from .status_reports import read_status_report


class BankFile(Value):
    """What is in a file from a bank.

    Args:
        reports: the status reports, in their order.
        statements: the statements and notices of entries, in their order.
        ignored: which other messages are in the file, a line for each kind.
    """

    reports: tuple[BankReport, ...] = ()
    statements: tuple[Statement, ...] = ()
    ignored: tuple[str, ...] = ()


def read_bank_file(xml: bytes, zone: str) -> BankFile:
    """Reads all status reports and statements in a file from a bank.

    Args:
        xml: one message, alone or with a header, or an envelope with any number of messages.
        zone: the time zone of the bank's clock, for times without an offset.

    Raises:
        FileRefused: the file has neither a status report nor a statement, or one of them cannot be read. The refusal
            says what to do.
    """
    found = messages(xml)
    reports = tuple(read_status_report(each, zone) for each in found if each.kind == status_reports.KIND)
    booked = tuple(read_statements(each, zone) for each in found if each.kind in statements.KINDS)
    others = Counter(each.name for each in found if each.kind not in {status_reports.KIND, *statements.KINDS})
    if not reports and not booked:
        raise FileRefused(
            f"The file is {listed(sorted(others))}: choose a status report (pain.002), a statement (camt.053) or a "
            "notice of entries (camt.054)."
        )
    return BankFile(
        reports=reports,
        statements=tuple(each for message in booked for each in message),
        ignored=tuple(f"{counted(number, 'message')} of {name}" for name, number in sorted(others.items())),
    )
