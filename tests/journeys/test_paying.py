"""A payment on its way: bank details, dates and reminders, the second person, and money that comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from holidays import country_holidays
from whenever import Instant, TimeDelta

from domain.announcements.occasions import Occasion
from domain.challenges.state import Outcome, Phase
from domain.payments.payment import PaymentStatus
from domain.values.refusals import NotAllowed, ReasonMissing, TooEarly, TooLate
from tests.gateways.provider import TOKEN, Provider
from tests.play import Play
from tests.playing import months, playing
from tests.rails import CountingRail, GatedRail, Making
from tests.rounds import FINANCE, OPERATOR, SPONSOR
from tests.servers import dev_server
from tests.waiting import HANGS

ZONE = "Europe/London"
OTHER = "40047784"
DAY = timedelta(days=1)
OF_PAYMENTS = [occasion for occasion in Occasion if occasion.startswith("payment-")]


def tenth_working_day(since: Instant) -> Instant:
    """The end of the tenth working day in Scotland after an instant; worked out without the service's calendar."""
    day, found = date.fromisoformat(str(since.to_tz(ZONE).date())), 0
    off = country_holidays("GB", subdiv="SCT", years=[day.year, day.year + 1])
    while found < 10:
        day += DAY
        found += day.weekday() < 5 and day not in off
    return Instant.from_utc(day.year, day.month, day.day) + Play.DAY  # in winter London has UTC


def last_of_thirty_days(since: Instant) -> Instant:
    """The end of the thirtieth day, of which the day of an instant is the first."""
    day = since.to_tz(ZONE).date()
    return Instant.from_utc(day.year, day.month, day.day) + Play.DAY * 30  # in winter London has UTC


def until_next(month: int, day: int) -> TimeDelta:
    """How long it is until that day comes again, at noon, and not within the next hours."""
    now = Instant.now()
    year = now.to_tz("UTC").year
    times = [Instant.from_utc(each, month, day, 12) for each in (year, year + 1)]
    return next(time for time in times if time > now + Play.DAY) - now


def told_of_payments(play: Play) -> dict[str, dict[str, int]]:
    """Who was told of payments, by occasion."""
    return {str(occasion): dict(play.told(occasion)) for occasion in OF_PAYMENTS if play.told(occasion)}


# Longer than others: one payment from the request to the money, with each reminder in its order.
async def test_a_payment_waits_for_bank_details_and_for_its_release_and_people_are_reminded_until_it_is_paid(
    tmp_path: Path,
) -> None:
    """Holds who is asked and reminded when, and that the promised date is ten working days after the details came,
    later than the request, across Christmas and the second of January, which is a holiday in Scotland alone.
    Fails when the time to pay counts from the request alone."""
    async with (
        months() as environment,
        playing(tmp_path, environment, opens_in=until_next(12, 10), window=TimeDelta(hours=24 * 10)) as play,
    ):
        play.finance_works = False
        await play.skip_to(play.challenge.opens)
        (key,) = await play.owed()
        team = play.payment(key).team
        requested = play.payment(key).requested
        assert told_of_payments(play) == {Occasion.PAYMENT_REQUESTED: {team: 1}}
        assert play.payment(key).pay_by is None

        # Asked again every three days, and nobody else is troubled.
        for times in (2, 3):
            await play.skip_to(requested + Play.DAY * 3 * (times - 1))
            await play.until_told(Occasion.PAYMENT_REQUESTED, {team: times})
        assert told_of_payments(play).keys() == {Occasion.PAYMENT_REQUESTED}
        with pytest.raises(TooEarly, match="has no payee yet"):
            await play.release(key)

        given = play.now()
        await play.give_payee(team)
        payment = await play.stands(key, PaymentStatus.PAYEE_KNOWN)
        pay_by = payment.pay_by
        assert pay_by == tenth_working_day(given)
        assert pay_by - tenth_working_day(requested) > TimeDelta()
        assert payment.pay_by_law == last_of_thirty_days(given)
        assert play.told(Occasion.PAYMENT_TO_RELEASE) == {FINANCE: 1}

        # Reminded three days and one day before the day promised, warned on it; then every three days with the
        # operators, and so three days and one before the day of the law, and on it.
        for times, before in enumerate((3, 1), start=1):
            await play.skip_to(pay_by - Play.DAY * before)
            await play.until_told(Occasion.PAYMENT_DUE, {FINANCE: times})
        await play.skip_to(pay_by)
        await play.until_told(Occasion.PAYMENT_OVERDUE, {FINANCE: 1})
        assert (await play.desk.payments.late(await play.actor(FINANCE), play.challenge.id))[0].payment.key == key
        by_law = last_of_thirty_days(given)
        again = {pay_by + Play.DAY * 3 * times for times in range(1, 10)}
        warnings = sorted(
            each for each in {*again, *(by_law - Play.DAY * days for days in (3, 1, 0))} if each <= by_law
        )
        for times, warning in enumerate(warnings, start=1):
            await play.skip_to(warning)
            await play.until_told(Occasion.PAYMENT_OVERDUE, {FINANCE: times + 1, OPERATOR: times})
        warned = [line.text for line in play.record() if line.action == "reminded" and "was due by" in line.text]
        assert [("late by law" in text) for text in warned] == [False] * len(warnings) + [True]
        assert play.told(Occasion.PAYMENT_DUE) == {FINANCE: 2}
        assert play.told(Occasion.PAYMENT_REQUESTED) == {team: 3}

        await play.release(key)
        await play.stands(key, PaymentStatus.SETTLED)
        told = told_of_payments(play)
        assert told[Occasion.PAYMENT_SENT] == {team: 1}
        await play.skip(30 * DAY)
        assert told_of_payments(play) == told
        of_it = [line.action for line in play.record() if line.key.startswith(f"{key}/") and not line.refused]
        assert [action for action in of_it if action != "reminded"] == [
            *("payment-requested", "payee-known", "payment-release", "payment-submitted", "paid")
        ]
        assert of_it.count("reminded") == 2 + 3 + len(warnings)


