"""Signing in with an organisation as people do: real pages, a real browser, a real provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.async_api import Page
from sqlalchemy import update
from whenever import Instant

from domain.identity.proof import Way
from identity.sessions import Sessions
from store.database.database import Database
from store.database.tables import people
from tests.chromium import Opens
from tests.console.fronting import Fronted, Visitor, fronting, path_of
from tests.identity.browsing import Browser as Person
from tests.identity.conftest import Clock
from tests.identity.providing import Organisation, providing, write_organisations

SAM = "sam@sepa.example"
ACCOUNTS = {
    "sam": {"email": SAM, "email_verified": True},
    "unverified": {"email": SAM, "email_verified": False},
    "stranger": {"email": "sam@elsewhere.example", "email_verified": True},
}


class Today(Clock):
    """The clock on the wall: providers and browsers go by no other."""

    def __call__(self) -> Instant:
        return Instant.now()


@pytest.fixture(scope="module")
def sepa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """An organisation."""
    with providing(tmp_path_factory.mktemp("providers") / "log") as (organisation, _):
        yield organisation


@pytest.fixture
def front(people: Database, sepa: Organisation, tmp_path: Path) -> Iterator[Fronted]:
    """A web front that knows the organisation, and another one that is down."""
    down = sepa.in_settings(id="down", name="Down", issuer="http://localhost:1")
    tables = (sepa.in_settings(name="SEPA", domains=["sepa.example"]), down)
    with fronting(people, Today(), organisations=write_organisations(tmp_path, *tables)) as front:
        sepa.serves(front.address)
        sepa.has(accounts=ACCOUNTS)
        yield front


async def sign_in(page: Page, front: Fronted, account: str = "sam", wanted: str = "/signed-in") -> None:
    """Somebody signs in with the organisation, from our first page to our last."""
    await page.goto(f"{front.address}{wanted}")
    await page.get_by_role("link", name="Sign in with SEPA").click()
    await page.get_by_label("Account").fill(account)
    await page.get_by_role("button", name="Sign in").click()


def known_by(front: Fronted, **sign_in: str) -> None:
    """The round knows Sam by another sign-in than the address."""
    with front.database.writing() as connection:
        connection.execute(update(people).where(people.c.mailbox == SAM).values(**sign_in))


async def said(page: Page) -> str:
    return await page.locator("main").inner_text()


async def test_a_person_signs_in_with_their_organisation_and_out_of_both(front: Fronted, opens: Opens) -> None:
    page = await opens()

    await sign_in(page, front, wanted="/signed-in")

    assert page.url == f"{front.address}/signed-in"
    assert "Signed in as sam@sepa.example" in await page.locator("header").inner_text()
    (session,) = Sessions(front.database, Instant.now).of(SAM)
    assert (session.way, session.subject, session.passkey) == (Way.ORGANISATION, "sam", False)

    await page.get_by_role("button", name="Sign out").click()
    assert Sessions(front.database, Instant.now).of(SAM) == ()
    await page.get_by_role("link", name="sign out there, too").click()
    await page.get_by_role("button", name="Yes, sign me out").click()

    assert page.url.startswith(f"{front.address}/sign-in")
    await page.get_by_role("link", name="Sign in with SEPA").click()
    assert await page.get_by_label("Account").is_visible()  # the organisation asks again who this is


async def test_whoever_is_signed_in_at_their_organisation_needs_one_click(front: Fronted, opens: Opens) -> None:
    page = await opens()
    await sign_in(page, front)
    await page.get_by_role("button", name="Sign out").click()

    await page.goto(f"{front.address}/signed-in")
    await page.get_by_role("link", name="Sign in with SEPA").click()

    assert page.url == f"{front.address}/signed-in"
    assert "(here)" in await said(page)


@pytest.mark.parametrize(
    ("account", "day", "line"),
    [
        ("unverified", {}, "Your organisation does not show which address is yours"),
        ("stranger", {}, "Your organisation does not show which address is yours"),
        ("sam", {"token": {"aud": "wiki"}}, "its ID token was not made for this sign-in (aud)"),
        ("sam", {"sign": "stranger"}, "none of its keys has signed its ID token"),
        ("sam", {"back": {"iss": "http://localhost:1"}}, "the answer came from another organisation"),
    ],
)
async def test_what_does_not_show_who_somebody_is_signs_nobody_in(
    front: Fronted, opens: Opens, sepa: Organisation, account: str, day: dict[str, object], line: str
) -> None:
    sepa.has(accounts=ACCOUNTS, **day)
    page = await opens()

    await sign_in(page, front, account)

    assert "This sign-in did not work" in await said(page)
    assert line in await said(page)
    await page.get_by_role("link", name="Sign in").click()
    assert await page.get_by_role("link", name="Sign in with SEPA").is_visible()
    await page.goto(f"{front.address}/signed-in")
    assert page.url.startswith(f"{front.address}/sign-in?")


async def test_whom_the_round_knows_by_a_subject_needs_no_address(
    front: Fronted, opens: Opens, sepa: Organisation
) -> None:
    sepa.has(accounts={"sam": {}})
    known_by(front, issuer=sepa.issuer, subject="sam")
    page = await opens()

    await sign_in(page, front)

    assert "Signed in as sam@sepa.example" in await page.locator("header").inner_text()


@pytest.mark.parametrize(
    ("other", "line"),
    [
        ({"issuer": "https://login.other.example"}, "Your round names another organisation for you"),
        ({"subject": "the sam of before"}, "Your organisation knows you by another name than your round does"),
    ],
)
async def test_whom_the_round_knows_otherwise_is_somebody_else(
    front: Fronted, opens: Opens, sepa: Organisation, other: dict[str, str], line: str
) -> None:
    known_by(front, **({"issuer": sepa.issuer} | other))
    page = await opens()

    await sign_in(page, front)

    assert line in await said(page)


async def test_a_person_who_gives_up_can_sign_in_another_way(front: Fronted, opens: Opens) -> None:
    page = await opens()
    await page.goto(f"{front.address}/sign-in")
    await page.get_by_role("link", name="Sign in with SEPA").click()
    await page.get_by_role("button", name="Cancel").click()

    assert "The sign-in with SEPA was ended there (access_denied)" in await said(page)


async def test_an_answer_that_was_stolen_signs_in_no_other_browser(
    front: Fronted, opens: Opens, visit: Callable[..., Visitor]
) -> None:
    sam, thief = visit(), await opens()
    there = Person(front.address)
    answer = there.sign_in(sam.get("/sign-in/with/office?wanted=/signed-in").headers["location"], "sam")
    back = f"/sign-in/with/office/back?{urlencode(answer)}"
    there.close()

    await thief.goto(f"{front.address}/sign-in")
    await thief.goto(f"{front.address}{back}")

    assert "or in another browser" in await said(thief)
    assert path_of(sam.get(back)) == "/signed-in"


async def test_an_answer_works_once_and_a_reload_does_not_sign_out(front: Fronted, opens: Opens) -> None:
    page = await opens()
    answers: list[str] = []
    page.on("request", lambda request: answers.append(request.url) if "/back?" in request.url else None)
    await sign_in(page, front)
    await page.wait_for_url(f"{front.address}/signed-in")

    await page.goto(answers[0])

    assert "it was finished already" in await said(page)
    await page.goto(f"{front.address}/signed-in")
    assert page.url == f"{front.address}/signed-in"


async def test_two_tabs_of_one_browser_sign_in_each_to_its_page(front: Fronted, opens: Opens) -> None:
    first = await opens()
    second = await first.context.new_page()
    for page, wanted in ((first, "/signed-in"), (second, "/passkeys")):
        await page.goto(f"{front.address}{wanted}")
        await page.get_by_role("link", name="Sign in with SEPA").click()
    for page in (second, first):
        await page.get_by_label("Account").fill("sam")
        await page.get_by_role("button", name="Sign in").click()

    await second.wait_for_url(f"{front.address}/passkeys")
    await first.wait_for_url(f"{front.address}/signed-in")


async def test_while_an_organisation_is_down_all_others_go_on(front: Fronted, opens: Opens) -> None:
    page = await opens()
    await page.goto(f"{front.address}/sign-in")

    await page.get_by_role("link", name="Sign in with Down").click()

    assert "The sign-in of Down cannot be reached: try again in a moment" in await said(page)
    await sign_in(page, front)
    assert page.url == f"{front.address}/signed-in"


async def test_a_key_that_changes_under_its_name_stops_nobody(front: Fronted, opens: Opens, sepa: Organisation) -> None:
    await sign_in(await opens(), front)
    sepa.has(accounts=ACCOUNTS, kid="first")
    page = await opens()

    await sign_in(page, front)

    assert page.url == f"{front.address}/signed-in"
