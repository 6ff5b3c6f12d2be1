"""What people decide on a payment, and who may decide what.

Nobody may release a payment that follows from their own decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from domain.challenges.decisions import Decision
from domain.permissions import RIGHTS, Action, Role, check_may
from domain.values.money import Money
from domain.values.refusals import NotAllowed, ReasonMissing, TooEarly, TooLate

from .payment import TO_RELEASE, PaymentSnapshot, PaymentStatus, PaymentToMake, role_in


class Release(Decision):
    """A second person releases the payment.

    Args:
        payee_version: the bank details that the release is for. The release is refused if the details have changed.
        amount: the amount that the release is for, with its VAT. The release is refused if the amount was amended. If
            the amount is left out, nobody may have amended it.
        team_left: whether the person knows that the team has left. If it has and they do not, the release is refused.
    """

    kind: ClassVar[str] = "release"
    payee_version: Annotated[int, Field(ge=0)]
    amount: Annotated[Money | None, Field(description="an amount in quotes, such as 40000.00")] = None
    team_left: bool = False


class Return(Decision):
    """The money came back, or never arrived. The payment can be released and sent again.

    Args:
        attempt: the attempt, if bank and ledger contradict each other about it; 0 for the attempt that is under way.
        reason: why, as the bank says.
    """

    kind: ClassVar[str] = "return"
    attempt: Annotated[int, Field(ge=0, le=1_000_000, description="the number of an attempt, or 0")] = 0


class UndoReturn(Decision):
    """A payment reported as returned did arrive after all. The payment is not made again.

    Args:
        attempt: the attempt that arrived.
        reason: how the person knows.
    """

    kind: ClassVar[str] = "undo-return"
    attempt: Annotated[int, Field(ge=1, le=1_000_000, description="the number of an attempt, such as 1")]


class CancelPayment(Decision):
    """The payment will never be made. This is possible only before the payment was submitted."""

    kind: ClassVar[str] = "cancel"


PAYMENT_DECISIONS: dict[str, type[Decision]] = {
    each.kind: each for each in (Release, Return, UndoReturn, CancelPayment)
}
"""Every decision on a payment by the name of its update and its signal."""


def check_move(payment: PaymentToMake, snapshot: PaymentSnapshot, decision: Decision) -> None:
    """Checks that a person may decide this on a payment as it stands.

    Raises:
        NotAllowed: the person may not; above all, nobody may release a payment that follows from their own decision.
        TooEarly, TooLate: the payment has not come far enough, or is already past this.
        ReasonMissing: the decision needs a reason.
    """
    match decision:
        case Release():
            _check_release(payment, snapshot, decision)
        case Return():
            _check_role(payment, decision)
            if decision.attempt:  # the ledger knows which attempts are doubtful
                return
            if snapshot.status in (PaymentStatus.REQUESTED, *TO_RELEASE):
                raise TooEarly(
                    f"{payment.order.key} is {snapshot.status}: no money is on its way that could come back."
                )
            if snapshot.status is PaymentStatus.CANCELLED:
                raise TooLate(f"{payment.order.key} was cancelled: no money is on its way that could come back.")
        case UndoReturn():  # the ledger knows which attempts came back, and whether any has left since
            _check_role(payment, decision)
        case CancelPayment():
            _check_role(payment, decision)
            if snapshot.status in (PaymentStatus.SUBMITTED, PaymentStatus.SETTLED):
                raise TooLate(
                    f"{payment.order.key} was {snapshot.status}: a payment that has left cannot be cancelled."
                )
            if snapshot.status is PaymentStatus.CANCELLED:
                raise TooLate(f"{payment.order.key} was cancelled before.")


def check_payee(payment: PaymentToMake, released_to: int, latest: int) -> None:
    """Checks that a release is for the current bank details.

    Raises:
        TooLate: the team has given other details since, or never gave these.
    """
    if released_to != latest:
        raise TooLate(
            f"{payment.order.key} goes to version {latest} of the team's bank details, and this release is for "
            f"version {released_to}: look at the details in `payments`, then release the payment again."
        )


def _check_release(payment: PaymentToMake, snapshot: PaymentSnapshot, release: Release) -> None:
    key, by = payment.order.key, release.by
    _check_role(payment, release)
    check_second_person(key, by, had_a_part_in(payment, snapshot))
    if snapshot.status is PaymentStatus.REQUESTED:
        raise TooEarly(f"{key} has no payee yet: the team {payment.order.team} must give its bank details first.")
    if snapshot.status not in TO_RELEASE:
        raise TooLate(f"{key} is {snapshot.status}: there is nothing to release.")
    check_payee(payment, release.payee_version, snapshot.payee_version)
    if snapshot.team_left and not release.team_left:
        raise TooLate(
            f"{key}: the team {payment.order.team} left on {payment.at(snapshot.team_left)}. Look at `payments`; then "
            "release the payment again only if it is still owed, or use `cancel-payment`."
        )
    _check_amount(payment, snapshot, release)


def check_second_person(key: str, by: str, own: Mapping[str, str]) -> None:
    """Checks that a payment does not follow from the decision or word of whoever releases it.

    Args:
        key: of the payment.
        by: id of whoever would release it.
        own: see `parts_in`.

    Raises:
        NotAllowed: the payment follows from it.
    """
    if by in own:
        raise NotAllowed(f"{by} may not release {key}: {by} {own[by]}, and a second person must release it.")


def _check_amount(payment: PaymentToMake, snapshot: PaymentSnapshot, release: Release) -> None:
    """Checks that a release is for the present amount. Whoever releases an amended amount must name it.

    Raises:
        TooLate: the amount was amended, and the release is for another amount or names none.
    """
    key, amount, currency = payment.order.key, snapshot.amended or payment.order.amount, payment.order.currency
    if release.amount == amount.gross or (release.amount is None and snapshot.amended is None):
        return
    said = f"for {release.amount.shown(currency)}" if release.amount is not None else "without an amount"
    raise TooLate(
        f"{key} is of {amount.gross.shown(currency)}, and this release is {said}: look at the amount in `payments`, "
        "then release the payment again."
    )


def had_a_part_in(payment: PaymentToMake, snapshot: PaymentSnapshot) -> dict[str, str]:
    """Who cannot release a payment because it follows from their own decision, and what each of them did."""
    return parts_in(payment.order.team, payment.selected_by, payment.accepted_by, snapshot)


def parts_in(team: str, selected_by: str, accepted_by: str, snapshot: PaymentSnapshot) -> dict[str, str]:
    """Like `had_a_part_in`, for whoever has only what the ledger says.

    Args:
        team: id of the team that is paid.
        selected_by, accepted_by: as in `PaymentToMake`.
        snapshot: the payment as it stands.
    """
    own = {selected_by: "selected the team", accepted_by: "accepted its evidence"}
    own |= dict.fromkeys(snapshot.contact_by, "changed the team's contact")
    own |= {snapshot.amended_by: "amended its amount"}
    own |= dict.fromkeys(snapshot.payee_by, "gave or changed the team's bank details")
    own |= {snapshot.returned_by: "said that the money came back"}
    return {each.releaser: _as_one(team, each.other, own) for each in snapshot.same_humans} | own


def _as_one(team: str, other: str, own: Mapping[str, str]) -> str:
    """What somebody did under another id."""
    if other == team:
        return f"is or was the contact of {other}"
    return f"is the same person as {other}, who {own.get(other, 'had a part in it')}"


def _check_role(payment: PaymentToMake, decision: Decision) -> None:
    action = Action(f"payment-{decision.kind}")
    people = {Role.OPERATOR: payment.operators, Role.RELEASER: payment.releasers}
    check_may(action, decision.by, role_in(payment, decision.by), payment.order.key, people)
    if not decision.reason and action is not Action.RELEASE:
        raise ReasonMissing(f"To {RIGHTS[action].words} {payment.order.key} needs a reason, for the team.")
