"""Every page in every state keeps the rules of WCAG 2.2 that axe-core can check, and fits the narrowest screen."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from playwright.async_api import Page
from playwright.async_api import Route as Asked
from starlette.routing import Route

from console.app import routes_of
from console.front import Front
from identity.links import Links
from identity.organisations import Organisations
from tests.chromium import Opens
from tests.console.crawl import Crawled, Shown, crawl  # noqa: F401
from tests.console.fronting import Fronted

_SCRIPTS = (
    Path(sys.prefix) / "node" / "node_modules" / "axe-core" / "axe.min.js",
    Path(__file__).with_name("accessible.js"),
)
WIDTHS = (1280, 390, 320)
NO_PAGES = re.compile(
    r"/health|/ready|/static/.*|.*\.ics|/feed\.atom|/data/download|/sign-in/with/.*|.*/(files/{question}|files|evidence/{stage}/{number:int})/{attachment}"
)
"""Addresses that answer with files, or lead on to an organisation."""
OF_WORKFLOWS = re.compile(r"/staff/challenges/\{round\}/\{slug\}/(select|decline)")
"""Pages that ask a workflow, which the crawl does not have: tests/console/test_deciding.py looks at their HTML."""
_WIDER = "document.documentElement.scrollWidth - innerWidth"


async def test_no_page_breaks_a_rule_or_is_wider_than_the_window(crawl: Crawled, opens: Opens) -> None:  # noqa: F811
    page = await opens(bypass_csp=True)
    found = {}
    for each in crawl.pages:
        await show(page, crawl.front, each)
        for width in WIDTHS:
            if faults := await faults_of(page, width):
                found[f"{each.name} ({width})"] = faults

    assert found == {}


async def test_what_is_wrong_with_a_page_is_found(crawl: Crawled, opens: Opens) -> None:  # noqa: F811
    """Fails where the rules are not run, so that the test above would find nothing."""
    page = await opens(bypass_csp=True)
    pages = {each.name: each for each in crawl.pages}
    await show(page, crawl.front, pages["/sign-in"])
    await page.evaluate("document.querySelector('label').remove()")
    await page.evaluate("document.querySelector('h1').style.width = '700px'")
    found = [each.partition(":")[0] for each in await faults_of(page, 390)]
    assert "label" in found
    assert "pixels too wide" in found[-1]

    await show(page, crawl.front, pages["/challenges/autumn-2016/air-quality"])
    await page.evaluate("document.querySelector('svg').style.color = '#aaa'")
    assert "color-contrast" in {each.partition(":")[0] for each in await faults_of(page, 1280)}


def test_the_crawl_has_a_page_of_every_address(crawl: Crawled) -> None:  # noqa: F811
    front, seen = crawl.front, {urlsplit(each.path).path for each in crawl.pages if each.status != 404}
    core = front.desk.core
    organisations = Organisations(core.options, front.database, core.threads, core.now)
    routes = routes_of(Front(front.desk, organisations, Links(front.database, core.now)))
    pages = [each for each in routes if isinstance(each, Route) and "GET" in (each.methods or ())]

    missing = [each.path for each in pages if not any(each.path_regex.match(path) for path in seen)]

    left = [each for each in missing if not NO_PAGES.fullmatch(each)]
    assert [each for each in left if not OF_WORKFLOWS.fullmatch(each)] == []


async def show(page: Page, front: Fronted, shown: Shown) -> None:
    """Has a browser show a page just as somebody got it, with axe-core beside it."""
    address = urljoin(front.address, shown.path)

    async def answer(asked: Asked) -> None:
        await asked.fulfill(status=shown.status, body=shown.html, content_type="text/html; charset=utf-8")

    await page.route(address, answer, times=1)
    await page.goto(address)
    await page.evaluate("\n".join(each.read_text(encoding="utf-8") for each in _SCRIPTS) + ";0")


async def faults_of(page: Page, width: int) -> list[Any]:
    """What is wrong with the page that is shown, in a window of a width."""
    await page.set_viewport_size({"width": width, "height": 900})
    over = await page.evaluate(_WIDER)
    return [*await page.evaluate("faultsOfAccessibility()"), *([f"{over} pixels too wide"] if over > 0 else [])]
