"""What a bank sends about payments, in whatever file: every message in it that the service reads."""

from __future__ import annotations

from domain.payments.bank_reports import BankReport
from domain.values.refusals import FileRefused

from . import status_reports
from .messages import messages
from .status_reports import read_status_report


def read_bank_file(xml: bytes, zone: str) -> tuple[BankReport, ...]:
    """Reads all status reports in a file from a bank.

    Args:
        xml: one message, alone or with a header, or an envelope with any number of messages.
        zone: the time zone of the bank's clock, for times without an offset.

    Raises:
        FileRefused: the file has no status report, or one of its messages cannot be read. The refusal says what to do.
    """
    found = messages(xml)
    read = tuple(read_status_report(each, zone) for each in found if each.kind == status_reports.KIND)
    if not read:
        others = ", ".join(sorted({each.name for each in found}))
        raise FileRefused(f"The file is {others}, not pain.002: choose the file that answers a payment file.")
    return read
