"""How long accounts of payments must be kept, whatever a payee asks for.

Section 388 of the Companies Act 2006 and HMRC ask for six years; public bodies count them from the end of the financial
year, which ends on 31 March. Article 17(3)(b) of the UK GDPR says that the right to erasure ends where the law asks for
the data.
"""

from __future__ import annotations

from whenever import Date

RULE = "six years after the end of the financial year (31 March) of the last payment"
_YEARS = 6


def kept_until(last_payment: Date) -> Date:
    """The last day on which the accounts of a payment must be kept.

    Args:
        last_payment: the day of the last payment to the payee.
    """
    ends = Date(last_payment.year, 3, 31)
    year = last_payment.year if last_payment <= ends else last_payment.year + 1
    return Date(year + _YEARS, 3, 31)
