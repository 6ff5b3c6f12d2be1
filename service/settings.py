"""The settings: whatever differs from one installation to another.

The connection to Temporal is set elsewhere, by Temporal's own standard (`TEMPORAL_*`, `temporal.toml` profiles).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.identity.proof import Unproven
from domain.values.places import Zone
from domain.values.refusals import FileRefused, Problem

from .secret_files import ENDING, from_files
from .web_addresses import Networks, WebAddress, origin_of

PREFIX = "CHALLENGES_"
_EXAMPLES = {
    f"{PREFIX}METRICS_ADDRESS": "0.0.0.0:9464",
    f"{PREFIX}FILES_URL": "https://files.example",
    f"{PREFIX}LANGUAGES": "en or en,gd",
    f"{PREFIX}OCDS_PREFIX": "ocds-213czf",
    f"{PREFIX}UI_ADDRESS": "https://temporal.example",
}
"""How settings are written that have a form."""
_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Read from environment variables with the prefix `CHALLENGES_`, such as `CHALLENGES_DATABASE_URL`.

    Args:
        database_url: `sqlite:///path` or `postgresql://user:password@host/name`. A relative path starts in the
            folder that the process starts in. The default is var/service.db in the folder of this project.
        database_password: the password of the user in that URL, so that no log that shows the URL shows the password.
        programmes: the folder of programme and round files.
        person: id of the person at this terminal, for commands without `--as`.
        log_level: how much is logged.
        log_format: JSON lines, or pretty for people; "auto" is pretty on a terminal.
        metrics_address: where Prometheus can read the worker's metrics, such as 0.0.0.0:9464; empty for no metrics.
        build_id: the release that this worker runs. If set, a run stays on its release until the run is renewed.
        threads: how many activities run at once.
        answer_within: seconds that a command waits for a challenge's answer.
        letters: the folder of the notices' words.
        payee_key_file: the keys that seal teams' bank details. The file is made if no bank details are stored yet.
        payment_rail: how money leaves: only booked here (embedded), in files for a bank, or through a provider by HTTP.
        payment_files: the folder for payment files.
        payment_form: the form of payment files.
        bank_zone: the time zone of the bank's clock, for times in its reports that have no offset.
        payment_service_level, payment_charge_bearer, payment_account_scheme: what the bank expects in payment files, as
            codes of ISO 20022; empty leaves the element out.
        payer_holder, payer_sort_code, payer_number, payer_iban, payer_bic: the account that is charged.
        payer_town, payer_country: where its holder is, if the bank asks for it.
        rail_url, rail_token: the provider's address, and our token there.
        notice_channel: how notices leave: not at all (outbox), by mail, or through GOV.UK Notify.
        notice_rate: the most notices that are sent in a second.
        smtp_host, smtp_port, smtp_user, smtp_password, smtp_security: the mail server.
        smtp_sender: the sender of letters.
        notify_key, notify_template, notify_url: for GOV.UK Notify. The template shows ((subject)) and ((body)).
        files_place: where attached files are kept: a folder, or a bucket as s3://bucket or s3://bucket/folder.
        files_url: the address of the service with the bucket, unless it is Amazon's.
        files_region, files_access_key, files_secret_key: for the bucket.
        files_key_file: the keys that seal attached files. The file is made if no file is kept yet.
        files_scanner: clamd's socket, or its host and port; empty if no virus scanner looks at files.
        ask_for_proof: whether a name alone is not enough at a terminal: people need the key file made for them.
        terminal_key_file: the key file of the person at this terminal.
        unproven: what becomes of a decision without a proof, in rounds whose file does not say it.
        signing_key_file: the keys that sign decisions. The file is made if it is not there.
        public_key_file: the public halves of those keys, by which the worker knows a signature.
        record_key_file: the key of the record's chain. The file is made if nothing is recorded yet.
        web_address: the address of the web front, as people type it.
        web_listen: the network address on which the web front listens; the loopback interface, if nothing else is set.
        web_port: the port on which the web front listens.
        web_proxy: addresses or networks of the proxies in front of it, with commas between them. Only these are
            believed when they say for whom they ask.
        web_limit: the most requests in a minute from one network, and from each browser that is signed in or writes a
            draft; 0 for no limit.
        organisations: the file that names the organisations with which people can sign in.
        languages: of the web front and of letters, as codes with commas between them. The first is spoken to
            whoever asks for none of them, and in letters.
        brand_name: the name of the service, at the top of every page.
        brand_logo: a file with its logo, SVG or PNG; without one, the name stands there.
        ocds_prefix: the prefix that the Open Contracting Partnership has given the publisher, for identifiers in open
            data. The default belongs to nobody.
        show_rehearsals: whether rehearsed challenges are shown to the public, too, as in the demo.
        second_step: whether people who decide or release need a passkey too if they sign in with a browser.
        codec_key_file: the keys that encrypt what Temporal keeps. Without it, Temporal keeps readable JSON.
        ui_address: the address of Temporal's UI, as people type it: its pages may have encrypted payloads decoded.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    database_url: str = f"sqlite:///{_ROOT / 'var' / 'service.db'}"
    database_password: SecretStr = SecretStr("")
    programmes: Path = _ROOT / "programmes"
    person: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["auto", "json", "pretty"] = "auto"
    metrics_address: str = Field(default="", pattern=r"^$|^[^\s:]+:\d{1,5}$|^\[[^\]\s]+\]:\d{1,5}$")
    build_id: str = ""
    threads: int = Field(default=16, ge=1, le=500)
    answer_within: float = Field(default=30, gt=0, allow_inf_nan=False)
    letters: Path = _ROOT / "letters"
    payee_key_file: Path = _ROOT / "var" / "payee.key"
    payment_rail: Literal["embedded", "files", "http"] = "embedded"
    payment_files: Path = _ROOT / "var" / "payments"
    payment_form: Literal["pain.001.001.09", "pain.001.001.03"] = "pain.001.001.09"
    bank_zone: Zone = "Europe/London"
    payment_service_level: str = Field(default="NURG", pattern=r"^([A-Z]{4})?$")
    payment_charge_bearer: Literal["SHAR", "SLEV", "DEBT", "CRED", ""] = "SHAR"
    payment_account_scheme: str = Field(default="BBAN", pattern=r"^([A-Z]{4})?$")
    payer_holder: str = ""
    payer_sort_code: str = ""
    payer_number: str = ""
    payer_iban: str = ""
    payer_bic: str = ""
    payer_town: str = ""
    payer_country: str = ""
    rail_url: str = ""
    rail_token: SecretStr = SecretStr("")
    notice_channel: Literal["outbox", "smtp", "govuk-notify"] = "outbox"
    notice_rate: float = Field(default=5, gt=0, le=1000, allow_inf_nan=False)
    smtp_host: str = "localhost"
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_sender: str = ""
    notify_key: SecretStr = SecretStr("")
    notify_template: str = ""
    notify_url: str = ""
    files_place: str = str(_ROOT / "var" / "files")
    files_url: str = Field(default="", pattern=r"^$|^https?://[^/\s@]+/?$")
    files_region: str = ""
    files_access_key: str = ""
    files_secret_key: SecretStr = SecretStr("")
    files_key_file: Path = _ROOT / "var" / "files.key"
    files_scanner: str = ""
    ask_for_proof: bool = False
    terminal_key_file: Path = Path()
    unproven: Unproven = Unproven.ACCEPT
    signing_key_file: Path = _ROOT / "var" / "signing.key"
    public_key_file: Path = _ROOT / "var" / "signing.pub"
    record_key_file: Path = _ROOT / "var" / "record.key"
    web_address: WebAddress = "http://localhost:8000"
    web_listen: str = "127.0.0.1"
    web_port: int = Field(default=8000, ge=1, le=65535)
    web_proxy: Networks = ""
    web_limit: int = Field(default=1200, ge=0)
    organisations: Path = Path()
    languages: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Z]{2})?(, ?[a-z]{2,3}(-[A-Z]{2})?)*$")
    brand_name: str = Field(default="Challenge service", min_length=1, max_length=60)
    brand_logo: Path = Path()
    ocds_prefix: str = Field(default="ocds-xxxxxx", pattern=r"^ocds-[a-z0-9]{6}$")
    show_rehearsals: bool = False
    second_step: bool = False
    codec_key_file: Path = Path()
    ui_address: str = Field(default="http://localhost:8233", pattern=r"^https?://[^/\s@]+$")

    @property
    def web_origin(self) -> str:
        """The origin of the web front as browsers name it: without the usual port, and with an ASCII host."""
        return origin_of(self.web_address)


SECRETS = {
    f"{PREFIX}{name.upper()}": name
    for name, field in Settings.model_fields.items()
    if field.annotation is SecretStr or name == "database_url"  # a URL may have a password in it
}
"""The settings that are secret, by their variables. Each can stand in a file: see `service.secret_files`."""


def load() -> Settings:
    """The settings of this process.

    Raises:
        FileRefused: variables have wrong values, or names that look like misspelt settings. Each has a line with the
            variable, the value and what to do.
    """
    problems = list(_misspelt())
    found: dict[str, Any] = dict(from_files(SECRETS, problems))
    try:
        options = Settings(**found)
    except ValidationError as error:
        problems += [_problem(dict(each)) for each in error.errors()]
        raise FileRefused.for_problems(problems) from None
    if problems:
        raise FileRefused.for_problems(problems)
    return options


def _misspelt() -> Iterator[Problem]:
    """Variables whose names look like misspelt settings. Other unknown variables may belong to other programs."""
    known = [name.upper() for name in Settings.model_fields]
    known += [variable.removeprefix(PREFIX) + ENDING for variable in SECRETS]
    unknown = {name for name in os.environ if name.startswith(PREFIX)} - {PREFIX + name for name in known}
    for variable in sorted(unknown):
        if near := get_close_matches(variable.removeprefix(PREFIX), known, 1):
            text = f"There is no setting {variable}: did you mean {PREFIX}{near[0]}?"
            yield Problem(field=variable, text=text)


def _problem(error: dict[str, Any]) -> Problem:
    # The value of a URL may contain a password, so it is not printed.
    name = f"{PREFIX}{str(error['loc'][0]).upper()}"
    given = "" if name.endswith("_URL") else f"={error['input']!s}"
    example = _EXAMPLES.get(name, "NURG, in four capitals, or leave it empty")
    what = f"write it such as {example}" if error["type"] == "string_pattern_mismatch" else error["msg"]
    return Problem(
        field=name, text=f"A setting cannot be used: {name}{given}: {what}. Change that environment variable."
    )
