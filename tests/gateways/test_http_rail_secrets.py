"""Where the rail to a payment provider may lead, and who may read along."""

from __future__ import annotations

import logging
import traceback

import pytest

from domain.values.refusals import FileRefused, Refused, Unavailable
from gateways.banking.http_rail import HttpRail
from tests.gateways.certificates import Certificate
from tests.gateways.provider import TOKEN, Fault, Provider
from tests.gateways.serving import Answer
from tests.gateways.transfers import AT, HOLDER, IBAN, ID, NUMBER, SECRETS, answered, asked, instruction, rail_to
from tests.waiting import SOON


@pytest.mark.parametrize(
    "address",
    [
        "http://bank.example/v1",
        "http://localhost.bank.example",
        "http://10.0.0.1",
        "http://0.0.0.0:80",
        "http://[2001:db8::1]",
    ],
)
def test_http_is_refused_beyond_this_machine(address: str) -> None:
    """Fails without the question whether the host is this machine."""
    with pytest.raises(FileRefused, match="Write https"):
        HttpRail(address, TOKEN)


@pytest.mark.parametrize(
    "address",
    ["http://localhost:8080", "http://127.0.0.1", "http://127.8.9.1/api/", "http://[::1]:80", "https://a.example"],
)
def test_https_and_this_machine_are_let_be(address: str) -> None:
    rail = HttpRail(address, TOKEN)
    rail.close()

    assert repr(rail) == f"HttpRail({address.rstrip('/')})".replace(":80)", ")")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bank.example",
        "ftp://bank.example",
        "https://",
        "https://user:hush@bank.example",
        "https://hush@bank.example",
        "https://bank.example/?key=hush",
        "https://bank.example/#hush",
        "https://bank.example:hush/",
        "https://bank.example/\x00hush",
    ],
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(FileRefused, match=r"write one such as https://bank\.example/v1") as refusal:
        HttpRail(address, TOKEN)

    assert "hush" not in shown(refusal.value)


@pytest.mark.parametrize("token", ["", "hush hush", "hush\r\nX-Other: 1", "hush\n", "hüsh"])
def test_a_token_that_a_header_cannot_carry_is_refused_without_being_repeated(token: str) -> None:
    with pytest.raises(FileRefused, match="copy it again") as refusal:
        HttpRail("https://bank.example", token)

    assert token not in shown(refusal.value) or not token


def test_a_path_before_the_transfers_is_kept(provider: Provider) -> None:
    provider.will(Answer(201, answered()))
    rail = HttpRail(f"{provider.url}/api/v1/", TOKEN)
    rail.transfer(instruction(), AT)
    rail.close()

    assert provider.requests[0].path == "/api/v1/transfers"


def test_a_rail_that_was_closed_asks_nothing_more(provider: Provider) -> None:
    with rail_to(provider) as rail:
        rail.transfer(instruction(), AT)

    with pytest.raises(RuntimeError, match="closed"):
        rail.find(ID)
    assert len(provider.requests) == 1


def test_a_proxy_of_the_environment_does_not_read_what_goes_without_tls(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when the client trusts the environment whatever the address."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Provider() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        with rail_to(provider) as rail:
            rail.transfer(instruction(), AT)

    assert proxy.requests == []
    assert provider.times_booked(ID) == 1


@pytest.mark.parametrize("known", [True, False])
def test_nothing_is_sent_to_a_certificate_that_is_not_trusted(
    trusted: Certificate, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """Fails with `verify=False`."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted.file))
    with Provider(tls=trusted.context) as provider, rail_to(provider) as rail:
        if known:
            assert rail.transfer(instruction(), AT).reference == "tr-1"
        else:
            with pytest.raises(Unavailable, match="certificate that this machine does not trust"):
                rail.transfer(instruction(), AT)

    assert len(provider.requests) == known


def shown(error: BaseException) -> str:
    """Everything that a log could show of an error, with what it was raised from."""
    raised_from = [error]
    while (inner := raised_from[-1].__cause__ or raised_from[-1].__context__) is not None:
        raised_from.append(inner)
    said = [repr(each) + str(each) + str(vars(each)) + str(getattr(each, "object", "")) for each in raised_from]
    return "".join([*traceback.format_exception(error), *said])


@pytest.mark.parametrize("finding", [True, False])
@pytest.mark.parametrize(
    "trouble",
    [
        *(fault for fault in Fault if fault is not Fault.LATE_BEFORE),
        *(Answer(status, answered(error=f"{HOLDER} {NUMBER}")) for status in (302, 400, 401, 409, 422, 429, 500)),
        Answer(200, answered(amount=HOLDER)),
        Answer(200, answered(id=HOLDER)),
        Answer(200, answered(currency=HOLDER)),
        Answer(200, answered(progress=IBAN)),
        Answer(200, f"{HOLDER}".encode(), {"X-Payee": HOLDER}),
    ],
    ids=lambda trouble: trouble if isinstance(trouble, Fault) else f"{trouble.status}",
)
def test_neither_the_token_nor_the_payee_is_in_an_error_or_at_info_in_the_log(
    provider: Provider, caplog: pytest.LogCaptureFixture, trouble: Fault | Answer, finding: bool
) -> None:
    """Fails when an error is raised from that of the library, which holds the request, or repeats the answer."""
    provider.will(trouble)
    caplog.set_level(logging.INFO)
    refusal = None
    with rail_to(provider, **({"timeout": SOON} if trouble in (Fault.LATE_AFTER, Fault.DRIPS) else {})) as rail:
        try:
            asked(rail, finding)
        except Refused as error:
            refusal = error
    seen = [repr(rail), str(rail), caplog.text, shown(refusal) if refusal else ""]
    provider.stop()

    assert len(provider.requests) == 1
    assert refusal is None or (refusal.__cause__, refusal.__context__) == (None, None)
    assert [secret for secret in SECRETS if secret in "".join(seen)] == []


def test_the_requests_are_in_no_log_however_much_it_says(
    provider: Provider, rail: HttpRail, caplog: pytest.LogCaptureFixture
) -> None:
    """Fails when the rail logs what it sends, even where only those who look for a fault would see it."""
    for logger in ("", "httpx2", "httpcore2"):  # a process whose log was set up before has made the latter quiet
        caplog.set_level(logging.DEBUG, logger)
    rail.transfer(instruction(), AT)
    rail.find(ID)

    assert ID in caplog.text.replace("%2F", "/")
    assert [secret for secret in SECRETS if secret in caplog.text] == []
