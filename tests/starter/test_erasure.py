"""Somebody asks to be forgotten: what is erased, what stays and until when, and that nothing is left in any file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import embedded
from service.ports import free_ports
from tests.gateways.status_report import Said, bank_time, end_to_end_ids, status_report
from tests.starter.commands import (
    FINANCE,
    OPERATOR,
    PURSE,
    SPONSOR,
    WITH_MONEY,
    Commands,
    one_line,
    refused,
    write_round,
)
from tests.starter.test_payment_files import PAYER

PAID, UNLUCKY, VAIN = "quagga@zebra.example", "okapi@zebra.example", "bongo@zebra.example"
MARKERS = (
    *(PAID, UNLUCKY, VAIN),
    *("Quagga Works", "Okapi Works", "Bongo Works"),
    *("striped answer", "spotted answer", "narwhal feedback"),
    *("Axolotl Holdings", "Capybara Holdings", "31926819", "40047784"),
)
"""Everything personal that is typed below, but for reasons."""
REASON = "pangolin reason"


class Zoo:
    """A service of its own, that pays by files, and the applications to its one challenge."""

    def __init__(self, starter: Commands, folder: Path, files: Path) -> None:
        self.starter, self.folder, self.files = starter, folder, files
        self.paid = self._apply(PAID, "Quagga Works", "striped answer")
        self.unlucky = self._apply(UNLUCKY, "Okapi Works", "spotted answer")
        vain = starter("apply", "quay", *self._words(VAIN, "Bongo Works"), text="x" * 1000)
        assert vain.status == 1

    def _apply(self, email: str, name: str, text: str) -> str:
        return str(
            json.loads(self.starter("apply", "quay", *self._words(email, name), "--json", text=text).out)["application"]
        )

    @staticmethod
    def _words(email: str, name: str) -> list[str]:
        return ["--email", email, "--organisation", name, "--proposal", "-"]

    def files_with(self, marker: str) -> list[Path]:
        """Every file of the service that has a text, in whatever encoding a program may choose."""
        wanted = [marker.encode(encoding) for encoding in ("utf-8", "utf-16-le")]
        found = []
        for path in (*self.folder.rglob("*"), *self.files.rglob("*")):
            with suppress(FileNotFoundError):  # a journal of Temporal's database, which is gone a moment later
                if path.is_file() and any(each in path.read_bytes() for each in wanted):
                    found.append(path)
        return found


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zoo]:
    programmes, files = tmp_path_factory.mktemp("programmes"), tmp_path_factory.mktemp("files")
    folder = tmp_path_factory.mktemp("service")
    service = embedded.Service(folder, *free_ports())
    with pytest.MonkeyPatch.context() as environment:
        for name, value in PAYER.items():
            environment.setenv(name, value)
        with service.up(embedded.Listener()):
            settings = {"CHALLENGES_PROGRAMMES": str(programmes), "CHALLENGES_PAYMENT_FILES": str(files)}
            starter = Commands(service.address | PAYER | settings)
            write_round(programmes, {"quay": 8}, PURSE, programme=(PURSE, WITH_MONEY))
            assert starter("open", PURSE).status == 0
            yield Zoo(starter, folder, files)


def erase(zoo: Zoo, *words: str) -> str:
    answer = zoo.starter("erase", *words, "--as", OPERATOR)
    assert answer.status == 0, answer
    return answer.out


def test_nobody_is_erased_who_still_takes_part(zoo: Zoo) -> None:
    """Fails when only the database is asked: the workflow knows who was selected."""
    starter = zoo.starter
    words = ("erase", "--email", PAID, "--yes", "--as", OPERATOR)
    assert "is an application in an open window: withdraw the application first" in refused(starter, "quay", *words)
    starter.waits_for("quay", "selection for exploration")
    assert "still waits for a decision" in refused(starter, "quay", *words)
    starter.declares_none("quay", SPONSOR, OPERATOR)
    given = starter(
        *("feedback", "quay", "exploration", zoo.unlucky, "--text", "-", "--as", SPONSOR), text="narwhal feedback"
    )
    assert given.status == 0, given
    (key,) = starter.exploring("quay", [zoo.paid])
    assert "still takes part" in refused(starter, "quay", *words)
    assert "may not erase people of" in one_line(starter("erase", "--team", zoo.paid, "--as", SPONSOR))
    assert "act" in one_line(starter("erase", "--email", "finance@scheme.example", "--yes", "--as", OPERATOR))
    for typed in (
        (),
        ("--email", "a@b.example", "--team", zoo.paid),
        ("--email", "nobody@zebra.example"),
        ("--team", "x"),
    ):
        assert zoo.starter("erase", *typed, "--as", OPERATOR).status == 1
    assert {row["email"] for row in starter.data("applications", "quay")} == {PAID, UNLUCKY}
    for holder, account in (("Axolotl Holdings", "40047784"), ("Capybara Holdings", "31926819")):
        details = ["--holder", holder, "--sort-code", "60-16-13", "--account", account]
        assert starter("payee", "quay", zoo.paid, *details, "--as", PAID).status == 0
    starter.until_payment(key, "payee known")
    assert starter("release", key, "--as", FINANCE).status == 0
    assert starter("submit", "--as", FINANCE).status == 0
    starter.until_payment(key, "submitted")
    plain = (PAID, UNLUCKY, VAIN, "Quagga Works", "Okapi Works", "striped answer", "spotted answer", "narwhal feedback")
    assert all(zoo.files_with(each) for each in plain)  # or the search below would prove nothing


def test_bank_details_stay_while_money_is_on_its_way_and_all_else_goes(zoo: Zoo) -> None:
    """Goes on from the submitted payment."""
    starter = zoo.starter
    starter.waits_for("quay", "selection for accelerator")
    left = starter("withdraw", "quay", zoo.paid, "--reason", REASON, "--as", PAID)
    assert left.status == 0, left

    shown = erase(zoo, "--team", zoo.paid)
    assert "Nothing has changed. Add --yes to erase." in shown
    assert starter.data("applications", "quay")[0]["email"] == PAID
    done = erase(zoo, "--team", zoo.paid, "--yes")
    assert f"The bank details of {zoo.paid}, because money is on its way to them" in done
    application = starter.data("applications", "quay")[0]
    assert (application["organisation"], application["email"], application["answers"]) == ("", "", {})
    assert application["id"] == zoo.paid
    assert application["erased"]

    (file,) = zoo.files.rglob("*.xml")
    report = zoo.files / "report"
    said = dict.fromkeys(end_to_end_ids(file.read_bytes()), Said("ACSC"))
    report.write_bytes(status_report(said, original=file.stem, made=bank_time()))
    settled = starter("settle", str(report), "--as", FINANCE)
    assert settled.status == 0, settled
    report.unlink()
    (payment,) = starter.payments("quay")
    starter.until_payment(payment["key"], "settled")
    starter.until("quay", lambda row: bool(row["outcome"]))


def test_nothing_personal_is_left_in_any_file_but_what_is_named(zoo: Zoo) -> None:
    """Goes on from the settled payment. Fails without the rewriting: what was blanked is still in the file."""
    starter = zoo.starter
    (payment,) = starter.payments("quay")
    done = erase(zoo, "--team", zoo.paid, "--yes")
    assert "bank details in 2 versions" in done
    assert "six years after the end of the financial year (31 March) of the last payment, until " in done
    (file,) = zoo.files.rglob("*.xml")
    assert str(file) in done
    for email in (UNLUCKY, VAIN):
        assert "Erased" in erase(zoo, "--email", email, "--yes")
        again = starter("erase", "--email", email, "--yes", "--as", OPERATOR)
        assert "Nothing is kept of this address" in one_line(again)
    assert "Nothing is left that can be erased now" in erase(zoo, "--team", zoo.paid, "--yes")

    left = {marker: [path for path in zoo.files_with(marker) if path != file] for marker in MARKERS}
    assert {marker: paths for marker, paths in left.items() if paths} == {}
    assert zoo.files_with(REASON)  # as the command says: reasons stay in the record
    assert {marker for marker in MARKERS if file in zoo.files_with(marker)} <= {"Capybara Holdings", "31926819"}

    assert starter.payment(payment["key"])["status"] == "settled"
    lines = [line for line in starter.data("record", "quay") if line["action"] == "erase" and not line["refused"]]
    assert len(lines) == 4
    assert {line["by"] for line in lines} == {OPERATOR}
    assert not [line for line in lines for marker in MARKERS if marker in json.dumps(line)]
    for words in (
        ["applications", "quay"],
        ["applications", "quay", "--full"],
        ["notices", "list", "quay"],
        ["reconcile"],
    ):
        assert starter(*words).status == 0, words
    (notice, *_) = [row["key"] for row in starter.data("notices", "quay") if row["recipient"] == zoo.paid]
    assert starter("notices", "resend", notice, "--as", OPERATOR).status == 1
