"""The rail to a payment provider: one request a call, each answer sorted, and nobody is paid twice or shown."""

from __future__ import annotations

import datetime
import ipaddress
import json
import logging
import ssl
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from whenever import Instant

from domain.payments.bank_account import BankAccount
from domain.payments.rails import Instruction, Progress, Transfer
from domain.values.money import Money
from domain.values.refusals import FileRefused, RailRefused, Refused, Unavailable
from gateways.banking.http_rail import HttpRail
from tests.gateways.provider import TOKEN, Answer, Fault, Mischief, Provider
from tests.waiting import HANGS, SOON

_LOST = 0.5
"""Seconds after which an answer counts as lost, where many are; one that is only slow may count as lost, too."""
AT = Instant.from_utc(2016, 8, 1, 16)
ID = "pilot-2016/air-quality/exploration/breathe-1/1/1"
HOLDER = "Ada Lovelace"
SORT_CODE = "601613"
NUMBER = "31926819"
IBAN = "GB29NWBK60161331926819"
SECRETS = (HOLDER, "Lovelace", SORT_CODE, NUMBER, IBAN, TOKEN)


def instruction(id: str = ID, amount: str = "2400.00", **changes: str) -> Instruction:  # noqa: A002
    account = {"holder": HOLDER, "sort_code": SORT_CODE, "number": NUMBER} | changes
    return Instruction(
        id=id,
        amount=Money.parse(amount),
        currency="GBP",
        payee=BankAccount(**{name: value for name, value in account.items() if value}),
        reference="Exploration 1 of 2",
    )


def answered(**changes: object) -> bytes:
    """A transfer as the provider tells of it, with some of it changed."""
    told = {
        "id": ID,
        "amount": "2400.00",
        "currency": "GBP",
        "reference": "tr-1",
        "at": "2016-08-01T16:00:00Z",
        "progress": "taken",
        "reason": "",
    }
    return json.dumps(told | changes).encode()


@contextmanager
def rail_to(provider: Provider, **settings: Any) -> Iterator[HttpRail]:
    rail = HttpRail(provider.url, **({"token": TOKEN} | settings))
    try:
        yield rail
    finally:
        rail.close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider with empty books."""
    with Provider(clock=lambda: AT) as provider:
        yield provider


@pytest.fixture
def rail(provider: Provider) -> Iterator[HttpRail]:
    """The rail to it, with all the time it needs."""
    with rail_to(provider) as rail:
        yield rail


def paid_in_the_end(rail: HttpRail, wanted: Instruction) -> Transfer:
    """Asks as the service does: looks it up before it asks again, until there is an answer."""
    for _ in range(200):
        try:
            return rail.find(wanted.id) or rail.transfer(wanted, AT)
        except Unavailable:
            continue
    raise AssertionError("200 tries were not enough")


# What is asked and answered


def test_a_transfer_is_asked_for_in_one_request_as_the_api_has_it(provider: Provider, rail: HttpRail) -> None:
    transfer = rail.transfer(instruction(), AT)

    assert transfer == Transfer(
        id=ID, amount=Money.parse("2400"), currency="GBP", reference="tr-1", at=AT, progress=Progress.TAKEN
    )
    [request] = provider.requests
    assert (request.method, request.path) == ("POST", "/transfers")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Idempotency-Key"] == ID
    assert json.loads(request.body) == {
        "id": ID,
        "amount": "2400.00",
        "currency": "GBP",
        "payee": {"holder": HOLDER, "sort_code": SORT_CODE, "number": NUMBER},
        "reference": "Exploration 1 of 2",
    }


@pytest.mark.parametrize("bic", ["", "NWBKGB2L"])
def test_an_account_abroad_is_sent_by_its_iban_with_the_bic_that_was_given(
    provider: Provider, rail: HttpRail, bic: str
) -> None:
    """Fails when a BIC is looked up: after a change of the tables the same key would come with another body."""
    rail.transfer(instruction(sort_code="", number="", iban=IBAN, bic=bic), AT)

    expected = {"holder": HOLDER, "iban": IBAN} | ({"bic": bic} if bic else {})
    assert json.loads(provider.requests[0].body)["payee"] == expected


def test_whoever_asks_again_gets_the_same_transfer_and_pays_once(provider: Provider, rail: HttpRail) -> None:
    first = rail.transfer(instruction(), AT)

    assert rail.transfer(instruction(), AT) == first == rail.find(ID)
    assert (provider.times_booked(ID), provider.paid(ID)) == (1, 240_000)
    assert len(provider.requests) == 3


def test_an_id_is_one_part_of_the_address_whatever_is_in_it(provider: Provider, rail: HttpRail) -> None:
    """Fails without the percent-encoding."""
    strange = "a/b?c#d%2F../e&f"
    rail.transfer(instruction(strange), AT)
    found = rail.find(strange)

    assert found is not None
    assert found.id == strange
    assert provider.requests[1].path == "/transfers/a%2Fb%3Fc%23d%252F..%2Fe%26f"


def test_a_transfer_that_nobody_asked_for_is_not_found(provider: Provider, rail: HttpRail) -> None:
    assert rail.find(ID) is None
    assert len(provider.requests) == 1


def test_how_far_a_transfer_has_come_is_found(provider: Provider, rail: HttpRail) -> None:
    rail.transfer(instruction(), AT)
    provider.settle(ID)
    settled = rail.find(ID)
    provider.return_(ID, "account closed")
    returned = rail.find(ID)

    assert settled is not None
    assert (settled.progress, settled.reason) == (Progress.SETTLED, "")
    assert returned is not None
    assert (returned.progress, returned.reason) == (Progress.RETURNED, "account closed")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"account {NUMBER} at 60-16-13 is closed", "account •••• at •••• is closed"),
        (f"{IBAN} is closed", "•••• is closed"),
        ("GB29 NWBK 6016 1331 9268 19 is closed", "•••• is closed"),
        ("closed\nin\x00May", "closed in May"),
        ("why " * 100, ("why " * 100)[:300]),
        ("", "the provider gave no reason"),
        (None, "the provider gave no reason"),
    ],
)
def test_a_reason_is_one_short_line_without_the_number_of_an_account(
    provider: Provider, rail: HttpRail, said: str | None, kept: str
) -> None:
    """Fails when the provider's words are taken as they are."""
    provider.will(Answer(200, answered(progress="returned", reason=said)))
    found = rail.find(ID)

    assert found is not None
    assert found.reason == kept


