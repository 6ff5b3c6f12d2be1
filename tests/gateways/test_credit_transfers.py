"""Payment files: what stands in them, and that every one fits the official schema."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from domain.payments.bank_account import BankAccount
from domain.payments.bank_text import SEPA, bank_text
from domain.payments.rails import Instruction
from domain.values.money import Money, total
from domain.values.refusals import FileRefused
from domain.values.text import steering
from gateways.banking import credit_transfers
from gateways.banking.credit_transfers import Terms, Version, credit_transfer_file, end_to_end_id, validate
from tests.gateways.status_report import (
    DAY,
    DEBTOR,
    GERMAN,
    MADE,
    PAYEE,
    end_to_end_ids,
    instruction,
    many,
    transfer_id,
    written,
)

# No BIC follows from this IBAN.
UNKNOWN_BANK = BankAccount(holder="Nobody", iban="GB82 WEST 1234 5698 7654 32")
ABROAD = GERMAN.model_copy(update={"town": "Köln", "country": "DE"})
MOST = Money(10**18 - 1000)
"""A file holds one of it, and not two."""
IN_SEPA = re.compile(r"[A-Za-z0-9/?:().,'+ -]+")
IN_BACS = re.compile(r"[A-Z0-9./& -]+")


def texts(xml: bytes, path: str) -> list[str]:
    """What stands in a file at a path of element names."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    found = etree.fromstring(xml).xpath(f"//{steps}/text()")
    assert isinstance(found, list)
    return [str(text) for text in found]


holders = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=70).filter(
    lambda text: bank_text(text, SEPA, 70) and not steering(text.strip())
)
british = st.builds(
    BankAccount, holder=holders, sort_code=st.from_regex(r"[1-9][0-9]{5}", fullmatch=True), number=st.just("00012345")
) | st.builds(lambda holder: BankAccount(holder=holder, iban="GB82WEST12345698765432"), holders)
international = st.builds(
    lambda holder, iban, town: BankAccount(holder=holder, iban=iban, town=town, country=iban[:2]),
    holders,
    st.sampled_from(["DE89370400440532013000", "NL91ABNA0417164300", "SE4550000000058398257466"]),
    st.sampled_from(["Köln", "s-Gravenhage", "Göteborg", "東京"]),
)


