"""What an organisation, or somebody in its name, might answer that must not be believed."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs
from whenever import Instant

from domain.values.refusals import SignInRefused
from identity.organisations import Organisations
from tests.identity.browsing import NETWORK, Opens, sign_in
from tests.identity.providing import SECRET, Organisation

_NOW = Instant.now().timestamp()
_LONG = 3_600


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "wiki"}, "aud"),
        ({"aud": ["wiki", "shop"]}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": {"challenges": True}}, "aud"),
        ({"aud": ["wiki", "challenges"]}, "azp"),  # nobody says to which of the two it was given
        ({"aud": ["wiki", "challenges"], "azp": "wiki"}, "azp"),
        ({"azp": "wiki"}, "azp"),
        ({"iss": "http://localhost:1"}, "iss"),
        ({"iss": None}, "iss"),
        ({"nonce": "of another sign-in"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": _NOW - 60}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "never"}, "exp"),
        ({"iat": _NOW + _LONG}, "iat"),
        ({"iat": None}, "iat"),
        ({"nbf": _NOW + _LONG}, "nbf"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "o" * 256}, "sub"),
        ({"at_hash": "of another access token"}, "at_hash"),
    ],
)
async def test_a_token_counts_only_for_this_sign_in(
    organisations: Organisations, office: Organisation, open_browser: Opens, claims: dict[str, Any], why: str
) -> None:
    office.has(token=claims)

    with pytest.raises(SignInRefused, match=rf"its ID token was not made for this sign-in \({why}\)\. Sign in again"):
        await sign_in(organisations, open_browser())


@pytest.mark.parametrize("sign", ["none", "public key as secret", "stranger"])
async def test_a_token_counts_only_with_the_signature_of_the_organisation(
    organisations: Organisations, office: Organisation, open_browser: Opens, sign: str
) -> None:
    office.has(sign=sign)

    with pytest.raises(SignInRefused, match="none of its keys has signed its ID token"):
        await sign_in(organisations, open_browser())


@pytest.mark.parametrize("header", [{"kid": "of nobody"}, {"crit": ["exp"], "exp": 1}, {"x5c": ["A" * 1_000]}])
async def test_a_token_with_a_header_that_is_not_understood_counts_for_nothing(
    organisations: Organisations, office: Organisation, open_browser: Opens, header: dict[str, Any]
) -> None:
    office.has(header=header)

    with pytest.raises(SignInRefused, match="none of its keys has signed its ID token"):
        await sign_in(organisations, open_browser())


@pytest.mark.parametrize("token", ["", "no token", "a.b.c", 7, None, {"sub": "olivia"}])
async def test_what_is_no_token_counts_for_nothing(
    organisations: Organisations, office: Organisation, open_browser: Opens, token: object
) -> None:
    office.has(answer={"id_token": token})

    with pytest.raises(SignInRefused, match="cannot be believed"):
        await sign_in(organisations, open_browser())


async def test_userinfo_has_to_speak_of_the_same_person(
    organisations: Organisations, office: Organisation, open_browser: Opens
) -> None:
    office.has(userinfo={"sub": "director", "email": "director@office.example"})

    with pytest.raises(SignInRefused, match=r"speak of two people \(sub\)"):
        await sign_in(organisations, open_browser())


@pytest.mark.parametrize(
    "address", [["olivia@office.example"], "olivia@office.example\r\nBcc: all@office.example", "@"]
)
async def test_what_is_no_address_proves_no_mailbox(
    organisations: Organisations, office: Organisation, open_browser: Opens, address: object
) -> None:
    office.has(userinfo={"email": address})

    assert (await sign_in(organisations, open_browser())).verified is False


@pytest.mark.parametrize("address", ["a@sub.office.example", "a@xoffice.example", "a@office.example.rival.example"])
async def test_an_organisation_vouches_for_its_own_domain_and_no_other(
    organisations: Organisations, office: Organisation, open_browser: Opens, address: str
) -> None:
    office.has(userinfo={"email": address})

    who = await sign_in(organisations, open_browser())

    assert (who.address, who.verified) == (address, False)


async def test_what_went_wrong_is_logged_without_anything_that_helps_to_sign_in(
    organisations: Organisations, office: Organisation, open_browser: Opens
) -> None:
    browser = open_browser()
    office.has(token={"aud": "wiki"}, userinfo={"email": "olivia@office.example"})
    params = browser.sign_in(await organisations.begin("office", browser.secret, "", NETWORK))

    with capture_logs() as lines, pytest.raises(SignInRefused) as refused:
        await organisations.finish("office", params, browser.secret, NETWORK)

    said = f"{lines} {refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"
    assert [(line["event"], line["organisation"]) for line in lines] == [("sign-in refused", "office")]
    assert not [each for each in (*params.values(), browser.secret, SECRET, "olivia@") if each in said]


async def test_an_error_of_the_organisation_is_told_by_its_code_alone(
    organisations: Organisations, office: Organisation, open_browser: Opens
) -> None:
    office.has(back={"code": None, "error": "<b>Olivia</b>", "error_description": "olivia@office.example is locked"})

    with pytest.raises(SignInRefused) as refused:
        await sign_in(organisations, open_browser())

    assert str(refused.value) == "The sign-in with The office was ended there (error): sign in again, or another way."
