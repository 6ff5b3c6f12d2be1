"""The pages on which somebody releases payments: what will happen, and what has happened to each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.forms import read_long_form
from console.front import Front
from console.hidden import hidden
from desk.payment_board import MOST_AT_ONCE, Looked, OnBoard
from domain.payments.payment import TO_RELEASE
from domain.permissions import Actor
from domain.values.model import Value
from domain.values.money import Money, total
from domain.values.refusals import NotConfirmed, Problem, Refused, SecondStepMissing, Unavailable
from domain.values.words import gettext, ngettext

from .money import status_in_words
from .payments import board

_PAGE = "/staff/payments/release"
_BETWEEN = "|"  # no key of a payment has it


class Seen(Value):
    """What somebody saw of a payment when they released it: the release is for this, and nothing else.

    Args:
        key: of the payment.
        version: of the team's bank details.
        amount: with VAT.
        left: whether the team has left.
    """

    key: str
    version: int
    amount: Money
    left: bool

    @staticmethod
    def of(shown: OnBoard) -> Seen:
        """What is there to see now."""
        payment = shown.payment
        return Seen(
            key=payment.key,
            version=payment.payee_version,
            amount=payment.amount.gross,
            left=payment.team_left is not None,
        )

    @property
    def written(self) -> str:
        """As the form keeps it."""
        return _BETWEEN.join((self.key, str(self.version), str(self.amount.pence), "left" if self.left else ""))


class Outcome(Value):
    """What became of a payment that somebody wanted to release.

    Args:
        shown: the payment, as they saw it.
        done: whether it is released.
        text: what was done, or why nothing was.
    """

    shown: OnBoard
    done: bool
    text: str


class Releasing:
    """The pages about releasing payments.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages. They come before those of single payments, whose keys may be any path."""
        return [Route(_PAGE, self.check, methods=["GET"]), Route(_PAGE, self.release, methods=["POST"])]

    async def check(self, request: Request) -> Response:
        """Shows what a release of the ticked payments will do, and which of them are not the visitor's to release."""
        await self._front.must_be_signed_in(request)
        actor = await self._front.actor_of(request)
        keys = list(dict.fromkeys(request.query_params.getlist("payment")))
        if wrong := _wrong_number(len(keys)):
            return await board(self._front, request, [Problem(field="", text=wrong)])
        found = await self._look_at(actor, keys)
        theirs = [each for each in found if not _over(each) and not each.not_theirs]
        return self._front.pages.show(
            request,
            "staff/release",
            theirs=[(each, Seen.of(each.shown).written, status_in_words(each.shown.payment.status)) for each in theirs],
            others=[(each, each.not_theirs) for each in found if each.not_theirs and not _over(each)],
            over=[(each, said) for each in found if (said := _over(each))],
            totals=_totals(theirs),
            once=uuid.uuid4().hex,
        )

    async def release(self, request: Request) -> Response:
        """Releases each payment as it was seen. What is refused stops no other. Sent twice, the form does it once."""
        form = await read_long_form(request)
        await self._front.must_be_signed_in(request)
        actor = await self._front.actor_of(request)
        seen = {each.partition(_BETWEEN)[0]: each for each in form.all("seen")}
        if wrong := _wrong_number(len(seen)):
            return await board(self._front, request, [Problem(field="", text=wrong)])
        found = await self._look_at(actor, list(seen))
        outcomes, once = list[Outcome](), form["once"] or uuid.uuid4().hex
        for each in found:
            try:
                outcomes.append(await self._release(actor, each.shown, seen[each.shown.payment.key], once))
            except Unavailable:
                if not outcomes:
                    raise
                break  # the other payments would meet the same problem
        return self._front.pages.show(
            request,
            "staff/released",
            done=[each for each in outcomes if each.done],
            refused=[each for each in outcomes if not each.done],
            not_tried=[each.shown for each in found[len(outcomes) :]],
        )

    async def _release(self, actor: Actor, shown: OnBoard, seen: str, once: str) -> Outcome:
        now = Seen.of(shown)
        if now.written != seen:
            return Outcome(shown=shown, done=False, text=_changed(seen, shown))
        said = {"payee_version": now.version, "amount": now.amount, "team_left": now.left, "decision_id": once}
        try:
            done = await self._front.desk.payments.decide(actor, now.key, "release", **said)
        except (Unavailable, SecondStepMissing):
            raise
        except NotConfirmed:
            text = gettext(
                "No answer came in time, so nobody knows yet whether this payment is released. Open the payment to see "
                "how it stands. You can safely send this form again: a payment is released once."
            )
            return Outcome(shown=shown, done=False, text=text)
        except Refused as refusal:
            return Outcome(shown=shown, done=False, text=str(refusal))
        return Outcome(shown=shown, done=True, text=done)

    async def _look_at(self, actor: Actor, keys: Sequence[str]) -> tuple[Looked, ...]:
        with hidden():
            return await self._front.desk.payment_board.look_at(actor, keys, releasing=True)


def _wrong_number(number: int) -> str:
    """What is wrong with the number of payments that were ticked; empty if nothing is."""
    if not number:
        return gettext("Nothing is ticked: tick the payments that you release.")
    if number > MOST_AT_ONCE:
        text = ngettext(
            "Release at most {most} payment at once.", "Release at most {most} payments at once.", MOST_AT_ONCE
        )
        return text.format(most=MOST_AT_ONCE)
    return ""


def _over(looked: Looked) -> str:
    """That there is nothing to release, and why; empty if there is."""
    status = looked.shown.payment.status
    if status in TO_RELEASE:
        return ""
    return gettext("There is nothing to release: the payment is “{status}”.").format(status=status_in_words(status))


def _changed(seen: str, shown: OnBoard) -> str:
    """What has changed since somebody looked at a payment."""
    _, version, pence, _ = [*seen.split(_BETWEEN), "", "", ""][:4]
    payment = shown.payment
    if pence != str(payment.amount.gross.pence):
        return gettext("Nothing was done: the amount has changed since you looked. Look at the payment again.")
    if version != str(payment.payee_version):
        return gettext("Nothing was done: the team has given other bank details. Look at the payment again.")
    return gettext("Nothing was done: the team has left the challenge. Look at the payment again.")


def _totals(looked: Iterable[Looked]) -> list[tuple[str, Money]]:
    """What payments come to, by currency."""
    payments = [each.shown.payment for each in looked]
    return [
        (currency, total(each.amount.gross for each in payments if each.currency == currency))
        for currency in sorted({each.currency for each in payments})
    ]
