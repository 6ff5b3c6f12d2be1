"""Whatever ends while somebody writes, nothing that was typed is lost: a sign-in, the connection, or their patience."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Dialog, Page, expect

from tests.chromium import Opens
from tests.console.fronting import Fronted, Visitor, path_of
from tests.console.test_writing import ANN, begin, clock, front  # noqa: F401
from tests.console.test_writing_in_chromium import begun
from tests.identity.conftest import Clock
from tests.store.conftest import form_round  # noqa: F401

Visit = Callable[..., Visitor]
NOBODY = "Not saved: nobody who writes this application is signed in here any more."


async def sign_in(page: Page, front: Fronted, address: str = ANN) -> None:  # noqa: F811
    """Signs in, in another tab of the same browser."""
    front.clock.go_on(seconds=1)
    tab = await page.context.new_page()
    await tab.goto(f"{front.address}/sign-in")
    await tab.get_by_label("E-mail address").fill(address)
    await tab.get_by_role("button", name="Send me a link").click()
    await expect(tab.get_by_role("heading", level=1)).to_have_text("Look into your e-mail")
    await tab.goto(f"{front.address}{front.letters()[address]}")
    await tab.get_by_role("button", name="Sign in").click()
    await expect(tab.locator("header")).to_contain_text(f"Signed in as {address}")
    await tab.close()


def kept(front: Fronted, visit: Visit, section: str) -> str:  # noqa: F811
    """The section as it was saved, in a browser of whoever has the address."""
    ann = visit()
    ann.sign_in(ANN)
    return ann.get(urlsplit(section).path).text


async def test_when_a_sign_in_is_over_the_page_says_so_and_saves_after_the_next(
    front: Fronted,  # noqa: F811
    opens: Opens,
    clock: Clock,  # noqa: F811
    visit: Visit,
) -> None:
    """Fails where the page keeps the token of the sign-in before, with which nothing can be saved any more."""
    page = await opens()
    section = await begun(page, front)
    clock.go_on(hours=25)
    status, link = page.locator("[data-saved]"), page.get_by_role("link", name="Sign in (opens another tab)")
    await expect(link).to_be_hidden()

    await page.locator("[name=q-idea]").fill("Long words")
    await expect(status).to_contain_text(NOBODY)
    await expect(link).to_be_visible()
    await page.get_by_role("button", name="Save and go on").click()
    await expect(page.locator("[name=q-idea]")).to_have_value("Long words")
    assert page.url == section, "the page stays, so that nothing is lost"

    async with page.context.expect_page() as opened:
        await link.click()
    tab = await opened.value
    await expect(tab.get_by_role("heading", level=1)).to_have_text("Sign in")
    await tab.close()
    await sign_in(page, front)

    await expect(status).to_contain_text("Saved at")
    await expect(link).to_be_hidden()
    await page.locator("[name=q-idea]").fill("Longer words")
    await page.get_by_role("button", name="Save and go on").click()
    await page.wait_for_url("**/check")
    await expect(page.locator("main")).to_contain_text("Longer words")


async def test_nothing_is_saved_for_somebody_else_who_signs_in(
    front: Fronted,  # noqa: F811
    opens: Opens,
) -> None:
    page = await opens()
    await begun(page, front)
    await sign_in(page, front, "ben@rival.example")

    await page.locator("[name=q-idea]").fill("Long words")

    await expect(page.locator("[data-saved]")).to_contain_text(NOBODY)
    await expect(page.locator("[name=q-idea]")).to_have_value("Long words")


async def test_without_a_connection_the_text_stays_and_is_saved_once_there_is_one(
    front: Fronted,  # noqa: F811
    opens: Opens,
    visit: Visit,
) -> None:
    page = await opens()
    section = await begun(page, front)
    status = page.locator("[data-saved]")
    await page.context.set_offline(True)
    await page.locator("[name=q-idea]").fill("Written in a tunnel")
    await expect(status).to_contain_text("Not saved yet: the service cannot be reached.")
    await page.get_by_role("button", name="Save and go on").click()
    assert page.url == section
    await expect(page.locator("[name=q-idea]")).to_have_value("Written in a tunnel")

    await page.context.set_offline(False)

    await expect(status).to_contain_text("Saved at")
    assert "Written in a tunnel" in kept(front, visit, section)


@pytest.mark.parametrize(
    ("leaves", "words"), [("All sections", "By a link"), ("My applications", "By another link")], ids=str
)
async def test_whoever_leaves_by_a_link_saves_first(
    front: Fronted,  # noqa: F811
    opens: Opens,
    visit: Visit,
    leaves: str,
    words: str,
) -> None:
    page = await opens()
    section = await begun(page, front)
    await page.locator("[name=q-idea]").fill(words)

    await page.get_by_role("link", name=leaves).click()

    await expect(page.get_by_role("heading", level=1)).not_to_have_text("Your answer")
    assert words in kept(front, visit, section)


async def test_whoever_signs_out_saves_first(front: Fronted, opens: Opens, visit: Visit) -> None:  # noqa: F811
    ann = visit()
    ann.sign_in(ANN)
    section = f"{front.address}{begin(ann)}/sections/1"
    page = await opens()
    for name, value in ann.cookies.items():
        await page.context.add_cookies(
            [{"name": name, "value": value, "domain": "localhost", "path": "/", "secure": True}]
        )
    await page.goto(section)
    await page.locator("[name=q-idea]").fill("Typed before leaving")

    await page.get_by_role("button", name="Sign out").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    assert path_of(ann.get("/account")).startswith("/sign-in")
    assert "Typed before leaving" in kept(front, visit, section)


async def test_the_browser_asks_whoever_leaves_with_words_that_cannot_be_saved(
    front: Fronted,  # noqa: F811
    opens: Opens,
    clock: Clock,  # noqa: F811
) -> None:
    page = await opens()
    section = await begun(page, front)
    clock.go_on(hours=25)
    await page.locator("[name=q-idea]").fill("Long words")
    await expect(page.locator("[data-saved]")).to_contain_text(NOBODY)
    asked = list[str]()

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    async with page.expect_event("dialog"):
        await page.get_by_role("link", name="All sections").click()

    assert asked == ["beforeunload"]
    assert page.url == section
    await expect(page.locator("[name=q-idea]")).to_have_value("Long words")
