"""How somebody uses a page: with a mouse or a finger, or by keyboard alone."""

from __future__ import annotations

from typing import Literal

from playwright.async_api import Locator, Page

_FURTHEST = 150
_IS_FOCUSED = "element => element === document.activeElement"
_IS_SEEN = """element => {
    const drawn = element.matches("[type=radio], [type=checkbox]")
        ? getComputedStyle(element.labels[0], "::before") : getComputedStyle(element);
    return drawn.outlineStyle !== "none" || drawn.boxShadow !== "none";
}"""
"""Whether whoever looks sees that an element has the focus. What stands for a radio button is drawn beside it."""


class Pointer:
    """Somebody who points at things.

    Args:
        page: that they use.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    async def write(self, label: str, text: str) -> None:
        """Writes something into a field."""
        await self.page.get_by_label(label, exact=True).fill(text)

    async def choose(self, label: str) -> None:
        """Chooses the first answer of a group, or ticks a box."""
        await self.page.locator("label", has_text=label).first.click()

    async def press(self, name: str, kind: Literal["button", "link"] = "button") -> None:
        """Presses a button, or follows a link, and waits for the next page."""
        async with self.page.expect_navigation():
            await self._act_on(self.page.get_by_role(kind, name=name).first)

    async def _act_on(self, element: Locator) -> None:
        await element.click()


class Keyboard(Pointer):
    """Somebody who has a keyboard and nothing else."""

    async def write(self, label: str, text: str) -> None:
        """Writes something into a field, in place of what is there."""
        await self._reach(self.page.get_by_label(label, exact=True))
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.type(text)

    async def choose(self, label: str) -> None:
        """Chooses the first answer of a group, or ticks a box."""
        await self._reach(self.page.get_by_label(label, exact=True).first)
        await self.page.keyboard.press("Space")

    async def _act_on(self, element: Locator) -> None:
        await self._reach(element)
        await self.page.keyboard.press("Enter")

    async def _reach(self, element: Locator) -> None:
        """Goes on by Tab until an element has the focus, and somebody who looks can see that.

        Raises:
            AssertionError: nobody reaches it, or nobody sees that it is reached.
        """
        await element.wait_for(state="attached")
        for _ in range(_FURTHEST):
            if await element.evaluate(_IS_FOCUSED):
                assert await element.evaluate(_IS_SEEN), f"nobody sees that {element} has the focus at {self.page.url}"
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"nobody reaches {element} by Tab at {self.page.url}")
