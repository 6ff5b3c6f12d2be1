"""Paying by files, as a body does that takes them to its bank and brings the bank's reports back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from whenever import Instant

import embedded
from desk.payment_workflows import PaymentWorkflows
from domain.values.calendar import working_days_later
from domain.values.places import Holidays
from domain.values.refusals import Unavailable
from gateways.banking.credit_transfers import end_to_end_id
from service.ports import free_ports
from tests.gateways.statement import Entry, Part, end_to_end, statement
from tests.gateways.status_report import Said, bank_time, end_to_end_ids, status_report
from tests.starter.commands import (
    ACCOUNT,
    FINANCE,
    IBAN,
    PURSE,
    SPONSOR,
    WITH_MONEY,
    Answer,
    Commands,
    gives_away,
    one_line,
    refused,
    write_round,
)

PAYER = {
    "CHALLENGES_PAYMENT_RAIL": "files",
    "CHALLENGES_PAYER_HOLDER": "Challenge Fund",
    "CHALLENGES_PAYER_SORT_CODE": "20-00-00",
    "CHALLENGES_PAYER_NUMBER": "55779911",
}
SUBMIT = ("submit", "--as", FINANCE)
TODAY = Instant.now().to_tz("Europe/London").date()
LATE = str(working_days_later(TODAY, 30, Holidays.of("GB-ENG")))
"""A working day later than any payment is promised."""


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """Commands to a service of its own that pays by files, with a round of one challenge."""
    programmes, files = tmp_path_factory.mktemp("programmes"), tmp_path_factory.mktemp("files") / "for" / "the-bank"
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
    for team, details in zip(teams, ([], [], ["--iban", IBAN]), strict=True):
        assert bank.payee("quay", team, *details).status == 0
    for key in keys:
        bank.until_payment(key, "payee known")
    bank.waits_for("quay", "selection for accelerator")
    return keys


def folder(bank: Commands) -> Path:
    return Path(bank.environment["CHALLENGES_PAYMENT_FILES"])


def release(bank: Commands, *keys: str) -> None:
    assert bank("release", *keys, "--as", FINANCE).status == 0


def submitted(bank: Commands, *words: str) -> list[dict[str, Any]]:
    """The files that are made."""
    files = bank.data(*SUBMIT, *words)
    assert isinstance(files, list)
    return files


def settle(bank: Commands, tmp_path: Path, report: bytes, *words: str) -> Answer:
    file = tmp_path / "report.xml"
    file.write_bytes(report)
    return bank("settle", str(file), "--as", FINANCE, *words)


def test_nothing_waits_to_leave_before_a_release(bank: Commands, keys: list[str]) -> None:
    assert bank(*SUBMIT).out.startswith("No payments to send")
    assert submitted(bank) == []
    assert not folder(bank).exists()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"CHALLENGES_PAYER_HOLDER": ""}, "The account that pays cannot be used"),
        ({"CHALLENGES_PAYER_NUMBER": ""}, "needs a sort code and an account number together"),
        ({"CHALLENGES_PAYER_NUMBER": "5577991"}, "number is not an account number"),
        ({"CHALLENGES_PAYER_IBAN": "GB33BUKB20201555555556"}, "iban is not an IBAN"),
        ({"CHALLENGES_PAYMENT_FORM": "pain.008"}, "CHALLENGES_PAYMENT_FORM=pain.008"),
        ({"CHALLENGES_PAYMENT_RAIL": "embedded"}, "leave by the embedded rail"),
    ],
    ids=str,
)
def test_a_payer_that_cannot_be_used_is_said_in_one_line(
    bank: Commands, keys: list[str], changed: dict[str, str], says: str
) -> None:
    line = one_line(bank(*SUBMIT, **changed))

    assert says in line
    assert "Value error" not in line
    assert not [value for name, value in changed.items() if value and "PAYER" in name and value in line]


def test_files_are_made_and_reports_are_brought_by_people_of_a_round(
    bank: Commands, keys: list[str], tmp_path: Path
) -> None:
    report = tmp_path / "report.xml"
    report.write_bytes(status_report({"nobody": Said("ACSC")}))
    for who in ("nobody", "Fin Ance <fin@scheme.example>", "'; --", keys[0].split("/")[3]):
        for words in (["submit"], ["settle", str(report)], ["settle", keys[0]]):
            assert f"{who} may not" in one_line(bank(*words, "--as", who))
        last = bank.data("record", "quay")[-1]
        assert (last["refused"], "may not confirm payments" in last["text"]) == (True, True), (
            "of a payment it is on record"
        )
    for words in (["submit"], ["settle", keys[0]]):
        assert "Say who acts" in one_line(bank(*words, "--as", ""), status=2)


def test_a_day_that_is_past_or_none_is_refused(bank: Commands, keys: list[str]) -> None:
    assert "2016-09-20 is past" in one_line(bank(*SUBMIT, "--on", "2016-09-20"))
    saturday = str(TODAY.add(days=(6 - TODAY.day_of_week().value) % 7))
    assert f"{saturday} is not a working day for banks: the next" in one_line(bank(*SUBMIT, "--on", saturday))
    far = TODAY.add(years=1, days=1)
    assert f"{far} is more than a year away" in one_line(bank(*SUBMIT, "--on", str(far)))
    assert "--on 'tomorrow' is not a date" in one_line(bank(*SUBMIT, "--on", "tomorrow"), status=2)


def test_what_was_released_leaves_in_one_file_that_others_cannot_read(
    bank: Commands, keys: list[str], tmp_path: Path
) -> None:
    release(bank, *keys[:2])
    assert {bank.payment(key)["status"] for key in keys[:2]} == {"released"}

    # A folder that cannot be: nothing is lost, and the same file is made once that is mended.
    (tmp_path / "file").touch()
    line = one_line(bank(*SUBMIT, CHALLENGES_PAYMENT_FILES=str(tmp_path / "file" / "folder")))
    assert "cannot be written" in line
    assert ["NOT WRITTEN" in each for each in bank("payment-files").out.splitlines()] == [True]
    for words in (["submit"], ["submit", "--anew"]):
        assert f"{SPONSOR} may not make payment files" in refused(bank, "quay", *words, "--as", SPONSOR)
    assert "is on its way" in refused(bank, "quay", "cancel-payment", keys[0], "--as", FINANCE, "--reason", "Late.")
    # Nor are bank details opened by other keys than their own.
    other = str(tmp_path / "other.key")
    assert "is gone, and bank details are sealed" in one_line(bank(*SUBMIT, CHALLENGES_PAYEE_KEY_FILE=other))
    assert not Path(other).exists()
    assert not folder(bank).exists()

    assert f"{LATE} is later than {PURSE}/quay/" in one_line(bank(*SUBMIT, "--on", LATE))
    said = bank(*SUBMIT, "--on", LATE, "--reason", "The budget.", "--json")
    assert (said.status, said.err) == (0, "")
    assert not gives_away(said.out)
    (file,) = json.loads(said.out)
    path = Path(file["path"])
    assert (file["count"], file["control_sum"], file["currency"]) == (2, "240.00", "GBP")
    assert file["execute_on"] == LATE, "nothing had left yet"
    assert bank.data("payment-files") == [file]
    assert bank("payment-files").out.startswith(f"{path}: 2 payments, £240, to be paid on {LATE}; made by {FINANCE}")
    assert (path.parent, [each.name for each in folder(bank).iterdir()]) == (folder(bank), [path.name])
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        assert folder(bank).stat().st_mode & 0o777 == 0o700
    assert path.read_text().count(ACCOUNT) == 2
    for key in keys[:2]:
        assert bank.until_payment(key, "submitted")["reference"] == file["id"]
    assert bank.payment(keys[2])["status"] == "payee known"

    assert bank(*SUBMIT).out.startswith("No payments to send")
    assert len(list(folder(bank).iterdir())) == 1
    for words in (["payments", "quay"], ["record", "quay"], ["notices", "quay"]):
        assert not gives_away(bank(*words).out + bank(*words, "--json").out)


def test_what_is_in_a_file_is_neither_released_nor_cancelled(bank: Commands, keys: list[str]) -> None:
    assert "nothing to release" in refused(bank, "quay", "release", keys[0], "--as", FINANCE)
    words = ["cancel-payment", keys[0], "--as", FINANCE, "--reason", "Late."]
    assert "cannot be cancelled" in refused(bank, "quay", *words)


def latest(bank: Commands) -> Path:
    return max(folder(bank).iterdir(), key=lambda path: path.stat().st_mtime_ns)


def test_a_report_that_is_none_or_on_another_file_changes_nothing(
    bank: Commands, keys: list[str], tmp_path: Path
) -> None:
    before = bank.payments("quay")
    names = end_to_end_ids(latest(bank).read_bytes())
    settled = dict.fromkeys(names, Said("ACSC"))
    bomb = b'<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><d>&b;</d>'
    theft = b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'
    for report, says in (
        (b"", "cannot be read as XML"),
        (b"All paid, best wishes, your bank", "cannot be read as XML"),
        (b"\x00\xff\xfe", "cannot be read as XML"),
        (latest(bank).read_bytes(), ""),
        (bomb, ""),
        (theft, ""),
        (status_report(settled, original="ANOTHER", made=bank_time()), "which was not made here"),
        (status_report({"nobody": Said("ACSC")}, original=latest(bank).stem, made=bank_time()), ""),
        (status_report(settled, original=latest(bank).stem, made=bank_time(), version="pain.002.001.99"), ""),
    ):
        line = one_line(settle(bank, tmp_path, report))
        assert says in line
        assert "root:" not in line
    all_settled = tmp_path / "settled.xml"
    all_settled.write_bytes(status_report(settled, original=latest(bank).stem, made=bank_time()))
    for words in ([str(all_settled)], [keys[0]]):
        assert f"{SPONSOR} may not" in refused(bank, "quay", "settle", *words, "--as", SPONSOR)
    assert "nobody may not confirm payments" in refused(bank, "quay", "settle", keys[0], "--as", "nobody")
    had_before = status_report({}, group=Said("RJCT", "AM05"), original=latest(bank).stem, made=bank_time())
    assert "no payment was returned" in one_line(settle(bank, tmp_path, had_before))
    assert "cannot be read (No such file" in one_line(bank("settle", str(tmp_path / "none"), "--as", FINANCE))
    assert "cannot be read (Is a directory" in one_line(bank("settle", str(tmp_path), "--as", FINANCE))
    assert bank.payments("quay") == before


def test_a_report_settles_and_returns_and_said_twice_is_said_once(
    bank: Commands, keys: list[str], tmp_path: Path
) -> None:
    first, second = end_to_end_ids(latest(bank).read_bytes())
    said = {first: Said("ACSC"), second: Said("RJCT", "AC04", note=("Account of A. Person, 31926819, closed",))}
    report = status_report(said, original=latest(bank).stem, made=bank_time())
    read = settle(bank, tmp_path, report)
    assert (read.status, read.err) == (0, "")
    assert "news of 2 payments" in read.out
    settled, rejected = sorted(keys[:2], key=lambda key: end_to_end_id(f"{key}/1") == second)
    # By the bank's own date, whenever somebody brings the report.
    assert bank.until_payment(settled, "settled")["arrived_on"] == str(Instant.now().to_tz("Europe/London").date())
    assert bank.until_payment(rejected, "rejected")["reason"] == "the account is closed"
    told = [row for row in bank.data("notices", "quay") if row["occasion"] == "payment-returned"]
    assert told
    assert not gives_away(json.dumps(told) + bank("record", "quay").out)
    assert "A. Person" not in json.dumps(told)

    again = settle(bank, tmp_path, report, "--json")
    assert (again.status, again.err) == (0, "")
    found = json.loads(again.out)
    assert (found["payments"], found["doubtful"]) == ([], [])
    assert {(each["payment"], each["why"]) for each in found["ignored"]} == {
        (key, "the bank had said so before") for key in keys[:2]
    }
    of_the_whole = status_report({}, group=Said("RJCT", "FF01"), original=latest(bank).stem, made=bank_time())
    assert "in this file is settled. Nothing was noted" in one_line(settle(bank, tmp_path, of_the_whole))
    assert "came back" in refused(bank, "quay", "settle", rejected, "--as", FINANCE)
    assert bank("settle", settled, "--as", FINANCE).out == f"Already noted: {settled} has arrived.\n"
    lines = bank.data("record", "quay")
    assert [line["by"] for line in lines if line["action"] == "bank-report" and not line["refused"]] == [FINANCE]

    # Corrected by the team, it leaves once more, alone.
    assert bank.payee("quay", rejected.split("/")[3], "--iban", IBAN).status == 0
    release(bank, rejected)
    (file,) = submitted(bank)
    assert (file["count"], file["control_sum"]) == (1, "120.00")
    bank.until_payment(rejected, "submitted")
    (name,) = end_to_end_ids(Path(file["path"]).read_bytes())
    read = settle(bank, tmp_path, status_report({name: Said("ACSC")}, original=file["id"], made=bank_time()))
    assert "news of 1 payment:" in read.out
    assert bank.until_payment(rejected, "settled")["attempt"] == 2
    # The report on the first attempt comes again, late.
    assert json.loads(settle(bank, tmp_path, report, "--json").out)["payments"] == []
    assert bank.payment(rejected)["status"] == "settled"


def test_a_statement_tells_what_it_ignores_and_what_a_person_has_to_look_at(
    bank: Commands, keys: list[str], tmp_path: Path
) -> None:
    (name,) = end_to_end_ids(latest(bank).read_bytes())
    key = next(key for key in keys if end_to_end_id(f"{key}/2") == name)
    now = bank_time()

    def entry(named: str, amount: str = "120.00 GBP", status: str = "BOOK") -> Entry:
        return Entry(amount, [Part(end_to_end(named), amount)], booked=now, status=status)

    known = [entry(name), entry("RENT"), entry("RENT", status="PDNG")]
    read = settle(bank, tmp_path, statement(*known, made=now))
    assert (read.status, read.err) == (0, "")
    assert read.out.splitlines() == [
        "The report has news of 0 payments: see `payments` in a moment.",
        f"Ignored: it is settled already: {key}",
        "Ignored: 1 movement not booked yet, or only announced",
        "Ignored: 1 movement about no payment in a payment file",
    ]
    unclear = statement(entry(name, "12000.00 GBP"), made=now)
    read = settle(bank, tmp_path, unclear)
    assert (read.status, read.err.count("\n")) == (1, 1)
    says = f"Statement ST-1, line 3: £12,000 left the account for {key}/2, but the payment file asks for £120"
    assert says in read.err
    found = json.loads(settle(bank, tmp_path, unclear, "--json").out)
    assert [says in each for each in found["done"]["unclear"]] == [True]
    assert says in json.dumps(bank.data("record", "quay"), ensure_ascii=False)
    other = statement(*known, account=f"<Othr><Id>{ACCOUNT}</Id></Othr>", made=now)
    line = one_line(settle(bank, tmp_path, other))
    assert "is not of the account that pays" in line
    assert not gives_away(line)


def test_bank_details_that_change_after_the_release_have_it_released_again(
    bank: Commands, keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keys[2]
    release(bank, key)
    hostile = '</Nm><Amt>1000000</Amt> & "Söhne" <!-- 漢字 {{ 7*7 }}'
    assert bank.payee("quay", key.split("/")[3], "--iban", IBAN, "--holder", hostile).status == 0
    bank.until_payment(key, "payee known")
    assert bank(*SUBMIT).out.startswith("No payments to send")

    release(bank, key)
    # What fails after a file was made does not hide the file: programs get both in one document.
    with monkeypatch.context() as away:
        away.setattr(PaymentWorkflows, "ledger_changed", _told_and_then_away)
        said = bank(*SUBMIT, "--json")
    document = json.loads(said.out)
    assert (said.status, document["refused"]["code"]) == (1, "unavailable")
    (file,) = document["done"]
    assert bank.data("payment-files")[-1] == file
    assert (file["count"], file["control_sum"]) == (1, "120.00")
    # Whatever the holder is called, it is a name in the file and nothing else.
    sent = etree.fromstring(Path(file["path"]).read_bytes())
    assert [each.text for each in sent.iter("{*}IBAN")][-1] == IBAN
    assert [each.text for each in sent.iter("{*}InstdAmt")] == ["120.00"]
    assert not list(sent.iter("{*}Amt/{*}Amt"))
    bank.until_payment(key, "submitted")
    # What is on its way goes where it was released to; the new details are for the next payment.
    assert bank.payee("quay", key.split("/")[3]).status == 0
    assert bank.payment(key)["status"] == "submitted"
    assert bank.payment(key)["payee"] == "GB••••5555"


_ledger_changed = PaymentWorkflows.ledger_changed


async def _told_and_then_away(workflows: PaymentWorkflows, keys: Iterable[str]) -> None:
    await _ledger_changed(workflows, keys)
    raise Unavailable("Temporal is away: try again.")


def test_a_payment_has_arrived_by_the_statement_of_a_bank_without_reports(bank: Commands, keys: list[str]) -> None:
    """Goes on from the file of the test before."""
    unknown = keys[2].replace(PURSE, "purses")
    assert "The ledger has no payment" in one_line(bank("settle", unknown, "--as", FINANCE))
    before = bank.payments("quay")
    long = "/".join(["x" * 300] * 5)
    assert "The ledger has no payment" in one_line(bank("settle", long, "--as", FINANCE))
    assert bank.payments("quay") == before

    today = Instant.now().to_tz("Europe/London").date()
    for day, says in ((today.add(days=1), "is still to come"), (today.subtract(days=1), f"was released on {today}")):
        assert says in one_line(bank("settle", keys[2], "--on", str(day), "--as", FINANCE))
    assert bank.payments("quay") == before

    # There was no report, so none is spoken of.
    noted = bank("settle", keys[2], "--on", str(today), "--as", FINANCE)
    assert noted.out == f"Noted: {keys[2]} has arrived on {today}. See `payments` in a moment.\n"
    assert noted.status == 0
    bank.until_payment(keys[2], "settled")
    again = bank("settle", keys[2], "--as", FINANCE)
    assert (again.status, again.out) == (0, f"Already noted: {keys[2]} has arrived.\n")
    assert (bank.payment(keys[2])["status"], bank.payment(keys[2])["arrived_on"]) == ("settled", str(today))


def test_the_books_agree_with_the_files(bank: Commands, keys: list[str]) -> None:
    answer = bank.books()

    assert (answer.status, answer.err) == (0, "")
