"""The keys of bank details, and settings of money and notices that cannot be used: one line, and nothing half done."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

import worker
from domain.payments.bank_account import BankAccount
from embedded import ROOT, Service
from service.settings import load
from service.wiring import seals_of
from store.database.database import Database
from store.payments.sealing import Seals
from tests.processes import Program
from tests.starter.commands import ACCOUNT, IBAN, SORT_CODE, Commands, gives_away, of_nothing_else, one_line
from tests.waiting import HANGS


@pytest.fixture(scope="module")
def sealed(starter: Commands, purse: dict[str, list[str]]) -> str:
    """A team of "yard" whose bank details are sealed."""
    (team,) = purse["yard"]
    starter.exploring("yard", [team])
    assert starter.payee("yard", team).status == 0
    return team


@pytest.fixture
def keys(starter: Commands) -> Path:
    return Path(starter.environment["CHALLENGES_PAYEE_KEY_FILE"])


def test_keys_that_are_gone_are_not_made_anew(starter: Commands, sealed: str, tmp_path: Path) -> None:
    gone = tmp_path / "payee.key"
    (key,) = starter.ordered("yard", 1)
    starter.until_payment(key, "payee known")
    before = starter.payments("yard")
    details = ["--holder", "Tay Ltd", "--sort-code", SORT_CODE, "--account", ACCOUNT]
    for words in (["payee", "yard", sealed, "--as", starter.mailbox(sealed), *details], ["reseal"]):
        line = one_line(starter(*words, CHALLENGES_PAYEE_KEY_FILE=str(gone)))
        assert f"The key file {gone} is gone, and bank details are sealed with its keys: restore it" in line
        assert "CHALLENGES_PAYEE_KEY_FILE" in line
    assert not gone.exists()
    assert starter.payments("yard") == before


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        ("", 0o600, "holds no key"),
        ("password\n", 0o600, "Line 1 of the key file"),
        ("KEY", 0o644, "is open to more than its owner: run chmod 600"),
    ],
    ids=["empty", "no key", "readable by all"],
)
def test_a_key_file_that_cannot_be_used_is_said_without_its_keys(
    starter: Commands, sealed: str, keys: Path, tmp_path: Path, content: str, mode: int, says: str
) -> None:
    file = tmp_path / "payee.key"
    file.write_text(content.replace("KEY", keys.read_text()))
    file.chmod(mode)
    line = one_line(starter("reseal", CHALLENGES_PAYEE_KEY_FILE=str(file)))

    assert says in line
    assert "password" not in line
    assert not any(key in line for key in keys.read_text().split() if len(key) > 40)


def test_a_new_first_key_takes_the_place_of_the_old_one(
    starter: Commands, sealed: str, keys: Path, tmp_path: Path
) -> None:
    """What one key sealed is opened by another only once it was sealed anew; each way round here, and back."""
    old = tmp_path / "old.key"
    old.write_text(keys.read_text())
    made = subprocess.run(
        [sys.executable, "-c", _A_KEY], check=True, capture_output=True, text=True, cwd=ROOT, timeout=HANGS
    )
    both, new = tmp_path / "both.key", tmp_path / "new.key"
    both.write_text(made.stdout + old.read_text())
    new.write_text(made.stdout)
    for file in (old, both, new):
        file.chmod(0o600)
    assert "do not open with any key" in one_line(starter("reseal", CHALLENGES_PAYEE_KEY_FILE=str(new)))

    resealed = starter("reseal", CHALLENGES_PAYEE_KEY_FILE=str(both))
    assert resealed.status == 0, resealed
    assert f"sealed with the first key of {both}" in resealed.out
    assert starter("reseal", CHALLENGES_PAYEE_KEY_FILE=str(new)).status == 0
    assert "do not open with any key" in one_line(starter("reseal", CHALLENGES_PAYEE_KEY_FILE=str(old)))

    both.write_text(old.read_text() + made.stdout)
    assert starter("reseal", CHALLENGES_PAYEE_KEY_FILE=str(both)).status == 0
    assert starter("reseal").status == 0


_A_KEY = "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"


def seal_when_told() -> int:
    """Seals bank details as the service does, once it is told to: what each process of the next test does."""
    options = load()
    database = Database(options.database_url)
    sys.stdin.readline()
    account = BankAccount(holder="Tay Ltd", sort_code="60-16-13", number="31926819")
    print(seals_of(options, database).seal(account, "team"))  # noqa: T201
    database.close()
    return 0


def test_processes_that_make_the_key_file_at_once_all_seal_with_the_one_that_stays(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'service.db'}")
    database.migrate()
    database.close()
    file = tmp_path / "keys" / "payee.key"
    environment = of_nothing_else(
        {
            "CHALLENGES_DATABASE_URL": f"sqlite:///{tmp_path / 'service.db'}",
            "CHALLENGES_PAYEE_KEY_FILE": str(file),
        }
    )
    log = tmp_path / "log"
    with ExitStack() as running:
        programs = [
            running.enter_context(Program(seal_when_told, [], environment, log, answers=True)) for _ in range(3)
        ]
        for program in programs:  # each has said nothing yet, and waits for its standard input
            program.stdin.close()
        assert [program.wait() for program in programs] == [0] * 3, log.read_text()
        answers = [program.stdout.read().splitlines() for program in programs]

    assert [path.name for path in file.parent.iterdir()] == ["payee.key"]
    assert file.stat().st_mode & 0o777 == 0o600
    keys = Seals.from_file(file)
    assert {keys.open(said[-1], "team").number for said in answers} == {ACCOUNT}


# Bank details from a file.


def test_bank_details_are_read_from_a_file_or_standard_input(starter: Commands, sealed: str, tmp_path: Path) -> None:
    file = tmp_path / "details.toml"
    file.write_text(f'holder = "Tay Ltd"\niban = "{IBAN}"\n')
    from_file = starter("payee", "yard", sealed, "--as", starter.mailbox(sealed), "--details", str(file))
    assert from_file.status == 0, from_file
    assert from_file.out.endswith("GB••••5555\n")

    text = f'holder = "Tay Ltd"\nsort_code = "{SORT_CODE}"\nnumber = "{ACCOUNT}"\n'
    typed = starter("payee", "yard", sealed, "--as", starter.mailbox(sealed), "--details", "-", text=text)
    assert typed.out.endswith("account ••••819\n")


@pytest.mark.parametrize(
    ("text", "says", "status"),
    [
        ("60-16-13 31926819", "The bank details are not TOML", 1),
        ('holder = "Tay"\nsort_code = "60-16-13"\nnumber = 31926819\n', "number", 1),
        ('holder = "Tay"\nsort_code = "60-16-13"\nnumber = "31926818x"\n', "is not an account number", 1),
        ('holder = "Tay"\nsort_code = "60-16-13"\naccount = "31926819"\n', "account", 1),
        ("", "holder", 1),
        ("[holder]\nname = 31926819\n", "holder", 1),
        ('holder = "Tay\n', "not TOML", 1),
    ],
    ids=["no toml", "a number", "a slip", "another name", "empty", "a table", "cut off"],
)
def test_a_file_of_bank_details_with_a_slip_is_refused_and_never_repeated(
    starter: Commands, sealed: str, text: str, says: str, status: int
) -> None:
    before = starter.payments("yard")
    line = one_line(
        starter("payee", "yard", sealed, "--as", starter.mailbox(sealed), "--details", "-", text=text), status
    )

    assert says in line
    assert not gives_away(line)
    assert "31926818" not in line
    assert starter.payments("yard") == before


def test_bank_details_are_given_in_one_way_only(starter: Commands, sealed: str, tmp_path: Path) -> None:
    """Otherwise what was typed besides would be left aside without a word."""
    file = tmp_path / "details.toml"
    file.write_text(f'holder = "Tay Ltd"\niban = "{IBAN}"\n')
    line = one_line(
        starter("payee", "yard", sealed, "--as", starter.mailbox(sealed), "--details", str(file), "--account", ACCOUNT),
        status=2,
    )

    assert "--details" in line
    assert not gives_away(line)
    assert "cannot be read (No such file or directory)" in one_line(
        starter("payee", "yard", sealed, "--as", starter.mailbox(sealed), "--details", "/none")
    )


# The worker.


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"CHALLENGES_PAYMENT_RAIL": "http"}, "provider"),
        ({"CHALLENGES_PAYMENT_RAIL": "http", "CHALLENGES_RAIL_URL": "http://u:secret@pay.example"}, "provider"),
        ({"CHALLENGES_PAYMENT_RAIL": "files"}, "The account that pays cannot be used"),
        ({"CHALLENGES_PAYMENT_RAIL": "cheques"}, "CHALLENGES_PAYMENT_RAIL=cheques"),
        ({"CHALLENGES_NOTICE_CHANNEL": "smtp"}, "The sender of letters is not an e-mail address"),
        (
            {
                "CHALLENGES_NOTICE_CHANNEL": "smtp",
                "CHALLENGES_SMTP_HOST": "mail.example",
                "CHALLENGES_SMTP_SECURITY": "none",
                "CHALLENGES_SMTP_SENDER": "post@scheme.example",
            },
            "The mail server mail.example is not on this machine",
        ),
        ({"CHALLENGES_NOTICE_CHANNEL": "govuk-notify", "CHALLENGES_NOTIFY_KEY": "secret"}, "The API key is not one"),
        ({"CHALLENGES_NOTICE_CHANNEL": "pigeon"}, "CHALLENGES_NOTICE_CHANNEL=pigeon"),
        ({"CHALLENGES_LETTERS": "/no/such/folder"}, "/no/such/folder: there is no such folder"),
        ({"CHALLENGES_PAYEE_KEY_FILE": "/no/such/payee.key"}, "The key file /no/such/payee.key is gone"),
        ({"CHALLENGES_FILES_PLACE": "ftp://secret@files.example"}, "CHALLENGES_FILES_PLACE cannot be used"),
        ({"CHALLENGES_FILES_URL": "files.example"}, "CHALLENGES_FILES_URL: write it such as"),
        ({"CHALLENGES_FILES_SCANNER": "clamav"}, "CHALLENGES_FILES_SCANNER cannot be used"),
        ({"CHALLENGES_FILES_KEY_FILE": "/dev/null/files.key"}, "The key file /dev/null/files.key cannot be made"),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else None,
)
def test_a_worker_that_cannot_pay_or_tell_ends_with_one_line(
    tmp_path: Path, service: Service, sealed: str, settings: dict[str, str], says: str
) -> None:
    log = tmp_path / "log"
    with Program(
        worker.main, [], of_nothing_else(service.address | {"CHALLENGES_LOG_LEVEL": "ERROR"} | settings), log
    ) as program:
        assert program.wait() == 1

    (line,) = log.read_text().splitlines()
    assert says in line
    assert "secret" not in line
