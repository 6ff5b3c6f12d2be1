"""A real browser, Debian's Chromium, for tests of pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_HANGS = 60_000
"""Milliseconds after which a page is taken never to show what is waited for."""

expect.set_options(timeout=_HANGS)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One Chromium until the block ends. Without one, the test is skipped, or fails where all tools must be there."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        missing = "Chromium is not on this machine: on Debian, apt install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=options, timeout=_HANGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def visitor(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """A page in a browser of its own, with no cookies yet.

    Whatever the browser would not load or run is a fault of the page: it ends the block with an error.

    Args:
        browser: see `chromium`.
        options: of the browser, as Playwright names them.
    """
    context = await browser.new_context(**options)
    context.set_default_timeout(_HANGS)
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    try:
        yield await context.new_page()
    finally:
        await context.close()
    assert not faults, faults


class Opens:
    """Opens pages, each in a browser of its own.

    Args:
        browser: see `chromium`.
        stack: closes them in the end.
    """

    def __init__(self, browser: Browser, stack: AsyncExitStack) -> None:
        self._browser = browser
        self._stack = stack

    async def __call__(self, **options: Any) -> Page:
        """A page. See `visitor`."""
        return await self._stack.enter_async_context(visitor(self._browser, **options))
