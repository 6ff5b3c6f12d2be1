"""Money keeps every penny, says so when it is not money, and reads what it shows."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.programmes.pay import Instalment, Pay
from domain.values.money import NOTHING, Amount, Money, Vat, split, total
from tests.domain.challenges import pay_of

amounts = st.integers(0, 10**11).map(Money)
rates = st.decimals(0, 100, places=2)


@given(amounts)
def test_an_amount_is_read_back_from_every_way_in_which_it_is_written(amount: Money) -> None:
    assert Money.parse(str(amount)) == amount
    assert Money.parse(amount.shown()) == amount
    adapter = TypeAdapter(Money)
    assert adapter.validate_json(adapter.dump_json(amount)) == amount


@pytest.mark.parametrize(
    ("text", "pence"),
    [
        ("2000", 200_000),
        ("2,000.00", 200_000),
        ("£2,000", 200_000),
        (" 2000.50 ", 200_050),
        ("0", 0),
        ("0.01", 1),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, pence: int) -> None:
    assert Money.parse(text).pence == pence


@pytest.mark.parametrize("text", ["", "lots", "2000.5", "2,00", "20,00.00", "1e3", "2000.005", "NaN", "2 000", "€5"])
def test_what_is_no_amount_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount: write pounds") as refused:
        Money.parse(text)
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize("text", ["1000000000.01", "200000000000000000.00", "9" * 5000])
def test_an_amount_that_no_database_and_no_bank_can_write_is_refused_as_it_is_read(text: str) -> None:
    """Fails when an amount has no limit: the ledger fails on it, again and again, once the team is selected."""
    with pytest.raises(ValueError, match="is over 1,000,000,000: write an amount that can be paid"):
        Money.parse(text)


def test_a_negative_amount_is_called_negative() -> None:
    with pytest.raises(ValueError, match=r"'-5\.00' is negative"):
        Money.parse("-5.00")
    with pytest.raises(ValueError, match="-1 pence"):
        Money(-1)


@pytest.mark.parametrize("value", [2000, 2000.0, Decimal(2000), True, None])
def test_a_number_is_no_amount_because_nobody_knows_whether_it_is_pounds_or_pence(value: object) -> None:
    with pytest.raises(ValidationError, match="in quotes, as pounds and pence"):
        TypeAdapter(Money).validate_python(value)


@pytest.mark.parametrize("pence", [1.0, Decimal(1), True, "1"])
def test_pence_are_whole(pence: int) -> None:
    with pytest.raises(ValueError, match="whole number of pence"):
        Money(pence)


@pytest.mark.parametrize(
    ("pence", "currency", "shown"),
    [
        (200_000, "GBP", "£2,000"),
        (200_050, "GBP", "£2,000.50"),
        (12_600_000, "EUR", "€126,000"),
        (5, "GBP", "£0.05"),
        (200_000, "SEK", "SEK 2,000"),
    ],
)
def test_amounts_are_shown_as_people_read_them(pence: int, currency: str, shown: str) -> None:
    assert Money(pence).shown(currency) == shown


def test_the_pilot_pays_126_000_pounds() -> None:
    fees = [Money.parse("2000.00")] * 18 + [Money.parse("15000.00")] * 6
    assert total(fees).shown() == "£126,000"
    assert total([]) == NOTHING


def test_vat_is_put_on_top_of_a_fee_that_comes_plus_vat() -> None:
    award = Amount.of(Money.parse("3000.00"), Vat.ADDED, Decimal(20))
    assert (str(award.net), str(award.vat), str(award.gross)) == ("3000.00", "600.00", "3600.00")


def test_vat_is_taken_out_of_a_fee_that_includes_it() -> None:
    award = Amount.of(Money.parse("3000.00"), Vat.INCLUDED, Decimal(20))
    assert (str(award.net), str(award.vat), str(award.gross)) == ("2500.00", "500.00", "3000.00")


def test_half_a_penny_of_vat_is_rounded_up() -> None:
    assert Amount.of(Money(250), Vat.ADDED, Decimal("0.2")).vat == Money(1)
    assert Amount.of(Money(249), Vat.ADDED, Decimal("0.2")).vat == Money(0)


@given(amounts, st.sampled_from(Vat), rates)
def test_vat_stands_to_the_fee_as_it_is_stated(fee: Money, vat: Vat, rate: Decimal) -> None:
    award = Amount.of(fee, vat, rate)
    if vat is Vat.ADDED:
        assert award.net == fee
    else:
        assert award.gross == fee
    expected = Fraction(award.net.pence) * Fraction(rate) / 100 if vat is not Vat.NONE else Fraction(0)
    assert abs(award.vat.pence - expected) <= 1


@given(amounts, st.lists(st.decimals("0.01", 10**6, places=2), min_size=1, max_size=12))
def test_parts_always_sum_to_the_whole_and_are_within_a_penny_of_their_share(
    whole: Money, weights: list[Decimal]
) -> None:
    """Fails when `split` rounds each part by itself instead of the running total."""
    parts = split(whole, weights)
    assert total(parts) == whole
    everything = sum(map(Fraction, weights), Fraction(0))
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.pence - whole.pence * Fraction(weight) / everything) <= 1


@st.composite
def pays(draw: st.DrawFn) -> Pay:
    vat, rate = draw(st.sampled_from(Vat)), draw(rates)
    if draw(st.booleans()):
        cuts = sorted(draw(st.sets(st.integers(1, 9_999), max_size=6)))
        shares = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
        parts = tuple(Instalment(share=f"{Decimal(share) / 100}%") for share in shares)
        return pay_of(draw(st.integers(1, 10**9)), vat, rate, parts)
    pence = draw(st.lists(st.integers(1, 10**7), min_size=1, max_size=6))
    parts = tuple(Instalment(amount=Money(each)) for each in pence)
    return pay_of(sum(pence), vat, rate, parts)


def check_instalments(pay: Pay) -> None:
    """The parts of a fee are right: gross, net and VAT."""
    award = pay.amount_of(pay.most)
    parts = pay.instalments_of(award)
    assert [part.gross for part in parts] == list(split(award.gross, [each.weight for each in pay.instalments]))
    assert total(part.gross for part in parts) == award.gross
    rate = Fraction(pay.vat_rate) if pay.vat is not Vat.NONE else Fraction(0)
    for part in parts:
        exact = part.gross.pence * rate / (100 + rate)
        assert abs(part.vat.pence - exact) <= (Fraction(1, 2) if pay.vat is Vat.INCLUDED else Fraction(3, 2))
    if pay.vat is not Vat.INCLUDED:
        assert (total(part.net for part in parts), total(part.vat for part in parts)) == (award.net, award.vat)
    if stated := [each.amount for each in pay.instalments if each.amount]:
        assert [part.gross if pay.vat is Vat.INCLUDED else part.net for part in parts] == stated


@given(pays())
def test_instalments_split_the_gross_as_the_programme_says_and_vat_is_part_of_each(pay: Pay) -> None:
    """Fails when net and VAT are split apart: two halves of £50,000 with VAT in it were £25,000.01 and £24,999.99."""
    check_instalments(pay)


def test_ten_thousand_fees_are_split_to_the_penny() -> None:
    """Also fees that nobody would call round, at any rate of VAT, by share and by amount."""
    random = Random(12)
    for _ in range(10_000):
        number, vat = random.randint(1, 6), random.choice(list(Vat))
        rate = random.choice([Decimal(20), Decimal(5), Decimal("17.5"), Decimal(random.randint(0, 10_000)) / 100])
        if random.random() < 0.5:
            cuts = sorted(random.sample(range(1, 10_000), number - 1))
            shares = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
            parts = tuple(Instalment(share=f"{Decimal(share) / 100}%") for share in shares)
            fee = random.randint(100_000, 10**8)
        else:
            parts = tuple(Instalment(amount=Money(random.randint(1, 10**7))) for _ in range(number))
            fee = total(part.amount for part in parts if part.amount).pence
        check_instalments(Pay(fixed=Money(fee), vat=vat, vat_rate=rate, instalments=parts))


def test_two_halves_of_a_fee_with_vat_in_it_are_alike() -> None:
    halves = (Instalment(amount=Money.parse("25000.00")),) * 2
    pay = pay_of(5_000_000, Vat.INCLUDED, Decimal(20), halves)
    parts = pay.instalments_of(pay.amount_of(pay.most))
    assert [(str(each.gross), str(each.net), str(each.vat)) for each in parts] == [
        ("25000.00", "20833.33", "4166.67")
    ] * 2
