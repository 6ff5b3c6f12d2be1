"""A bank account as its holder gives it: checked for form, and shown to people masked.

Bank details are sealed in the database and stand in payment files, and nowhere else. The text form of an account is
always masked, so that a log or a message that shows an account by mistake reveals nothing.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails
from schwifty import BIC, IBAN
from schwifty.exceptions import NationalChecksumNotVerified, SchwiftyException

from domain.values import toml
from domain.values.model import Value
from domain.values.refusals import NotReadable, Problem
from domain.values.text import one_line

from .bank_text import BACS, BRITISH_IBAN, SEPA, Characters, bank_text

_IN_WORDS = {
    "string_too_short": "is missing",
}
"""What is wrong with bank details, for the checks whose own message is meant for programs."""
_MASK = "••••"
HOME = "GB"
"""The country whose accounts have sort codes, and whose currency is the pound."""

_LONGEST_NAME = 70
_LONGEST_TOWN = 35
_ROLL_NUMBER = re.compile(r"(?=.{1,18}$)(?=.*[1-9])[A-Z0-9]([A-Z0-9/.-]*[A-Z0-9])?")
_SHARED_IBANS = {
    "FI": {"AX"},
    "FR": {"BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"},
    "GB": {"GG", "IM", "JE"},
}
"""By country, the territories whose accounts have IBANs of that country. Their banks' BICs name the territory."""


def _without_spacing(value: object) -> object:
    return re.sub(r"[\s-]", "", value).upper() if isinstance(value, str) else value


def _without_spaces(value: object) -> object:
    return re.sub(r"\s", "", value).upper() if isinstance(value, str) else value


def _checked_iban(text: str) -> str:
    if not text:
        return text
    try:
        with warnings.catch_warnings():
            # If the rule for a country's own check digits is not known, the digits are accepted unchecked.
            warnings.simplefilter("ignore", NationalChecksumNotVerified)
            iban = IBAN(text, validate_bban=True)
    except SchwiftyException:
        iban = None
    if iban is None or _is_nothing(iban.account_code) or (text.startswith(HOME) and _is_nothing(iban.branch_code)):
        raise ValueError("is not an IBAN, or has a mistake in it: compare it with the IBAN on a bank statement")
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
    if text and (not re.fullmatch(r"[0-9]{6}", text) or _is_nothing(text)):
        raise ValueError("is not a sort code: write six digits such as 12-34-56")
    return text


def _checked_number(text: str) -> str:
    if text and (not re.fullmatch(r"[0-9]{8}", text) or _is_nothing(text)):
        raise ValueError("is not an account number: write eight digits; put a zero before a number of seven digits")
    return text


def _is_nothing(number: str) -> bool:
    """Whether a number has only zeros, as people write if they have none."""
    return bool(number) and not number.strip("0")


def _checked_holder(text: str) -> str:
    if not bank_text(text, SEPA, _LONGEST_NAME):
        raise ValueError(
            "has no letter or digit that banks can write: write the name as the bank has it, in Latin letters"
        )
    return text


def _checked_roll_number(text: str) -> str:
    if text and not _ROLL_NUMBER.fullmatch(text):
        raise ValueError(
            "is not a roll number: write at most 18 letters, digits, slashes, hyphens and full stops, as the building "
            "society gives them, or leave it out"
        )
    return text


def _checked_town(text: str) -> str:
    if text and not bank_text(text, SEPA, _LONGEST_TOWN):
        raise ValueError("has no letter that banks can write: write the town in Latin letters")
    return text


def _checked_country(text: str) -> str:
    if text and not _is_country(text):
        raise ValueError(f"is not a country: write its two letters such as DE{'; GB, not UK' if text == 'UK' else ''}")
    return text


