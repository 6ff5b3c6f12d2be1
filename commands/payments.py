"""Commands about money: bank details, evidence, releases, payment files, what comes back, what is late."""

from __future__ import annotations

import asyncio
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from desk.late_payments import late_payments
from desk.open import Payment
from desk.payment_files import PaymentFile, PaymentFiles
from desk.payments import Paying
from desk.reconciliation import reconcile as compare
from domain.values.refusals import Refused, Unavailable, UnknownPayment
from domain.values.wording import counted

from .options import (
    AsJson,
    ChallengeName,
    DecisionId,
    PaymentKey,
    SomeChallenge,
    StageName,
    TeamName,
    Who,
    Why,
    a_desk,
    acting,
    day_of,
    decide,
    is_payment,
    text_of,
)
from .output import payments as output
from .terminal import REFUSED, misused, say, say_refused, show_json, somebody_is_there


class Verdict(StrEnum):
    """What is said of evidence."""

    ACCEPT = "accept"
    REJECT = "reject"


def payments(
    challenge: SomeChallenge = None,
    late: Annotated[bool, typer.Option("--late", help="Only what is or was late, and what is owed for it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the ledger: what was requested, released, submitted, settled, and by when it is due.

    Example: `starter.py payments air-quality --late`
    """
    with a_desk() as desk:
        zones = {row.id: row.time_zone for row in desk.challenges()}
        if late:
            found = late_payments(desk, challenge)
            show_json(found) if as_json else output.late(found, zones)
            return
        rows = desk.payments(challenge)
        if as_json:
            show_json(rows)
        else:
            output.payments(rows, zones)


def payee(
    challenge: ChallengeName,
    team: TeamName,
    by: Who,
    details: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FILE",
            help="A TOML file with holder, and sort_code and number, or iban and bic; - reads standard input. "
            "So they stay out of the shell's history.",
        ),
    ] = None,
    holder: Annotated[str, typer.Option(help="Whose account it is, as the bank knows them.")] = "",
    sort_code: Annotated[str, typer.Option(help="Six digits, for an account in the United Kingdom.")] = "",
    account: Annotated[str, typer.Option(help="Its eight digits.")] = "",
    iban: Annotated[str, typer.Option(help="Instead of sort code and account.")] = "",
    bic: Annotated[str, typer.Option(help="Of the bank, if it asks for it.")] = "",
) -> None:
    """Give or change a team's bank details. What was released to others has to be released again.

    Whoever gives them never releases what goes to that team; the team itself is named by its id.

    Example: `starter.py payee air-quality air-quality-7kx3qm --details account.toml --as programme-office`
    """
    given = {"holder": holder, "sort_code": sort_code, "number": account, "iban": iban, "bic": bic}
    if details is not None and any(given.values()):
        misused("Give the bank details either in --details or one by one, not both.")
    text = "" if details is None else text_of(details, "The bank details")
    with a_desk() as desk:
        person = acting(desk, by)
        money = Paying(desk)
        bank_account = money.account(challenge, person, given if details is None else text)
        done = asyncio.run(money.give_payee(challenge, team, person, bank_account))
        say(f"{done}: {bank_account.masked}")


def evidence(
    challenge: ChallengeName,
    stage: StageName,
    team: TeamName,
    verdict: Annotated[Verdict, typer.Argument(metavar="accept|reject")],
    by: Who,
    instalment: Annotated[int, typer.Option(help="Which instalment; the first that waits if left out.")] = 0,
    final: Annotated[bool, typer.Option("--final", help="Of a rejection: the instalment will not be paid.")] = False,
    reason: Why = "",
    decision_id: DecisionId = "",
) -> None:
    """Accept what a team has shown for an instalment, which makes it due; or reject it.

    Example: `starter.py evidence air-quality accelerator air-quality-7kx3qm accept --as sepa-decider`
    """
    accepted = verdict is Verdict.ACCEPT
    fields = {"stage": stage, "team": team, "number": instalment, "accepted": accepted, "final": final}
    decide(challenge, "evidence", by, decision_id, reason=reason, **fields)


def release(
    payments: Annotated[list[str], typer.Argument(metavar="PAYMENT…", help="Their keys, as `payments` shows them.")],
    by: Who,
    reason: Why = "",
    decision_id: DecisionId = "",
) -> None:
    """Let payments go: as a second person, who decided nothing that they follow from.

    On a terminal it first shows to which accounts, and asks. Each payment is released or refused for itself, and none
    goes to bank details that are given after that.

    Example: `starter.py release pilot-2016/air-quality/exploration/air-quality-7kx3qm/1 --as finance`
    """
    with a_desk() as desk:
        money, person = Paying(desk), acting(desk, by)
        found: list[Payment] = []
        all_done = True
        for key in payments:
            try:
                found.append(money.find(key))
            except UnknownPayment as refusal:
                say_refused(refusal)
                all_done = False
        if found and somebody_is_there():
            for payment in found:
                say(f"{payment.key}: {payment.amount.gross.shown(payment.currency)} to {payment.payee or 'nobody yet'}")
            typer.confirm("Release?", abort=True)
        given = {"decision_id": decision_id} if decision_id else {}
        for payment in found:
            shown: dict[str, object] = {"payee_version": payment.payee_version, "reason": reason}
            try:
                done = asyncio.run(money.decide(payment.key, "release", person, **shown, **given))
            except Unavailable:
                raise  # and so is it for those that follow
            except Refused as refusal:
                say_refused(refusal)
                all_done = False
            else:
                say(f"{done}: {payment.payee}")
        if not all_done:
            raise typer.Exit(REFUSED)


def return_(payment: PaymentKey, by: Who, reason: Why, decision_id: DecisionId = "") -> None:
    """Say that the money of a payment came back; corrected, it can be released again.

    Example: `starter.py return pilot-2016/air-quality/exploration/air-quality-7kx3qm/1 --as finance --reason "Closed."`
    """
    _decide(payment, "return", by, reason, decision_id)


def undo_return(
    attempt: Annotated[
        str,
        typer.Argument(metavar="ATTEMPT", help="Its name: the payment's key and a number, such as `…/1/2`."),
    ],
    by: Who,
    reason: Why,
    decision_id: DecisionId = "",
) -> None:
    """Undo a return: the payment did arrive. Use it when the bank corrects its report or `return` was a mistake.

    The payment is settled then, and no money leaves again.

    Example: `starter.py undo-return pilot-2016/bridge/exploration/bridge-7kx3qm/1/1 --as finance --reason Paid`
    """
    if is_payment(attempt):
        misused(f"Name the attempt that has arrived, such as {attempt}/1.")
    key, _, number = attempt.rpartition("/")
    _decide(key, "undo-return", by, reason, decision_id, attempt=number)


def cancel_payment(payment: PaymentKey, by: Who, reason: Why, decision_id: DecisionId = "") -> None:
    """Give a payment up for good, before it was submitted.

    Example: `starter.py cancel-payment pilot-2016/smart-roads/accelerator/smart-roads-7kx3qm/1 --as finance --reason x`
    """
    _decide(payment, "cancel", by, reason, decision_id)


def submit(
    by: Who,
    on: Annotated[str, typer.Option(metavar="DATE", help="When the bank is to pay; the next working day.")] = "",
    anew: Annotated[
        bool, typer.Option("--anew", help="Drop a file that was begun and could not be written, and make others.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the files for the bank of all that was released, one for each currency.

    Example: `starter.py submit --as finance`
    """
    day = day_of("--on", on) if on else None
    made: list[PaymentFile] = []

    def show(file: PaymentFile) -> None:
        made.append(file)
        if not as_json:
            output.payment_file(file)

    with a_desk() as desk:
        try:
            asyncio.run(PaymentFiles(desk).submit(acting(desk, by), day, anew=anew, made=show))
        finally:
            if as_json and made:
                show_json(made)
        if not made:
            show_json(made) if as_json else say("Nothing waits to leave: what was released is in a file already.")


def payment_files(as_json: AsJson = False) -> None:
    """List the files that were made for the bank: where each is, what it has, when the bank is to pay, who made it.

    Example: `starter.py payment-files`
    """
    with a_desk() as desk:
        files = PaymentFiles(desk).files()
        show_json(files) if as_json else output.payment_files(files)


def settle(
    report: Annotated[
        Path, typer.Argument(metavar="FILE|PAYMENT", help="The bank's status report (pain.002); or a payment's key.")
    ],
    by: Who,
    on: Annotated[
        str, typer.Option(metavar="DATE", help="Of a payment: the day on which the money arrived; today if left out.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Read what the bank reports of a payment file: what is settled, and what came back and why.

    Where the bank sends no reports, give the key of a payment that has arrived by its statement, and the day.

    Example: `starter.py settle report.xml --as finance`
    """
    day = day_of("--on", on) if on else None
    with a_desk() as desk:
        files, key = PaymentFiles(desk), str(report)
        if is_payment(key) and not os.path.exists(
            key
        ):  # unlike Path.exists, it takes a key that is too long for a file
            found = asyncio.run(files.confirm_settled(key, acting(desk, by), day))
        elif day is not None:
            misused("--on is for the key of a payment: a report says itself when it was made.")
        else:
            key, found = "", asyncio.run(files.settle(report, acting(desk, by)))
        if as_json:
            show_json(found)
        else:
            say(_settled(key, on, len(found)))


def _settled(key: str, on: str, new: int) -> str:
    """What is said of so many payments of which something new is known: of one by its key, or of a report's."""
    if not key:
        return f"The report says something new of {counted(new, 'payment')}: see `payments` in a moment."
    arrived = f"{key} has arrived{on and f' on {on}'}"
    return f"Noted that {arrived}: see `payments` in a moment." if new else f"It was noted before that {arrived}."


def reseal() -> None:
    """Seal all bank details anew with the first key of the key file, so that an old key can leave it.

    Example: `starter.py reseal`
    """
    with a_desk() as desk:
        say(f"{Paying(desk).reseal()} bank details are sealed with the first key of {desk.options.payee_key_file}.")


def reconcile(as_json: AsJson = False) -> None:
    """Compare the ledger, the payments' workflows, the rail, and what the programme says is due; name each difference.

    Example: `starter.py reconcile`
    """
    with a_desk() as desk:
        found = asyncio.run(compare(desk))
        if as_json:
            show_json(found.differences)
        else:
            output.reconciled(found)
        if found.differences:
            raise typer.Exit(1)


def _decide(key: str, kind: str, by: str, reason: str, decision_id: str, **fields: object) -> None:
    given = {"decision_id": decision_id} if decision_id else {}
    with a_desk() as desk:
        say(asyncio.run(Paying(desk).decide(key, kind, acting(desk, by), reason=reason, **fields, **given)))