async def test_a_team_whose_bank_details_are_known_is_promised_ten_working_days_from_the_request(
    tmp_path: Path,
) -> None:
    """Holds that the date counts from the later of the two, and that nobody asks for what is there.
    Fails when it counts from the details alone."""
    async with (
        months() as environment,
        playing(tmp_path, environment, opens_in=until_next(12, 1), window=TimeDelta(hours=24)) as play,
    ):
        await play.skip_to(play.challenge.opens)
        winner = await play.accelerating()
        key = f"{play.challenge.id}/accelerator/{winner}/1"
        await play.until(lambda state: key in state.payments)
        payment = await play.stands(key, PaymentStatus.PAYEE_KNOWN)

        assert payment.pay_by == tenth_working_day(payment.requested)
        assert payment.requested > play.payment(key.replace("accelerator", "exploration")).requested + Play.DAY * 13
        assert play.told(Occasion.PAYMENT_TO_RELEASE) == {FINANCE: 4}
        assert play.told(Occasion.PAYEE_GIVEN)[winner] == 1


async def test_nobody_releases_what_follows_from_their_own_decision_and_nobody_twice(tmp_path: Path) -> None:
    """Holds invariant 10 also where the same people are named as releasers, and that each refusal is on the record
    and told to its sender. Fails where `_check_release` does not look who selected, or who gave the details."""
    gated = Making(GatedRail)
    async with (
        dev_server() as client,
        playing(tmp_path, client, rail=gated, releasers=(FINANCE, SPONSOR, OPERATOR), at_once=True) as play,
    ):
        (key,) = await play.owed()
        await play.give_payee(play.payment(key).team, by=OPERATOR)
        await play.stands(key, PaymentStatus.PAYEE_KNOWN)

        with pytest.raises(NotAllowed, match="sepa-decider selected the team, and a second person must release it"):
            await play.release_past_the_desk(key, SPONSOR)
        with pytest.raises(NotAllowed, match="programme-office gave or changed the team's bank details"):
            await play.release_past_the_desk(key, OPERATOR)
        with pytest.raises(NotAllowed, match="passer-by may not release"):
            await play.release_past_the_desk(key, "passer-by")
        with pytest.raises(NotAllowed, match=f"{play.payment(key).team} may not release"):
            await play.release_past_the_desk(key, play.payment(key).team)
        assert play.payment(key).status is PaymentStatus.PAYEE_KNOWN

        # Two at one moment, and while the rail is asked: one of them is too late.
        both = asyncio.gather(play.release(key), play.release(key), return_exceptions=True)
        await asyncio.to_thread(gated.rail.reached.wait, HANGS)
        assert play.payment(key).status is PaymentStatus.RELEASED
        gated.rail.gate.set()
        [refusal] = [answer for answer in await both if not isinstance(answer, str)]
        assert isinstance(refusal, TooLate)
        assert "is settled: there is nothing to release" in str(refusal)

        refused = [line for line in play.record("payment-release") if line.refused]
        assert [line.by for line in refused] == [*(SPONSOR, OPERATOR, "passer-by", play.payment(key).team, FINANCE)]
        team = play.payment(key).team
        # The operators also of what comes from people without a part in it.
        assert play.told(Occasion.REFUSED) == {SPONSOR: 1, OPERATOR: 3, team: 1, FINANCE: 1}
        payment = await play.stands(key, PaymentStatus.SETTLED)
        assert (payment.released_by, payment.attempt) == (FINANCE, 1)
        assert gated.rail.asked == {f"{key}/1": 1}
        await play.payments_over()
        with pytest.raises(TooLate, match="is settled"):
            await play.release(key)
        assert len(play.refusals()) == 6


