"""A bank account as its holder gives it: checked for form, and shown to people masked.

Bank details are sealed in the database and stand in payment files, and nowhere else. The text form of an account is
always masked, so that a log or a message that shows an account by mistake reveals nothing.
"""

from __future__ import annotations

import re
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails
from schwifty import BIC, IBAN
from schwifty.exceptions import NationalChecksumNotVerified, SchwiftyException

from domain.values.model import Value
from domain.values.refusals import NotReadable, Problem

_IN_WORDS = {
    "string_pattern_mismatch": "has a character that banks do not accept: write it on one line, in plain text",
    "string_too_short": "is missing",
}
"""What is wrong with bank details, for the checks whose own message is meant for programs."""
_MASK = "••••"
_SHARED_IBANS = {
    "FI": {"AX"},
    "FR": {"BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"},
    "GB": {"GG", "IM", "JE"},
}
"""By country, the territories whose accounts have IBANs of that country. Their banks' BICs name the territory."""


def _without_spacing(value: object) -> object:
    return re.sub(r"[\s-]", "", value).upper() if isinstance(value, str) else value


def _checked_iban(text: str) -> str:
    if not text:
        return text
    try:
        with warnings.catch_warnings():
            # If the rule for a country's own check digits is not known, the digits are accepted unchecked.
            warnings.simplefilter("ignore", NationalChecksumNotVerified)
            IBAN(text, validate_bban=True)
    except SchwiftyException:
        raise ValueError(
            "is not an IBAN, or has a mistake in it: compare it with the IBAN on a bank statement"
        ) from None
    return text


def _checked_bic(text: str) -> str:
    if not text:
        return text
    try:
        BIC(text)
    except SchwiftyException:
        raise ValueError(
            "is not a BIC: write 8 or 11 letters and digits as the bank gives them, or leave it out"
        ) from None
    return text


def _checked_sort_code(text: str) -> str:
    if text and not re.fullmatch(r"[0-9]{6}", text):
        raise ValueError("is not a sort code: write six digits such as 12-34-56")
    return text


def _checked_number(text: str) -> str:
    if text and not re.fullmatch(r"[0-9]{8}", text):
        raise ValueError("is not a account number: write eight digits; put a zero before a number of seven digits")
    return text


def _fits(bic: BIC, iban: IBAN) -> bool:
    """Whether a bank can keep an account: it is in the account's country, or in a territory that uses its IBANs."""
    countries = {iban.country_code} | _SHARED_IBANS.get(iban.country_code, set())
    known = iban.bic
    return bic.country_code in countries or (known is not None and known[:8] == bic[:8])


class BankAccount(Value):
    """An account: in the United Kingdom by sort code and number, or in any country by IBAN.

    Args:
        holder: the holder's name as the bank knows it; at most 70 characters, because payment files carry no more.
        sort_code: six digits, given with `number`; spaces and hyphens are ignored.
        number: eight digits.
        iban: instead of sort code and number; the check digits, and the country's own if it has any, must be right.
        bic: of the bank, given with an IBAN if the bank asks for it; derived from the IBAN where possible.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    holder: Annotated[
        str,
        # One line: no control characters, and no characters at which some programs break lines.
        StringConstraints(
            strip_whitespace=True, min_length=1, max_length=70, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
        ),
    ]
    sort_code: Annotated[str, BeforeValidator(_without_spacing), AfterValidator(_checked_sort_code)] = ""
    number: Annotated[str, BeforeValidator(_without_spacing), AfterValidator(_checked_number)] = ""
    iban: Annotated[str, BeforeValidator(_without_spacing), AfterValidator(_checked_iban)] = ""
    bic: Annotated[str, BeforeValidator(_without_spacing), AfterValidator(_checked_bic)] = ""

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if bool(self.sort_code) != bool(self.number):
            raise ValueError("needs a sort code and an account number together")
        if bool(self.iban) == bool(self.sort_code):
            raise ValueError("needs either a sort code and account number, or an IBAN")
        if self.bic and not self.iban:
            raise ValueError("has a BIC without an IBAN: leave the BIC out")
        if self.bic and not _fits(BIC(self.bic), IBAN(self.iban)):
            raise ValueError("has a BIC of another country than its IBAN: check both")
        return self

    @property
    def bank_code(self) -> str:
        """The BIC as given, or derived from the IBAN; empty if neither is possible."""
        if self.bic or not self.iban:
            return self.bic
        found = IBAN(self.iban).bic
        return str(found) if found else ""

    @property
    def masked(self) -> str:
        """For people: enough to recognise the account, too little to use it."""
        if self.iban:
            return f"{self.iban[:2]}{_MASK}{self.iban[-4:]}"
        return f"sort code {_MASK}, account {_MASK}{self.number[-3:]}"

    def __repr_args__(self) -> Iterator[tuple[None, str]]:  # rich and other printers of values use this too
        yield None, self.masked

    def __str__(self) -> str:
        return self.masked


def read_account(given: Mapping[str, str] | str) -> BankAccount:
    """Reads an account from what somebody gives.

    Args:
        given: the fields by name, or TOML with the fields.

    Raises:
        NotReadable: the fields are not an account. The refusal says what is wrong and repeats nothing that was given.
    """
    try:
        return BankAccount.model_validate(tomllib.loads(given) if isinstance(given, str) else given)
    except ValidationError as error:
        problems = [_problem(each) for each in error.errors(include_input=False)]
        what = "; ".join(problem.text for problem in problems)
        raise NotReadable(f"The bank details cannot be used: {what}.", problems) from None
    except (ValueError, RecursionError):  # a number or a list can be too long for TOML's own error
        raise NotReadable('The bank details are not TOML: write lines such as sort_code = "12-34-56".') from None


def _problem(error: ErrorDetails) -> Problem:
    """What is wrong, and in which field. Unknown field names are not repeated: one can be a misplaced number."""
    named = [str(part) if re.fullmatch(r"[a-z_]{1,20}", str(part)) else "" for part in error["loc"]]
    where = ".".join(part or "a field" for part in named)
    wrong = _IN_WORDS.get(error["type"], error["msg"]).removeprefix("Value error, ")
    return Problem(field=where if all(named) else "", text=f"{where} {wrong}".strip())
