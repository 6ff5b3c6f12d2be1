"""One challenge from the first question to the payment, as an applicant sees it on a telephone."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from store.public import questions
from tests.chromium import Opens
from tests.console.fronting import fronting_here, links_sent
from tests.console.hands import Keyboard, Pointer
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import round_from_file
from tests.store.writing import with_form

ANN = "ann@breathe.example"
TELEPHONE = {"width": 390, "height": 800}
WAYS = {
    "with scripts": (Pointer, True),
    "without scripts": (Pointer, False),
    "by keyboard alone": (Keyboard, True),
    "by keyboard alone without scripts": (Keyboard, False),
}


@asynccontextmanager
async def played(folder: Path) -> AsyncIterator[tuple[Play, str]]:
    """A challenge that is open, with all that it needs to go on to its end, and the address of a front before it."""
    _, programme, _ = round_from_file("pilot-2016")
    place = socket.create_server(("127.0.0.1", 0))
    address = f"http://localhost:{place.getsockname()[1]}"
    async with (
        months() as environment,
        playing(folder, environment, programme=with_form(programme), options={"web_address": address}) as play,
        fronting_here(play.desk, place),
    ):
        await play.until(lambda state: state.opened)
        yield play, address


@pytest.mark.parametrize(("hands", "scripts"), WAYS.values(), ids=list(WAYS))
async def test_somebody_asks_applies_is_selected_and_is_paid(
    tmp_path: Path, opens: Opens, hands: type[Pointer], scripts: bool
) -> None:
    async with played(tmp_path) as (play, address):
        page = await opens(viewport=TELEPHONE, java_script_enabled=scripts)
        ann = hands(page)
        await page.goto(address)
        await ann.press("How can we help improve air quality in urban areas?", "link")
        await asks_and_reads_the_answer(ann, play)
        application = await applies(ann)
        await play.sealed()
        await play.select("exploration", [application])
        await signs_in(ann, play, address)
        await ann.press("How can we help improve air quality in urban areas?", "link")
        await expect(page.locator("main")).to_contain_text("Selected")
        await is_paid(ann, play)


async def asks_and_reads_the_answer(ann: Pointer, play: Play) -> None:
    """Ann asks on a page, the sponsor answers, and everybody reads the answer."""
    await ann.press("Ask a question, or read the answers", "link")
    await ann.write("Your question", "May old data take part?")
    await ann.press("Ask")
    await expect(ann.page.get_by_role("status")).to_contain_text("We have your question")
    [asked] = questions.of(play.desk.core.database, play.challenge.id)
    await play.decide("answer", question="May old data take part?", answer="Yes, it may.", asked=asked.id)
    await ann.page.reload()
    await expect(ann.page.locator("main")).to_contain_text("Yes, it may.")
    await ann.press("How can we help improve air quality in urban areas?", "link")


async def applies(ann: Pointer) -> str:
    """Ann writes and sends an application without an account. Its id."""
    page = ann.page
    await ann.press("Apply", "link")
    await ann.write("Your organisation", "Breathe Ltd")
    await ann.write("E-mail address", ANN)
    await ann.write("In short", "Sensors on buses")
    await ann.press("Save and go on")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers")
    assert await page.get_by_role("button", name="Send").count() == 0, "something is missing"
    await ann.press("Change Your idea", "link")
    await ann.write("Your idea", "Every bus measures the air.")
    await ann.choose("Yes")
    await ann.choose("At sea")
    await ann.press("Save and go on")
    await expect(page.locator("main")).to_contain_text("Every bus measures the air.")
    await expect(page.locator("main")).to_contain_text("At sea")
    await ann.press("Send")
    await expect(page.get_by_role("heading", level=1)).to_have_text("We have your application")
    application: str = await page.locator(".ds_notification-panel b").inner_text()
    return application


async def signs_in(ann: Pointer, play: Play, address: str) -> None:
    """Ann comes back by a link, weeks later, and sees her applications."""
    await ann.page.goto(f"{address}/sign-in?wanted=/applications")
    await ann.write("E-mail address", ANN)
    await ann.press("Send me a link")
    await ann.page.goto(f"{address}{links_sent(play.desk.core.database)[ANN]}")
    await ann.press("Sign in")
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("My applications")


async def is_paid(ann: Pointer, play: Play) -> None:
    """Ann gives her bank details, finance releases the payment, and Ann sees that it was made."""
    page = ann.page
    await ann.press("Bank details", "link")
    await ann.write("Name on the account", "Breathe Ltd")
    await ann.write("Sort code", "60-16-13")
    await ann.write("Account number", "3192")
    await ann.press("Give these bank details")
    await expect(page.locator("#faults")).to_contain_text("Account number")
    await ann.write("Account number", "31926819")
    await ann.press("Give these bank details")
    await expect(page.locator("main")).to_contain_text("(these count)")
    await play.payments_over(1)
    await ann.press("My applications", "link")
    await ann.press("How can we help improve air quality in urban areas?", "link")
    await ann.press("Payments", "link")
    await expect(page.locator("main")).to_contain_text("£2,000")
    await expect(page.locator("main dt", has_text="Paid")).to_be_visible()
