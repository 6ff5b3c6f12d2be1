"""Takes pictures of every page in every state, at the width of a telephone and of a desk, to be looked at.

    python tests/pictures.py FOLDER [WORD …]
    python tests/pictures.py --documented docs/pictures

With words, only pages whose name has one of them. Pages as people see them who need high contrast: `--forced-colours`.
Those that the documents show, small: `--documented`.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import tempfile
from email.utils import format_datetime
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, Route

from tests.chromium import chromium, visitor
from tests.console.crawl import Crawled, Shown, crawling
from tests.console.states import NOW
from tests.console.test_every_page_in_chromium import show

_WIDTHS = {"telephone": 390, "desk": 1280}
_DOCUMENTED = {
    "challenge": ("/challenges/autumn-2016/air-quality", 760, 1060),
    "draft": ("draft: /write", 390, 860),
    "both-texts": ("two texts", 390, 860),
    "receipt": ("sent: /receipt", 390, 860),
    "own": ("/applications", 390, 860),
    "payments": ("asked: /payments", 390, 860),
}
"""Which pages, how wide, and how high."""
_COLOURS = 64


async def main() -> None:
    """Takes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--forced-colours", action="store_true")
    parser.add_argument("--documented", action="store_true")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    colours = {"forced_colors": "active"} if asked.forced_colours else {}
    with tempfile.TemporaryDirectory() as folder, crawling(Path(folder)) as crawl:
        wanted = [each for each in crawl.pages if not asked.words or any(word in each.name for word in asked.words)]
        async with chromium() as browser, visitor(browser, bypass_csp=True, **colours) as page:
            await page.route("**/health", tells_the_time)
            if asked.documented:
                await document(page, crawl, asked.folder)
                return
            for number, each in enumerate(wanted):
                await show(page, crawl.front, each)
                for name, width in _WIDTHS.items():
                    await page.set_viewport_size({"width": width, "height": 800})
                    await page.screenshot(path=asked.folder / f"{number:03}-{_file(each)}-{name}.png", full_page=True)


async def document(page: Page, crawl: Crawled, folder: Path) -> None:
    """Takes the pictures that the documents show: the upper part of each page, in few colours."""
    pages = {each.name: each for each in crawl.pages}
    for name, (wanted, width, height) in _DOCUMENTED.items():
        await page.set_viewport_size({"width": width, "height": height})
        await show(page, crawl.front, pages[wanted])
        with Image.open(io.BytesIO(await page.screenshot())) as taken:
            taken.convert("P", palette=Image.Palette.ADAPTIVE, colors=_COLOURS).save(
                folder / f"{name}.png", optimize=True
            )


async def tells_the_time(asked: Route) -> None:
    """Answers as a server does whose clock is that of the crawl: countdowns ask for its time."""
    await asked.fulfill(headers={"date": format_datetime(NOW.to_stdlib(), usegmt=True)})


def _file(shown: Shown) -> str:
    return re.sub(r"\W+", "-", shown.name).strip("-")[:60]


if __name__ == "__main__":
    asyncio.run(main())