def payments_to(payees: st.SearchStrategy[BankAccount]) -> st.SearchStrategy[list[Instruction]]:
    return st.lists(
        st.builds(
            Instruction,
            id=st.builds(transfer_id, st.from_regex(r"[a-z0-9-]{1,80}", fullmatch=True), st.integers(1, 9)),
            amount=st.builds(Money, st.integers(1, 10**10)),
            currency=st.just("GBP"),
            payee=payees,
            reference=st.text(max_size=300),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda each: each.id,
    )


@settings(max_examples=60, deadline=None)
@given(payments_to(british) | payments_to(international), british | international, st.sampled_from(Version))
def test_every_file_fits_the_official_schema_and_adds_up(
    instructions: list[Instruction], debtor: BankAccount, version: Version
) -> None:
    """Fails when an element is left out, or moved, or a text is written as it comes."""
    xml = written(instructions, version, debtor)

    validate(xml, version)
    amounts = texts(xml, "InstdAmt")
    assert amounts == [str(each.amount) for each in instructions]
    assert texts(xml, "CtrlSum") == [str(total(map(Money.parse, amounts)))] * 2
    assert texts(xml, "NbOfTxs") == [str(len(instructions))] * 2
    assert end_to_end_ids(xml) == tuple(end_to_end_id(each.id) for each in instructions)
    payees = [each.payee for each in instructions]
    names = [(debtor, texts(xml, "Dbtr/Nm")[0]), *zip(payees, texts(xml, "Cdtr/Nm"), strict=True)]
    for account, words in [*names, *zip(payees, texts(xml, "Ustrd"), strict=True)]:
        assert not account.iban or IN_SEPA.fullmatch(words)
        assert account.bank_country != "GB" or IN_BACS.fullmatch(words)
        assert words.strip(" /") == words
        assert "//" not in words
        assert not any(line.startswith((":", "-")) for line in re.findall(".{1,35}", words))
        assert re.search("[A-Za-z0-9]", words)
    abroad = [each for each in payees if each.bank_country != "GB"]
    assert texts(xml, "Cdtr/PstlAdr/Ctry") == [each.country for each in abroad]
    assert texts(xml, "SvcLvl/Cd") == ([] if abroad else ["NURG"])
    assert len(texts(xml, "Cdtr/Nm")) == len(texts(xml, "Ustrd")) == len(instructions)
    assert max(map(len, texts(xml, "Nm"))) <= 70
    assert written(instructions, version, debtor) == xml


@pytest.mark.parametrize("version", Version)
def test_a_file_of_many_payments_fits_the_schema(version: Version) -> None:
    instructions = many(500)
    xml = written(instructions, version)

    validate(xml, version)
    assert len(set(end_to_end_ids(xml))) == 500
    assert texts(xml, "GrpHdr/CtrlSum") == [str(total(each.amount for each in instructions))]


@pytest.mark.parametrize("version", Version)
def test_a_file_says_when_it_was_made_and_when_to_pay(version: Version) -> None:
    xml = written([instruction()], version)

    assert texts(xml, "CreDtTm") == ["2026-01-31T12:00:05Z"]
    assert texts(xml, "ReqdExctnDt" if version is Version.V03 else "ReqdExctnDt/Dt") == ["2026-02-02"]
    assert texts(xml, "PmtMtd") == ["TRF"]


def test_an_account_in_the_united_kingdom_stands_by_sort_code_and_number() -> None:
    xml = written([instruction()])

    assert texts(xml, "CdtrAcct/Id/Othr/Id") == ["12345678"]
    assert texts(xml, "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId") == ["123456"]
    assert texts(xml, "CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd") == ["GBDSC"]
    assert texts(xml, "DbtrAcct/Id/Othr/Id") == ["55779911"]
    assert texts(xml, "DbtrAgt/FinInstnId/ClrSysMmbId/MmbId") == ["200000"]


@pytest.mark.parametrize(("version", "name"), [(Version.V09, "BICFI"), (Version.V03, "BIC")])
def test_an_account_by_iban_stands_with_the_bic_of_its_bank(version: Version, name: str) -> None:
    xml = written([instruction(payee=GERMAN, currency="EUR")], version, GERMAN)

    assert b'<InstdAmt Ccy="EUR">2400.00</InstdAmt>' in xml
    assert texts(xml, "CdtrAcct/Id/IBAN") == texts(xml, "DbtrAcct/Id/IBAN") == ["DE89370400440532013000"]
    assert texts(xml, f"CdtrAgt/FinInstnId/{name}") == texts(xml, f"DbtrAgt/FinInstnId/{name}") == ["COBADEFFXXX"]


@pytest.mark.parametrize("version", Version)
def test_a_bank_that_only_the_iban_tells_is_left_out_or_called_not_provided(version: Version) -> None:
    """Fails when an agent is written with whatever BIC there is, the empty one too."""
    assert UNKNOWN_BANK.bank_code == ""
    xml = written([instruction(payee=UNKNOWN_BANK)], version, UNKNOWN_BANK)

    assert b"CdtrAgt" not in xml
    assert texts(xml, "DbtrAgt/FinInstnId/Othr/Id") == ["NOTPROVIDED"]


def test_a_bic_that_the_older_schema_does_not_allow_is_left_out_there() -> None:
    """Fails when both versions take the same BICs."""
    payee = ABROAD.model_copy(update={"bic": "COBADE1OXXX"})

    assert texts(written([instruction(payee=payee)]), "CdtrAgt/FinInstnId/BICFI") == ["COBADE1OXXX"]
    assert b"CdtrAgt" not in written([instruction(payee=payee)], Version.V03)


def test_a_reference_is_never_empty() -> None:
    """Fails without what stands instead."""
    xml = written([instruction(reference="🚀")])

    assert texts(xml, "Ustrd") == list(end_to_end_ids(xml))


def test_an_account_in_the_united_kingdom_gets_the_characters_of_bacs() -> None:
    """Fails when SEPA's stand there: the one sign that Bacs has, "&", became one that Bacs lacks."""
    debtor = DEBTOR.model_copy(update={"holder": "Scheme & Co"})
    payee = PAYEE.model_copy(update={"holder": "Smith & Sons Ltd"})

    assert texts(written([instruction(payee=payee)], debtor=debtor), "Nm") == ["SCHEME & CO"] * 2 + ["SMITH & SONS LTD"]
    by_iban = UNKNOWN_BANK.model_copy(update={"holder": "Smith & Sons Ltd"})
    assert texts(written([instruction(payee=by_iban)], debtor=debtor), "Cdtr/Nm") == ["SMITH AND SONS LTD"]
    abroad = ABROAD.model_copy(update={"holder": "Smith & Sons Ltd"})
    assert texts(written([instruction(payee=abroad)], debtor=debtor), "Cdtr/Nm") == ["Smith + Sons Ltd"]


@pytest.mark.parametrize("version", Version)
def test_a_file_says_what_a_bank_in_the_united_kingdom_expects(version: Version) -> None:
    """Fails when a setting does not reach its element, or stands where the schema does not have it."""
    xml = written([instruction()], version)
    assert texts(xml, "PmtInf/PmtTpInf/SvcLvl/Cd") == ["NURG"]
    assert texts(xml, "PmtInf/ChrgBr") == ["SHAR"]
    assert texts(xml, "Othr/SchmeNm/Cd") == ["BBAN", "BBAN"]

    other = Terms(service_level="URGP", charge_bearer="SLEV", account_scheme="CUID")
    xml = credit_transfer_file("RUN-1", MADE, DAY, DEBTOR, [instruction()], version, other)
    found = [texts(xml, path) for path in ("SvcLvl/Cd", "ChrgBr", "Othr/SchmeNm/Cd")]
    assert found == [["URGP"], ["SLEV"], ["CUID", "CUID"]]

    none = Terms(service_level="", charge_bearer="", account_scheme="")
    xml = credit_transfer_file("RUN-1", MADE, DAY, DEBTOR, [instruction()], version, none)
    assert not any(element in xml for element in (b"PmtTpInf", b"ChrgBr", b"SchmeNm"))


@pytest.mark.parametrize("version", Version)
def test_a_payment_across_a_border_has_town_and_country_and_leaves_the_way_to_the_bank(version: Version) -> None:
    xml = written([instruction(payee=ABROAD)], version)

    assert texts(xml, "Cdtr/PstlAdr/TwnNm") == ["Koln"]
    assert texts(xml, "Cdtr/PstlAdr/Ctry") == ["DE"]
    assert b"SvcLvl" not in xml
    assert texts(xml, "ChrgBr") == ["SHAR"]


def test_a_payment_across_a_border_without_town_and_country_is_refused() -> None:
    with pytest.raises(FileRefused, match="needs the payee's town and country: give the bank details again"):
        written([instruction(payee=GERMAN)])
    assert texts(written([instruction(payee=GERMAN, currency="EUR")]), "Cdtr/Nm") == ["Luft GmbH"]


def test_a_name_that_banks_cannot_write_is_refused_at_the_file_too() -> None:
    """An older release may have taken the name. Fails without the check: the file had NOTPROVIDED, or a rocket."""
    payee = PAYEE.model_copy(update={"holder": "🚀"})

    with pytest.raises(FileRefused, match="has no letter that banks can write: give the bank details again"):
        written([instruction(payee=payee)])


def test_the_name_of_a_transfer_is_the_same_in_every_release() -> None:
    assert end_to_end_id(transfer_id()) == "BREATHE-7KX3QM-CZUGFAH73IE32LT7K5N5"


@settings(deadline=None)
@given(st.lists(st.text(max_size=200), unique=True, min_size=2, max_size=2))
def test_names_of_transfers_fit_every_bank_and_tell_transfers_apart(ids: list[str]) -> None:
    names = [end_to_end_id(id_) for id_ in ids]

    assert names[0] != names[1]
    assert [end_to_end_id(id_) for id_ in ids] == names
    for name in names:
        assert re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)*", name)
        assert len(name) <= 35


