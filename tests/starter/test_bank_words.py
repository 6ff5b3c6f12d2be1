"""What banks say in orders, words and copies of their own, as a finance officer meets it on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

import embedded
from gateways.banking.credit_transfers import end_to_end_id
from service.ports import free_ports
from tests.gateways.status_report import Said, bank_time, status_report
from tests.starter.commands import (
    FINANCE,
    OPERATOR,
    PURSE,
    WITH_MONEY,
    Answer,
    Commands,
    gives_away,
    one_line,
    refused,
    write_round,
)
from tests.starter.test_payment_files import PAYER, SUBMIT, release, submitted


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """Commands to a service of its own that pays by files."""
    programmes, files = tmp_path_factory.mktemp("programmes"), tmp_path_factory.mktemp("files")
    service = embedded.Service(tmp_path_factory.mktemp("service"), *free_ports())
    with pytest.MonkeyPatch.context() as environment:
        for name, value in PAYER.items():
            environment.setenv(name, value)
        with service.up(embedded.Listener()):
            settings = {"CHALLENGES_PROGRAMMES": str(programmes), "CHALLENGES_PAYMENT_FILES": str(files)}
            starter = Commands(service.address | PAYER | settings)
            write_round(programmes, {"quay": 8}, PURSE, programme=(PURSE, WITH_MONEY))
            assert starter("open", PURSE).status == 0
            yield starter


@pytest.fixture(scope="module")
def keys(bank: Commands) -> list[str]:
    """Payments to three teams whose payees are known."""
    teams = [bank.apply("quay", number) for number in range(3)]
    keys = bank.exploring("quay", teams)
    for team in teams:
        assert bank.payee("quay", team).status == 0
    for key in keys:
        bank.until_payment(key, "payee known")
    return keys


@pytest.fixture(scope="module")
def file(bank: Commands, keys: list[str]) -> str:
    """The id of the one file in which they have left."""
    release(bank, *keys)
    (file,) = submitted(bank)
    for key in keys:
        bank.until_payment(key, "submitted")
    return str(file["id"])


def settle(bank: Commands, folder: Path, xml: bytes, *words: str) -> Answer:
    """Reads a report of the bank."""
    report = folder / "report.xml"
    report.write_bytes(xml)
    return bank("settle", str(report), "--as", FINANCE, *words)


def name(key: str, attempt: int = 1) -> str:
    return end_to_end_id(f"{key}/{attempt}")


WORDS = Said("RJCT", proprietary="DUPLICATE FILE", note=("Account 31926819 has had this file",))


def test_a_file_that_the_bank_turns_away_in_its_own_words_comes_back_only_if_a_person_says_so(
    bank: Commands, keys: list[str], file: str, tmp_path: Path
) -> None:
    """Fails when the bank's words about a second copy return what the first copy pays."""
    before = bank.payments("quay")
    for group in (WORDS, Said("RJCT", "NARR", ("HAD IT",)), Said("RJCT"), Said("RJCT", "ZZ99")):
        line = one_line(settle(bank, tmp_path, status_report({}, group=group, original=file, made=bank_time())))
        assert "--believe and --reason WHY: 3 payments can then be released again" in line
        assert not gives_away(line)
        assert bank.payments("quay") == before
    line = one_line(settle(bank, tmp_path, status_report({}, block=WORDS, original=file, made=bank_time())))
    assert "in its own words: “DUPLICATE FILE: Account •••• has had this file”" in line
    assert "DUPLICATE" not in bank("record", "quay").out
    assert settle(bank, tmp_path, b"", "--believe").status == 2
    assert bank.payments("quay") == before


def test_a_copy_of_one_payment_waits_by_name_and_the_others_of_the_report_are_settled(
    bank: Commands, keys: list[str], file: str, tmp_path: Path
) -> None:
    copy, other, _ = keys
    xml = status_report(
        {name(copy): Said("RJCT", "AM05"), name(other): Said("ACSC")},
        group=Said("PART"),
        original=file,
        made=bank_time(),
    )
    read = settle(bank, tmp_path, xml)
    assert (read.status, read.err) == (0, "")
    assert "The report has news of 2 payments" in read.out
    assert f"Needs attention: {copy}/1 was rejected by the bank as a copy" in read.out
    bank.until_payment(other, "settled")
    assert bank.payment(copy)["status"] == "submitted"
    for words in (("payments", "quay"), ("status",)):
        assert f"{copy}/1 was rejected by the bank as a copy" in bank(*words).out
    assert "was rejected by the bank as a copy" in " ".join(bank("reconcile", "--as", FINANCE).out.split())
    # The person finds it on the statement.
    assert bank("settle", copy, "--as", FINANCE).status == 0
    assert bank.until_payment(copy, "settled")["attention"] == ""
    assert bank.books().status == 0


