"""Bank accounts: slips are found, details stay whole inside, and nobody sees them by mistake."""

from __future__ import annotations

import logging
import random
import re
import traceback

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError
from rich.pretty import pretty_repr
from schwifty import IBAN, registry

from domain.payments.bank_account import BankAccount, crosses_border, read_account
from domain.payments.bank_text import SEPA, bank_text
from domain.values.refusals import NotReadable
from domain.values.text import steering

LONDON = "GB33BUKB20201555555555"
BERLIN = "DE89370400440532013000"
NOTHING_THERE = str(IBAN.from_bban("GB", "BUKB20201500000000"))
COUNTRIES = registry.get_countries()


def an_iban(country: str, seed: int) -> str:
    return str(IBAN.random(country_code=country, random=random.Random(seed)))


ibans = st.builds(an_iban, st.sampled_from(COUNTRIES), st.integers(0, 10**6))
sort_codes = st.from_regex("[0-9]{5}[1-9]", fullmatch=True)
numbers = st.from_regex("[0-9]{7}[1-9]", fullmatch=True)
holders = (
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=70)
    .filter(lambda text: bank_text(text, SEPA, 70))
    .filter(lambda text: not steering(text.strip()))
)
accounts = st.one_of(
    st.builds(BankAccount, holder=holders, sort_code=sort_codes, number=numbers),
    st.builds(BankAccount, holder=holders, iban=ibans),
)


def refused(**fields: str) -> str:
    """What is said about an account that is wrong."""
    with pytest.raises(ValidationError) as error:
        BankAccount.model_validate({"holder": "Ada Lovelace"} | fields)
    return str(error.value)


# --- By sort code and number ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort_code", ["203040", "20-30-40", "20 30 40", " 20-30-40\t", "20\u00a030\u00a040"])
def test_a_sort_code_is_read_as_people_write_it(sort_code: str) -> None:
    account = BankAccount(holder="Ada Lovelace", sort_code=sort_code, number="1234 5678")
    assert (account.sort_code, account.number) == ("203040", "12345678")


@pytest.mark.parametrize("sort_code", ["20304", "2030400", "00-00-00", "20304x", "٢٠٣٠٤٠", "20/30/40"])
def test_what_is_no_sort_code_is_refused(sort_code: str) -> None:
    """Fails when digits of other scripts pass: no bank reads them."""
    assert "is not a sort code: write six digits" in refused(sort_code=sort_code, number="12345678")


@pytest.mark.parametrize("number", ["1234567", "123456789", "00000000", "1234567x", "１２３４５６７８"])
def test_what_is_no_account_number_is_refused(number: str) -> None:
    """Fails when digits of other scripts pass: no bank reads them."""
    assert "is not an account number: write eight digits" in refused(sort_code="203040", number=number)


# --- By IBAN -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("iban", "bic"),
    [
        ("GB33 BUKB 2020 1555 5555 55", "BUKBGB22"),
        ("gb33bukb20201555555555", "BUKBGB22"),
        ("DE89 3704 0044 0532 0130 00", "COBADEFF"),
        ("FR14 2004 1010 0505 0001 3M02 606", "PSSTFRPP"),
        ("NL91-ABNA-0417-1643-00", "ABNANL2A"),
        ("NO93 8601 1117 947", "DABANO22"),
    ],
)
def test_ibans_of_several_countries_are_read_and_their_bank_is_found(iban: str, bic: str) -> None:
    account = BankAccount(holder="Ada Lovelace", iban=iban)
    assert account.iban == re.sub("[ -]", "", iban).upper()
    assert account.bank_code[:8] == bic


@given(ibans)
def test_an_iban_of_any_country_is_taken(iban: str) -> None:
    """Fails for Hungary and Sweden, whose own check digits cannot be checked, when the warning of that gets out."""
    assert BankAccount(holder="Ada Lovelace", iban=iban).iban == iban


@given(ibans, st.data())
def test_a_wrong_digit_in_an_iban_is_always_found(iban: str, data: st.DataObject) -> None:
    """Fails without the check of the IBAN."""
    place = data.draw(st.sampled_from([place for place, character in enumerate(iban) if character.isdigit()]))
    digit = data.draw(st.sampled_from("0123456789"))
    assume(digit != iban[place])
    assert "is not an IBAN, or has a mistake in it" in refused(iban=iban[:place] + digit + iban[place + 1 :])


