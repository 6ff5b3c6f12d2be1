"""Passkeys in a real browser, with an authenticator that the browser itself plays."""

from __future__ import annotations

from typing import Any

from playwright.async_api import CDPSession, Page, expect

from domain.identity.session import Session
from identity.sessions import Sessions
from store.record.record import read_record
from tests.chromium import Opens
from tests.console.fronting import Fronted
from tests.console.test_in_chromium import SAM, sign_in
from tests.store.said import AIR

_DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Device:
    """The authenticator of a browser.

    Args:
        page: in the browser.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self._id = ""
        self._protocol: CDPSession

    async def plug_in(self) -> Device:
        """Gives the browser the authenticator."""
        self._protocol = await self.page.context.new_cdp_session(self.page)
        await self._protocol.send("WebAuthn.enable")
        made = await self._protocol.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE})
        self._id = made["authenticatorId"]
        return self

    async def has(self) -> list[dict[str, Any]]:
        """The passkeys in it."""
        found = await self._protocol.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        return list(found["credentials"])

    async def gets(self, credential: dict[str, Any]) -> None:
        """Has it hold a passkey, such as a copy of another one, in the place of its own."""
        await self._protocol.send("WebAuthn.clearCredentials", {"authenticatorId": self._id})
        await self._protocol.send("WebAuthn.addCredential", {"authenticatorId": self._id, "credential": credential})

    async def knows_its_person(self, knows: bool) -> None:
        """Whether the person shows a finger that the authenticator knows."""
        asked = {"authenticatorId": self._id, "isUserVerified": knows}
        await self._protocol.send("WebAuthn.setUserVerified", asked)


async def add(page: Page, front: Fronted, name: str) -> None:
    """Adds a passkey on its page."""
    await page.goto(f"{front.address}/passkeys/add")
    await page.get_by_label("Name of the passkey").fill(name)
    await page.get_by_role("button", name="Make the passkey").click()
    await expect(page.get_by_role("heading", name=name)).to_be_visible()


async def press_use(page: Page, front: Fronted) -> None:
    """Presses the button to use a passkey."""
    await page.goto(f"{front.address}/passkeys/use?wanted=/signed-in")
    await page.get_by_role("button", name="Use your passkey").click()


async def sign_in_again(page: Page, front: Fronted) -> None:
    """Signs out and in: the passkey was not used in this sign-in."""
    await page.goto(f"{front.address}/account")
    await page.get_by_role("button", name="Sign out").click()
    await sign_in(page, front)


def sessions(front: Fronted) -> tuple[Session, ...]:
    return Sessions(front.database, front.clock).of(SAM)


async def test_a_passkey_is_added_used_and_removed(front: Fronted, opens: Opens) -> None:
    page = await opens()
    device = await Device(page).plug_in()
    await sign_in(page, front)
    await add(page, front, "My <b>laptop</b>")
    assert [each.passkey for each in sessions(front)] == [True], "whoever made a passkey has used it"

    await sign_in_again(page, front)
    (before,) = sessions(front)
    secret = [each["value"] for each in await page.context.cookies() if each["name"] == "__Host-session"]
    await press_use(page, front)
    await page.wait_for_url(f"{front.address}/signed-in")
    (after,) = sessions(front)
    assert (before.passkey, after.passkey, before.id == after.id) == (False, True, False)
    assert Sessions(front.database, front.clock).look_up(str(secret[0])) is None, "the secret of before opens nothing"
    await expect(page.locator("main")).to_contain_text("link and passkey")

    await page.goto(f"{front.address}/passkeys")
    await page.get_by_role("button", name="Remove the passkey My <b>laptop</b>").click()
    await expect(page.get_by_text("You have no passkey yet.")).to_be_visible()
    texts = [line.text for line in read_record(front.database, AIR) if "passkey" in line.action]
    assert texts == ["A passkey of sam was added", "A passkey of sam was removed"]
    assert len(await device.has()) == 1, "the device keeps it, and it shows nothing here"


async def test_a_passkey_that_was_removed_or_is_another_persons_shows_nothing(front: Fronted, opens: Opens) -> None:
    page = await opens()
    device = await Device(page).plug_in()
    await sign_in(page, front)
    await add(page, front, "Old")
    (old,) = await device.has()
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("You have no passkey yet.")).to_be_visible()
    await add(page, front, "New")
    await device.gets(old)
    await sign_in_again(page, front)

    await press_use(page, front)
    # The browser asks for those that are known only, and finds none of them.
    await expect(page.get_by_role("status")).to_contain_text("It was stopped, or took too long")
    assert [each.passkey for each in sessions(front)] == [False]


async def test_a_copy_of_a_passkey_is_refused_by_its_counter(front: Fronted, opens: Opens) -> None:
    page = await opens()
    device = await Device(page).plug_in()
    await sign_in(page, front)
    await add(page, front, "Blue key")
    (copy,) = await device.has()
    await sign_in_again(page, front)
    await press_use(page, front)
    await page.wait_for_url(f"{front.address}/signed-in")
    await device.gets({**copy, "signCount": 1})
    await sign_in_again(page, front)

    await press_use(page, front)
    await expect(page.locator("main")).to_contain_text("so a copy of it may exist")
    assert [each.passkey for each in sessions(front)] == [False]


async def test_whoever_only_has_the_device_gets_no_further(front: Fronted, opens: Opens) -> None:
    page = await opens()
    device = await Device(page).plug_in()
    await sign_in(page, front)
    await add(page, front, "Blue key")
    await sign_in_again(page, front)
    await device.knows_its_person(False)
    await press_use(page, front)
    await expect(page.get_by_role("status")).to_contain_text("It was stopped, or took too long")
    await device.knows_its_person(True)
    await page.get_by_role("button", name="Use your passkey").click()
    await page.wait_for_url(f"{front.address}/signed-in")


async def test_without_scripts_people_are_told_what_passkeys_need(front: Fronted, opens: Opens) -> None:
    page = await opens(java_script_enabled=False)
    await sign_in(page, front)
    await page.goto(f"{front.address}/passkeys/add")
    await expect(page.get_by_text("your browser has to run scripts")).to_be_visible()
    await page.get_by_label("Name of the passkey").fill("My laptop")
    await page.get_by_role("button", name="Make the passkey").click()
    await expect(page.locator("main")).to_contain_text("does not show that the passkey is yours")


async def test_a_name_that_is_missing_is_asked_for_again(front: Fronted, opens: Opens) -> None:
    page = await opens()
    await Device(page).plug_in()
    await sign_in(page, front)
    await page.goto(f"{front.address}/passkeys/add")
    await page.get_by_label("Name of the passkey").fill(" ")
    await page.get_by_role("button", name="Make the passkey").click()
    await page.get_by_role("link", name="Give the passkey a name").click()
    await expect(page.get_by_label("Name of the passkey")).to_be_focused()
