"""Finance in a real browser, with real payments behind it: from the list to the money."""

from __future__ import annotations

import socket
from pathlib import Path

from playwright.async_api import expect

from domain.payments.payment import PaymentStatus
from tests.chromium import Opens
from tests.console.fronting import fronting_here, links_sent
from tests.console.hands import Pointer
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import round_from_file

_FIELDS = "form => new URLSearchParams(new FormData(form)).toString()"
_ON_THE_WAY = (PaymentStatus.RELEASED, PaymentStatus.SUBMITTED, PaymentStatus.SETTLED)


async def test_finance_releases_what_is_theirs_and_nothing_twice(tmp_path: Path, opens: Opens) -> None:
    """Fails when a release from the page does not reach the payment, or a form that is sent again releases again."""
    _, programme, _ = round_from_file("pilot-2016")
    place = socket.create_server(("127.0.0.1", 0))
    address = f"http://localhost:{place.getsockname()[1]}"
    async with (
        months() as environment,
        playing(tmp_path, environment, programme=programme, options={"web_address": address}) as play,
        fronting_here(play.desk, place),
    ):
        play.finance_works = False
        keys = await play.owed(3)
        for key in keys:
            await play.releasable(key)
        finance = Pointer(await opens(viewport={"width": 1200, "height": 900}))
        await signs_in(finance, play, address)
        main = finance.page.locator("main")
        for key in keys[:2]:
            await finance.page.get_by_label(f"Release {key}").check()
        await finance.press("Check the ticked payments")
        await expect(main).to_contain_text("£4,000")
        assert [play.payment(key).status for key in keys] == [PaymentStatus.PAYEE_KNOWN] * 3
        sent = await finance.page.locator("form[action='/staff/payments/release']").evaluate(_FIELDS)
        await finance.press("Release 2 payments")
        await expect(finance.page.get_by_role("heading", level=1)).to_have_text("2 payments released")
        for key in keys[:2]:
            await play.stands(key, *_ON_THE_WAY)
        again = await finance.page.request.post(
            f"{address}/staff/payments/release",
            data=sent,
            headers={"content-type": "application/x-www-form-urlencoded", "origin": address},
        )
        assert "2 payments released" in await again.text()
        releases = [line.key for line in play.record("payment-release") if not line.refused]
        assert [sum(each.startswith(f"{key}/") for each in releases) for key in keys] == [1, 1, 0]
        assert play.payment(keys[2]).status is PaymentStatus.PAYEE_KNOWN
        await cancels(finance, play, address, keys[2])


async def signs_in(finance: Pointer, play: Play, address: str) -> None:
    """A releaser of the round signs in by a link, and comes to the payments."""
    mailbox = "finance@digital-directorate.example"
    await finance.page.goto(f"{address}/sign-in?wanted=/staff/payments")
    await finance.write("E-mail address", mailbox)
    await finance.press("Send me a link")
    await finance.page.goto(f"{address}{links_sent(play.desk.core.database)[mailbox]}")
    await finance.press("Sign in")
    await expect(finance.page.get_by_role("heading", level=1)).to_have_text("Payments")


async def cancels(finance: Pointer, play: Play, address: str, key: str) -> None:
    """Finance cancels a payment on its page, with a reason that is on the record."""
    await finance.page.goto(f"{address}/staff/payments/{key}")
    await finance.page.locator("#reason-cancel").fill("Asked for in error.")
    await finance.press("Cancel the payment")
    await play.stands(key, PaymentStatus.CANCELLED)
    main = finance.page.locator("main")
    await expect(main).to_contain_text("Nothing: the payment will never be made.")
    await expect(main.locator("ol")).to_contain_text("Asked for in error.")
