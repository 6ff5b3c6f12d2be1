"""Money in whole pence: parsing, showing, VAT, and splitting without losing a penny."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from .model import Value

_AMOUNT = re.compile(r"£?\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]{2}))?")
_SYMBOLS = {"GBP": "£", "EUR": "€"}
_LARGEST = 1_000_000_000
"""Pounds. A larger amount is a typing error, and larger still would not fit a database or a bank's file."""

_WITH_HUNDREDTHS = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP "
    "CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES "
    "KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT "
    "TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(_WITH_HUNDREDTHS.split())
"""The currencies of ISO 4217 that have hundredths. Amounts are counted in hundredths."""


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An amount of at least nothing, in the programme's currency, as whole pence.

    In files, messages and JSON it is a string of pounds and pence such as "2000.00", so that nobody has to guess
    whether 2000 means pounds or pence.

    Raises:
        ValueError: the pence are negative or not whole.
    """

    pence: int

    def __post_init__(self) -> None:
        if type(self.pence) is not int or self.pence < 0:
            raise ValueError(f"{self.pence!r} pence: an amount is a whole number of pence and not negative")

    @classmethod
    def parse(cls, text: str) -> Money:
        """Reads "2000", "2,000.00" or "£2,000".

        Raises:
            ValueError: `text` is not an amount, or is over a thousand million.
        """
        match = _AMOUNT.fullmatch(text.strip())
        if match is None and text.strip().startswith("-"):
            raise ValueError(f"{text!r} is negative: an amount is nothing or more")
        if match is None:
            raise ValueError(f"{text!r} is not an amount: write pounds, or pounds and pence, such as 2000 or 2000.50")
        pounds, pence = match[1].replace(",", ""), int(match[2] or 0)
        if len(pounds) > 30 or int(pounds) * 100 + pence > _LARGEST * 100:
            raise ValueError(f"is over {_LARGEST:,}: write an amount that can be paid")
        return cls(int(pounds) * 100 + pence)

    def __add__(self, other: Money) -> Money:
        return Money(self.pence + other.pence)

    def __str__(self) -> str:
        return f"{self.pence // 100}.{self.pence % 100:02d}"

    def shown(self, currency: str = "GBP") -> str:
        """For people: "£2,000", "£2,000.50", "SEK 2,000"."""
        pounds, pence = divmod(self.pence, 100)
        return f"{_SYMBOLS.get(currency, currency + ' ')}{pounds:,}" + (f".{pence:02d}" if pence else "")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: object) -> Money:
            if isinstance(value, Money):
                return value
            if isinstance(value, str):
                return cls.parse(value)
            raise ValueError('write an amount in quotes, as pounds and pence, such as "2000.00"')

        return core_schema.no_info_plain_validator_function(
            read,
            serialization=core_schema.to_string_ser_schema(),
            json_schema_input_schema=core_schema.str_schema(),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_AMOUNT.pattern}$", "examples": ["2000.00"]}


NOTHING = Money(0)


def total(amounts: Iterable[Money]) -> Money:
    """The sum of the amounts; 0.00 if there are no amounts."""
    return sum(amounts, NOTHING)


class Vat(StrEnum):
    """How value added tax relates to a fee: added to the fee, included in it, or not charged."""

    ADDED = "added"
    INCLUDED = "included"
    NONE = "none"


class Amount(Value):
    """An amount due: the net amount, and the tax on it."""

    net: Money
    vat: Money

    @property
    def gross(self) -> Money:
        """What is paid."""
        return self.net + self.vat

    @classmethod
    def of(cls, fee: Money, vat: Vat, rate: Decimal) -> Amount:
        """The amount for a fee as a programme states it.

        Args:
            fee: as stated: without VAT if VAT is added, with VAT if VAT is included.
            vat: how VAT relates to the fee.
            rate: per cent, such as Decimal("20").

        Returns:
            Net and VAT; the VAT is rounded to the nearest penny, half a penny up, and the two always make up the fee
            where VAT is included.
        """
        if vat is Vat.ADDED:
            return cls(net=fee, vat=_rounded(fee.pence * Fraction(rate) / 100))
        if vat is Vat.INCLUDED:
            tax = _rounded(fee.pence * Fraction(rate) / (100 + Fraction(rate)))
            return cls(net=Money(fee.pence - tax.pence), vat=tax)
        return cls(net=fee, vat=NOTHING)


def split(whole: Money, weights: Sequence[Decimal | int]) -> tuple[Money, ...]:
    """Divides an amount in proportion to weights so that the parts always sum to it.

    Each part ends at the rounded running total, so no part is more than a penny away from its exact share.

    Args:
        whole: what is divided.
        weights: percentages or amounts. At least one is above zero, and none is below zero.
    """
    totals = list(accumulate(map(Fraction, weights)))
    ends = [_rounded(whole.pence * running / totals[-1]).pence for running in totals]
    return tuple(Money(end - start) for start, end in pairwise([0, *ends]))


def _rounded(pence: Fraction) -> Money:
    """To the nearest penny; half a penny rounds up."""
    return Money(int(pence + Fraction(1, 2)))
