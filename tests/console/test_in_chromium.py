"""The pages as people use them: in a real browser, by keyboard alone, without scripts, and from other sites."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.async_api import Page, expect

from identity.sessions import Sessions
from tests.chromium import Opens
from tests.console.fronting import Fronted, Visitor

SAM = "sam@sepa.example"


async def ask(page: Page, front: Fronted, wanted: str = "/account") -> str:
    """Asks for a link, and gives its path."""
    front.clock.go_on(seconds=1)
    await page.goto(f"{front.address}{wanted}")
    await page.get_by_label("E-mail address").fill(SAM)
    await page.get_by_role("button", name="Send me a link").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Look into your e-mail")
    return front.letters()[SAM]


async def sign_in(page: Page, front: Fronted, wanted: str = "/account") -> None:
    """Signs in by a link in the browser that asked for it."""
    path = await ask(page, front, wanted)
    await page.goto(f"{front.address}{path}")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator("header")).to_contain_text(f"Signed in as {SAM}")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_a_link_signs_in_and_sign_out_signs_out(front: Fronted, opens: Opens, scripts: bool) -> None:
    page = await opens(java_script_enabled=scripts)
    await sign_in(page, front, "/signed-in")
    assert page.url == f"{front.address}/signed-in"
    cookies = {each["name"]: each for each in await page.context.cookies()}
    for name in ("__Host-session", "__Host-browser"):
        kept = cookies[name]
        assert (kept["secure"], kept["httpOnly"], kept["sameSite"], kept["path"]) == (True, True, "Lax", "/")
        assert kept["expires"] == -1

    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    assert {each["name"] for each in await page.context.cookies()} == {"__Host-browser"}
    await page.goto(f"{front.address}/signed-in")
    assert page.url.startswith(f"{front.address}/sign-in?")


async def test_another_browser_takes_the_code_that_the_first_one_shows(front: Fronted, opens: Opens) -> None:
    computer, telephone = await opens(), await opens(viewport={"width": 390, "height": 800})
    path = await ask(computer, front, "/passkeys")
    code = await computer.locator(".code").inner_text()
    await telephone.goto(f"{front.address}{path}")
    await telephone.get_by_label("Code").fill("000000" if code != "000000" else "111111")
    await telephone.get_by_role("button", name="Sign in").click()
    fault = telephone.get_by_role("link", name="That is not the code")
    await fault.click()
    await expect(telephone.get_by_label("Code")).to_be_focused()
    await telephone.keyboard.type(code)
    await telephone.keyboard.press("Enter")
    await telephone.wait_for_url(f"{front.address}/passkeys")


async def test_everything_is_done_by_keyboard_alone(front: Fronted, opens: Opens) -> None:
    """Fails where something that people press cannot be reached by Tab, or where nobody sees where they are."""
    page = await opens()
    await page.goto(f"{front.address}/sign-in")
    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to the content"
    assert await page.evaluate("document.activeElement.getBoundingClientRect().width") > 100, "nobody sees it"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type(SAM)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Look into your e-mail")
    await page.goto(f"{front.address}{front.letters()[SAM]}")
    await tab_to(page, "Sign in")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("My applications")
    await tab_to(page, "Your sign-in")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed in")
    await tab_to(page, "Signed in here")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{front.address}/signed-in")
    await tab_to(page, "End all, also here")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")


async def focused(page: Page) -> str:
    text: str = await page.evaluate("document.activeElement.textContent.trim()")
    return text


async def tab_to(page: Page, text: str) -> None:
    """Goes on by Tab until something is reached."""
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await focused(page) == text:
            return
    raise AssertionError(f"nobody reaches {text!r} by Tab")


async def test_another_site_can_neither_send_forms_nor_frame_pages(
    front: Fronted, opens: Opens, visit: Callable[..., Visitor]
) -> None:
    """Fails where a page elsewhere acts for whoever is signed in here. `127.0.0.1` is another site than `localhost`."""
    page = await opens()
    await sign_in(page, front)
    token = await page.locator("input[name=token]").first.get_attribute("value")
    evil = f"""<iframe src="{front.address}/account"></iframe>
        <form method="post" action="{front.address}/signed-in/end-all"><input name="token" value="{token}">
        <button>Win a prize</button></form>"""
    await page.route("http://evil.example/", lambda route: route.fulfill(body=evil, content_type="text/html"))
    await page.goto("http://evil.example/")
    assert page.frames[1].url == "chrome-error://chromewebdata/", "the browser shows our page in a frame of theirs"
    await page.get_by_role("button", name="Win a prize").click()
    await expect(page.get_by_text("This form was sent from another site")).to_be_visible()
    assert len(Sessions(front.database, front.clock).of(SAM)) == 1


async def test_when_a_sign_in_is_over_nothing_is_done_and_the_page_comes_back(front: Fronted, opens: Opens) -> None:
    page = await opens()
    await sign_in(page, front, "/passkeys/add")
    name = page.get_by_label("Name of the passkey")
    await name.fill("My laptop, which took long to describe")
    await page.evaluate("document.querySelector('form[data-passkey]').removeAttribute('data-passkey')")
    front.clock.go_on(hours=2)
    await page.evaluate("document.querySelectorAll('form')[1].submit()")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    await expect(page.get_by_text("so nothing was done: sign in, then do it again")).to_be_visible()
    await expect(page.get_by_label("name")).to_have_value("My laptop, which took long to describe")
    await page.get_by_role("link", name="Sign in").click()
    assert page.url == f"{front.address}/sign-in?wanted=%2Fpasskeys%2Fadd"


WIDTHS = {"telephone": 390, "narrowest": 320, "computer": 1280}


@pytest.mark.parametrize("width", WIDTHS.values(), ids=list(WIDTHS))
async def test_pages_fit_whatever_is_on_them(front: Fronted, opens: Opens, width: int) -> None:
    """Fails where people have to scroll sideways, or where a button is too small for a finger."""
    page = await opens(viewport={"width": width, "height": 800}, user_agent="Firefox/1 " + "X" * 300)
    await page.goto(f"{front.address}/sign-in")
    await fits(page)
    path = await ask(page, front)
    await fits(page)
    await page.goto(f"{front.address}{path}")
    await fits(page)
    await page.get_by_role("button", name="Sign in").click()
    for path in ("/account", "/signed-in", "/passkeys", "/passkeys/add", "/" + "x" * 300):
        await page.goto(f"{front.address}{path}")
        await fits(page)


async def fits(page: Page) -> None:
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wide) <= 0, page.url
    for button in await page.locator("main button, main .button").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 36, await button.inner_text()
