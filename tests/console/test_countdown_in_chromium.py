"""The countdown in a real browser: by the server's clock, and told to whoever hears the page at few moments."""

from __future__ import annotations

from playwright.async_api import Page, expect

from domain.announcements.announcement import Window
from store.record.record import announce
from tests.chromium import Opens
from tests.console.fronting import Fronted
from tests.console.test_writing import BEGIN, clock, front  # noqa: F401
from tests.console.test_writing_in_chromium import begun
from tests.identity.conftest import Clock
from tests.store.conftest import form_round  # noqa: F401
from tests.store.said import AIR, CLOSES, OPENS, announcing, compose, status

LISTENS = """
window.told = [];
const place = document.querySelector('.countdown').nextElementSibling;
new MutationObserver(() => told.push(place.textContent)).observe(place, {childList: true, characterData: true});
"""


async def told(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("window.told")
    return found


async def test_whoever_hears_the_page_is_told_at_five_moments_and_not_every_second(
    front: Fronted,  # noqa: F811
    opens: Opens,
    clock: Clock,  # noqa: F811
) -> None:
    page = await opens()
    clock.now = CLOSES.subtract(seconds=3_605)
    section = await begun(page, front)
    await page.clock.install()
    await page.goto(section)
    await expect(page.locator(".countdown")).to_have_text("1 hour and 0 minutes left")
    assert await page.locator(".countdown").get_attribute("role") is None, "it would be read out every second"
    await page.evaluate(LISTENS)

    await page.clock.run_for(3_620_000)

    assert await told(page) == [
        "One hour is left.",
        "15 minutes are left.",
        "5 minutes are left.",
        "One minute is left.",
        "The time is over.",
    ]
    assert await page.locator(".countdown + [role=status]").count() == 1
    await expect(page.locator(".countdown")).to_have_text("The time is over.")


async def test_a_deadline_that_moves_while_somebody_writes_moves_on_the_page(
    front: Fronted,  # noqa: F811
    opens: Opens,
    clock: Clock,  # noqa: F811
) -> None:
    clock.now = CLOSES.subtract(minutes=30)
    page = await opens()
    await begun(page, front)
    await expect(page.locator(".countdown")).to_contain_text("minutes and")
    window = Window(opens=OPENS, closes=CLOSES.add(hours=24))
    announce(front.database, announcing("extend", at=clock.now, window=window, status=status()), compose)

    await page.locator("[name=q-idea]").fill("Written meanwhile")

    await expect(page.locator(".countdown")).to_have_text("1 day and 0 hours left")
    await expect(page.locator("main p", has=page.locator(".countdown"))).to_contain_text("Tuesday 2 August 2016")


async def test_a_visitor_whose_own_clock_is_wrong_sees_the_time_that_is_enforced(
    front: Fronted,  # noqa: F811
    opens: Opens,
    clock: Clock,  # noqa: F811
) -> None:
    page = await opens()
    clock.now = CLOSES.subtract(seconds=86_400 + 3_600 + 30)
    section = await begun(page, front)
    await page.clock.install(time="2031-05-05T00:00:00Z")

    await page.goto(section)

    await expect(page.locator(".countdown")).to_have_text("1 day and 1 hour left")


async def test_a_page_that_is_kept_for_everybody_asks_the_server_for_the_time(front: Fronted, opens: Opens) -> None:  # noqa: F811
    page = await opens()
    async with page.expect_response("**/health") as answered:
        await page.goto(f"{front.address}/challenges/{AIR}")
    assert (await answered.value).request.method == "HEAD"
    await expect(page.locator(".countdown")).to_have_text("The time is over.")  # the server's own clock is of today
