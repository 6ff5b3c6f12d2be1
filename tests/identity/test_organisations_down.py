"""Organisations that do not answer as they have to: one line for the person, and everybody else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.values.refusals import SignInRefused, Unavailable
from identity import asking
from identity.organisations import Organisations
from service.ports import free_ports
from service.settings import Settings
from service.threads import Threads
from store.database.database import Database
from tests.identity.browsing import HOME, NETWORK, Opens, sign_in
from tests.identity.providing import Organisation, write_organisations
from tests.waiting import HANGS, SOON

_THEN = "try again in a moment, or sign in another way."


@pytest.fixture
def knows(begun: Database, tmp_path: Path) -> Iterator[Callable[..., Organisations]]:
    """A service that knows organisations by their tables."""
    threads = Threads()

    def service(*tables: str) -> Organisations:
        return Organisations(
            Settings(organisations=write_organisations(tmp_path, *tables), web_address=HOME), begun, threads
        )

    yield service
    threads.close()


async def test_while_one_organisation_is_down_people_sign_in_with_another(
    knows: Callable[..., Organisations], office: Organisation, rival: Organisation, open_browser: Opens
) -> None:
    down = f"http://localhost:{free_ports()[0]}"
    organisations = knows(office.in_settings(), rival.in_settings(issuer=down))

    with pytest.raises(Unavailable) as refused:
        await organisations.begin("rival", open_browser().secret, "", NETWORK)

    assert str(refused.value) == f"The sign-in of The rival cannot be reached: {_THEN}"
    assert await organisations.sign_out(down) is None
    assert (await sign_in(organisations, open_browser())).subject == "olivia"


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/me"])
async def test_an_organisation_that_hangs_is_given_up_while_others_answer(
    organisations: Organisations,
    office: Organisation,
    open_browser: Opens,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    monkeypatch.setattr(asking, "_WITHIN", SOON)
    office.has(hangs=path)

    hanging = asyncio.create_task(sign_in(organisations, open_browser()))
    browser = open_browser()
    elsewhere = await organisations.begin("rival", browser.secret, "", NETWORK)

    assert (
        await organisations.finish("rival", browser.sign_in(elsewhere), browser.secret, NETWORK)
    ).subject == "olivia"
    with pytest.raises(Unavailable) as refused:
        await hanging
    assert str(refused.value) == f"The sign-in of The office did not answer in time: {_THEN}"


async def test_an_answer_that_comes_in_drops_is_given_up(
    organisations: Organisations, office: Organisation, open_browser: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_WITHIN", 1)
    office.has(drips="/.well-known/openid-configuration")

    async with asyncio.timeout(HANGS):
        with pytest.raises(Unavailable, match="did not answer in time"):
            await organisations.begin("office", open_browser().secret, "", NETWORK)


async def test_nobody_who_signs_out_waits_for_an_organisation_that_hangs(
    organisations: Organisations, office: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_WITHIN", HANGS)
    monkeypatch.setattr("identity.organisations._TO_SIGN_OUT", 0.1)
    office.has(hangs="/.well-known/openid-configuration")

    async with asyncio.timeout(HANGS / 2):
        assert await organisations.sign_out(office.issuer) is None


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token", "/me"])
async def test_nobody_else_is_asked_in_the_organisations_place(
    organisations: Organisations, office: Organisation, rival: Organisation, open_browser: Opens, path: str
) -> None:
    office.has(moves={path: f"{rival.issuer}{path}"})

    with pytest.raises(Unavailable, match=r"gave no answer that can be used \(status 307\)"):
        await sign_in(organisations, open_browser())


async def test_no_proxy_sees_what_goes_without_tls(
    organisations: Organisations, open_browser: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://localhost:{free_ports()[0]}")

    assert (await sign_in(organisations, open_browser())).subject == "olivia"


@pytest.mark.parametrize(
    ("announced", "why"),
    [
        ({"issuer": "http://localhost:1"}, "announces another issuer than the settings name"),
        ({"token_endpoint": None}, "announces what cannot be used (token_endpoint)"),
        ({"jwks_uri": "http://elsewhere.example/keys"}, "announces what cannot be used (jwks_uri)"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "announces what cannot be used (authorization_endpoint)"),
        ({"issuer": 7, "jwks_uri": "keys"}, "announces what cannot be used (issuer, jwks_uri)"),
        ({"token_endpoint": "https://elsewhere.example"}, "announces addresses without TLS"),
        ({"more": "x" * 300_000}, "gave an answer without an end"),
    ],
)
async def test_what_an_organisation_announces_has_to_be_safe(
    organisations: Organisations, office: Organisation, open_browser: Opens, announced: dict[str, Any], why: str
) -> None:
    office.has(announced=announced)

    with pytest.raises(Unavailable) as refused:
        await organisations.begin("office", open_browser().secret, "", NETWORK)

    assert str(refused.value) == f"The sign-in of The office {why}: {_THEN}"


@pytest.mark.parametrize(
    ("methods", "settings", "works"),
    [
        (["client_secret_basic"], {}, True),
        (["client_secret_post"], {}, True),
        (["client_secret_basic", "client_secret_post"], {"client_secret": "of another time"}, False),
        (["client_secret_post"], {"client_secret": "of another time"}, False),
        (["private_key_jwt"], {}, False),
    ],
)
async def test_this_service_shows_its_secret_as_the_organisation_takes_it(
    knows: Callable[..., Organisations],
    office: Organisation,
    open_browser: Opens,
    methods: list[str],
    settings: dict[str, str],
    works: bool,
) -> None:
    office.has(announced={"token_endpoint_auth_methods_supported": methods})
    signing_in = sign_in(knows(office.in_settings(**settings)), open_browser())

    if works:
        assert (await signing_in).subject == "olivia"
    else:
        with pytest.raises(Unavailable, match=r"does not know this service as it is set up|takes no client secret"):
            await signing_in


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable", "unauthorized_client", "invalid_scope"])
async def test_an_error_that_is_not_the_persons_is_told_as_such(
    organisations: Organisations, office: Organisation, open_browser: Opens, error: str
) -> None:
    office.has(back={"code": None, "error": error})

    with pytest.raises(Unavailable, match=rf"\({error}\): try again"):
        await sign_in(organisations, open_browser())


async def test_an_answer_without_a_code_is_refused(
    organisations: Organisations, office: Organisation, open_browser: Opens
) -> None:
    office.has(back={"code": None})

    with pytest.raises(SignInRefused, match="the answer has no code"):
        await sign_in(organisations, open_browser())


@pytest.mark.parametrize("answer", [{"expires_in": "soon"}, {"expires_at": {}}, {"error": {"of": 7}}])
async def test_an_answer_with_odd_values_is_refused_like_any_other(
    organisations: Organisations, office: Organisation, open_browser: Opens, answer: dict[str, Any]
) -> None:
    office.has(answer=answer)

    with pytest.raises((Unavailable, SignInRefused), match=r"cannot be (understood|believed)"):
        await sign_in(organisations, open_browser())


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token", "/me"])
@pytest.mark.parametrize("text", ["null", "<html>", "[" * 100_000, '{"keys": [7]}'])
async def test_an_answer_that_is_none_is_refused_wherever_it_comes(
    organisations: Organisations, office: Organisation, open_browser: Opens, path: str, text: str
) -> None:
    office.has(says={path: text})

    with pytest.raises((Unavailable, SignInRefused), match=r"try again in a moment|cannot be believed"):
        await sign_in(organisations, open_browser())
