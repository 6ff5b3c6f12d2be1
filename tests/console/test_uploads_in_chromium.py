"""Files on their way in a real browser: how far they are, what became of them, and how to stop them."""

from __future__ import annotations

from playwright.async_api import FilePayload, Page, Route, expect

from tests.chromium import Opens
from tests.console.fronting import Fronted
from tests.console.test_files import BEGIN, clock, front  # noqa: F401
from tests.gateways.documents import pdf
from tests.store.conftest import round_with_files  # noqa: F401


def plan(content: bytes) -> FilePayload:
    return {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": content}


async def files_page(page: Page, front: Fronted) -> str:  # noqa: F811
    """Begins an application, and opens the page of its last question that asks for files."""
    await page.goto(f"{front.address}{BEGIN}")
    await page.locator("[name=organisation]").fill("Breathe Ltd")
    await page.locator("[name=email]").fill("ann@breathe.example")
    await page.get_by_role("button", name="Save and go on").click()
    await page.wait_for_url("**/applications/**")
    await page.goto("/".join(page.url.split("/")[:5]) + "/sections/1")
    await page.get_by_role("link", name="Attach or remove files").last.click()
    await page.wait_for_url("**/files/*")
    return page.url


async def test_a_file_is_attached_and_listed(front: Fronted, opens: Opens) -> None:  # noqa: F811
    page = await opens(viewport={"width": 390, "height": 800})
    address = await files_page(page, front)
    await page.set_input_files("[name=file]", [plan(pdf())])

    async with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        await page.get_by_role("button", name="Attach").click()

    assert (await answered.value).request.resource_type == "xhr"
    await expect(page.get_by_role("link", name="plan.pdf")).to_be_visible()
    assert page.url == address


async def test_the_pressed_button_goes_with_the_file(front: Fronted, opens: Opens) -> None:  # noqa: F811
    """Fails where a page with several buttons does not learn what to do with the file."""
    page = await opens()
    await files_page(page, front)
    button = page.get_by_role("button", name="Attach")
    await button.evaluate("button => { button.name = 'do'; button.value = 'send'; }")
    await page.evaluate("XMLHttpRequest.prototype.send = body => { window.sent = body.get('do'); }; 0")
    await page.set_input_files("[name=file]", [plan(pdf())])

    await button.click()

    assert await (await page.wait_for_function("window.sent")).json_value() == "send"


async def test_how_far_a_file_is_can_be_seen_and_it_can_be_stopped(front: Fronted, opens: Opens) -> None:  # noqa: F811
    page = await opens()
    await files_page(page, front)
    held: list[Route] = []
    await page.route("**/files/*", lambda route: held.append(route))  # nobody answers
    await page.set_input_files("[name=file]", [plan(pdf())])
    await page.get_by_role("button", name="Attach").click()
    progress, cancel = page.get_by_role("progressbar"), page.get_by_role("button", name="Cancel")
    await expect(progress).to_be_visible()
    await expect(page.locator(".sending [data-percent]")).to_contain_text("% sent")
    await expect(cancel).to_be_focused()
    await expect(page.get_by_role("button", name="Attach")).to_be_disabled()

    await page.keyboard.press("Enter")

    await expect(page.locator("[data-told]")).to_have_text("Cancelled. The file was not saved.")
    await expect(progress).to_be_hidden()
    await expect(page.locator("[name=file]")).to_be_focused()
    await expect(page.locator("[name=file]")).to_have_value("")
    for each in held:
        await each.abort()  # or it would go on to the service with the next line
    await page.unroute("**/files/*")
    await page.set_input_files("[name=file]", [plan(pdf())])
    await page.get_by_role("button", name="Attach").click()
    await expect(page.get_by_role("link", name="plan.pdf")).to_be_visible()


async def test_a_file_whose_connection_breaks_is_not_saved_and_can_be_chosen_again(
    front: Fronted,  # noqa: F811
    opens: Opens,
) -> None:
    page = await opens()
    await files_page(page, front)
    await page.context.set_offline(True)
    await page.set_input_files("[name=file]", [plan(pdf())])

    await page.get_by_role("button", name="Attach").click()

    told = "The connection broke off. The file was not saved: choose the file again."
    await expect(page.locator("[data-told]")).to_have_text(told)
    await page.context.set_offline(False)
    await page.reload()
    assert await page.get_by_role("link", name="plan.pdf").count() == 0


async def test_a_file_that_is_not_taken_is_told_as_without_scripts(front: Fronted, opens: Opens) -> None:  # noqa: F811
    page = await opens()
    await files_page(page, front)
    await page.set_input_files("[name=file]", [plan(b"<script>alert(1)</script>")])

    await page.get_by_role("button", name="Attach").click()

    await expect(page.locator("#faults")).to_be_focused()
    assert (await page.title()).startswith("Error: ")
    await page.set_input_files("[name=file]", [plan(pdf())])
    await page.get_by_role("button", name="Attach").click()
    await expect(page.get_by_role("link", name="plan.pdf")).to_be_visible()


async def test_a_file_that_is_too_large_is_not_sent(front: Fronted, opens: Opens) -> None:  # noqa: F811
    page = await opens()
    await files_page(page, front)
    sent = list[str]()

    async def note(route: Route) -> None:
        sent.append(route.request.method)
        await route.continue_()

    await page.route("**/files/*", note)
    most = int(str(await page.locator("form[data-upload]").get_attribute("data-most")))
    await page.set_input_files("[name=file]", [plan(bytes(most + 1))])

    await page.get_by_role("button", name="Attach").click()

    await expect(page.locator("[data-told]")).to_contain_text("and no more is taken: nothing was sent.")
    assert sent == []
