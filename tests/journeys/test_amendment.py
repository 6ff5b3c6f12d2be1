"""An agreed amount that is amended, through the workflows of the challenge and of its payments."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.announcements.occasions import Occasion
from domain.payments.payment import PaymentStatus
from domain.programmes.pay import Due, Instalment, Pay
from domain.programmes.programme import Programme
from domain.values.money import Money
from domain.values.refusals import NotAllowed, TooLate, WrongAmount
from tests.playing import months, playing
from tests.rounds import FINANCE, OPERATOR, SPONSOR, pilot

WHY = "The trial takes place at one site only."


def agreed_in_halves() -> Programme:
    """The pilot's first stage alone, with an agreed amount that is paid half at its start and half at its end."""
    _, programme, _ = pilot()
    pay = Pay(agreed_up_to=Money(500_000), instalments=(Instalment(share="50%"), Instalment(share="50%", due=Due.END)))
    return programme.model_copy(update={"stages": (programme.stages[0].model_copy(update={"pay": pay}),)})


async def test_an_amended_amount_is_what_is_released_and_paid_and_the_books_agree(tmp_path: Path) -> None:
    """Fails when the workflow of a payment pays the amount that it was started with, or when what was paid before is
    forgotten in the rest."""
    async with months() as environment, playing(tmp_path, environment, programme=agreed_in_halves()) as play:
        play.finance_works = False
        one, two = await play.applied(2)
        await play.sealed()
        amounts = {team: Money(400_000) for team in (one, two)}
        await play.select("exploration", [one, two], amounts=amounts)
        of_one, of_two = await play.requested("exploration", (one, two))
        said = {"stage": "exploration", "team": one, "amount": "3000", "reason": WHY}
        with pytest.raises(NotAllowed):
            await play.decide("amend", OPERATOR, **said)
        with pytest.raises(WrongAmount, match="over the cap"):
            await play.decide("amend", SPONSOR, **said | {"amount": "5000.01"})
        await play.releasable(of_one)
        await play.decide("amend", SPONSOR, **said)

        assert play.payment(of_one).amount.gross == Money(150_000)
        assert play.payment(of_two).amount.gross == Money(200_000)
        assert play.told(Occasion.AWARD_AMENDED) == {one: 1, SPONSOR: 1, OPERATOR: 1, FINANCE: 1}
        with pytest.raises(TooLate, match="this release is without an amount"):
            await play.release_past_the_desk(of_one, FINANCE)
        with pytest.raises(TooLate, match="this release is for £2,000"):
            await play.release(of_one, amount=Money(200_000))
        await play.release(of_one)
        await play.stands(of_one, PaymentStatus.SETTLED)

        # What has left stays; the rest of the award is due at the end.
        await play.decide("amend", SPONSOR, **said | {"amount": "2500"})
        with pytest.raises(WrongAmount, match="£1,500 of the award may have left"):
            await play.decide("amend", SPONSOR, **said | {"amount": "1500"})
        play.finance_works = True
        await play.stage_over()
        await play.payments_over(4)
        result = await play.result()

        assert len(result.paid) == 4
        assert play.paid() == {
            f"exploration/{one}/1": "1500.00",
            f"exploration/{one}/2": "1000.00",
            f"exploration/{two}/1": "2000.00",
            f"exploration/{two}/2": "2000.00",
        }
        assert [line.reason for line in play.record("amend") if not line.refused] == [WHY, WHY]
        assert len([line for line in play.record("amend") if line.refused]) == 3
        assert (await play.reconcile()).differences == ()


async def test_a_payment_that_waits_for_bank_details_is_reminded_of_with_its_new_amount(tmp_path: Path) -> None:
    """Fails when the workflow of a payment tells people the amount that it was started with."""
    async with months() as environment, playing(tmp_path, environment, programme=agreed_in_halves()) as play:
        play.finance_works = False
        [one] = await play.applied(1)
        await play.sealed()
        await play.select("exploration", [one], amounts={one: Money(400_000)})
        [key] = await play.requested("exploration", [one])
        await play.decide("amend", SPONSOR, stage="exploration", team=one, amount="3000", reason=WHY)
        before = play.told(Occasion.PAYMENT_REQUESTED)[one]
        await play.skip(timedelta(days=5))
        await play.until_told(Occasion.PAYMENT_REQUESTED, {one: before + 1})
        letters = [each for each in play.books.notices(play.challenge.id) if each.occasion == "payment-requested"]
        assert ["Amount: £1,500" in each.body for each in letters] == [False, True, True]
        assert play.payment(key).status is PaymentStatus.REQUESTED
