"""Questions that hang on others come and go while somebody answers, and nothing that was typed there is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from domain.forms.form import Choice, Form, Kind, Question, Section, ShownIf
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.record.record import announce
from tests.chromium import Opens
from tests.console.fronting import Fronted, fronting
from tests.console.test_writing import BEGIN, clock  # noqa: F401
from tests.identity.conftest import Clock
from tests.store.said import OPENS, compose, opened
from tests.store.writing import with_form

WHO = (Choice(id="company", title="A company"), Choice(id="person", title="A person"))
IF_TRIED, IF_COMPANY = ShownIf(question="tried", answer=True), ShownIf(question="who", answer="company")
FORM = Form(
    id="application",
    title="Application",
    sections=(
        Section(
            title="Who",
            questions=(
                Question(id="tried", title="Was it tried?", kind=Kind.YES_NO),
                Question(id="who", title="By whom?", kind=Kind.CHOICES, choices=WHO, shown_if=IF_TRIED),
                Question(id="name", title="Its name", kind=Kind.LINE, most_characters=20, shown_if=IF_COMPANY),
            ),
        ),
        Section(
            title="More",
            questions=(Question(id="where", title="Where was it tried?", shown_if=IF_TRIED),),
        ),
    ),
)


@pytest.fixture
def front(database: Database, round_: Round, programme: Programme, clock: Clock) -> Iterator[Fronted]:  # noqa: F811
    formed = with_form(programme, FORM)
    keep_round(database, round_, formed, challenges_of(round_, formed), OPENS)
    announce(database, opened(), compose)
    with fronting(database, clock) as front:
        yield front


async def test_a_question_is_there_while_it_is_asked_and_keeps_what_was_typed(front: Fronted, opens: Opens) -> None:
    page = await opens()
    await page.goto(f"{front.address}{BEGIN}")
    name, company = page.locator("[name=q-name]"), page.get_by_label("A company")
    await expect(company).to_be_hidden()
    await expect(name).to_be_hidden()

    await page.get_by_text("Yes", exact=True).click()
    await expect(company).to_be_visible()
    await expect(name).to_be_hidden()
    await page.get_by_text("A company", exact=True).click()
    await name.fill("Breathe Ltd")
    await page.get_by_text("No", exact=True).click()
    await expect(company).to_be_hidden()
    await expect(name).to_be_hidden()  # it hangs on a question that is not asked
    await page.locator("[name=organisation]").fill("Breathe Ltd")
    await page.locator("[name=email]").fill("ann@breathe.example")
    await page.get_by_role("button", name="Save and go on").click()

    await page.wait_for_url("**/sections/2?begun")
    await expect(page.locator("[name=q-where]")).to_be_hidden()  # its question stands in the section before
    await page.goto(page.url.replace("sections/2?begun", "sections/1"))
    await page.get_by_text("Yes", exact=True).click()
    await expect(company).to_be_checked()
    await expect(name).to_have_value("Breathe Ltd")
    await page.get_by_role("button", name="Save and go on").click()
    await page.wait_for_url("**/sections/2")
    await expect(page.locator("[name=q-where]")).to_be_visible()


async def test_without_scripts_every_question_is_there_and_says_when_it_is_asked(front: Fronted, opens: Opens) -> None:
    page = await opens(java_script_enabled=False)
    await page.goto(f"{front.address}{BEGIN}")

    await expect(page.locator("[name=q-name]")).to_be_visible()
    await expect(page.locator("#q-name-hint")).to_contain_text("Answer this only if 'By whom?' is answered with")
