"""Commands for money: bank details, releases, payment files, returns, late payments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from desk.open import Payment
from desk.payment_files import PaymentFile
from domain.values.paging import all_of
from domain.values.refusals import NotAllowed, NotProven, Refused, Unavailable, UnknownPayment

from .document import as_data, for_programs, say_done, show_json
from .options import (
    ChallengeName,
    DecisionId,
    PaymentKey,
    SomeChallenge,
    TeamName,
    Who,
    Why,
    a_desk,
    acting,
    attempt_in,
    command,
    day_of,
    id_of,
    is_payment,
    text_of,
    zones_of,
)
from .output import payments as output
from .terminal import REFUSED, complain, harmless, misused, say, say_refused, somebody_is_there


class _Answers:
    """The answers for several payments. Programs get all answers in one document."""

    def __init__(self) -> None:
        self.all_done = True
        self._answers: list[dict[str, object]] = []

    def done(self, key: str, text: str, **more: object) -> None:
        """Says what was done with a payment."""
        self._add(key, {"answer": harmless(text), **more})
        if not for_programs():
            say(text)

    def refused(self, key: str, refusal: Refused) -> None:
        """Says why a payment was refused."""
        self.all_done = False
        self._add(key, as_data(refusal))
        say_refused(refusal)

    def _add(self, key: str, said: dict[str, object]) -> None:
        self._answers.append({"payment": key, **said})
        show_json({"payments": self._answers})


@command
async def payments(
    challenge: SomeChallenge = None,
    late: Annotated[
        bool, typer.Option("--late", help="Only payments that are or were late, and the interest owed.")
    ] = False,
    by: Who = "",
) -> None:
    """Show payments: how far each has come, and when it is due.

    Example: `starter.py payments air-quality --late --as finance`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        zones = await zones_of(desk, actor)
        if late:
            found = await desk.payments.late(actor, challenge)
            show_json(found) if for_programs() else output.late(found, zones)
            return
        rows = await all_of(lambda page: desk.payments.list(actor, page, challenge))
        if for_programs():
            show_json(rows)
        else:
            output.payments(rows, zones)


@command
async def payee(
    challenge: ChallengeName,
    team: TeamName,
    by: Who,
    details: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FILE",
            help="A TOML file with holder, and sort_code and number, or iban and bic; and roll_number, or town and "
            "country, if needed; - reads standard input. "
            "A file keeps the details out of the shell's history.",
        ),
    ] = None,
    holder: Annotated[str, typer.Option(help="The name of the account holder, as the bank has it.")] = "",
    sort_code: Annotated[str, typer.Option(help="The sort code of an account in the United Kingdom: six digits.")] = "",
    account: Annotated[str, typer.Option(help="The account number: eight digits.")] = "",
    iban: Annotated[str, typer.Option(help="The IBAN, instead of sort code and account number.")] = "",
    bic: Annotated[str, typer.Option(help="The BIC, if your bank asks for it.")] = "",
    roll_number: Annotated[str, typer.Option(help="The roll number of an account at a building society.")] = "",
    town: Annotated[str, typer.Option(help="The holder's town; needed for a bank in another country.")] = "",
    country: Annotated[str, typer.Option(help="The holder's country, by its two letters such as DE.")] = "",
) -> None:
    """Give or change a team's bank details. Payments released to the old details must be released again.

    A person who gives bank details can never release payments to that team. The team's own contact gives them, named by
    e-mail address; or an operator.

    Example: `starter.py payee air-quality air-quality-7kx3qm --details account.toml --as programme-office`
    """
    one_by_one = {"holder": holder, "sort_code": sort_code, "number": account, "iban": iban, "bic": bic}
    given = one_by_one | {"roll_number": roll_number, "town": town, "country": country}
    if details is not None and any(given.values()):
        misused("Give the bank details either in --details or one by one, not both.")
    text = "" if details is None else text_of(details, "The bank details")
    async with a_desk() as desk:
        actor = await acting(desk, by)
        taken = await desk.payments.give_payee(actor, challenge, team, given if details is None else text)
        say_done(f"{taken.text}: {taken.masked}", masked=taken.masked)


