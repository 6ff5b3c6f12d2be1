"""Takes pictures of every page in every state, at the width of a telephone and of a desk, to be looked at.

    python tests/pictures.py FOLDER [WORD …]

With words, only pages whose name has one of them. Pages as people see them who need high contrast: `--forced-colours`.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
from email.utils import format_datetime
from pathlib import Path

from playwright.async_api import Route

from tests.chromium import chromium, visitor
from tests.console.crawl import Shown, crawling
from tests.console.states import NOW
from tests.console.test_every_page_in_chromium import show

_WIDTHS = {"telephone": 390, "desk": 1280}


async def main() -> None:
    """Takes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--forced-colours", action="store_true")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    colours = {"forced_colors": "active"} if asked.forced_colours else {}
    with tempfile.TemporaryDirectory() as folder, crawling(Path(folder)) as crawl:
        wanted = [each for each in crawl.pages if not asked.words or any(word in each.name for word in asked.words)]
        async with chromium() as browser, visitor(browser, bypass_csp=True, **colours) as page:
            await page.route("**/health", tells_the_time)
            for number, each in enumerate(wanted):
                await show(page, crawl.front, each)
                for name, width in _WIDTHS.items():
                    await page.set_viewport_size({"width": width, "height": 800})
                    await page.screenshot(path=asked.folder / f"{number:03}-{_file(each)}-{name}.png", full_page=True)


async def tells_the_time(asked: Route) -> None:
    """Answers as a server does whose clock is that of the crawl: countdowns ask for its time."""
    await asked.fulfill(headers={"date": format_datetime(NOW.to_stdlib(), usegmt=True)})


def _file(shown: Shown) -> str:
    return re.sub(r"\W+", "-", shown.name).strip("-")[:60]


if __name__ == "__main__":
    asyncio.run(main())