@pytest.mark.parametrize(
    "iban",
    [
        NOTHING_THERE,
        "GB33BUKB2020155555555",
        "GB",
        "XX82WEST12345698765432",
        "GB33BUKB2020155555555５",
        "n/a",
        "ß" * 22,
    ],
)
def test_what_is_no_iban_is_refused(iban: str) -> None:
    assert "is not an IBAN, or has a mistake in it" in refused(iban=iban)


def test_an_iban_whose_national_check_digits_are_wrong_is_refused() -> None:
    """Fails without `validate_bban`: the IBAN's own check digits fit."""
    wrong = str(IBAN.from_bban("FR", "20041010050500013M02607"))
    assert "is not an IBAN, or has a mistake in it" in refused(iban=wrong)


# --- With a BIC ----------------------------------------------------------------------------------------------------


def test_a_bic_that_is_given_counts_before_the_one_that_is_found() -> None:
    assert BankAccount(holder="Ada Lovelace", iban=LONDON, bic="barc gb 22 xxx").bank_code == "BARCGB22XXX"


@pytest.mark.parametrize("bic", ["BARCGB2", "BARCGB22XX", "BARCZZ22", "BARC-GB-22-X", "B" * 40])
def test_what_is_no_bic_is_refused(bic: str) -> None:
    assert "is not a BIC: write 8 or 11 letters and digits" in refused(iban=LONDON, bic=bic)


def test_a_bic_of_another_country_is_refused() -> None:
    """Fails without the comparison of the two."""
    assert "has a BIC of another country than its IBAN" in refused(iban=LONDON, bic="DEUTDEFF")


@pytest.mark.parametrize(
    ("iban", "bic"), [(LONDON, "RBOSIMD2"), (LONDON, "RBOSJESH"), ("FR1420041010050500013M02606", "BFCORERX")]
)
def test_a_bic_of_a_territory_that_shares_the_countrys_ibans_fits(iban: str, bic: str) -> None:
    """Fails when only the country of the IBAN itself counts: the Isle of Man's banks keep accounts under GB."""
    assert BankAccount(holder="Ada Lovelace", iban=iban, bic=bic).bank_code == bic


@pytest.mark.parametrize("country", ["LT", "SK"])
def test_a_bic_fits_where_a_bank_of_another_country_is_known_to_keep_the_accounts(country: str) -> None:
    """Fails when countries are compared alone."""
    bank = next(bank for bank in registry.get_banks_by_country(country) if bank.bic and str(bank.bic)[4:6] != country)
    iban = str(IBAN.random(country, random=random.Random(1), bank_code=bank.bank_code))
    assert BankAccount(holder="Ada Lovelace", iban=iban, bic=bank.bic).bank_code == bank.bic


# --- One or the other ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "needs either a sort code and account number, or an IBAN"),
        ({"sort_code": "203040"}, "needs a sort code and an account number together"),
        ({"number": "12345678"}, "needs a sort code and an account number together"),
        (
            {"sort_code": "203040", "number": "12345678", "iban": LONDON},
            "needs either a sort code and account number, or an IBAN",
        ),
        ({"sort_code": "203040", "number": "12345678", "bic": "BARCGB22"}, "has a BIC without an IBAN"),
    ],
)
def test_an_account_is_given_by_one_of_the_two(fields: dict[str, str], said: str) -> None:
    assert said in refused(**fields)


@pytest.mark.parametrize(
    "holder", ["", "   ", "Ada\nLovelace", "Ada\x85Lovelace", "Ada\u2028Lovelace", "Ada\u202eLovelace", "A" * 71]
)
def test_a_holder_is_one_line_of_at_most_70_characters(holder: str) -> None:
    """Fails when a holder can break the line of a payment file."""
    assert "holder" in refused(holder=holder, iban=LONDON)


def test_a_holder_is_kept_without_the_spaces_around_it() -> None:
    assert BankAccount(holder="  Ada Lovelace \n", iban=LONDON).holder == "Ada Lovelace"