@command
async def release(
    payments: Annotated[
        list[str], typer.Argument(metavar="PAYMENT…", help="The keys of the payments, as `payments` shows them.")
    ],
    by: Who,
    reason: Why = "",
    decision_id: DecisionId = "",
) -> None:
    """Release payments. You must not have selected the team, accepted its evidence or given its bank details.

    On a terminal, the command first shows the account of each payment, masked, and asks; with --json it does not ask.
    Each payment is released or refused on its own. If the bank details or the amount change before the money leaves,
    the release is void.

    Example: `starter.py release pilot-2016/air-quality/exploration/air-quality-7kx3qm/1 --as finance`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        found, answers = list[Payment](), _Answers()
        for key in payments:
            try:
                found.append(await desk.payments.find(actor, key))
            except (UnknownPayment, NotAllowed, NotProven) as refusal:
                answers.refused(key, refusal)
        if found and somebody_is_there() and not for_programs():
            zones = await zones_of(desk, actor)
            for payment in found:
                output.to_release(payment)
                if left := output.team_left(payment, zones):
                    say(left, indent=4)
            typer.confirm("Release?", abort=True)
        for payment in found:
            shown = {
                "payee_version": payment.payee_version,
                "amount": payment.amount.gross,
                "team_left": payment.team_left is not None,
                "reason": reason,
                "decision_id": id_of(decision_id),
            }
            try:
                done = await desk.payments.decide(actor, payment.key, "release", **shown)
            except Unavailable:
                raise  # the other payments would meet the same problem
            except Refused as refusal:
                answers.refused(payment.key, refusal)
            else:
                text = ". ".join((f"{done}: {payment.payee}", *filter(None, [" ".join(payment.warnings)])))
                answers.done(payment.key, text, warnings=payment.warnings, decision_id=str(shown["decision_id"]))
        if not answers.all_done:
            raise typer.Exit(REFUSED)


@command
async def return_(
    payment: Annotated[
        str,
        typer.Argument(
            metavar="PAYMENT|ATTEMPT",
            help="The key of the payment; or an attempt, such as `…/1/2`, about which the bank contradicts itself.",
        ),
    ],
    by: Who,
    reason: Why,
    decision_id: DecisionId = "",
) -> None:
    """Report that the money of a payment came back. Correct the mistake, then release the payment again.

    Example: `starter.py return pilot-2016/air-quality/exploration/air-quality-7kx3qm/1 --as finance --reason "Closed."`
    """
    key, attempt = attempt_in(payment)
    await _decide(key, "return", by, reason, decision_id, **({"attempt": attempt} if attempt else {}))


@command
async def undo_return(
    attempt: Annotated[
        str,
        typer.Argument(metavar="ATTEMPT", help="The attempt: the payment's key and a number, such as `…/1/2`."),
    ],
    by: Who,
    reason: Why,
    decision_id: DecisionId = "",
) -> None:
    """Undo a return: the payment did arrive. Use it when the bank corrects its report or `return` was a mistake.

    The payment is then settled, and no money leaves again.

    Example: `starter.py undo-return pilot-2016/bridge/exploration/bridge-7kx3qm/1/1 --as finance --reason Paid`
    """
    if is_payment(attempt):
        misused(f"{attempt} is a payment: name the attempt that arrived, such as {attempt}/1.")
    key, _, number = attempt.rpartition("/")
    await _decide(key, "undo-return", by, reason, decision_id, attempt=number)


@command
async def cancel_payment(payment: PaymentKey, by: Who, reason: Why, decision_id: DecisionId = "") -> None:
    """Cancel a payment for good, before it is submitted.

    Example: `starter.py cancel-payment pilot-2016/smart-roads/accelerator/smart-roads-7kx3qm/1 --as finance --reason x`
    """
    await _decide(payment, "cancel", by, reason, decision_id)


@command
async def submit(
    by: Who,
    on: Annotated[
        str, typer.Option(metavar="DATE", help="The day on which the bank is to pay; without it, the next working day.")
    ] = "",
    reason: Annotated[
        str, typer.Option("--reason", help="Why the bank is to pay later than promised; it goes on the record.")
    ] = "",
    anew: Annotated[
        bool, typer.Option("--anew", help="Drop a file that was begun and cannot be finished, and make new files.")
    ] = False,
) -> None:
    """Put all released payments into files for the bank: one for each currency, and one for payments across borders.

    Example: `starter.py submit --as finance`
    """
    day = day_of("--on", on) if on else None
    made: list[PaymentFile] = []

    def show(file: PaymentFile) -> None:
        made.append(file)
        show_json(made)  # at once, whatever fails after it
        if not for_programs():
            output.payment_file(file)

    async with a_desk() as desk:
        actor = await acting(desk, by)
        await desk.payment_files.submit(
            actor, day, reason=reason, anew=anew, made=show, made_by_another=output.made_by_another
        )
        show_json(made)
        if not made and not for_programs():
            output.nothing_to_send(await desk.payment_files.list(actor))
        for line in output.held(await desk.payment_files.held(actor), await zones_of(desk, actor)):
            complain(line)


@command
async def payment_files(by: Who) -> None:
    """List the files for the bank: where each file is, what it holds, when the bank is to pay, who made it.

    Example: `starter.py payment-files --as finance`
    """
    async with a_desk() as desk:
        files = await desk.payment_files.list(await acting(desk, by))
        show_json(files) if for_programs() else output.payment_files(files)


@command
async def reseal(by: Who) -> None:
    """Seal bank details and attached files again with the first keys of the key files, so that old keys can go.

    Example: `starter.py reseal --as programme-office`
    """
    async with a_desk() as desk:
        number = await desk.payments.reseal(await acting(desk, by))
        line = f"{number} bank details are sealed with the first key of {desk.core.options.payee_key_file}."
        say_done(line, resealed=number)


@command
async def reconcile(by: Who) -> None:
    """Compare the ledger, the payments' workflows, the rail and the programme, and list every difference.

    Example: `starter.py reconcile --as finance`
    """
    async with a_desk() as desk:
        found = await desk.reconciliation.reconcile(await acting(desk, by))
        if for_programs():
            show_json(found.differences)
        else:
            output.reconciled(found)
        if found.differences:
            raise typer.Exit(1)


async def _decide(key: str, kind: str, by: str, reason: str, decision_id: str, **fields: object) -> None:
    own = id_of(decision_id)
    async with a_desk() as desk:
        done = await desk.payments.decide(await acting(desk, by), key, kind, reason=reason, decision_id=own, **fields)
        say_done(done, payment=key, decision_id=own)