async def test_a_payment_that_the_provider_returns_is_corrected_released_again_and_arrives_once(
    tmp_path: Path,
) -> None:
    """Holds that a returned payment waits for a person, goes out as another transfer of the same payment, to the new
    details, and that the ledger and the provider's books are equal. Fails where the second attempt has the name of
    the first, and where a return is not asked for."""
    with Provider() as provider:
        options = {"payment_rail": "http", "rail_url": provider.url, "rail_token": TOKEN}
        async with months() as environment, playing(tmp_path, environment, options=options) as play:
            play.finance_works = False
            (key,) = await play.owed()
            team = play.payment(key).team
            await play.releasable(key)
            await play.release(key)
            await play.stands(key, PaymentStatus.SUBMITTED)
            assert play.told(Occasion.PAYMENT_SENT) == {team: 1}

            provider.return_(f"{key}/1", "The account is closed.")
            await play.skip(timedelta(hours=2))
            payment = await play.stands(key, PaymentStatus.RETURNED)
            assert (payment.attempt, payment.reason) == (1, "The account is closed.")
            assert play.told(Occasion.PAYMENT_RETURNED) == {team: 1, OPERATOR: 1, FINANCE: 1}
            assert (await play.state()).unpaid == (key,)
            await play.skip(timedelta(hours=5))
            assert provider.times_booked(f"{key}/1") == len(provider.bookings) == 1

            await play.give_payee(team, number=OTHER)
            await play.release(key)
            await play.stands(key, PaymentStatus.SUBMITTED)
            provider.settle(f"{key}/2")
            await play.skip(timedelta(hours=2))
            payment = await play.stands(key, PaymentStatus.SETTLED)
            state = await play.payments_over()

            assert (payment.attempt, payment.released_by) == (2, FINANCE)
            assert [booking.id for booking in provider.bookings] == [f"{key}/1", f"{key}/2"]
            assert provider.bookings[1].asked["payee"]["number"] == OTHER
            arrived = [each for each in provider.bookings if each.progress == "settled"]
            assert [each.pence for each in arrived] == [payment.amount.gross.pence]
            assert arrived[0].reference == payment.reference
            assert [happened.text.partition(":")[0] for happened in state.story].count("Paid") == 1
            assert len(play.record("paid")) == 1


@asynccontextmanager
async def paid(folder: Path) -> AsyncIterator[tuple[Play, CountingRail, str]]:
    """A challenge whose only payment has arrived, so that its workflow is closed; with the rail."""
    counting = Making(CountingRail)
    async with (
        dev_server() as client,
        playing(folder, client, rail=counting, at_once=True) as play,
    ):
        (key,) = await play.owed()
        await play.payments_over()
        yield play, counting.rail, key