@pytest.mark.parametrize("holder", ["🚀", "👍🏽 ❤️", "...", "-", "\u0a72\u0a72"])
def test_a_name_that_banks_cannot_write_is_refused_in_words(holder: str) -> None:
    """Fails when a name becomes empty in the file, or the name of a picture."""
    assert "has no letter or digit that banks can write: write the name as the bank" in refused(
        holder=holder, iban=LONDON
    )


# --- With a building society ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"), [("b/1234 5678-9", "B/12345678-9"), ("1.2.3", "1.2.3"), ("1" * 18, "1" * 18), ("", "")]
)
def test_a_roll_number_is_read_as_people_write_it(typed: str, kept: str) -> None:
    account = BankAccount(holder="Ada", sort_code="203040", number="12345678", roll_number=typed)
    assert account.roll_number == kept
    assert "1234" not in account.masked.replace("678", "")


@pytest.mark.parametrize("roll_number", ["1" * 19, "-123", "123-", ":12", "1_2", "N/A", "000", "１２３", "12é"])
def test_what_is_no_roll_number_is_refused(roll_number: str) -> None:
    assert "is not a roll number: write at most 18 letters" in refused(
        sort_code="203040", number="12345678", roll_number=roll_number
    )


def test_an_account_abroad_has_no_roll_number() -> None:
    assert "a roll number and an IBAN of another country" in refused(iban=BERLIN, roll_number="123")


def test_the_same_account_is_known_however_it_is_given() -> None:
    """Fails when the two forms of one account look like two accounts; members of a building society share one."""
    by_iban = BankAccount(holder="Ada", iban=LONDON)
    by_number = BankAccount(holder="Bob", sort_code="20-20-15", number="55555555")
    assert by_iban.identity == by_number.identity
    one, same, other = (by_number.model_copy(update={"roll_number": roll}) for roll in ("1-2", "12", "13"))
    assert one.identity == same.identity
    assert len({by_number.identity, one.identity, other.identity, BankAccount(holder="A", iban=BERLIN).identity}) == 4


# --- Abroad --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "currency", "crosses"),
    [("GB", "GBP", False), ("DE", "GBP", True), ("", "GBP", False), ("DE", "EUR", False), ("GB", "EUR", False)],
)
def test_a_payment_in_pounds_to_another_country_crosses_a_border(country: str, currency: str, crosses: bool) -> None:
    assert crosses_border(country, currency) is crosses


def test_all_that_a_payment_abroad_lacks_is_named_at_once() -> None:
    """Also where the IBAN has a mistake. Fails when town and country are asked for only after the mistake is mended."""
    given = {"holder": "🚀", "iban": BERLIN.replace("9", "8"), "country": " "}
    with pytest.raises(NotReadable) as error:
        read_account(given, "GBP")
    assert [each.field for each in error.value.problems] == ["holder", "iban", "town", "country"]
    assert "a payment in pounds to another country needs the payee's town" in str(error.value)
    assert read_account({"holder": "Luft", "iban": BERLIN}, "EUR").town == ""
    abroad = read_account({"holder": "Luft", "iban": BERLIN, "town": "Köln", "country": "de"}, "GBP")
    assert (abroad.town, abroad.country, abroad.bank_country) == ("Köln", "DE", "DE")


@pytest.mark.parametrize("country", ["UK", "ZZ", "D", "DEU", "Germany", "1D"])
def test_a_country_is_given_by_its_two_letters(country: str) -> None:
    assert "is not a country: write its two letters such as DE" in refused(iban=BERLIN, town="Köln", country=country)


@pytest.mark.parametrize("fields", [{"town": "Köln"}, {"country": "DE"}])
def test_town_and_country_go_together(fields: dict[str, str]) -> None:
    assert "needs a town and a country together" in refused(iban=BERLIN, **fields)


@pytest.mark.parametrize("town", ["🚀", "x" * 36, "Kö\nln"])
def test_a_town_is_one_line_that_banks_can_write(town: str) -> None:
    assert "town" in refused(iban=BERLIN, town=town, country="DE")


# --- What is shown -------------------------------------------------------------------------------------------------


def shown(account: BankAccount) -> list[str]:
    """Every way in which an account becomes text that somebody reads."""
    record = logging.LogRecord("", logging.INFO, "", 0, "paying %s, %r", (account, account), None)
    return [str(account), repr(account), f"{account}", pretty_repr([account]), record.getMessage(), account.masked]


