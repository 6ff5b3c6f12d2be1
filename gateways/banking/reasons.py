"""The reasons for which banks turn payments away or send them back: their codes, in words, and what banks add."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

_DUPLICATES = frozenset({"AM05", "DUPL", "RF01", *(f"DU0{number}" for number in range(1, 6))})
"""Reasons that do not mean a rejected payment: the bank refuses a second copy, and goes on with the first."""

_EXPLAINS_NOTHING = frozenset({"NARR", "MS02", "MS03"})
"""Codes by which a bank says that it gives no code as the reason."""

_CODE = re.compile(r"[A-Z]{2}[A-Z0-9]{2}")

_REASONS = {
    "AB05": "the payee's bank did not answer in time",
    "AB06": "a bank on the way did not answer in time",
    "AC01": "the account number is wrong or in the wrong format",
    "AC02": "the paying account's number is wrong",
    "AC03": "the payee's account number is wrong",
    "AC04": "the account is closed",
    "AC05": "the paying account is closed",
    "AC06": "the account is blocked",
    "AC07": "the payee's account is closed",
    "AC09": "the account is not in this currency",
    "AC14": "the payee's account is of a kind that cannot be paid to",
    "AG01": "this account may not make or take such payments",
    "AG02": "the bank does not offer this kind of payment",
    "AG03": "the bank does not support such payments",
    "AM01": "the amount is zero",
    "AM02": "the amount is more than is allowed",
    "AM03": "the bank does not handle this currency",
    "AM04": "the paying account has too little money",
    "AM05": "the bank has had this payment before",
    "AM06": "the amount is less than is allowed",
    "AM07": "the money is blocked",
    "AM09": "the amount is not the one agreed",
    "AM10": "the sum in the payment file does not match its payments",
    "AM14": "the amount is over the limit agreed with the bank",
    "AM18": "the number of payments in the file does not match its payments",
    "BE01": "the name does not belong to the account",
    "BE04": "the payee's address is missing or wrong",
    "BE05": "the bank does not know who sent the file",
    "BE06": "the payee's bank does not know the payee",
    "BE07": "the payer's address is missing or wrong",
    "CH03": "the day to pay is too far ahead",
    "CNOR": "the payee's bank cannot be reached for such payments",
    "CURR": "the currency is wrong",
    "CUST": "the customer asked for this",
    "DNOR": "the payer's bank takes no part in such payments",
    "DT01": "a date is wrong",
    "DUPL": "the payment is the same as another payment",
    "ED05": "the banks could not settle the payment",
    "FF01": "the format of the payment file is wrong",
    "FOCR": "the payment was called back",
    "FRAD": "the bank suspects fraud",
    "LEGL": "the law or a court forbids the payment",
    "MD07": "the account holder has died",
    "MS02": "the customer gave no reason",
    "MS03": "the bank did not say why",
    "NARR": "the bank gives the reason in a note",
    "RC01": "the bank's code, such as the sort code or BIC, is wrong",
    "RC03": "the code of the paying bank is wrong",
    "RC04": "the code of the payee's bank is wrong",
    "RF01": "the payment's id was used before",
    "RR01": "the paying account or its holder is missing, and regulations require it",
    "RR02": "the payer's name or address is missing, and regulations require it",
    "RR03": "the payee's name or address is missing, and regulations require it",
    "RR04": "regulations forbid the payment",
    "TM01": "the file came after the bank's cut-off time",
    "TS01": "the file did not arrive whole",
}
"""The codes for credit transfers from the external code lists of status reasons and return reasons."""

_NOTE_LENGTH = 200
_MASK = "••••"
_TO_MASK = re.compile(
    r"(?P<date>\b\d{4}-\d{2}-\d{2}\b)"
    r"|\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b"  # an IBAN
    r"|\d(?:[ -]?[A-Z]?\d){4,}",  # a sort code, an account number, an IBAN in groups
    re.ASCII | re.IGNORECASE,
)


def in_words(code: str) -> str:
    """The meaning of a reason code. It names nobody, so logs and Temporal may have it.

    Returns:
        The meaning, or the code itself if it is not a common one. If the bank wrote more than a code, a general phrase.
    """
    known = _REASONS.get(code)
    return known or (code if _CODE.fullmatch(code) else "the bank gave a reason of its own")


def explains(codes: Collection[str]) -> bool:
    """Whether a bank gives codes with a known meaning as its reasons, and nothing but such codes."""
    return bool(codes) and all(code in _REASONS and code not in _EXPLAINS_NOTHING for code in codes)


def is_of_a_copy(codes: Collection[str]) -> bool:
    """Whether a bank turns something away because it had it before. It then goes on with what it had."""
    return not _DUPLICATES.isdisjoint(codes)


def why(codes: Sequence[str]) -> str:
    """The reasons in words that name nobody: logs, Temporal and the record may have them."""
    return "; ".join(dict.fromkeys(map(in_words, codes))) or "the bank gives no reason"


def in_the_banks_words(codes: Sequence[str], notes: Iterable[str]) -> str:
    """The reasons with all that the bank adds, on one line. They can name people and accounts: see `masked`."""
    words = "; ".join(dict.fromkeys(_REASONS.get(code, code) for code in codes))
    note = " ".join(" ".join(notes).split())
    if len(note) > _NOTE_LENGTH:
        note = note[: _NOTE_LENGTH - 1] + "…"
    return ": ".join(filter(None, (words, note)))


def masked(words: str) -> str:
    """A bank's own words with account numbers masked, and anything that may be one. Dates stay."""
    return _TO_MASK.sub(lambda found: found[0] if found["date"] else _MASK, words)
