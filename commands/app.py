"""All commands, grouped as the help shows them, in the order of a challenge's life."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from service.connection import leave

from . import (
    applications,
    applying,
    attachments,
    bank_reports,
    challenges,
    confirmations,
    drafts,
    erasure,
    evidence,
    exceptions,
    interests,
    judging,
    notices,
    passkeys,
    payments,
    people,
    readers,
    record,
    rounds,
    sign_ins,
    signing_keys,
    terminal_keys,
    upkeep,
)
from .document import answering
from .help import AsTyped, TakesTeams
from .terminal import MISUSED, REFUSED

PARTS: dict[str, dict[str, Callable[..., None] | typer.Typer]] = {
    "Rounds": {
        "plan": rounds.plan,
        "rehearse": rounds.rehearse,
        "open": rounds.open_,
        "hand-over": people.hand_over,
        "status": challenges.status,
        "record": record.app,
    },
    "Applications and selections": {
        "form": applying.form,
        "apply": applying.apply,
        "draft": drafts.draft,
        "drafts": drafts.drafts,
        "save": drafts.save,
        "attach": attachments.attach,
        "detach": attachments.detach,
        "send": drafts.send,
        "answer": applications.answer,
        "questions": applications.questions,
        "admit": exceptions.admit,
        "readers": readers.readers,
        "assign": readers.assign,
        "interests": interests.interests,
        "applications": applications.applications,
        "attachments": attachments.attachments,
        "attachment": attachments.attachment,
        "feedback": applications.feedback,
        "select": applications.select,
        "decline": applications.decline,
    },
    "Judging": {
        "scorecard": judging.scorecard,
        "read": judging.read,
        "score": judging.score,
        "progress": judging.progress,
        "scores": judging.scores,
        "moderate": judging.moderate,
        "ranking": judging.ranking,
    },
    "The course of a challenge": {
        "extend": challenges.extend,
        "extend-stage": exceptions.extend_stage,
        "amend": exceptions.amend,
        "hold": challenges.hold,
        "resume": challenges.resume,
        "withdraw": challenges.withdraw,
        "contact": people.contact,
        "evidence": evidence.evidence,
        "participation": challenges.participation,
        "cancel": challenges.cancel,
        "unconfirmed": confirmations.unconfirmed,
        "confirm": confirmations.confirm,
    },
    "Payments": {
        "payee": payments.payee,
        "payments": payments.payments,
        "release": payments.release,
        "submit": payments.submit,
        "payment-files": payments.payment_files,
        "settle": bank_reports.settle,
        "return": payments.return_,
        "undo-return": payments.undo_return,
        "cancel-payment": payments.cancel_payment,
        "reconcile": payments.reconcile,
    },
    "Notices": {"notices": notices.app},
    "The service": {
        "erase": erasure.erase,
        "retry": challenges.retry,
        "renew": rounds.renew,
        "reseal": payments.reseal,
        "migrate": upkeep.migrate,
    },
    "Signing in": {
        "sign-in": sign_ins.sign_in,
        "sessions": sign_ins.sessions,
        "terminal-keys": terminal_keys.app,
        "passkeys": passkeys.app,
        "keys": signing_keys.app,
    },
}
"""Each part of the help, with its commands by the names that people type."""


class _InOrder(TyperGroup):
    """Lists the commands in the order of `PARTS`. Typer itself lists groups, such as `notices`, after all commands."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """See `click.Group`."""
        return [name for commands in PARTS.values() for name in commands]


app = typer.Typer(
    cls=_InOrder,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Run public innovation challenges: open a round, take applications, select teams, pay the teams.",
    epilog="`TEMPORAL_…` variables say where Temporal is. `CHALLENGES_…` variables set everything else.",
)
for part, commands in PARTS.items():
    for name, command in commands.items():
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, rich_help_panel=part)
        else:
            kind = TakesTeams if command is applications.select else AsTyped
            app.command(name, cls=kind, rich_help_panel=part)(command)


def main() -> NoReturn:
    """Runs the command line and ends the process."""
    try:
        "".join(sys.argv).encode()
    except UnicodeEncodeError:
        typer.echo(
            "Some of the command is not text in UTF-8: set the terminal to UTF-8, then type the command again.",
            err=True,
        )
        leave(MISUSED)
    try:
        with answering():  # the disk can also be full when the help is printed
            app()
    except typer.Exit as end:
        leave(end.exit_code)
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else REFUSED)
    except Exception:  # a bug: the error is printed in full, and the process still ends properly
        traceback.print_exc()
        leave(REFUSED)
    leave(0)
