"""What differs from place to place comes from variables, and a wrong one is said by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from domain.values.refusals import FileRefused
from service import settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of this machine counts."""
    for name in os.environ:
        if name.startswith(settings.PREFIX):
            monkeypatch.delenv(name)


_EVERY = {
    "database_url": "postgresql://challenges@db/challenges",
    "database_password": SecretStr("of the database"),
    "programmes": Path("/etc/programmes"),
    "person": "programme-office",
    "log_level": "WARNING",
    "log_format": "json",
    "metrics_address": "0.0.0.0:9464",
    "build_id": "1.2.3",
    "threads": 4,
    "answer_within": 2.5,
    "letters": Path("/etc/letters"),
    "payee_key_file": Path("/etc/payee.key"),
    "payment_rail": "http",
    "payment_files": Path("/var/payments"),
    "payment_form": "pain.001.001.03",
    "bank_zone": "Europe/Berlin",
    "payment_service_level": "URNS",
    "payment_charge_bearer": "SLEV",
    "payment_account_scheme": "CUID",
    "payer_holder": "Challenge Fund",
    "payer_sort_code": "20-00-00",
    "payer_number": "55779911",
    "payer_iban": "GB33BUKB20201555555555",
    "payer_bic": "BUKBGB22",
    "payer_town": "London",
    "payer_country": "GB",
    "rail_url": "https://pay.example",
    "rail_token": SecretStr("let us in"),
    "notice_channel": "smtp",
    "notice_rate": 2.5,
    "smtp_host": "mail.example",
    "smtp_port": 465,
    "smtp_user": "post",
    "smtp_password": SecretStr("open sesame"),
    "smtp_security": "tls",
    "smtp_sender": "post@scheme.example",
    "notify_key": SecretStr("of ours"),
    "notify_template": "f33517ff-2a88-4f6e-b855-c550268ce08a",
    "notify_url": "https://notify.example",
    "files_place": "s3://challenge-files/2027",
    "files_url": "https://files.example",
    "files_region": "eu-west-2",
    "files_access_key": "service",
    "files_secret_key": SecretStr("of the bucket"),
    "files_key_file": Path("/etc/files.key"),
    "files_scanner": "clamav:3310",
    "ask_for_proof": True,
    "terminal_key_file": Path("/home/olivia/.challenges.key"),
    "unproven": "confirm",
    "signing_key_file": Path("/etc/signing.key"),
    "public_key_file": Path("/etc/signing.pub"),
    "record_key_file": Path("/etc/record.key"),
    "web_address": "https://challenges.example",
    "web_listen": "0.0.0.0",
    "web_port": 8443,
    "web_proxy": "10.0.0.0/8, 127.0.0.1",
    "web_limit": 600,
    "organisations": Path("/etc/organisations.toml"),
    "languages": "gd, en-GB",
    "brand_name": "Open questions",
    "brand_logo": Path("/etc/logo.svg"),
    "ocds_prefix": "ocds-213czf",
    "show_rehearsals": True,
    "second_step": True,
    "codec_key_file": Path("/etc/codec.key"),
    "ui_address": "https://temporal.example",
}


def test_every_field_is_set_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _EVERY.items():
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        monkeypatch.setenv(f"CHALLENGES_{name.upper()}", text)

    assert settings.load().model_dump() == _EVERY


def test_secrets_are_not_in_what_is_printed_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("DATABASE_PASSWORD", "RAIL_TOKEN", "SMTP_PASSWORD", "NOTIFY_KEY", "FILES_SECRET_KEY")
    for name in secrets:
        monkeypatch.setenv(f"CHALLENGES_{name}", f"value of {name}")

    printed = f"{settings.load()} {settings.load()!r} {settings.load().model_dump_json()}"
    assert not [name for name in secrets if f"value of {name}" in printed]


