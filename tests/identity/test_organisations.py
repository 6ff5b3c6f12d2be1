"""Signing in with an organisation: a real provider, a browser that keeps cookies, and people in between."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select
from whenever import Instant, TimeDelta

from domain.values.refusals import SignInOver, SignInRefused, TooOften
from identity.organisations import Organisations
from service.settings import Settings
from service.threads import Threads
from store.database.database import Database
from store.database.tables import begun_sign_ins
from tests.identity.browsing import HOME, NETWORK, Opens, sign_in
from tests.identity.providing import Organisation, write_organisations


async def test_a_person_signs_in_with_their_organisation(
    organisations: Organisations, office: Organisation, open_browser: Opens
) -> None:
    browser = open_browser()

    params = browser.sign_in(await organisations.begin("office", browser.secret, "/decisions?late=yes", NETWORK))
    who = await organisations.finish("office", params, browser.secret, NETWORK)

    assert who.model_dump() == {
        "issuer": office.issuer,
        "subject": "olivia",
        "address": "olivia@office.example",
        "verified": True,
        "wanted": "/decisions?late=yes",
    }
    assert organisations.listed() == [("office", "The office"), ("rival", "The rival")]


@pytest.mark.parametrize(
    ("account", "address"),
    [
        ("unverified", "olivia@office.example"),
        ("said", "olivia@office.example"),  # "true" as text is not true
        ("stranger", "olivia@elsewhere.example"),  # the office vouches for its own addresses only
        ("nobody", ""),
    ],
)
async def test_an_address_proves_a_mailbox_only_if_the_organisation_has_verified_it_and_vouches_for_its_domain(
    organisations: Organisations, open_browser: Opens, account: str, address: str
) -> None:
    who = await sign_in(organisations, open_browser(), account)

    assert (who.subject, who.address, who.verified) == (account, address, False)


async def test_an_address_in_the_id_token_needs_no_userinfo(
    organisations: Organisations, office: Organisation, open_browser: Opens
) -> None:
    office.has(token={"email": "Olivia@OFFICE.example", "email_verified": True}, announced={"userinfo_endpoint": None})

    who = await sign_in(organisations, open_browser(), "nobody")

    assert (who.address, who.verified) == ("Olivia@OFFICE.example", True)


async def test_what_was_verified_of_one_address_does_not_count_for_another(
    organisations: Organisations, office: Organisation, open_browser: Opens
) -> None:
    office.has(token={"email": "director@office.example"})  # userinfo says that it has verified olivia's

    who = await sign_in(organisations, open_browser())

    assert (who.address, who.verified) == ("olivia@office.example", True)


async def test_a_token_may_be_for_others_too_if_it_was_given_to_this_service(
    organisations: Organisations, office: Organisation, open_browser: Opens
) -> None:
    office.has(token={"aud": ["challenges", "wiki"], "azp": "challenges"})

    assert (await sign_in(organisations, open_browser())).subject == "olivia"


async def test_clocks_may_differ_by_seconds(
    organisations: Organisations, office: Organisation, open_browser: Opens
) -> None:
    now = Instant.now().timestamp()
    office.has(token={"iat": now + 10, "nbf": now + 10, "exp": now - 10})

    assert (await sign_in(organisations, open_browser())).subject == "olivia"


@pytest.mark.parametrize("named", ["first", "second"])
async def test_a_provider_may_change_its_key_even_under_the_same_name(
    organisations: Organisations, office: Organisation, open_browser: Opens, named: str
) -> None:
    await sign_in(organisations, open_browser())

    office.has(kid=named)

    assert (await sign_in(organisations, open_browser())).subject == "olivia"


async def test_a_sign_in_is_finished_once(organisations: Organisations, open_browser: Opens) -> None:
    browser = open_browser()
    params = browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK))
    await organisations.finish("office", params, browser.secret, NETWORK)

    with pytest.raises(SignInOver, match="finished already"):
        await organisations.finish("office", params, browser.secret, NETWORK)


async def test_of_many_who_finish_a_sign_in_at_once_one_does(organisations: Organisations, open_browser: Opens) -> None:
    browser = open_browser()
    params = browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK))

    finishing = (organisations.finish("office", params, browser.secret, NETWORK) for _ in range(8))
    ended = await asyncio.gather(*finishing, return_exceptions=True)

    assert sorted(type(each).__name__ for each in ended) == ["SignInOver"] * 7 + ["SignedIn"]


async def test_only_the_browser_that_began_a_sign_in_finishes_it(
    organisations: Organisations, open_browser: Opens
) -> None:
    browser, thief = open_browser(), open_browser()
    params = browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK))

    for secret in (thief.secret, "", browser.secret[:-1]):
        with pytest.raises(SignInOver):
            await organisations.finish("office", params, secret, NETWORK)

    assert (
        await organisations.finish("office", params, browser.secret, NETWORK)
    ).subject == "olivia"  # it lost nothing


async def test_nobody_can_make_another_browser_sign_in_as_themselves(
    organisations: Organisations, open_browser: Opens
) -> None:
    rogue, browser = open_browser(), open_browser()
    theirs = rogue.sign_in(await organisations.begin("office", rogue.secret, "", NETWORK), "stranger")
    ours = browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK))

    with pytest.raises(SignInRefused, match="invalid_grant"):  # the code belongs to the verifier of another browser
        await organisations.finish("office", ours | {"code": theirs["code"]}, browser.secret, NETWORK)


async def test_a_code_that_was_used_is_worth_nothing(organisations: Organisations, open_browser: Opens) -> None:
    browser = open_browser()
    used = browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK))
    await organisations.finish("office", used, browser.secret, NETWORK)
    again = browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK))

    with pytest.raises(SignInRefused, match="invalid_grant"):
        await organisations.finish("office", again | {"code": used["code"]}, browser.secret, NETWORK)


async def test_one_browser_signs_in_in_several_tabs(organisations: Organisations, open_browser: Opens) -> None:
    browser = open_browser()
    tabs = [await organisations.begin("office", browser.secret, f"/page/{number}", NETWORK) for number in range(3)]
    came = [browser.sign_in(url) for url in tabs]

    finished = [await organisations.finish("office", params, browser.secret, NETWORK) for params in reversed(came)]

    assert [each.wanted for each in finished] == ["/page/2", "/page/1", "/page/0"]


async def test_a_code_belongs_to_the_sign_in_for_which_it_was_given(
    organisations: Organisations, open_browser: Opens
) -> None:
    browser = open_browser()
    first, second = [
        browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK)) for _ in range(2)
    ]

    with pytest.raises(SignInRefused, match="invalid_grant"):
        await organisations.finish("office", first | {"code": second["code"]}, browser.secret, NETWORK)


async def test_what_one_organisation_says_cannot_be_passed_on_as_what_another_says(
    organisations: Organisations, open_browser: Opens
) -> None:
    browser = open_browser()
    params = browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK))

    with pytest.raises(SignInOver):
        await organisations.finish("rival", params, browser.secret, NETWORK)


@pytest.mark.parametrize("issuer", ["http://localhost:1", None])
async def test_an_answer_has_to_say_from_whom_it_comes_where_the_organisation_announced_that(
    organisations: Organisations, office: Organisation, open_browser: Opens, issuer: str | None
) -> None:
    office.has(back={"iss": issuer})

    with pytest.raises(SignInRefused, match="came from another organisation"):
        await sign_in(organisations, open_browser())


@pytest.mark.parametrize("query", [{}, {"state": ""}, {"state": "\ud800é"}, {"code": "of somebody"}])
async def test_an_answer_to_nothing_is_refused(
    organisations: Organisations, open_browser: Opens, query: dict[str, str]
) -> None:
    with pytest.raises(SignInOver):
        await organisations.finish("office", query, open_browser().secret, NETWORK)


async def test_a_person_may_give_up(organisations: Organisations, open_browser: Opens) -> None:
    browser = open_browser()
    params = browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK), gives_up=True)

    with pytest.raises(SignInRefused, match=r"was ended there \(access_denied\): sign in again, or another way"):
        await organisations.finish("office", params, browser.secret, NETWORK)


async def test_there_are_ten_minutes_for_a_sign_in(
    office: Organisation, open_browser: Opens, begun: Database, tmp_path: Path
) -> None:
    now, threads, browser = Instant.now(), Threads(), open_browser()
    settings = Settings(organisations=write_organisations(tmp_path, office.in_settings()), web_address=HOME)
    organisations = Organisations(settings, begun, threads, lambda: now)
    in_time = browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK))
    late = browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK))

    now += TimeDelta(minutes=10) - TimeDelta(microseconds=1)
    with pytest.raises(SignInRefused, match="invalid_grant"):  # the provider gives a code one minute
        await organisations.finish("office", {**in_time, "code": "old"}, browser.secret, NETWORK)
    now += TimeDelta(microseconds=1)
    with pytest.raises(SignInOver, match="more than 10 minutes ago"):
        await organisations.finish("office", late, browser.secret, NETWORK)
    threads.close()


async def test_one_network_cannot_keep_the_service_busy(organisations: Organisations, open_browser: Opens) -> None:
    browser = open_browser()
    for _ in range(300):
        with pytest.raises(SignInOver):
            await organisations.finish("office", {}, browser.secret, NETWORK)
        await organisations.begin("office", browser.secret, "", NETWORK)

    with pytest.raises(TooOften, match=r"try again in 1[01] minutes"):
        await organisations.finish("office", {}, browser.secret, NETWORK)
    with pytest.raises(TooOften, match=r"try again in 1[01] minutes"):
        await organisations.begin("office", browser.secret, "", NETWORK)
    assert (await sign_in(organisations, browser, network="198.51.100.7")).subject == "olivia"


async def test_nothing_in_the_database_helps_to_sign_in(
    organisations: Organisations, open_browser: Opens, begun: Database
) -> None:
    browser = open_browser()
    url = await organisations.begin("office", browser.secret, "", NETWORK)
    params = browser.sign_in(url)

    with begun.reading() as connection:
        rows = str(connection.execute(select(begun_sign_ins)).all())

    assert not [each for each in (browser.secret, params["state"], params["code"]) if each in rows]


async def test_an_organisation_that_is_not_in_the_settings_signs_nobody_in(
    organisations: Organisations, open_browser: Opens
) -> None:
    for asked in (
        organisations.begin("elsewhere", open_browser().secret, "", NETWORK),
        organisations.finish("elsewhere", {"state": "any", "code": "any"}, open_browser().secret, NETWORK),
    ):
        with pytest.raises(SignInRefused, match="knows no such organisation"):
            await asked


async def test_a_browser_without_a_secret_begins_nothing(organisations: Organisations) -> None:
    with pytest.raises(ValueError, match="too long to guess"):
        await organisations.begin("office", "short", "", NETWORK)


async def test_whoever_signs_out_signs_out_of_the_organisation_too(
    organisations: Organisations, office: Organisation, open_browser: Opens
) -> None:
    browser = open_browser()
    await sign_in(organisations, browser)
    url = await organisations.sign_out(office.issuer)
    assert url is not None

    browser.confirms(url)

    page = browser.page(await organisations.begin("office", browser.secret, "", NETWORK))
    assert "/login/" in page.headers["Location"]  # it asks who this is


async def test_where_an_organisation_has_no_page_to_sign_out_there_is_none(
    organisations: Organisations, office: Organisation
) -> None:
    office.has(announced={"end_session_endpoint": None})

    assert [await organisations.sign_out(each) for each in (office.issuer, "https://elsewhere.example")] == [None, None]
