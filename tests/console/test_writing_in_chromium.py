"""Writing in a real browser: what the script says is saved is saved, and two people lose no text of each other."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.chromium import Opens
from tests.console.fronting import Fronted
from tests.console.test_writing import BEGIN, clock, front  # noqa: F401
from tests.store.conftest import form_round  # noqa: F401

TELEPHONE = {"width": 390, "height": 800}


async def begun(page: Page, front: Fronted) -> str:  # noqa: F811
    """Begins an application in a browser, and gives the address of its first section."""
    await page.goto(f"{front.address}{BEGIN}")
    await page.locator("[name=organisation]").fill("Breathe Ltd")
    await page.locator("[name=email]").fill("ann@breathe.example")
    await page.locator("[name=q-idea]").fill("First words")
    await page.locator("main form button").first.click()
    await page.wait_for_url("**/applications/**")
    section = "/".join(page.url.split("/")[:5]) + "/sections/1"
    await page.goto(section)
    return section


async def test_what_is_typed_saves_itself_and_is_there_after_leaving(front: Fronted, opens: Opens) -> None:  # noqa: F811
    page = await opens(viewport=TELEPHONE)
    section = await begun(page, front)
    for words in ("Every bus measures the air", "Every bus and tram measures the air"):
        async with page.expect_response("**/answers") as answered:
            await page.locator("[name=q-idea]").fill(words)
        told = await (await answered.value).json()
        assert ([each["question"] for each in told.get("saved", ())], told.get("conflicts")) == (["idea"], [])
        await expect(page.locator("[data-saved]")).to_contain_text("Saved at")
        await page.goto(section)
        await expect(page.locator("[name=q-idea]")).to_have_value(words)


async def test_whoever_comes_second_sees_both_texts_also_after_the_script_has_saved(
    front: Fronted,  # noqa: F811
    opens: Opens,
) -> None:
    """Fails where the script takes the other's version for the one that it shows, and the next save covers it."""
    page = await opens(viewport=TELEPHONE)
    section = await begun(page, front)
    tab = await page.context.new_page()
    await tab.goto(section)
    await tab.locator("[name=q-idea]").fill("Theirs")
    await expect(tab.locator("[data-saved]")).to_contain_text("Saved at")

    await page.locator("[name=q-idea]").fill("Mine")
    await expect(page.locator("[data-saved]")).to_contain_text("Somebody else has changed this meanwhile")
    await page.get_by_role("button", name="Save and go on").click()

    await expect(page.locator("main .typed")).to_have_text("Theirs")
    await expect(page.locator("[name=q-idea]")).to_have_value("Mine")
