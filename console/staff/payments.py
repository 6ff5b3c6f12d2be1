"""The pages about payments: the board by what has to happen next, and one payment, with what people decide on it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import read_form
from console.front import Front
from console.hidden import hidden
from desk.payment_board import MOST_AT_ONCE, Looked, Sum
from domain.payments.payment import FAILED, TO_RELEASE, PaymentStatus
from domain.permissions import Action, Actor, Role
from domain.values.money import Money, total
from domain.values.paging import Page
from domain.values.refusals import Problem, ReasonMissing
from domain.values.words import gettext

from .money import STEPS, next_in_words, status_in_words, step_in_words

_LIST = "/staff/payments"
_LONGEST_SEARCH = 200
_LONGEST_PLACE = 2000
_BACK = frozenset({PaymentStatus.RELEASED, PaymentStatus.SUBMITTED, PaymentStatus.SETTLED})
_STOPS = frozenset({PaymentStatus.REQUESTED, PaymentStatus.RELEASED, *TO_RELEASE})
_DECIDED = {
    "return": (Action.RETURN, _BACK),
    "undo-return": (Action.UNDO_RETURN, FAILED),
    "cancel": (Action.CANCEL_PAYMENT, _STOPS),
}
"""What is decided on the page of a payment, by the name of the decision: the right, and the statuses that allow it."""


class Payments:
    """The pages about payments, for those who pay.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        one = f"{_LIST}/{{key:path}}"
        return [
            Route(_LIST, self.list),
            Route(one, self.one, methods=["GET"]),
            Route(one, self.decide, methods=["POST"]),
        ]

    async def list(self, request: Request) -> Response:
        """Lists the payments by what has to happen next, the earliest promised first."""
        return await board(self._front, request)

    async def one(self, request: Request) -> Response:
        """Shows one payment: who decided what, what the record says, and what comes next."""
        return await self._one(request, {})

    async def decide(self, request: Request) -> Response:
        """Says that the money came back, undoes that, or cancels the payment. The same form sent twice does it once."""
        form = await read_form(request)
        actor, looked = await self._looked(request)
        do, payment = form["do"], looked.shown.payment
        if do not in _DECIDED or _DECIDED[do][0] not in looked.may:
            return await self._one(request, form, Problem(field="", text=gettext("Choose what you decide.")))
        if form["seen"] != _seen(looked):
            text = gettext("Nothing was decided: since you opened the page, the payment has become “{status}”.")
            text = text.format(status=status_in_words(payment.status))
            return await self._one(request, form, Problem(field="", text=text))
        said: dict[str, object] = {
            "reason": form[f"reason-{do}"].strip(),
            "decision_id": form["once"] or uuid.uuid4().hex,
        }
        if do == "undo-return":
            said["attempt"] = payment.attempt
        try:
            if not said["reason"]:
                raise ReasonMissing(gettext("Say why: the team is told, and the reason stays on the record."))
            await self._front.desk.payments.decide(actor, payment.key, do, **said)
        except ReasonMissing as refusal:
            return await self._one(request, form, Problem(field=f"reason-{do}", text=str(refusal)))
        return RedirectResponse(f"{_LIST}/{payment.key}", 303)

    async def _looked(self, request: Request) -> tuple[Actor, Looked]:
        await self._front.must_be_signed_in(request)
        actor = await self._front.actor_of(request)
        with hidden():
            found = await self._front.desk.payment_board.look_at(actor, [request.path_params["key"]], with_lines=True)
        return actor, found[0]

    async def _one(self, request: Request, typed: Mapping[str, str], fault: Problem | None = None) -> Response:
        _, looked = await self._looked(request)
        payment = looked.shown.payment
        can = {do for do, (action, statuses) in _DECIDED.items() if action in looked.may and payment.status in statuses}
        return self._front.pages.show(
            request,
            "staff/payment",
            422 if fault else 200,
            faults=[fault] if fault else (),
            looked=looked,
            shown=looked.shown,
            payment=payment,
            said=status_in_words(payment.status),
            next=next_in_words(payment.status),
            to_release=payment.status in TO_RELEASE,
            may_release=Action.RELEASE in looked.may,
            can=can,
            seen=_seen(looked),
            once=uuid.uuid4().hex,
            reasons={do: typed.get(f"reason-{do}", "") for do in _DECIDED},
        )


def _seen(looked: Looked) -> str:
    """What a decision on a payment builds on."""
    payment = looked.shown.payment
    return f"{payment.status}/{payment.attempt}"


async def board(front: Front, request: Request, faults: Sequence[Problem] = ()) -> Response:
    """The board of payments.

    Args:
        front: what all pages share.
        request: who asks, and for which part of the board.
        faults: what is wrong with what was ticked there.
    """
    session = await front.must_be_signed_in(request)
    actor, asked = await front.actor_of(request), request.query_params
    show = asked.get("show", "") if asked.get("show") in STEPS else "release"
    status = asked.get("status", "") if asked.get("status") in list(PaymentStatus) else ""
    text = asked.get("q", "").strip()[:_LONGEST_SEARCH]
    statuses = frozenset({PaymentStatus(status)}) if status else STEPS[show]
    page = Page(after=asked.get("after", "")[:_LONGEST_PLACE], limit=MOST_AT_ONCE)
    with hidden():
        found = await front.desk.payment_board.list(actor, page, statuses, text)
        sums = await front.desk.payment_board.sums(actor, text)
    kept = {name: value for name, value in (("show", show), ("status", status), ("q", text)) if value}
    steps = [
        (f"{_LIST}?{urlencode({'show': step} | ({'q': text} if text else {}))}", step_in_words(step), _of(sums, theirs))
        for step, theirs in STEPS.items()
    ]
    return front.pages.show(
        request,
        "staff/payments",
        422 if faults else 200,
        faults=faults,
        steps=steps,
        show="" if status else show,
        heading=status_in_words(PaymentStatus(status)) if status else step_in_words(show),
        statuses=[(each.value, status_in_words(each)) for each in PaymentStatus],
        chosen=status,
        text=text,
        listed=[(each, status_in_words(each.payment.status)) for each in found.items],
        more=f"{_LIST}?{urlencode({**kept, 'after': found.next})}" if found.next else "",
        tick=statuses <= TO_RELEASE and any(each.role is Role.RELEASER for each in actor.grants),
        needs_passkey=front.options.second_step and not session.passkey,
    )


def _of(sums: Sequence[Sum], statuses: frozenset[PaymentStatus]) -> list[tuple[str, int, Money]]:
    """How many payments have one of these statuses, and what they come to, by currency."""
    theirs = [each for each in sums if each.status in statuses]
    return [
        (
            currency,
            sum(each.number for each in theirs if each.currency == currency),
            total(each.amount for each in theirs if each.currency == currency),
        )
        for currency in sorted({each.currency for each in theirs})
    ]