def _is_country(code: str) -> bool:
    """Whether there is a country of two letters. A BIC names its country, so the library knows them.

    Banks write XK for Kosovo, which ISO 3166 does not have.
    """
    try:
        return code == "XK" or bool(re.fullmatch("[A-Z]{2}", code) and BIC(f"BANK{code}22"))
    except SchwiftyException:
        return False


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
        roll_number: the holder's number at a building society, which keeps one account for many members.
        town, country: where the holder is; the country by its two letters (ISO 3166).
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    holder: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=_LONGEST_NAME),
        AfterValidator(one_line),
        AfterValidator(_checked_holder),
    ]
    sort_code: Annotated[str, BeforeValidator(_without_spacing), AfterValidator(_checked_sort_code)] = ""
    number: Annotated[str, BeforeValidator(_without_spacing), AfterValidator(_checked_number)] = ""
    iban: Annotated[str, BeforeValidator(_without_spacing), AfterValidator(_checked_iban)] = ""
    bic: Annotated[str, BeforeValidator(_without_spacing), AfterValidator(_checked_bic)] = ""
    roll_number: Annotated[str, BeforeValidator(_without_spaces), AfterValidator(_checked_roll_number)] = ""
    town: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=_LONGEST_TOWN),
        AfterValidator(one_line),
        AfterValidator(_checked_town),
    ] = ""
    country: Annotated[str, BeforeValidator(_without_spaces), AfterValidator(_checked_country)] = ""

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if faults := list(_wrong_together(dict(self))):
            raise ValueError("; ".join(faults))
        if self.bic and not _fits(BIC(self.bic), IBAN(self.iban)):
            raise ValueError("has a BIC of another country than its IBAN: check both")
        if self.roll_number and self.bank_country != HOME:
            raise ValueError("has a roll number and an IBAN of another country: leave the roll number out")
        return self

    @property
    def bank_country(self) -> str:
        """The country of the account, by its two letters."""
        return self.iban[:2] or HOME

    @property
    def characters(self) -> Characters:
        """The characters that a payment to or from this account can carry."""
        if not self.iban:
            return BACS
        return BRITISH_IBAN if self.bank_country == HOME else SEPA

    @property
    def identity(self) -> str:
        """The same text for the same account, however the account is given."""
        number = self.iban[8:] if self.bank_country == HOME and self.iban else self.sort_code + self.number
        own = re.sub("[^A-Z0-9]", "", self.roll_number)
        return f"{HOME} {number} {own}" if self.bank_country == HOME else self.iban

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
        rolled = ", with a roll number" if self.roll_number else ""
        if self.iban:
            return f"{self.iban[:2]}{_MASK}{self.iban[-4:]}{rolled}"
        return f"sort code {_MASK}, account {_MASK}{self.number[-3:]}{rolled}"

    def __repr_args__(self) -> Iterator[tuple[None, str]]:  # rich and other printers of values use this too
        yield None, self.masked

    def __str__(self) -> str:
        return self.masked


def _wrong_together(fields: Mapping[str, object]) -> Iterator[str]:
    """What is wrong with the fields that are given, whatever stands in them."""
    given = {name for name, value in fields.items() if str(value).strip()}
    if ("sort_code" in given) != ("number" in given):
        yield "needs a sort code and an account number together"
    elif ("iban" in given) == ("sort_code" in given):
        yield "needs either a sort code and account number, or an IBAN"
    if "bic" in given and "iban" not in given:
        yield "has a BIC without an IBAN: leave the BIC out"
    if ("town" in given) != ("country" in given):
        yield "needs a town and a country together"


def crosses_border(bank_country: str, currency: str) -> bool:
    """Whether a payment in pounds goes to an account in another country. Banks make such a payment in another way.

    Args:
        bank_country: of the payee's account, by its two letters; empty if it is not known.
        currency: of the payment.
    """
    return currency == "GBP" and bank_country not in ("", HOME)


def read_account(given: Mapping[str, str] | str, currency: str = "") -> BankAccount:
    """Reads an account from what somebody gives.

    Args:
        given: the fields by name, or TOML with the fields.
        currency: of the payments to the account. A payment that crosses a border needs town and country of the payee.

    Raises:
        NotReadable: the fields are not an account. The refusal says all that is wrong and repeats nothing that was
            given.
    """
    try:
        fields: Mapping[str, object] = toml.loads(given) if isinstance(given, str) else given
    except ValueError:
        raise NotReadable('The bank details are not TOML: write lines such as sort_code = "12-34-56".') from None
    problems = list(_missing_abroad(fields, currency))
    account = None
    try:
        account = BankAccount.model_validate(fields)
    except ValidationError as error:
        wrong = error.errors(include_input=False)
        # The account as a whole is only checked once every field is right.
        together = _wrong_together(fields) if all(each["loc"] for each in wrong) else ()
        problems = [*map(_problem, wrong), *problems, *(Problem(field="", text=text) for text in together)]
    if account is None or problems:
        what = "; ".join(problem.text for problem in problems)
        raise NotReadable(f"The bank details cannot be used: {what}.", problems)
    return account


def _missing_abroad(fields: Mapping[str, object], currency: str) -> Iterator[Problem]:
    """What a payment across a border lacks. The IBAN says so by its letters, even if the IBAN has a mistake."""
    iban = str(_without_spacing(fields.get("iban", "")))
    if not (re.match("[A-Z]{2}", iban) and crosses_border(iban[:2], currency)):
        return
    for name in ("town", "country"):
        if not str(fields.get(name, "")).strip():
            yield Problem(
                field=name, text=f"{name} is missing: a payment in pounds to another country needs the payee's {name}"
            )


def _problem(error: ErrorDetails) -> Problem:
    """What is wrong, and in which field. Unknown field names are not repeated: one can be a misplaced number."""
    named = [str(part) if re.fullmatch(r"[a-z_]{1,20}", str(part)) else "" for part in error["loc"]]
    where = ".".join(part or "a field" for part in named)
    wrong = _IN_WORDS.get(error["type"], error["msg"]).removeprefix("Value error, ")
    return Problem(field=where if all(named) else "", text=f"{where} {wrong}".strip())
