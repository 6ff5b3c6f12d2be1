"""What a payment provider refuses, or answers in a way that nobody can trust."""

from __future__ import annotations

import json

import pytest

from domain.values.refusals import RailRefused, Unavailable
from gateways.banking.http_rail import HttpRail
from tests.gateways.provider import Provider
from tests.gateways.serving import Answer
from tests.gateways.transfers import AT, HOLDER, ID, NUMBER, answered, asked, instruction, rail_to


@pytest.mark.parametrize("status", [400, 422])
def test_an_instruction_that_is_refused_is_refused_with_the_code(
    provider: Provider, rail: HttpRail, status: int
) -> None:
    provider.will(Answer(status, b'{"code": "unknown_account", "error": "who is that?"}'))

    with pytest.raises(RailRefused, match=rf"refuses .* \(status {status}, code unknown_account\): check the payee"):
        rail.transfer(instruction(), AT)

    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"code": HOLDER}).encode(),
        json.dumps({"code": f"closed\n{HOLDER}"}).encode(),
        json.dumps({"code": "closed\n"}).encode(),
        json.dumps({"code": "x" * 41}).encode(),
        json.dumps({"code": NUMBER}).encode(),
        b'{"code": 31926819}',
        b'["code"]',
        f"{HOLDER}".encode(),
        b"",
    ],
)
def test_only_a_plain_code_of_a_refusal_is_repeated(provider: Provider, rail: HttpRail, body: bytes) -> None:
    """Fails when the code is not checked, or only its beginning."""
    provider.will(Answer(422, body))

    with pytest.raises(RailRefused, match=r"\(status 422\): check the payee"):
        rail.transfer(instruction(), AT)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("finding", [True, False])
def test_a_token_that_is_not_accepted_is_for_a_person_to_mend(
    provider: Provider, rail: HttpRail, status: int, finding: bool
) -> None:
    provider.will(Answer(status))

    with pytest.raises(RailRefused, match=r"token .*: check the setting"):
        asked(rail, finding)


def test_a_wrong_token_pays_nothing(provider: Provider) -> None:
    with rail_to(provider, token="another") as stranger, pytest.raises(RailRefused, match="token"):
        stranger.transfer(instruction(), AT)

    assert provider.bookings == []


def test_a_key_that_was_used_for_another_transfer_is_refused(provider: Provider, rail: HttpRail) -> None:
    rail.transfer(instruction(), AT)

    with pytest.raises(RailRefused, match=rf"another transfer under the id {ID} \(status 409, code key_used\)"):
        rail.transfer(instruction(amount="2500.00"), AT)

    assert provider.paid(ID) == 240_000


@pytest.mark.parametrize("status", [402, 404, 405, 410, 413, 415])
def test_any_other_refusal_is_for_a_person_to_see(provider: Provider, rail: HttpRail, status: int) -> None:
    provider.will(Answer(status))

    with pytest.raises(RailRefused, match=rf"status {status}\): check the setting that holds its address"):
        rail.transfer(instruction(), AT)


@pytest.mark.parametrize("status", [202, 204, 206, 408, 425, 429, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("finding", [True, False])
def test_an_answer_that_decides_nothing_may_pass(
    provider: Provider, rail: HttpRail, status: int, finding: bool
) -> None:
    """Fails when any answer of the 200s is taken for a transfer."""
    provider.will(Answer(status, b"" if status == 204 else answered()))

    with pytest.raises(Unavailable, match=f"status {status}"):
        asked(rail, finding)

    assert len(provider.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("7", r", asks to wait 7 seconds\)"),
        ("Mon, 01 Aug 2016 16:00:00 GMT", r", asks to wait until 2016-08-01T16:00:00\+00:00\)"),
        (f"a moment, {HOLDER}", r"\(status \d+\)"),
        (f"Mon, 01 Aug 2016 16:00:00 +{'9' * 30}", r"\(status \d+\)"),
        ("9" * 4000, r"\(status \d+\)"),
        ("", r"\(status \d+\)"),
    ],
)
def test_when_to_come_back_is_said_as_the_provider_asks(
    provider: Provider, rail: HttpRail, status: int, header: str, words: str
) -> None:
    """Fails when the header is repeated as it comes."""
    provider.will(Answer(status, b"", {"Retry-After": header}))

    with pytest.raises(Unavailable, match=words):
        rail.transfer(instruction(), AT)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(provider: Provider, rail: HttpRail, status: int) -> None:
    """Fails with `follow_redirects`."""
    with Provider() as other:
        provider.will(Answer(status, b"", {"Location": f"{other.url}/transfers"}))

        with pytest.raises(Unavailable, match=f"status {status}.*check its address"):
            rail.transfer(instruction(), AT)

    assert other.requests == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 30_000,
        answered(id=7),
        answered(amount=2400),
        answered(amount="a lot"),
        answered(reference=""),
        answered(reference="two\nlines"),
        answered(reference="x" * 201),
        answered(at="2016-08-01T16:00:00"),
        answered(at="soon"),
        answered(progress="on its way"),
        answered(reason=7),
        answered() + b"}",
        answered(padding="x" * 70_000),
    ],
    ids=lambda body: body[:60].decode(),
)
@pytest.mark.parametrize("finding", [True, False])
def test_an_answer_that_is_no_transfer_leaves_the_result_unknown(
    provider: Provider, rail: HttpRail, body: bytes, finding: bool
) -> None:
    provider.will(Answer(200, body))

    with pytest.raises(Unavailable, match=r"cannot be understood|without an end"):
        asked(rail, finding)


@pytest.mark.parametrize("finding", [True, False])
def test_an_answer_for_another_transfer_is_never_taken(provider: Provider, rail: HttpRail, finding: bool) -> None:
    """Fails without the comparison of ids."""
    provider.will(Answer(200, answered(id=f"{ID}/of-somebody-else")))

    with pytest.raises(RailRefused, match="answered with another: ask the provider") as refusal:
        asked(rail, finding)

    assert "somebody" not in str(refusal.value)


@pytest.mark.parametrize("change", [{"amount": "2400.01"}, {"amount": "24.00"}, {"currency": "EUR"}])
def test_an_answer_with_another_amount_is_never_taken(
    provider: Provider, rail: HttpRail, change: dict[str, str]
) -> None:
    """Fails without the comparison of amounts and currencies."""
    provider.will(Answer(201, answered(**change)))

    with pytest.raises(RailRefused, match=r"another amount than 2400\.00 GBP"):
        rail.transfer(instruction(), AT)


@pytest.mark.parametrize("id_", ["a b", "a\r\nX-Other: b", "a\n", "é", ""])
def test_an_id_that_a_header_cannot_carry_is_refused_unsent(provider: Provider, rail: HttpRail, id_: str) -> None:
    with pytest.raises(RailRefused, match="in its id"):
        rail.find(id_)
    with pytest.raises(RailRefused, match="in its id"):
        rail.transfer(instruction(id_), AT)

    assert provider.requests == []
