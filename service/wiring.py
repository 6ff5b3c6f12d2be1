"""What the settings choose: the words of notices, the seals, the rail, the channel, and the account that pays."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import structlog
from pydantic import ValidationError

from domain.payments.bank_account import BankAccount
from domain.payments.rails import PaymentRail
from domain.values.refusals import FileRefused, Problem, Unavailable
from gateways.banking.credit_transfers import Terms
from gateways.banking.http_rail import HttpRail
from gateways.messaging.channels import Channel
from gateways.messaging.govuk_notify import NotifyChannel
from gateways.messaging.letters import Letters
from gateways.messaging.smtp import SmtpChannel
from store.database.database import Database
from store.payments import payees
from store.payments.embedded_rail import EmbeddedRail
from store.payments.file_rail import FileRail
from store.payments.sealing import Seals, make_key_file
from store.record.keys import RecordKeyFile

from .languages import languages_of
from .settings import PREFIX, Settings

_logger = structlog.get_logger("wiring")

_RAIL_SECONDS = 8
"""Within one attempt of an activity, a rail is asked twice at most."""
_CHANNEL_SECONDS = 15
_MAIL_SERVER_SECONDS = 600
"""How long a mail server may take to accept a letter (RFC 5321). The claim on a notice lasts longer."""


def database_of(options: Settings) -> Database:
    """The database of the service.

    Raises:
        Unavailable: the settings name none.
    """
    return Database(
        options.database_url,
        RecordKeyFile(options.record_key_file),
        password=options.database_password.get_secret_value(),
    )


def letters_of(options: Settings) -> Letters:
    """The words of notices.

    Raises:
        FileRefused: one of the files is wrong.
    """
    return _letters(options.letters, options.languages)


@cache
def _letters(folder: Path, languages: str) -> Letters:
    """Reads the files only once: to read and check all of them takes longer than most commands."""
    return Letters(folder, languages_of(languages)[0].words)


def seals_of(options: Settings, database: Database) -> Seals:
    """The seals of bank details. If there are no keys and nothing was sealed yet, keys are made.

    Raises:
        Unavailable: the keys cannot be used, or are gone although bank details are sealed with them.
    """
    path = options.payee_key_file
    if not path.exists():
        if payees.are_kept(database):
            raise Unavailable(
                f"The key file {path} is gone, and bank details are sealed with its keys: restore it from its backup, "
                f"or name it in {PREFIX}PAYEE_KEY_FILE."
            )
        if make_key_file(path):
            _logger.warning("bank details are sealed with a new key: keep a copy of it elsewhere", file=str(path))
    return Seals.from_file(path)


def rail_of(options: Settings, database: Database) -> PaymentRail:
    """How money leaves.

    Raises:
        FileRefused: a setting that the rail needs is missing or wrong.
    """
    match options.payment_rail:
        case "embedded":
            return EmbeddedRail(database)
        case "files":
            payer_of(options)
            return FileRail(database)
        case "http":
            return HttpRail(options.rail_url, options.rail_token.get_secret_value(), timeout=_RAIL_SECONDS)


def payer_of(options: Settings) -> BankAccount:
    """The account that payment files charge.

    Raises:
        FileRefused: the account is not set, or is wrong.
    """
    try:
        return BankAccount(
            holder=options.payer_holder,
            sort_code=options.payer_sort_code,
            number=options.payer_number,
            iban=options.payer_iban,
            bic=options.payer_bic,
            town=options.payer_town,
            country=options.payer_country,
        )
    except ValidationError as error:
        problems = [_problem_of_payer(".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
        what = "; ".join(problem.text for problem in problems)
        raise FileRefused(
            f"The account that pays cannot be used ({what}): set {PREFIX}PAYER_HOLDER, and {PREFIX}PAYER_SORT_CODE and "
            f"{PREFIX}PAYER_NUMBER, or {PREFIX}PAYER_IBAN.",
            problems,
        ) from None


def bank_terms_of(options: Settings) -> Terms:
    """What the bank expects in payment files beside the payments."""
    return Terms(
        service_level=options.payment_service_level,
        charge_bearer=options.payment_charge_bearer,
        account_scheme=options.payment_account_scheme,
    )


def _problem_of_payer(field: str, wrong: str) -> Problem:
    setting = f"{PREFIX}PAYER_{field.upper()}" if field else ""
    return Problem(field=setting, text=f"{field} {wrong.removeprefix('Value error, ')}".strip())


def channel_of(options: Settings) -> Channel | None:
    """How notices leave; None if they stay in the outbox.

    Raises:
        Unavailable: a setting that the channel needs is missing or wrong.
    """
    match options.notice_channel:
        case "outbox":
            return None
        case "smtp":
            return SmtpChannel(
                options.smtp_host,
                options.smtp_port,
                options.smtp_sender,
                user=options.smtp_user,
                password=options.smtp_password.get_secret_value(),
                security=options.smtp_security,
                timeout=_CHANNEL_SECONDS,
                patience=_MAIL_SERVER_SECONDS,
            )
        case "govuk-notify":
            return NotifyChannel(
                options.notify_key.get_secret_value(),
                options.notify_template,
                base_url=options.notify_url or None,
                timeout=_CHANNEL_SECONDS,
            )