def test_an_older_report_changes_nothing_and_one_before_its_file_is_refused(
    bank: Commands, keys: list[str], file: str, tmp_path: Path
) -> None:
    """Fails when the report that is read last counts: the payment would leave again."""
    key, times = keys[1], [bank_time() for _ in range(2)]
    before = bank.payment(key)
    assert before["status"] == "settled"

    def rejected(made: str) -> bytes:
        return status_report({name(key): Said("RJCT", "AC04")}, original=file, made=made)

    newer = status_report({name(key): Said("ACCC")}, original=file, made=times[1])
    assert settle(bank, tmp_path, newer).status == 0
    older = settle(bank, tmp_path, rejected(times[0]))
    assert (older.status, older.err) == (0, "")
    assert "news of 0 payments" in older.out
    assert "Ignored: the bank said so before its last news" in older.out
    assert key in older.out
    assert "before its payment file" in one_line(settle(bank, tmp_path, rejected("2016-08-01T09:00:00")))
    assert bank.payment(key) == before
    assert bank.books().status == 0
    assert "older than the last news, so nothing changed" in bank("record", "quay").out


def test_a_bank_that_corrects_itself_twice_pays_nothing_twice_and_a_person_says_what_is_true(
    bank: Commands, keys: list[str], file: str, tmp_path: Path
) -> None:
    """Fails when the bank's third word is no news, or when anybody can overlook that it contradicts the second."""
    key, times = keys[2], [bank_time() for _ in range(5)]

    def say(number: int, status: str, code: str = "") -> Answer:
        xml = status_report({name(key): Said(status, code)}, original=file, made=times[number])
        return settle(bank, tmp_path, xml)

    assert say(1, "ACSC").status == 0
    bank.until_payment(key, "settled")
    assert say(2, "RJCT", "AC04").status == 0
    bank.until_payment(key, "returned")
    release(bank, key)
    third = say(3, "ACSC")
    assert third.status == 1
    assert "news of 1 payment:" in third.out
    assert f"{key}/1 came back according to the ledger, but is settled" in third.err
    for _ in range(2):
        sent = bank(*SUBMIT)
        assert sent.status == 1
        assert f"{key}: {key}/1 came back" in sent.err
        # That the bank goes back to its second word settles nothing: a person must.
        assert say(4, "RJCT", "AC04").status == 1
    for words in (("payments", "quay"), ("status",)):
        assert f"{key}/1 came back according to the ledger" in bank(*words).out
    assert bank("reconcile", "--as", FINANCE).status == 1
    assert bank.payment(key)["attempt"] == 2

    back = ("return", f"{key}/1", "--as", OPERATOR, "--reason", "It is on our account.")
    assert bank(*back).status == 0
    bank.until_payment(key, "returned")
    assert "Nothing about" in refused(bank, "quay", *back)
    release(bank, key)
    (again,) = submitted(bank)
    assert again["count"] == 1
    bank.until_payment(key, "submitted")
    names = [each.text for each in etree.parse(again["path"]).iter("{*}EndToEndId")]
    assert names == [name(key, bank.payment(key)["attempt"])]

    # A whole file with a single payment is turned away, and a person believes the bank.
    whole = status_report({}, group=WORDS, original=again["id"], made=bank_time())
    read = settle(bank, tmp_path, whole, "--believe", "--reason", "They have no copy, says Ms Teller.")
    assert (read.status, read.err) == (0, "")
    assert bank.until_payment(key, "rejected")["reason"].startswith("the bank gave a reason")
    assert f"{FINANCE} may not release" in refused(bank, "quay", "release", key, "--as", FINANCE)
    assert "They have no copy" in bank("record", "quay").out
    assert bank.books().status == 0
