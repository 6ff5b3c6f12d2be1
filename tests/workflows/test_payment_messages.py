"""What people send to a payment, well or badly: taken once, or refused where they can see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowUpdateFailedError
from temporalio.common import RawValue

from domain.announcements.occasions import Occasion
from domain.payments.payment import PaymentStatus
from tests.playing import months, playing
from tests.rounds import FINANCE, OPERATOR
from tests.servers import dev_server
from tests.waiting import eventually
from workflows import interface


def as_sent(data: bytes) -> RawValue:
    """A payload with any bytes in it."""
    return RawValue(Payload(metadata={"encoding": b"json/plain"}, data=data))


SAID: dict[str, Any] = {"by": FINANCE}
RELEASE = SAID | {"payee_version": 1}

# What is sent under which name, what the refusal says, and who is told of it.
BADLY_SENT: dict[str, tuple[str, list[Any], str, str]] = {
    "nothing": ("release", [], "it came with 0 arguments", OPERATOR),
    "no object": ("release", ["finance"], "write one JSON object", OPERATOR),
    "a list": ("return", [["finance"]], "write one JSON object", OPERATOR),
    "no JSON": ("release", [as_sent(b"\xff{")], "write one JSON object", OPERATOR),
    "no sender": ("release", [{}], "by: is missing", OPERATOR),
    "a field too many": ("release", [RELEASE | {"price": "1"}], "price (1): is not known here", FINANCE),
    "a wrong type": ("cancel", [SAID | {"reason": 3}], "reason (3): write text in quotes", FINANCE),
    "two arguments": ("release", [RELEASE, RELEASE], "it came with 2 arguments", FINANCE),
    "a lone surrogate": ("release", [as_sent(b'{"by": "\\ud800"}')], "cannot be read", OPERATOR),
    "deep nesting": ("release", [as_sent(b"[" * 100_000)], "cannot be read", OPERATOR),
    "a NUL in who sends": ("release", [{"by": "a\0b"}], "by: ", OPERATOR),
    "a NUL in a name": ("release", [RELEASE | {"a\0b": 1}], "a field (1): is not known here", FINANCE),
    "an address as sender": ("release", [{"by": "robin@firm.example"}], "by: ", OPERATOR),
    "a stranger": ("release", [RELEASE | {"by": "passer-by"}], "passer-by may not release", OPERATOR),
    "without bank details": ("release", [SAID], "payee_version: is missing", FINANCE),
    "bank details that nobody gave": (
        "release",
        [RELEASE | {"payee_version": 7}],
        "release is for version 7: look",
        FINANCE,
    ),
    "an unknown name": ("abolish", [RELEASE], "No message 'abolish' is known: send one of", FINANCE),
    "a decision of challenges": ("select", [RELEASE], "No message 'select' is known", FINANCE),
    "an endless name": ("x" * 900, [RELEASE], "No message 'xxx", FINANCE),
    "without a reason": ("cancel", [SAID], "needs a reason", FINANCE),
    "too early": ("return", [SAID | {"reason": "x"}], "no money is on its way", FINANCE),
}


async def test_whatever_is_sent_badly_to_a_payment_is_refused_visibly_and_it_goes_on(tmp_path: Path) -> None:
    """Holds invariants 6 and 7 for payments, by signal and by update. Fails where a handler lacks or has an argument
    too many, where `read` raises what is no refusal, and where a refusal is not announced."""
    async with months() as environment, playing(tmp_path, environment) as play:
        play.finance_works = False
        (key,) = await play.owed()
        await play.releasable(key)
        handle, told = play.client.get_workflow_handle(key), {FINANCE: 0, OPERATOR: 0}
        before = play.payment(key)

        for number, (case, (name, arguments, says, whom)) in enumerate(BADLY_SENT.items(), start=1):
            if number % 2:
                await handle.signal(name, args=arguments)
            else:
                with pytest.raises(WorkflowUpdateFailedError):
                    await handle.execute_update(name, args=arguments)

            async def is_refused(number: int = number) -> bool:
                return len(play.refusals()) == number

            await eventually(is_refused)
            line = [line for line in play.record() if line.refused][-1]
            assert says in line.text, case
            assert line.action == f"payment-{name[:60]}"
            told[whom] += 1
            assert play.told(Occasion.REFUSED) == {who: count for who, count in told.items() if count}, case

        assert play.payment(key) == before
        assert await play.release(key)
        await play.stands(key, PaymentStatus.SETTLED)
        await play.payments_over()


@pytest.mark.parametrize(
    "name", [interface.LEDGER_CHANGED, interface.RENEW, interface.RETRY, interface.PAYMENT_CHANGED]
)
async def test_a_message_of_the_service_itself_that_is_sent_by_hand_wedges_nothing(tmp_path: Path, name: str) -> None:
    """Sent to the payment and to its challenge with an argument too many, and as what it is not."""
    async with dev_server() as client, playing(tmp_path, client, at_once=True) as play:
        play.finance_works = False
        (key,) = await play.owed()
        for workflow in (key, play.challenge.id):
            await play.client.get_workflow_handle(workflow).signal(name, args=["too", "many", 3])
        await play.releasable(key)
        assert await play.release(key)
        await play.payments_over(1)
        assert await play.decide("hold", OPERATOR, reason="It still listens.")