def test_attempts_and_instalments_of_a_team_have_names_of_their_own() -> None:
    """Fails when only the readable part of a name is used."""
    ids = [transfer_id("t" * 80, number, attempt) for number in range(1, 13) for attempt in range(1, 100)]

    assert len({end_to_end_id(id_) for id_ in ids}) == len(ids)


@pytest.mark.parametrize(
    ("instructions", "says"),
    [
        ([], "RUN-1 would be empty"),
        ([instruction(), instruction(transfer_id("b"), currency="EUR")], "in EUR and GBP: write one for each"),
        ([instruction(), instruction()], "breathe-7kx3qm/1/1 is in payment file RUN-1 twice"),
        ([instruction(amount="0.00")], "breathe-7kx3qm/1/1 is zero"),
        ([instruction(currency="gbp")], "'gbp' is not a currency"),
        ([instruction(amount=MOST), instruction(transfer_id("b"), MOST)], "more than a file"),
        ([instruction(), instruction(transfer_id("b"), payee=ABROAD)], "to this country and to others: write one for"),
    ],
)
def test_payments_that_cannot_stand_in_one_file_are_refused(instructions: list[Instruction], says: str) -> None:
    """Each fails without its check."""
    with pytest.raises(FileRefused, match=says) as refused:
        written(instructions)

    assert "12345678" not in str(refused.value)


