"""What a stage pays: a fee, its VAT, and its instalments."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from domain.values.model import Line, Value
from domain.values.money import NOTHING, Amount, Money, Vat, split
from domain.values.percent import Percent


class Due(StrEnum):
    """When an instalment of an award falls due."""

    START = "start"
    EVIDENCE = "evidence"
    END = "end"


_ONE = {True: "add one of the two", False: "keep one of the two"}
"""What to do about two keys that exclude each other, by whether both are missing."""
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%")


def _read_share(text: str) -> Decimal:
    match = _SHARE.fullmatch(text)
    if match is None or not 0 < Decimal(match[1]) <= 100:
        raise ValueError('is not a share: write a percentage above 0 such as "50%"')
    return Decimal(match[1])


class Instalment(Value):
    """A part of an award: a share of the award or an amount, due at a moment of the stage."""

    share: Annotated[str | None, Field(json_schema_extra={"pattern": f"^{_SHARE.pattern}$"}, examples=["50%"])] = None
    amount: Money | None = None
    due: Due = Due.START
    evidence: Line | None = None

    @field_validator("share", mode="before")
    @classmethod
    def _share_is_a_percentage(cls, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError(f'is a number: write it in quotes and with its sign, such as "{value}%"')
        if isinstance(value, str):
            _read_share(value)
        return value

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if (self.share is None) == (self.amount is None):
            raise ValueError(f"needs either a share or an amount: {_ONE[self.share is None]}")
        if (self.due is Due.EVIDENCE) != (self.evidence is not None):
            raise ValueError('needs evidence = "what the team must show" if it is due = "evidence", and only then')
        if self.amount == NOTHING:
            raise ValueError("has the amount 0.00: leave it out, or give it an amount")
        return self

    def when(self, *, at_once: bool = False) -> str:
        """When the instalment is paid, in words.

        Args:
            at_once: whether the stage takes no time, so that its start and its end are now.
        """
        if self.due is Due.EVIDENCE:
            return f"once this is accepted: {self.evidence}"
        if at_once:
            return "now"
        return "at the start" if self.due is Due.START else "at the end"

    @property
    def weight(self) -> Decimal | int:
        """The size of the instalment in relation to the others: per cent, or pence."""
        if self.amount is not None:
            return self.amount.pence
        assert self.share is not None, "validated above"
        return _read_share(self.share)


class Pay(Value):
    """What a stage pays each team.

    Exactly one of the two is given: `fixed` is a fee stated in the programme; `agreed_up_to` is a cap, and the sponsor
    names the amount at the selection.
    """

    fixed: Money | None = None
    agreed_up_to: Money | None = None
    vat: Vat = Vat.NONE
    vat_rate: Annotated[Percent, Field(ge=0, le=100, description="per cent, in quotes", examples=["20"])] = Decimal(20)
    instalments: tuple[Instalment, ...] = (Instalment(share="100%"),)

    @model_validator(mode="after")
    def _sums_up(self) -> Self:
        if (self.fixed is None) == (self.agreed_up_to is None):
            raise ValueError(f"needs either fixed or agreed_up_to: {_ONE[self.fixed is None]}")
        if self.most == NOTHING:
            raise ValueError("has a fee of 0.00: leave pay out for a stage that pays nothing")
        if not self.instalments:
            raise ValueError("needs at least one instalment: leave the key out to pay all at the start")
        shares = [part.weight for part in self.instalments if part.share is not None]
        amounts = [part.amount.pence for part in self.instalments if part.amount is not None]
        if shares and amounts:
            raise ValueError("has instalments that mix shares and amounts: use one of the two for all")
        if shares and sum(shares) != 100:
            raise ValueError(f"has instalments whose shares sum to {sum(shares)}%: make them sum to 100%")
        if amounts and self.fixed is None:
            raise ValueError("has instalments by amount of a fee that is agreed later: use shares")
        if amounts and self.fixed is not None and sum(amounts) != self.fixed.pence:
            raise ValueError(f"has instalments that sum to {Money(sum(amounts))}: make them sum to {self.fixed}")
        if self.fixed and any(part.gross == NOTHING for part in self.instalments_of(self.amount_of(self.fixed))):
            raise ValueError("has an instalment that comes to nothing: leave it out")
        return self

    @property
    def most(self) -> Money:
        """The most that a team can be due, as the programme states it (see `vat`)."""
        fee = self.fixed or self.agreed_up_to
        assert fee is not None, "validated above"
        return fee

    def in_words(self, currency: str, *, at_once: bool = False) -> str:
        """How an award is paid: "50% at the start, 50% once this is accepted: a report".

        Args:
            currency: of the programme. An instalment that is an amount is shown in this currency, without VAT.
            at_once: whether the stage takes no time.
        """
        if len(self.instalments) == 1:
            return f"all of it {self.instalments[0].when(at_once=at_once)}"
        more = " without VAT" if self.vat is Vat.ADDED else ""
        return ", ".join(
            f"{part.amount.shown(currency) + more if part.amount else part.share} {part.when(at_once=at_once)}"
            for part in self.instalments
        )

    def amount_of(self, fee: Money) -> Amount:
        """The award for a fee, with its VAT."""
        return Amount.of(fee, self.vat, self.vat_rate)

    def instalments_of(self, award: Amount) -> tuple[Amount, ...]:
        """The instalments of an award, in order.

        The gross amount of the award is split as the programme says, to the penny. If the fee includes VAT, the VAT is
        taken out of each part by itself, as on an invoice for that part. Otherwise the net amounts sum to the fee.
        """
        parts = split(award.gross, [part.weight for part in self.instalments])
        if self.vat is Vat.INCLUDED:
            return tuple(self.amount_of(part) for part in parts)
        taxes = split(award.vat, [part.pence for part in parts]) if award.vat.pence else (NOTHING,) * len(parts)
        return tuple(Amount(net=Money(part.pence - tax.pence), vat=tax) for part, tax in zip(parts, taxes, strict=True))
