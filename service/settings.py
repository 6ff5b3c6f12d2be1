"""Everything about the service that differs from place to place.

The connection to Temporal is not here: it follows Temporal's own standard (`TEMPORAL_*`, `temporal.toml` profiles).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.values.refusals import FileRefused, Problem

PREFIX = "CHALLENGES_"
_OF_COMPOSE = frozenset({"DB_PASSWORD"})
"""What docker-compose.yml asks for under the same prefix; it comes near to a setting, and is none."""
_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Read from environment variables with the prefix `CHALLENGES_`, such as `CHALLENGES_DATABASE_URL`.

    Args:
        database_url: `sqlite:///path` or `postgresql://user:password@host/name`. A relative path starts where the
            process does; the default is var/service.db beside this file, wherever that is.
        programmes: the folder of programme and round files.
        person: id of the person at this terminal, for commands without `--as`.
        log_level: how much the logs say.
        log_format: JSON lines, or pretty; "auto" is pretty on a terminal.
        metrics_address: where Prometheus can read the worker's metrics, such as 0.0.0.0:9464; empty for nowhere.
        build_id: the release that this worker runs. If given, a run stays on its release until it is renewed.
        threads: how many activities run at once.
        answer_within: seconds that a command waits for a challenge's answer.
        letters: the folder with the words of notices.
        payee_key_file: the keys that teams' bank details are sealed with; made once, if no details are kept yet.
        payment_rail: how money leaves: booked here and nowhere else; in files for a bank; through a provider by HTTP.
        payment_files: the folder that files for the bank are written to.
        payment_form: which form these files have.
        payer_holder, payer_sort_code, payer_number, payer_iban, payer_bic: the account that is charged.
        rail_url, rail_token: where the provider is, and what lets us in.
        notice_channel: how notices leave: not at all (the outbox); by mail; through GOV.UK Notify.
        notice_rate: how many notices are sent in a second at most.
        smtp_host, smtp_port, smtp_user, smtp_password, smtp_security: the mail server.
        smtp_sender: from whom letters come.
        notify_key, notify_template, notify_url: of GOV.UK Notify; the template shows ((subject)) and ((body)).
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    database_url: str = f"sqlite:///{_ROOT / 'var' / 'service.db'}"
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
    payer_holder: str = ""
    payer_sort_code: str = ""
    payer_number: str = ""
    payer_iban: str = ""
    payer_bic: str = ""
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


def load() -> Settings:
    """The settings of this process.

    Raises:
        FileRefused: a variable has a value that it cannot have, or a name that looks like a slip of another; a line for
            each, with the variable, the value and the remedy.
    """
    problems = list(_misspelt())
    try:
        options = Settings()
    except ValidationError as error:
        problems += [_problem(dict(each)) for each in error.errors()]
        raise FileRefused.for_problems(problems) from None
    if problems:
        raise FileRefused.for_problems(problems)
    return options


def _misspelt() -> Iterator[Problem]:
    """Unknown variables are let be, as others may use the prefix, but not one that looks like a slip of a known one."""
    known = [name.upper() for name in Settings.model_fields]
    unknown = {name for name in os.environ if name.startswith(PREFIX)} - {PREFIX + name for name in known}
    for variable in sorted(unknown - {PREFIX + name for name in _OF_COMPOSE}):
        if near := get_close_matches(variable.removeprefix(PREFIX), known, 1):
            text = f"There is no setting {variable}: did you mean {PREFIX}{near[0]}?"
            yield Problem(field=variable, text=text)


def _problem(error: dict[str, Any]) -> Problem:
    # What was given for a URL may hold a password.
    name = f"{PREFIX}{str(error['loc'][0]).upper()}"
    given = "" if name.endswith("_URL") else f"={error['input']!s}"
    what = "write it such as 0.0.0.0:9464" if error["type"] == "string_pattern_mismatch" else error["msg"]
    return Problem(
        field=name, text=f"A setting cannot be used: {name}{given}: {what}. Change that environment variable."
    )
