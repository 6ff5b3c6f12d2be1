"""Money as people move it from a terminal: asked for, released by a second person, settled, come back, given up."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import payments as paying
from embedded import Service
from tests.starter.commands import (
    ACCOUNT,
    FINANCE,
    IBAN,
    OPERATOR,
    PURSE,
    SORT_CODE,
    SPONSOR,
    Commands,
    gives_away,
    known_of,
    one_line,
    refused,
)
from tests.starter.showing import sends_evidence


def test_money_goes_from_the_selection_to_the_account_and_nobody_sees_which(
    starter: Commands, service: Service, purse: dict[str, list[str]]
) -> None:
    first, second = purse["well"]
    of_first, of_second = starter.exploring("well", [first, second])
    assert {row["status"] for row in starter.payments("well")} == {"requested"}
    assert "Settled: £0; to be paid: £240" in starter("payments", "well").out

    given = [starter.payee("well", first), starter.payee("well", second, "--iban", IBAN, "--as", OPERATOR)]
    assert [answer.status for answer in given] == [0, 0]
    assert "sort code ••••, account ••••819" in given[0].out
    assert "GB••••5555" in given[1].out
    for key in (of_first, of_second):
        assert starter.until_payment(key, "payee known")["pay_by"]

    released = starter("release", of_first, of_second, "--as", FINANCE, "--reason", "As agreed.")
    assert released.status == 0
    assert released.out.count(": released") == 2
    for key in (of_first, of_second):
        paid = starter.until_payment(key, "settled")
        assert (paid["released_by"], bool(paid["reference"]), bool(paid["settled"])) == (FINANCE, True, True)
    assert "Settled: £240\n" in starter("payments", "well").out

    said = [answer.out + answer.err for answer in (*given, released)]
    for words in (["payments"], ["payments", "--late"], ["record", "well"], ["notices", "well"], ["reconcile"]):
        said += [starter(*words).out, starter(*words, "--json").out]
    said += [starter("status", "well").out, starter("notices", "show", f"payee-given/{first}").out]
    assert all(said)
    assert not [each for each in said if gives_away(each)]
    # What the files of the service hold, Temporal's among them; that they can be read so is seen by the team's id.
    for file in ("service.db", "temporal.db", "worker.log"):
        content = b"".join(path.read_bytes() for path in service.folder.glob(f"{file}*")).decode("latin-1")
        assert not gives_away(content), file
        assert first in content or file == "worker.log"


def reads_evidence(starter: Commands, team: str, folder: Path) -> None:
    """The team sends evidence on its page, and those who judge it read it, with its file."""
    reading = ["evidence", "well", "accelerator", team, "read"]
    assert "Nothing was sent." in starter(*reading, "--as", SPONSOR).out
    file = sends_evidence(starter, team, "accelerator", 2, "It runs:\nQuixotic.\x1b[31m", b"Quixotic proof\n")

    read = starter(*reading, "--instalment", "2", "--save", str(folder), "--as", SPONSOR)

    assert (read.status, read.err) == (0, "")
    assert "instalment 2 of 3" in read.out
    assert "A prototype: £360" in read.out
    assert "        It runs:\n        Quixotic." in read.out
    assert "\x1b" not in read.out
    saved = folder / f"accelerator-2-version-1-{file}.txt"
    assert saved.read_bytes() == b"Quixotic proof\n"
    assert saved.stat().st_mode & 0o077 == 0
    assert "is there already" in one_line(starter(*reading, "--save", str(folder), "--as", SPONSOR))
    (two, three) = starter.data(*reading, "--as", SPONSOR)
    assert [two["sent"][0]["statement"], three["sent"]] == ["It runs:\nQuixotic.\x1b[31m", []]
    assert "may not read the evidence" in refused(starter, "well", *reading, "--as", FINANCE)
    assert starter(*reading, "--instalment", "1", "--as", SPONSOR).status == 2
    assert starter(*reading[:-1], "accept", "--save", str(folder), "--as", SPONSOR).status == 2
    told = starter("notices", "well", "--as", OPERATOR).out + starter("record", "well", "--as", OPERATOR).out
    assert "evidence-sent" in told
    assert "Quixotic" not in told


def test_evidence_makes_an_instalment_due_or_loses_it(
    starter: Commands, purse: dict[str, list[str]], tmp_path: Path
) -> None:
    """Goes on from the payment of the stage before."""
    first = purse["well"][0]
    starter.waits_for("well", "selection for accelerator")
    words = ["accelerator", first, "--amount", "1000", "--as", SPONSOR]
    assert starter("select", "well", *words).status == 0
    judging = ["evidence", "well", "accelerator", first]
    start = starter.ordered("well", 3)[-1]
    assert starter.payment(start)["amount"] == {"net": "500.00", "vat": "100.00"}

    assert "may not judge evidence" in refused(starter, "well", *judging, "accept", "--as", FINANCE)
    assert "needs a reason" in refused(starter, "well", *judging, "reject", "--as", SPONSOR)
    assert "was not in accelerator" in refused(
        starter, "well", "evidence", "well", "accelerator", purse["well"][1], "accept", "--as", SPONSOR
    )
    assert starter(*judging, "maybe", "--as", SPONSOR).status == 2
    assert starter(*judging, "reject", "--as", SPONSOR, "--reason", "Show it at work.").status == 0
    assert len(starter.payments("well")) == 3

    reads_evidence(starter, first, tmp_path / "evidence")
    accepted = starter(*judging, "accept", "--instalment", "2", "--as", SPONSOR)
    assert accepted.status == 0
    assert "A prototype" in accepted.out
    assert "Accepted, " in starter(*judging, "read", "--as", SPONSOR).out
    starter.ordered("well", 4)
    starter.pay("well")
    starter.declares_none("well", OPERATOR)
    lost = starter(*judging, "reject", "--final", "--as", OPERATOR, "--reason", "No trial took place.")
    assert "rejected for good" in lost.out

    assert "No evidence of" in refused(starter, "well", *judging, "accept", "--as", SPONSOR)
    assert "Settled: £1,200\n" in starter("payments", "well").out  # 240 for exploration, 600 and 360 after it


@pytest.fixture(scope="module")
def waiting(starter: Commands, purse: dict[str, list[str]]) -> str:
    """The key of a payment of "mill" whose payee is known, which only refusals come to."""
    team = purse["mill"][0]
    (key,) = starter.exploring("mill", [team])
    assert starter.payee("mill", team).status == 0
    starter.until_payment(key, "payee known")
    starter.waits_for("mill", "selection for accelerator")
    return key


@pytest.mark.parametrize(
    ("by", "says"),
    [
        (SPONSOR, f"{SPONSOR} may not release"),
        (OPERATOR, f"{OPERATOR} may not release"),
        ("nobody-known", "nobody-known may not read the payments"),
        ("TEAM", "may not read the payments"),
        ("Fin Ance <fin@scheme.example>", "may not read the payments"),
    ],
    ids=["the sponsor who selected", "an operator", "unknown person", "the team itself", "no id"],
)
def test_a_payment_is_released_by_nobody_but_a_releaser(starter: Commands, waiting: str, by: str, says: str) -> None:
    who = by.replace("TEAM", waiting.split("/")[3])

    before = starter.payment(waiting)
    assert says in one_line(starter("release", waiting, "--as", who))
    assert starter.payment(waiting) == before
    (*_, entry) = starter.data("record", "mill")
    assert entry["refused"] is True
    assert "fin@scheme" not in starter("record", "mill").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["return", "--reason", "It came back."], "no money is on its way"),
        (["return", "--reason", ""], "needs a reason"),
        (["cancel-payment", "--reason", ""], "needs a reason"),
        (["cancel-payment", "--reason", " \n "], "needs a reason"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_does_not_fit_a_payment_that_waits_is_refused(
    starter: Commands, waiting: str, words: list[str], says: str
) -> None:
    command, *others = words

    assert says in refused(starter, "mill", command, waiting, "--as", FINANCE, *others)


def test_a_sponsor_neither_returns_nor_cancels_a_payment(starter: Commands, waiting: str) -> None:
    for command in ("return", "cancel-payment"):
        line = refused(starter, "mill", command, waiting, "--as", SPONSOR, "--reason", "Ours.")
        assert f"{SPONSOR} may not" in line


@pytest.mark.parametrize("command", ["release", "return", "cancel-payment"])
def test_a_reason_that_is_missing_altogether_is_a_misuse(starter: Commands, waiting: str, command: str) -> None:
    before = known_of(starter, "mill")
    answer = starter(command, *([] if command == "release" else [waiting]), "--as", FINANCE)

    assert (answer.status, answer.out) == (2, "")
    assert known_of(starter, "mill") == before


@pytest.mark.parametrize(
    "key",
    [
        f"{PURSE}/mill/exploration/nobody/1",
        f"{PURSE}/mill/exploration/nobody/1/1",
        f"{PURSE}/mill",
        "../../etc/passwd",
        "a/b/c/d/e",
        "%",
        "'; DROP TABLE payments; --",
        "",
    ],
)
def test_a_key_that_no_payment_has_is_refused_by_every_command(starter: Commands, waiting: str, key: str) -> None:
    before = known_of(starter, "mill")
    for words in (
        ["release", key, "--as", FINANCE],
        ["return", key, "--as", FINANCE, "--reason", "None."],
        ["cancel-payment", key, "--as", FINANCE, "--reason", "None."],
        *([["retry", key]] if key.count("/") == 4 else []),
    ):
        assert "The ledger has no payment" in one_line(starter(*words))
    assert known_of(starter, "mill") == before


@pytest.mark.parametrize(
    ("words", "says", "slip"),
    [
        (["--sort-code", "60-16-1", "--account", ACCOUNT], "is not a sort code", "60-16-1"),
        (["--sort-code", SORT_CODE, "--account", "3192681"], "is not an account number", "3192681"),
        (["--sort-code", "६०१६१३", "--account", ACCOUNT], "is not a sort code", "६०१६१३"),
        (["--iban", "GB33BUKB20201555555556"], "is not an IBAN, or has a mistake in it", "20201555555556"),
        (["--iban", "QQ00"], "is not an IBAN", "QQ00"),
        (["--iban", IBAN, "--bic", "DEUTDEFF"], "BIC of another country", "DEUTDEFF"),
        (["--sort-code", SORT_CODE, "--account", ACCOUNT, "--iban", IBAN], "needs either", IBAN),
        (["--sort-code", SORT_CODE], "together", SORT_CODE),
        (["--bic", "BUKBGB22"], "needs either", "BUKBGB22"),
        (["--sort-code", SORT_CODE, "--account", ACCOUNT, "--holder", ""], "holder is missing", ACCOUNT),
        (["--sort-code", SORT_CODE, "--account", ACCOUNT, "--holder", "A\nB"], "write it again, on one line", ACCOUNT),
        (["--sort-code", SORT_CODE, "--account", ACCOUNT, "--holder", "x" * 71], "at most 70", ACCOUNT),
    ],
)
def test_bank_details_with_a_slip_are_refused_and_never_repeated(
    starter: Commands, waiting: str, words: list[str], says: str, slip: str
) -> None:
    """Fails when what is wrong in form is said to whoever typed it and is not on the record, or with what was typed."""
    team = waiting.split("/")[3]
    given = words if "--holder" in words else ["--holder", "Tay Ltd", *words]
    line = refused(starter, "mill", "payee", "mill", team, "--as", starter.mailbox(team), *given)

    assert says in line
    assert slip not in line
    assert not gives_away(line)


def test_bank_details_are_taken_for_teams_of_the_challenge_from_them_or_the_operators(
    starter: Commands, purse: dict[str, list[str]], waiting: str
) -> None:
    team, never_selected, of_another = waiting.split("/")[3], purse["mill"][1], purse["pond"][0]
    details = ["--holder", "Tay Ltd", "--sort-code", SORT_CODE, "--account", ACCOUNT]
    for words, says in (
        (["payee", "mill", never_selected, "--as", starter.mailbox(never_selected)], "is not a team of purse/mill"),
        (["payee", "mill", of_another, "--as", OPERATOR], "is not a team of purse/mill"),
        (["payee", "mill", "nobody", "--as", OPERATOR], "is not a team of purse/mill"),
        (["payee", "mill", team, "--as", SPONSOR], f"{SPONSOR} may not give the bank details"),
        (["payee", "mill", team, "--as", FINANCE], f"{FINANCE} may not give the bank details"),
        (["payee", "mill", team, "--as", never_selected], f"{never_selected} may not give the bank details"),
    ):
        line = refused(starter, "mill", *words, *details)
        assert says in line
        assert not gives_away(line)
    words = ["payee", "pond", of_another, "--as", starter.mailbox(of_another), *details]
    assert "is not a team of purse/pond" in refused(starter, "pond", *words)


def test_whoever_gives_bank_details_is_whom_the_command_or_the_setting_names(
    starter: Commands, purse: dict[str, list[str]], waiting: str
) -> None:
    """Invariant 10. Fails when bank details that nobody is named for, or whoever types is, count as the team's own:
    that person could release to them."""
    words = ["payee", "mill", waiting.split("/")[3], "--holder", "Tay", "--iban", IBAN]
    assert starter(*words).status == 2
    assert starter(*words, CHALLENGES_PERSON="").status == 2
    says = f"{FINANCE} may not give the bank details"
    assert says in one_line(starter(*words, CHALLENGES_PERSON=FINANCE))
    assert starter(*words, CHALLENGES_PERSON=OPERATOR).status == 0
    given = [line for line in starter.data("record", "mill") if line["action"] == "payee"]
    assert [(line["by"], line["refused"]) for line in given][-2:] == [(FINANCE, True), (OPERATOR, False)]


def test_nothing_is_released_to_nobody(starter: Commands, purse: dict[str, list[str]]) -> None:
    (key,) = starter.exploring("kiln", purse["kiln"][:1])
    starter.waits_for("kiln", "selection for accelerator")

    assert "has no payee yet" in refused(starter, "kiln", "release", key, "--as", FINANCE)
    assert starter.payee("kiln", purse["kiln"][0]).status == 0
    starter.until_payment(key, "payee known")


def test_what_came_back_is_released_again_and_what_is_over_stays_so(
    starter: Commands, purse: dict[str, list[str]]
) -> None:
    team = purse["kiln"][0]
    key = starter.ordered("kiln", 1)[0]
    first = starter("release", key, "--as", FINANCE, "--id", "mine")
    assert first.status == 0
    starter.until_payment(key, "settled")
    assert starter("release", key, "--as", FINANCE, "--id", "mine") == first  # sent again, it changes nothing
    for command in ("release", "cancel-payment"):
        line = refused(starter, "kiln", command, key, "--as", FINANCE, "--reason", "Again.")
        assert f"{key} is settled" in line
    assert f"{key} is settled" in one_line(starter("retry", key))

    back = starter("return", key, "--as", OPERATOR, "--reason", "The account\nis closed.")
    assert back.status == 0, back
    assert starter.until_payment(key, "returned")["reason"] == "The account is closed."
    assert "no money is on its way" in refused(starter, "kiln", "return", key, "--as", FINANCE, "--reason", "Again.")
    words = ["--as", FINANCE, "--reason", "A slip."]
    assert "name the attempt that arrived" in one_line(starter("undo-return", key, *words), status=2)
    for attempt, says in (("2", "says the rail"), ("x", "attempt (x): "), ("0", "attempt (0): "), ("9" * 5000, "")):
        assert says in refused(starter, "kiln", "undo-return", f"{key}/{attempt}", *words)
    for _ in range(2):
        assert "attempt 1 has arrived after all" in starter("undo-return", f"{key}/1", *words, "--id", "slip").out
    starter.until_payment(key, "settled")
    refused(starter, "kiln", "undo-return", f"{key}/1", *words)  # it has not come back any more
    assert starter("return", key, "--as", OPERATOR, "--reason", "It is closed.").status == 0
    assert starter.payee("kiln", team, "--iban", IBAN).status == 0
    assert starter("release", key, "--as", FINANCE).status == 0
    assert starter.until_payment(key, "settled")["attempt"] == 2


def test_a_payment_that_was_given_up_is_not_made(starter: Commands, purse: dict[str, list[str]]) -> None:
    team = purse["kiln"][0]
    starter.waits_for("kiln", "selection for accelerator")
    assert starter("select", "kiln", "accelerator", team, "--amount", "10.01", "--as", SPONSOR).status == 0
    key = next(key for key in starter.ordered("kiln", 2) if "/accelerator/" in key)
    starter.until_payment(key, "payee known")
    given_up = starter("cancel-payment", key, "--as", OPERATOR, "--reason", "The team left.")
    assert given_up.status == 0
    assert starter.until_payment(key, "cancelled")["reason"] == "The team left."

    for command in ("release", "return", "cancel-payment"):
        line = refused(starter, "kiln", command, key, "--as", FINANCE, "--reason", "Again.")
        assert f"{key} is cancelled" in line


def test_whoever_releases_at_a_terminal_sees_the_account_first_and_may_say_no(
    starter: Commands, purse: dict[str, list[str]], waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when a release is sent before its releaser has seen where it goes."""
    monkeypatch.setattr(paying, "somebody_is_there", lambda: True)
    before, account = starter.payments("mill"), starter.payment(waiting)["payee"]
    assert account
    answer = starter("release", waiting, "--as", FINANCE, text="n\n")

    assert answer.status == 1
    assert f"{waiting}: £120 to {account}\n" in answer.out
    assert starter.payments("mill") == before


def test_of_several_each_is_released_or_refused_for_itself(
    starter: Commands, purse: dict[str, list[str]], waiting: str
) -> None:
    """Fails when the first refusal ends the command, or is not in its exit status."""
    account = starter.payment(waiting)["payee"]
    answer = starter("release", f"{PURSE}/mill/none", waiting, waiting, "--as", FINANCE)

    assert answer.status == 1
    assert answer.out.count("\n") == 1
    assert f"to bank details 2: {account}" in answer.out
    unknown, again = answer.err.splitlines()
    assert "The ledger has no payment" in unknown
    # By then it may have been settled, or be on its way.
    assert waiting in again
    assert "there is nothing to release" in again or "release can no longer change anything" in again
    starter.until_payment(waiting, "settled")


def test_without_payment_files_none_is_made(starter: Commands, purse: dict[str, list[str]]) -> None:
    line = one_line(starter("submit", "--as", FINANCE))

    assert "leave by the embedded rail, without files: set CHALLENGES_PAYMENT_RAIL=files" in line
    assert starter("submit").status == 2
