"""A programme: the rules that challenges run under, as data.

A programme is an ordered list of stages. Every stage says how it is filled, how long it runs and what it pays. Nothing
here depends on a particular scheme.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from whenever import ItemizedDelta

from domain.values.calendar import Duration, TimeAllowed, WorkingDays, days_in
from domain.values.model import Line, Name, Value
from domain.values.money import CURRENCIES, NOTHING, Amount, Money, Vat, split
from domain.values.percent import Percent
from domain.values.places import WrittenHolidays, Zone


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("is not a currency with hundredths: write it by its three letters, such as GBP or EUR")
    return code


FROM_A_FILE = {"from_a_file": True}
"""The context of reading what a person wrote. A rehearsal makes days so short that some rules cannot hold."""


def is_from_a_file(info: ValidationInfo) -> bool:
    """Whether a person wrote what is being validated."""
    return bool(info.context and info.context.get("from_a_file"))


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


class Stage(Value):
    """A period that teams work in: how it is filled, how long it runs, what it pays."""

    name: Name
    title: Line
    min: Annotated[int, Field(ge=1, le=1000, strict=True)] = 1
    target: Annotated[int, Field(ge=1, le=1000, strict=True)]
    max: Annotated[int, Field(ge=1, le=1000, strict=True)]
    decision_within: TimeAllowed
    duration: Duration = Field(
        default=ItemizedDelta(seconds=0), description="PT0S for a stage that only sifts, or is a prize"
    )
    pay: Pay | None = None
    may_be_skipped: Annotated[bool, Field(strict=True)] = False
    participation_sessions: Annotated[int, Field(ge=0, le=1000, strict=True)] = 0

    @model_validator(mode="after")
    def _numbers_stand_in_order(self) -> Self:
        if not self.min <= self.target <= self.max:
            raise ValueError(f"needs min <= target <= max: it has {self.min}, {self.target}, {self.max}")
        return self

    @property
    def only_sifts(self) -> bool:
        """Whether the stage takes no time, as an interview round does. If the stage pays, the payment is a prize."""
        return self.duration.sign() == 0


class Reminders(Value):
    """How long before each kind of deadline people are reminded, and how often after a missed deadline."""

    window: tuple[Duration, ...] = ()
    decision: tuple[Duration, ...] = ()
    decision_overdue_every: Duration = ItemizedDelta(days=3)
    stage: tuple[Duration, ...] = ()
    payment: tuple[Duration, ...] = ()
    payment_overdue_every: Duration = ItemizedDelta(days=3)
    evidence_overdue_every: Duration = ItemizedDelta(days=7)

    @field_validator("window", "decision", "stage", "payment")
    @classmethod
    def _come_before_and_once(cls, value: tuple[ItemizedDelta, ...], info: ValidationInfo) -> tuple[ItemizedDelta, ...]:
        if any(each.sign() == 0 for each in value):
            raise ValueError("has a reminder that comes at the deadline itself: write a duration such as P1D")
        days = [days_in(each) for each in value]
        twice = next((each for each in value if days.count(days_in(each)) > 1), None)
        if twice is not None and is_from_a_file(info):
            raise ValueError(f"has two reminders {twice.format_iso()} before the deadline: leave one of the two out")
        return value

    @field_validator("decision_overdue_every", "payment_overdue_every", "evidence_overdue_every")
    @classmethod
    def _lasts(cls, value: ItemizedDelta, info: ValidationInfo) -> ItemizedDelta:
        if value.sign() == 0:
            raise ValueError("takes no time: write a duration such as P3D")
        if days_in(value) < 1 and is_from_a_file(info):
            raise ValueError("is more often than daily: write P1D or more")
        return value


class OnTime(Value):
    """When a payment must be made, counted from a valid request: the payment is due and the payee is known.

    Args:
        within: the promise of the public body.
        by_law: after this time the payment is late by law, and interest runs. Days are counted as in section 4 of the
            Late Payment of Commercial Debts (Interest) Act 1998: the day of the valid request is the first day.
    """

    within: TimeAllowed = WorkingDays(10)
    by_law: TimeAllowed = ItemizedDelta(days=30)

    @model_validator(mode="after")
    def _promises_no_more_than_the_law(self, info: ValidationInfo) -> Self:
        if is_from_a_file(info) and days_in(self.by_law) < days_in(self.within):
            law, within = (
                str(each) if isinstance(each, WorkingDays) else each.format_iso() for each in (self.by_law, self.within)
            )
            raise ValueError(f"has by_law {law}, which is shorter than within {within}: change one of the two")
        return self


class Terms(Value):
    """What a company keeps. Every team is told."""

    intellectual_property: Line
    equity: Line


class Programme(Value):
    """The rules of a scheme. Frozen into each challenge when it starts."""

    id: Name
    title: Line
    time_zone: Zone
    currency: Annotated[
        str,
        Field(
            pattern=r"^[A-Z]{3}$",
            description="a currency by its three letters, such as GBP",
            examples=["GBP"],
        ),
        AfterValidator(_known_currency),
    ]
    holidays: WrittenHolidays
    proposal_limit: Annotated[int, Field(ge=1, le=1_000_000, strict=True, description="characters in a proposal")] = (
        20_000
    )
    late_applications: Annotated[
        bool, Field(strict=True, description="whether an operator may admit an application after the closing")
    ] = False
    terms: Terms
    reminders: Reminders = Reminders()
    on_time: OnTime = OnTime()
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=20)]

    def __hash__(self) -> int:
        """As fast as can be: programmes that differ seldom have the same id and title."""
        return hash((self.id, self.title))

    @field_validator("holidays", mode="before")
    @classmethod
    def _holidays_are_a_code(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, dict) and is_from_a_file(info):
            raise ValueError("is a table: write the code of a country, or country-part, such as GB-SCT")
        return value

    @field_validator("stages")
    @classmethod
    def _names_differ(cls, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        names = [stage.name for stage in stages]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"two have the name {min(twice)!r}: give each stage its own")
        if stages and stages[-1].may_be_skipped:
            raise ValueError(f"has {stages[-1].name} last, but it may be skipped: no stage follows it")
        return stages
