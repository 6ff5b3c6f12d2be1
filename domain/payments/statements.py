"""What a statement of an account says about money that left or came back, before the payments are known."""

from __future__ import annotations

import re

from schwifty import IBAN
from whenever import Date, Instant

from domain.values.model import Value
from domain.values.money import Money

from .bank_account import BankAccount
from .rails import Progress

_NUMBER_LENGTH, _SORT_CODE_LENGTH = 8, 6


class Movement(Value):
    """One booked movement of money.

    Args:
        line: where the movement is in the bank's file.
        progress: settled if money left, returned if money came in. None if the bank takes back what came in.
        at: when it was booked. Of two movements on one day the return is the later one.
        booked_on: the day on which it was booked.
        by_day: whether the bank gives only that day. The moment is then the last one that is possible.
        ids: what the bank gives as ids, in the order in which they are looked at: the end-to-end id, the instruction
            id, then all others.
        files: what the bank gives as names of a payment file, if it gives no ids: it booked a whole file at once.
        texts: what the bank writes beside: what the payer wrote, and notes. They may hold a payment's name too.
        amounts: what moved, by currency: first what moved on the account, last what was asked for. Several, because
            banks convert and add charges.
        reason: why the money came back, in words that name nobody.
        words: the bank's own words, with account numbers masked. They may name people.
    """

    line: int
    progress: Progress | None
    at: Instant
    booked_on: Date
    by_day: bool = False
    ids: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    amounts: tuple[tuple[str, Money], ...] = ()
    reason: str = ""
    words: str = ""

    def is_of(self, amount: Money, currency: str) -> bool:
        """Whether this much moved. What came back must be the whole amount; what left may have charges beside it."""
        named = [each for code, each in self.amounts if code == currency]
        return amount in (named[:1] if self.progress is Progress.RETURNED else named)


class Statement(Value):
    """A statement of an account, or a notice of single movements on the account.

    Args:
        id: the bank's id of the statement.
        made_at: when the bank made the statement.
        account: the number or IBAN of the account, as the bank writes it. Empty if the bank names no account.
        bank: the bank's own number, such as a sort code. Empty if the bank gives none.
        movements: what was booked, in the bank's order.
        pending: how many movements are not booked yet, or are only announced.
    """

    id: str
    made_at: Instant
    account: str = ""
    bank: str = ""
    movements: tuple[Movement, ...] = ()
    pending: int = 0

    def is_on(self, account: BankAccount) -> bool:
        """Whether the statement is on an account. True if the statement names no account."""
        if not self.account:
            return True
        named, (sort_code, number) = _plain(self.account), _in_britain(account)
        if not number:
            return named in {account.iban, account.iban[4:], IBAN(account.iban).account_code}
        if named.isdigit() and len(named) <= _NUMBER_LENGTH:
            bank = _plain(self.bank)
            return named.zfill(_NUMBER_LENGTH) == number and (not bank.isdigit() or bank == sort_code)
        # An IBAN of the United Kingdom ends with sort code and number, and some banks write the two in one.
        return named.endswith(sort_code + number) and (named.isdigit() or named.startswith("GB"))


def _plain(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def _in_britain(account: BankAccount) -> tuple[str, str]:
    """Sort code and number of an account in the United Kingdom. Empty for any other."""
    if account.sort_code:
        return account.sort_code, account.number
    if account.iban.startswith("GB"):
        both = account.iban[-_NUMBER_LENGTH - _SORT_CODE_LENGTH :]
        return both[:_SORT_CODE_LENGTH], both[_SORT_CODE_LENGTH:]
    return "", ""