def test_a_provider_may_say_more_than_it_is_asked(provider: Provider, rail: HttpRail) -> None:
    provider.will(Answer(201, answered(fee="0.20", at="2016-08-01T17:00:00+01:00")))

    assert rail.transfer(instruction(), AT) == Transfer(
        id=ID, amount=Money.parse("2400"), currency="GBP", reference="tr-1", at=AT, progress=Progress.TAKEN
    )


# What goes wrong on the way


@pytest.mark.parametrize(
    ("fault", "booked"),
    [
        (Fault.DROPPED_BEFORE, False),
        (Fault.DROPPED_AFTER, True),
        (Fault.FAILS_BEFORE, False),
        (Fault.FAILS_AFTER, True),
        (Fault.BUSY, False),
        (Fault.GARBAGE, True),
        (Fault.CUT, True),
    ],
)
def test_an_answer_that_is_not_clear_leaves_the_result_unknown_until_it_is_looked_up(
    provider: Provider, rail: HttpRail, fault: Fault, booked: bool
) -> None:
    """Also fails if the rail tries again by itself."""
    provider.will(fault)

    with pytest.raises(Unavailable, match=f"Nobody knows whether it took the transfer {ID}: look it up"):
        rail.transfer(instruction(), AT)

    assert len(provider.requests) == 1
    assert provider.times_booked(ID) == booked
    assert (rail.find(ID) is not None) == booked


@pytest.mark.parametrize("fault", [Fault.LATE_AFTER, Fault.DRIPS])
def test_an_answer_that_does_not_come_in_time_leaves_the_result_unknown(provider: Provider, fault: Fault) -> None:
    """Fails, for an answer that comes in drips, if only the single parts of it are waited for in time."""
    provider.will(fault)

    with rail_to(provider, timeout=SOON) as hurried, pytest.raises(Unavailable, match=r"in time|without an end"):
        hurried.transfer(instruction(), AT)
    provider.stop()  # by now, everything that came in has been seen to

    assert len(provider.requests) == 1
    assert provider.times_booked(ID) == 1


