"""Evidence in a real browser: one press of a button attaches what was chosen and sends everything."""

from __future__ import annotations

from playwright.async_api import expect

from tests.chromium import Opens
from tests.console.fronting import Fronted, Visitor
from tests.console.test_evidence import breathe, clock, front, page, programme, team, versions  # noqa: F401
from tests.console.test_uploads_in_chromium import plan
from tests.gateways.documents import pdf
from tests.store.showing import SPOKEN


async def test_the_text_and_the_chosen_file_are_sent_by_one_button(
    front: Fronted,  # noqa: F811
    breathe: Visitor,  # noqa: F811
    page: str,  # noqa: F811
    opens: Opens,
) -> None:
    shown = await opens(viewport={"width": 390, "height": 800})
    for name, value in breathe.cookies.items():
        await shown.context.add_cookies(
            [{"name": name, "value": value, "domain": "localhost", "path": "/", "secure": True}]
        )
    await shown.goto(f"{front.address}{page}")
    await shown.get_by_label("What you show").fill(SPOKEN)
    await shown.set_input_files("[name=file]", [plan(pdf())])

    async with shown.expect_response(lambda answer: answer.request.method == "POST") as answered:
        await shown.get_by_role("button", name="Send", exact=True).click()

    assert (await answered.value).request.resource_type == "xhr"
    await expect(shown.get_by_text("Sent, and not decided yet")).to_be_visible()
    await expect(shown.get_by_role("link", name="plan.pdf")).to_be_visible()
    assert versions(front) == [(1, SPOKEN)]
