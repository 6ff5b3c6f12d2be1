"""A bank account as its holder gives it: checked for form, and shown to people masked.

It is payee detail: it stays in the database, sealed, and in payment files. Its text form is always the masked one, so
that a log or a message that shows it by mistake shows nothing.
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
    "string_pattern_mismatch": "has a character that no bank knows: write it on one line, in plain text",
    "string_too_short": "is missing",
}
"""What is wrong with bank details, where the check itself says it for programs."""
_MASK = "••••"
_SHARED_IBANS = {
    "FI": {"AX"},
    "FR": {"BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"},
    "GB": {"GG", "IM", "JE"},
}
"""The territories whose accounts have the IBAN of another country, by that country; their banks' BICs name them."""


def _without_spacing(value: object) -> object:
    return re.sub(r"[\s-]", "", value).upper() if isinstance(value, str) else value


def _checked_iban(text: str) -> str:
    if not text:
        return text
    try:
        with warnings.catch_warnings():
            # Where the rule of a country's own check digits is not known, they are taken as they are.
            warnings.simplefilter("ignore", NationalChecksumNotVerified)
            IBAN(text, validate_bban=True)
    except SchwiftyException:
        raise ValueError("is no IBAN, or has a slip in it: compare it with the one on a bank statement") from None
    return text


def _checked_bic(text: str) -> str:
    if not text:
        return text
    try:
        BIC(text)
    except SchwiftyException:
        raise ValueError(
            "is no BIC: write 8 or 11 letters and digits as the bank gives them, or leave it out"
        ) from None
    return text


def _checked_sort_code(text: str) -> str:
    if text and not re.fullmatch(r"[0-9]{6}", text):
        raise ValueError("is no sort code: write six digits such as 12-34-56")
    return text


def _checked_number(text: str) -> str:
    if text and not re.fullmatch(r"[0-9]{8}", text):
        raise ValueError("is no account number: write eight digits; put a zero before one of seven")
    return text


def _fits(bic: BIC, iban: IBAN) -> bool:
    """Whether a bank can keep an account: its country's, or it is known to keep accounts under that country's IBANs."""
    countries = {iban.country_code} | _SHARED_IBANS.get(iban.country_code, set())
    known = iban.bic
    return bic.country_code in countries or (known is not None and known[:8] == bic[:8])


class BankAccount(Value):
    """An account in the United Kingdom by sort code and number, or any by its IBAN.

    Args:
        holder: whose it is, as the bank knows them; at most 70 characters, which is what payment files carry.
        sort_code: six digits, together with `number`; spaces and hyphens do not count.
        number: eight digits.
        iban: instead of the two; its check digits, and where the country has them those of the account, must fit.
        bic: of the bank, beside an IBAN, where a bank asks for it; found from the IBAN where that can be done.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    holder: Annotated[
        str,
        # Of one line: neither control characters nor what some programs break lines at.
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
        """The BIC as given, or as it follows from the IBAN; empty where neither is known."""
        if self.bic or not self.iban:
            return self.bic
        found = IBAN(self.iban).bic
        return str(found) if found else ""

    @property
    def masked(self) -> str:
        """For people: enough to recognise it, too little to use."""
        if self.iban:
            return f"{self.iban[:2]}{_MASK}{self.iban[-4:]}"
        return f"sort code {_MASK}, account {_MASK}{self.number[-3:]}"

    def __repr_args__(self) -> Iterator[tuple[None, str]]:  # also what rich and others that print values go by
        yield None, self.masked

    def __str__(self) -> str:
        return self.masked


def read_account(given: Mapping[str, str] | str) -> BankAccount:
    """The account in what somebody gives.

    Args:
        given: the fields by name, or TOML with them.

    Raises:
        NotReadable: they are no account; says what is wrong, and nothing of what was given.
    """
    try:
        return BankAccount.model_validate(tomllib.loads(given) if isinstance(given, str) else given)
    except tomllib.TOMLDecodeError:
        raise NotReadable('The bank details are no TOML: write lines such as sort_code = "12-34-56".') from None
    except ValidationError as error:
        problems = [_problem(each) for each in error.errors(include_input=False)]
        what = "; ".join(problem.text for problem in problems)
        raise NotReadable(f"The bank details cannot be used: {what}.", problems) from None


def _problem(error: ErrorDetails) -> Problem:
    """What is wrong in which field. What stands in the place of a field is not said: it can be a misplaced number."""
    named = [str(part) if re.fullmatch(r"[a-z_]{1,20}", str(part)) else "" for part in error["loc"]]
    where = ".".join(part or "a field" for part in named)
    wrong = _IN_WORDS.get(error["type"], error["msg"]).removeprefix("Value error, ")
    return Problem(field=where if all(named) else "", text=f"{where} {wrong}".strip())