def test_the_state_is_kept_beside_the_code_wherever_a_command_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    code = Path(settings.__file__).parents[1]

    assert settings.load().database_url == f"sqlite:///{code / 'var' / 'service.db'}"
    assert settings.load().programmes == code / "programmes"
    assert settings.load().letters == code / "letters"
    assert settings.load().payee_key_file == code / "var" / "payee.key"
    assert settings.load().payment_files == code / "var" / "payments"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("THREADS", "many"),
        ("THREADS", "0"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("METRICS_ADDRESS", "9464"),
        ("ANSWER_WITHIN", "-1"),
        ("ANSWER_WITHIN", "inf"),
        ("PAYMENT_RAIL", "bank"),
        ("PAYMENT_FORM", "pain.001"),
        ("PAYMENT_SERVICE_LEVEL", "fast"),
        ("PAYMENT_CHARGE_BEARER", "OUR"),
        ("PAYMENT_ACCOUNT_SCHEME", "B"),
        ("BANK_ZONE", "localtime"),
        ("NOTICE_CHANNEL", "pigeon"),
        ("NOTICE_RATE", "0"),
        ("SMTP_PORT", "0"),
        ("SMTP_SECURITY", "open"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"CHALLENGES_{variable}", value)

    with pytest.raises(
        FileRefused, match=f"CHALLENGES_{variable}={value}: .* Change that environment variable"
    ) as said:
        settings.load()
    assert "\n" not in str(said.value)


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("DATABSE_URL", "DATABASE_URL"),
        ("DB_URL", "DATABASE_URL"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("PROGRAMS", "PROGRAMMES"),
        ("KEY_FILE", "PAYEE_KEY_FILE"),
        ("RAIL", "RAIL_URL"),
        ("SMTP_PASSWD", "SMTP_PASSWORD"),
        ("DB_PASSWORD", "DATABASE_PASSWORD"),
        ("SMTP_PASSWD_FILE", "SMTP_PASSWORD_FILE"),
    ],
)
def test_a_misspelt_variable_is_not_passed_over(monkeypatch: pytest.MonkeyPatch, slip: str, meant: str) -> None:
    monkeypatch.setenv(f"CHALLENGES_{slip}", "secret")

    with pytest.raises(FileRefused, match=f"no setting CHALLENGES_{slip}: did you mean CHALLENGES_{meant}") as said:
        settings.load()
    assert "secret" not in str(said.value)


def test_of_several_wrong_settings_each_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when a slip hides a value that cannot be, or one value another."""
    for name, value in (("THREADS", "many"), ("SMTP_PORT", "0"), ("LOGLEVEL", "INFO"), ("PROGRAMS", "here")):
        monkeypatch.setenv(f"CHALLENGES_{name}", value)

    with pytest.raises(FileRefused) as said:
        settings.load()
    wrong = ["CHALLENGES_LOGLEVEL", "CHALLENGES_PROGRAMS", "CHALLENGES_SMTP_PORT", "CHALLENGES_THREADS"]
    assert sorted(each.field for each in said.value.problems) == wrong
    assert str(said.value).splitlines() == [each.text for each in said.value.problems]


def test_a_variable_of_somebody_else_with_the_prefix_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHALLENGES_QUIZ", "of another program")

    settings.load()


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Challenges.Example", "https://challenges.example"),
        ("https://challenges.example:443", "https://challenges.example"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://défi.example:8443", "https://xn--dfi-bma.example:8443"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_the_origin_of_the_web_front_is_as_browsers_name_it(address: str, origin: str) -> None:
    """Fails where forms and passkeys would be refused because browsers write the address otherwise."""
    assert settings.Settings(web_address=address).web_origin == origin


@pytest.mark.parametrize(
    "address",
    [
        *("", "challenges.example", "ftp://challenges.example", "https://", "https://a.example:none"),
        *("https://a.example/x", "https://olivia@a.example", "https://a.example?x", "https://a..example"),
    ],
)
def test_an_address_that_is_none_of_a_web_front_is_named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("CHALLENGES_WEB_ADDRESS", address)
    with pytest.raises(FileRefused, match=r"CHALLENGES_WEB_ADDRESS=.*: write one such as https://challenges\.example"):
        settings.load()


@pytest.mark.parametrize("proxies", ["proxy.example", "10.0.0.1/8", "*"])
def test_a_proxy_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch, proxies: str) -> None:
    """Fails where everybody would be believed who says for whom they ask: limits would count what they like."""
    monkeypatch.setenv("CHALLENGES_WEB_PROXY", proxies)
    with pytest.raises(FileRefused, match="names proxies by addresses or networks"):
        settings.load()