@pytest.mark.parametrize("ended", [False, True])
async def test_money_that_comes_back_after_it_had_arrived_is_released_and_paid_again(
    tmp_path: Path, ended: bool
) -> None:
    """Holds that the payment's workflow is started again for it, whether or not the challenge still runs, and that
    nothing is paid double. Fails where a settled payment cannot come back, and where only a challenge that runs
    could start it."""
    async with paid(tmp_path) as (play, rail, key):
        team = play.payment(key).team
        if ended:
            await play.decide("cancel", OPERATOR, reason="It is over.")
            assert (await play.result()).paid == (key,)
        with pytest.raises(NotAllowed, match=r"may not say that the money came back of .*: "):
            await play.decide_payment(key, "return", team, reason="We did not get it.")
        with pytest.raises(ReasonMissing):
            await play.decide_payment(key, "return", OPERATOR)
        assert play.payment(key).status is PaymentStatus.SETTLED

        await play.decide_payment(key, "return", OPERATOR, reason="The bank has sent it back.")
        payment = play.payment(key)
        assert (payment.status, payment.settled) == (PaymentStatus.RETURNED, None)
        assert play.paid() == {}
        assert play.told(Occasion.PAYMENT_RETURNED) == {team: 1, OPERATOR: 1, FINANCE: 1}
        if not ended:
            state = await play.until(lambda state: bool(state.unpaid))
            assert state.story[-1].text.startswith("Came back, to be paid again")

        await play.give_payee(team, number=OTHER)
        await play.release(key)
        payment = await play.stands(key, PaymentStatus.SETTLED)
        assert (payment.attempt, len(play.books.payments())) == (2, 1)
        assert rail.asked == {f"{key}/1": 1, f"{key}/2": 1}
        await play.payments_over()
        assert [line.key.rpartition("/")[2] for line in play.record("paid")] == ["settled-1", "settled-2"]
        if not ended:
            await play.decide("cancel", OPERATOR, reason="It is over.")
            assert (await play.result()).paid == (key,)
        assert (await play.handle.result()).outcome is Outcome.CANCELLED


async def test_bank_details_that_change_while_the_rail_is_asked_do_not_move_what_it_is_asked_for(
    tmp_path: Path,
) -> None:
    """Holds that from the moment when a rail may have a transfer its payee stands still: it goes out once, as it was
    released. Fails where `give_payee` takes back a release that has begun."""
    gated = Making(GatedRail)
    async with (
        dev_server() as client,
        playing(tmp_path, client, rail=gated, at_once=True) as play,
    ):
        (key,) = await play.owed()
        await play.releasable(key)
        released = asyncio.create_task(play.release(key))
        await asyncio.to_thread(gated.rail.reached.wait, HANGS)
        await play.give_payee(play.payment(key).team, number=OTHER)
        cancelled = asyncio.create_task(play.decide_payment(key, "cancel", FINANCE, reason="It is another account."))
        gated.rail.gate.set()
        with pytest.raises(TooLate, match=r"a payment that (may have|has) left cannot be cancelled"):
            await cancelled
        assert await released
        payment = await play.stands(key, PaymentStatus.SETTLED)

        assert payment.attempt == 1
        number = play.account(payment.team)["number"]
        assert {transfer: payee.number for transfer, payee in gated.rail.payees.items()} == {f"{key}/1": number}
        assert payment.payee.endswith(number[-3:])
        await play.payments_over()


async def test_a_cancelled_payment_is_not_made_and_the_challenge_ends_without_it(tmp_path: Path) -> None:
    """Holds that a challenge closes with a payment that a person has cancelled, and that it stays so. Fails where the
    challenge does not hear of it, and where a cancelled payment can be released."""
    async with months() as environment, playing(tmp_path, environment) as play:
        play.finance_works = False
        one, other = await play.owed(2)
        team = play.payment(one).team
        with pytest.raises(ReasonMissing):
            await play.decide_payment(one, "cancel", FINANCE)
        with pytest.raises(NotAllowed, match=r"may not cancel .*: "):
            await play.decide_payment(one, "cancel", SPONSOR, reason="Not theirs.")
        await play.releasable(one)
        await play.decide_payment(one, "cancel", FINANCE, reason="They have left before they began.")
        assert play.told(Occasion.PAYMENT_CANCELLED) == {team: 1}
        state = await play.until(lambda state: state.unpaid == (other,))
        assert state.story[-1].text.startswith("Payment cancelled")
        with pytest.raises(TooLate, match="cancelled"):
            await play.release(one, reason="Once more.")
        for kind, by in (("cancel", OPERATOR), ("return", OPERATOR)):
            with pytest.raises(TooLate, match="cancelled"):
                await play.decide_payment(one, kind, by, reason="Once more.")

        await play.decide("cancel", OPERATOR, reason="It is over.")
        state = await play.state()
        assert (state.phase, state.waits_for) == (Phase.ENDED, "payments")
        play.finance_works = True
        result = await play.result()
        assert result.paid == (other,)
        assert play.payment(one).status is PaymentStatus.CANCELLED
        assert len(play.record("payment-submitted")) == 1