@pytest.mark.parametrize(
    ("fields", "masked"),
    [
        ({"iban": LONDON, "bic": "BUKBGB22"}, "GB••••5555"),
        ({"sort_code": "203040", "number": "12345678"}, "sort code ••••, account ••••678"),
    ],
)
def test_an_account_is_shown_masked(fields: dict[str, str], masked: str) -> None:
    account = BankAccount.model_validate({"holder": "Ada Lovelace"} | fields)
    assert str(account) == account.masked == masked


@given(accounts)
def test_no_text_of_an_account_shows_more_than_its_last_digits(account: BankAccount) -> None:
    """Fails when pydantic's own repr, or what rich goes by, comes through."""
    last = account.iban[-4:] if account.iban else account.number[-3:]
    country = account.iban[:2]
    allowed = {"sort code ", ", account ", "BankAccount('", "paying ", ", ", "')", "['", "[", "]", country}
    for text in shown(account):
        parts = re.split("••••", text)
        assert len(parts) > 1
        rest = " ".join(parts).replace(last, " ")
        for word in sorted(allowed, key=len, reverse=True):
            rest = rest.replace(word, " ") if word else rest
        assert not re.sub(r"[\s'()\[\],]|BankAccount", "", rest), text


@given(
    st.text("0123456789", min_size=5, max_size=34), st.sampled_from(["sort_code", "number", "iban", "bic", "holder"])
)
def test_an_error_never_repeats_what_was_given(given_: str, field: str) -> None:
    """Fails without `hide_input_in_errors`."""
    fields = {"holder": "Ada Lovelace", "iban": LONDON} | {field: given_ + "\n" * (field == "holder") + given_ * 2}
    with pytest.raises(ValidationError) as error:
        BankAccount.model_validate(fields)
    said = "".join(traceback.format_exception(error.value))
    for detail in (given_, LONDON, "Lovelace"):
        assert detail not in said


def test_an_error_of_the_whole_account_repeats_none_of_it() -> None:
    said = refused(sort_code="203040", number="12345678", iban=LONDON)
    for detail in ("203040", "12345678", LONDON, "Lovelace"):
        assert detail not in said


# --- Kept whole ----------------------------------------------------------------------------------------------------


@given(accounts)
def test_an_account_is_read_back_whole_from_json(account: BankAccount) -> None:
    """JSON has the full details: it goes under a seal or into a payment, and nowhere else."""
    written = account.model_dump_json()
    assert BankAccount.model_validate_json(written) == account
    assert (account.iban or account.number) in written


@pytest.mark.parametrize(
    "given",
    [
        'holder = "Ada"\n31926819 = "number"\n',
        'holder = "Ada"\n[GB33BUKB20201555555555]\niban = 1\n',
        'holder = "Ada"\nnumber = 31926819\nsort_code = "60-16-13"\n',
        "31926819",
    ],
)
def test_what_is_wrong_is_said_without_what_was_given_whatever_stands_where(given: str) -> None:
    """It goes on the record. Fails when the name of a field is repeated that was never one of ours."""
    with pytest.raises(NotReadable, match="The bank details") as error:
        read_account(given)
    assert not re.search("31926819|GB33|1555|60-16-13", str(error.value))


def test_every_field_that_is_wrong_is_named() -> None:
    """Fails when the first one hides the others."""
    with pytest.raises(NotReadable) as error:
        read_account({"holder": " ", "sort_code": "12", "number": "3", "31926819": "x"})
    assert [each.field for each in error.value.problems] == ["holder", "sort_code", "number", ""]
    assert "holder is missing; sort_code is not a sort code" in str(error.value)


def test_what_is_wrong_together_is_named_beside_what_is_wrong_alone() -> None:
    """Fails when the account as a whole is looked at only once every field is right."""
    with pytest.raises(NotReadable, match=r"is not a sort code.*a sort code and an account number together.*a BIC"):
        read_account({"holder": "Ada", "sort_code": "12", "bic": "BARCGB22"})


def test_what_is_wrong_with_the_whole_account_is_a_problem_of_no_field_alone() -> None:
    with pytest.raises(NotReadable) as error:
        read_account({"holder": "Ada"})
    [problem] = error.value.problems
    assert (problem.field, problem.text[:12]) == ("", "needs either")