def test_a_transfer_that_is_booked_after_the_rail_gave_up_is_not_made_again(provider: Provider, rail: HttpRail) -> None:
    """Fails when the second request comes without the key of the first, or the provider does not look at it."""
    provider.will(Fault.LATE_BEFORE)

    with rail_to(provider, timeout=SOON) as hurried, pytest.raises(Unavailable, match="did not answer in time"):
        hurried.transfer(instruction(), AT)
    rail.transfer(instruction(), AT)
    provider.stop()  # by now, also what was late has been booked

    assert [request.headers["Idempotency-Key"] for request in provider.requests] == [ID, ID]
    assert (provider.times_booked(ID), provider.paid(ID)) == (1, 240_000)


@pytest.mark.parametrize("fault", [Fault.DROPPED_BEFORE, Fault.FAILS_BEFORE, Fault.BUSY, Fault.GARBAGE, Fault.CUT])
def test_a_look_up_without_a_clear_answer_is_not_taken_for_not_found(
    provider: Provider, rail: HttpRail, fault: Fault
) -> None:
    rail.transfer(instruction(), AT)
    provider.will(fault)

    with pytest.raises(Unavailable):
        rail.find(ID)

    assert len(provider.requests) == 2


def test_a_provider_that_is_away_is_unavailable_and_comes_back(provider: Provider, rail: HttpRail) -> None:
    first = rail.transfer(instruction(), AT)
    with provider.away():
        with pytest.raises(Unavailable, match=r"cannot be reached|broke off"):
            rail.find(ID)  # on the connection of before
        with pytest.raises(Unavailable, match="cannot be reached"):
            rail.transfer(instruction("a/2"), AT)

    assert paid_in_the_end(rail, instruction("a/2")).reference == "tr-2"
    assert rail.find(ID) == first


@pytest.mark.parametrize("seed", range(30))
def test_whatever_goes_wrong_each_id_is_paid_exactly_once(seed: int) -> None:
    """Fails with a provider that does not look at the key, or when an answer that is not clear counts as a refusal."""
    wanted = [instruction(f"{ID}/{number}", f"{number}000.00") for number in (1, 2, 3)]
    with Provider(Mischief(seed)) as provider, rail_to(provider, timeout=_LOST) as rail:
        transfers = [paid_in_the_end(rail, each) for each in wanted]

    assert [transfer.id for transfer in transfers] == [each.id for each in wanted]
    assert {each.id: provider.times_booked(each.id) for each in wanted} == {each.id: 1 for each in wanted}
    assert {each.id: provider.paid(each.id) for each in wanted} == {each.id: each.amount.pence for each in wanted}


@pytest.mark.parametrize("seed", range(3))
def test_many_who_ask_at_once_through_mischief_pay_once(seed: int) -> None:
    together = threading.Barrier(4)

    def pay(rail: HttpRail) -> Transfer:
        together.wait(timeout=HANGS)
        return paid_in_the_end(rail, instruction())

    with (
        Provider(Mischief(seed)) as provider,
        rail_to(provider, timeout=_LOST) as rail,
        ThreadPoolExecutor(4) as threads,
    ):
        transfers = list(threads.map(pay, [rail] * 4))

    assert len({transfer.reference for transfer in transfers}) == 1
    assert (provider.times_booked(ID), provider.paid(ID)) == (1, 240_000)


# What the provider does not do


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


def asked(rail: HttpRail, finding: bool) -> object:
    return rail.find(ID) if finding else rail.transfer(instruction(), AT)


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


# Answers that are not trusted


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


# Where the rail may lead, and who may read along


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


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine with its key, signed by nobody but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider of a test")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    usage = x509.KeyUsage(True, False, False, False, False, True, False, False, False)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(usage, True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "provider.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("trusted", [True, False])
def test_nothing_is_sent_to_a_certificate_that_is_not_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """Fails with `verify=False`."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with Provider(tls=tls) as provider, rail_to(provider) as rail:
        if trusted:
            assert rail.transfer(instruction(), AT).reference == "tr-1"
        else:
            with pytest.raises(Unavailable, match="certificate that this machine does not trust"):
                rail.transfer(instruction(), AT)

    assert len(provider.requests) == trusted


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
    caplog.set_level(logging.DEBUG)
    rail.transfer(instruction(), AT)
    rail.find(ID)

    assert ID in caplog.text.replace("%2F", "/")
    assert [secret for secret in SECRETS if secret in caplog.text] == []
