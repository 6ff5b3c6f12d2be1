"""Pages keep the rules of WCAG 2.2 that axe-core can check, and fit the narrowest screen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page

from tests.chromium import Opens
from tests.console.fronting import Fronted, Visitor
from tests.console.test_writing import ANN, BEGIN, begin, clock, front, send  # noqa: F401
from tests.store.conftest import form_round  # noqa: F401
from tests.store.said import AIR

AXE = Path(sys.prefix) / "node" / "node_modules" / "axe-core" / "axe.min.js"
FOUND = "axe.run().then(found => found.violations.map(each => [each.id, each.nodes[0].html]))"
PUBLIC = (
    *("/", f"/challenges/{AIR}", f"/challenges/{AIR}/form", f"/challenges/{AIR}/questions", "/catalogue"),
    *("/accessibility", "/privacy", BEGIN, "/sign-in", "/nowhere"),
)
OWN = ("write", "sections/1", "check", "receipt", "writers", "copy", "letters", "payments", "bank-details", "withdraw")
OTHERS = ("/applications", "/data", "/calendar", "/account", "/passkeys", "/signed-in", "/decisions")


async def faults_of(page: Page, address: str) -> list[object]:
    """What is wrong with a page."""
    await page.goto(address)
    await page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    found = list(await page.evaluate(FOUND))
    over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*found, *([f"{over} pixels too wide"] if over > 0 else [])]


async def give_cookies(context: BrowserContext, visitor: Visitor) -> None:
    """Lets a browser be somebody's who visits without one."""
    for name, value in visitor.cookies.items():
        await context.add_cookies([{"name": name, "value": value, "domain": "localhost", "path": "/", "secure": True}])


@pytest.mark.parametrize("width", [1280, 390, 320])
async def test_no_page_breaks_a_rule_of_accessibility(
    front: Fronted,  # noqa: F811
    opens: Opens,
    visit: Callable[..., Visitor],
    width: int,
) -> None:
    ann = visit()
    ann.sign_in(ANN)
    draft = begin(ann)
    send(ann, draft)
    page = await opens(viewport={"width": width, "height": 900}, bypass_csp=True)
    await give_cookies(page.context, ann)

    paths = [*PUBLIC, *(f"{draft}/{each}" for each in OWN), *OTHERS]
    found = {path: await faults_of(page, f"{front.address}{path}") for path in paths}

    assert {path: faults for path, faults in found.items() if faults} == {}


async def test_a_fault_of_accessibility_is_found(front: Fronted, opens: Opens) -> None:  # noqa: F811
    """Fails where the rules are not run, so that the tests above would find nothing."""
    page = await opens(bypass_csp=True)
    await page.goto(f"{front.address}/sign-in")
    await page.evaluate("document.querySelector('label').remove()")
    await page.evaluate(AXE.read_text(encoding="utf-8") + ";0")

    assert "label" in [each[0] for each in await page.evaluate(FOUND)]
