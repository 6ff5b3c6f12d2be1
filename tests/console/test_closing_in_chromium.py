"""Writing together, and until the last moment, in a real browser: nothing that somebody has typed is lost."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.chromium import Opens
from tests.console.fronting import Fronted
from tests.console.test_writing import BEGIN, clock, front  # noqa: F401
from tests.identity.conftest import Clock
from tests.store.conftest import form_round  # noqa: F401
from tests.store.said import CLOSES

ANN, BEN = "ann@breathe.example", "ben@breathe.example"
TELEPHONE = {"width": 390, "height": 800}


async def begun(page: Page, front: Fronted) -> str:  # noqa: F811
    """Begins an application with all that must be answered, and gives the address of its draft."""
    await page.goto(f"{front.address}{BEGIN}")
    await page.get_by_label("Your organisation").fill("Breathe Ltd")
    await page.get_by_label("E-mail address").fill(ANN)
    await page.get_by_label("In short").fill("Sensors on buses")
    await page.get_by_label("Your idea").fill("Every bus measures the air.")
    await page.locator("label", has_text="Yes").click()
    await page.get_by_role("button", name="Save and go on").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers")
    return page.url.partition("/check")[0]


async def sign_in(page: Page, front: Fronted, address: str) -> None:  # noqa: F811
    """Signs in by a link."""
    front.clock.go_on(seconds=1)
    await page.goto(f"{front.address}/sign-in?wanted=/applications")
    await page.get_by_label("E-mail address").fill(address)
    await page.get_by_role("button", name="Send me a link").click()
    await page.goto(f"{front.address}{front.letters()[address]}")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("My applications")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_whoever_writes_when_it_closes_keeps_the_text_and_is_told_by_how_much_they_are_late(
    front: Fronted,  # noqa: F811
    opens: Opens,
    clock: Clock,  # noqa: F811
    scripts: bool,
) -> None:
    clock.now = CLOSES.subtract(minutes=5)
    page = await opens(viewport=TELEPHONE, java_script_enabled=scripts)
    draft = await begun(page, front)
    tab = await page.context.new_page()
    await tab.goto(f"{draft}/sections/1")
    clock.now = CLOSES.add(seconds=3)

    await page.get_by_role("button", name="Send").click()

    await expect(page.locator("#faults")).to_contain_text("You sent it 3 seconds after that. What you wrote is kept.")
    await expect(page.locator("main")).to_contain_text("Every bus measures the air.")
    await tab.get_by_label("Your idea").fill("Every bus and tram measures the air.")
    await tab.get_by_role("button", name="Save and go on").click()
    await expect(tab.locator("main")).to_contain_text("Every bus and tram measures the air.")
    await expect(tab.locator("main")).to_contain_text("Nothing can be sent any more. What you wrote is kept.")
    assert await tab.get_by_role("button", name="Send").count() == 0


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_two_people_on_one_draft_see_both_texts_and_send_what_they_agreed_on(
    front: Fronted,  # noqa: F811
    opens: Opens,
    scripts: bool,
) -> None:
    ann, ben = [await opens(viewport=TELEPHONE, java_script_enabled=scripts) for _ in range(2)]
    draft = await begun(ann, front)
    await sign_in(ann, front, ANN)
    await ann.goto(f"{draft}/writers")
    await ann.get_by_label("E-mail address").fill(BEN)
    await ann.get_by_role("button", name="Invite").click()
    await expect(ann.locator("main li", has_text=BEN)).to_be_visible()
    await sign_in(ben, front, BEN)
    for page in (ann, ben):
        await page.goto(f"{draft}/sections/1")
    await ann.get_by_label("Your idea").fill("Ann's text")
    await ann.get_by_role("button", name="Save and go on").click()
    await expect(ann.locator("main")).to_contain_text("Ann's text")

    await ben.get_by_label("Your idea").fill("Ben's text")
    await ben.get_by_role("button", name="Save and go on").click()

    await expect(ben.locator("main .typed")).to_have_text("Ann's text")
    await expect(ben.get_by_label("Your idea")).to_have_value("Ben's text")
    await ben.get_by_label("Your idea").fill("Ann's text and Ben's text")
    await ben.get_by_role("button", name="Save and go on").click()
    await ben.get_by_role("button", name="Send").click()
    await expect(ben.get_by_role("heading", level=1)).to_have_text("We have your application")
    await ann.goto(f"{draft}/check")
    await expect(ann.locator("main")).to_contain_text("Ann's text and Ben's text")
    await expect(ann.locator("main")).to_contain_text("This is what you have sent.")


async def test_forced_colours_hide_nothing(front: Fronted, opens: Opens) -> None:  # noqa: F811
    """Fails where a picture or a button keeps a colour of its own, which the background of somebody may have, too."""
    page = await opens(viewport=TELEPHONE, forced_colors="active", color_scheme="dark")
    await page.goto(f"{front.address}{BEGIN.removesuffix('/apply')}")
    colour = "element => getComputedStyle(element)"
    text = await page.locator("main h1").evaluate(f"{colour}.color")
    behind = await page.locator("body").evaluate(f"{colour}.backgroundColor")
    assert text != behind
    for drawn in await page.locator("main svg text, main svg line").all():
        assert text in await drawn.evaluate(
            "element => [getComputedStyle(element).fill, getComputedStyle(element).stroke]"
        )
    button = page.locator("main .ds_button").first
    assert await button.evaluate(f"{colour}.borderStyle") == "solid"
    await page.goto(f"{front.address}{BEGIN}")
    for box in await page.locator(".ds_radio__label, .ds_checkbox__label").all():
        border = await box.evaluate("element => getComputedStyle(element, '::before').borderColor")
        assert border != behind