@pytest.mark.parametrize("message_id", ["", "x" * 36, "RUN 1", "/RUN", "RUN-", "RÜN", "RUN\n"])
def test_a_file_is_not_named_in_a_way_that_banks_refuse(message_id: str) -> None:
    with pytest.raises(FileRefused, match="cannot name a payment file"):
        credit_transfer_file(message_id, MADE, DAY, DEBTOR, [instruction()], Version.V09)


def test_a_file_that_does_not_fit_is_never_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the file is not checked after it was written. The error holds no payee details."""
    monkeypatch.setattr(credit_transfers, "bank_text", lambda text, characters, longest: text * 10)

    with pytest.raises(RuntimeError, match=r"RUN-1 does not fit its schema, see line \d+, Nm") as fault:
        written([instruction(payee=PAYEE.model_copy(update={"holder": "Secret holder " * 5}))])

    assert "Secret" not in str(fault.value)


def test_a_file_of_one_version_is_none_of_the_other() -> None:
    with pytest.raises(FileRefused, match=r"is not pain\.001\.001\.03: see line 2, Document"):
        validate(written([instruction()]), Version.V03)


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("element", ["EndToEndId", "InstdAmt", "DbtrAgt", "ReqdExctnDt", "NbOfTxs"])
def test_a_file_that_lacks_something_does_not_fit(version: Version, element: str) -> None:
    root = etree.fromstring(written([instruction()], version))
    lacking = next(root.iter(f"{{*}}{element}"))
    lacking.getparent().remove(lacking)  # type: ignore[union-attr]

    with pytest.raises(FileRefused, match=f"is not {version}"):
        validate(etree.tostring(root), version)


def test_what_is_no_xml_is_refused_without_being_quoted() -> None:
    with pytest.raises(FileRefused, match="cannot be read as XML at line 1: fetch it"):
        validate(b"<Document>secret</Dokument>", Version.V09)
