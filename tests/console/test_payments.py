"""Payments in the browser: what has to happen next, one payment, and what people decide on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from desk.payments import Payments
from domain.payments.payment import PaymentStatus
from domain.permissions import Actor
from domain.values.refusals import NotConfirmed, TooLate, Unavailable
from store.record.record import read_record
from tests.console.fronting import Fronted, Visitor, fronting
from tests.store.paying import Till, give_payee, to_make
from tests.store.said import AIR, CLOSES, ROADS, applied

Visit = Callable[..., Visitor]
OLIVIA, SAM, FIONA, ANN = "olivia@scheme.example", "sam@sepa.example", "fiona@scheme.example", "ann@nowhere.example"
LIST, RELEASE = "/staff/payments", "/staff/payments/release"
Decided = list[tuple[str, str, dict[str, object]]]


@pytest.fixture
def tills(front: Fronted) -> list[Till]:
    """Three payments that wait for a release, and one that waits for bank details."""
    front.clock.now = CLOSES.subtract(hours=1)
    names = ("Breathe Ltd", "Smell & Co", "Tay Ltd", "Dee Ltd")
    made = [
        Till(front.database, to_make(applied(front.database, name, challenge=where), challenge=where))
        for name, where in zip(names, (AIR, AIR, ROADS, ROADS), strict=True)
    ]
    for till in made:
        till.request()
    for till in made[:3]:
        give_payee(front.database, till.team, challenge=till.payment.order.challenge)
        till.request()
    front.clock.now = CLOSES.add(hours=1)
    return made


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> Decided:
    """What came to the desk, which would send it to the payments' workflows."""
    came: Decided = []

    async def decide(_: Payments, actor: Actor, key: str, kind: str, **fields: object) -> str:
        came.append((key, kind, fields))
        return f"{key} released"

    monkeypatch.setattr(Payments, "decide", decide)
    return came


def signed_in(visit: Visit, mailbox: str) -> Visitor:
    """Somebody who is signed in."""
    visitor = visit()
    visitor.sign_in(mailbox)
    return visitor


def ticked(*tills: Till) -> str:
    """The page on which a release of these payments is checked."""
    return f"{RELEASE}?{urlencode([('payment', till.key) for till in tills])}"


def confirm(visitor: Visitor, page: str, **instead: str) -> httpx2.Response:
    """Opens the page of the check, and sends its form as a browser does."""
    text = visitor.get(page).text
    form = text.partition(f'<form method="post" action="{RELEASE}">')[2].partition("</form>")[0]
    fields = [
        (name, instead.get(name, unescape(value))) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)
    ]
    return send(visitor, fields)


def send(visitor: Visitor, fields: list[tuple[str, str]]) -> httpx2.Response:
    """Sends a form with fields that have several values."""
    ours = {"origin": visitor.front.address, "sec-fetch-site": "same-origin"}
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return visitor.send("POST", RELEASE, urlencode(fields), **kind, **ours)


def test_payments_stand_by_what_has_to_happen_next_and_late_ones_come_first(
    front: Fronted, visit: Visit, tills: list[Till]
) -> None:
    fiona = signed_in(visit, FIONA)
    page = fiona.get(LIST).text
    assert "To release</a>: 3 payments, £7,200" in page
    assert "Without bank details</a>: 1 payment, £2,400" in page
    assert "With the bank</a>: none" in page
    assert [each.key in page for each in tills] == [True, True, True, False]
    assert "late" not in page.partition("<main")[2]
    assert tills[3].key in fiona.get(f"{LIST}?show=details").text
    assert tills[3].key in fiona.get(f"{LIST}?status=requested").text

    tills[0].release()
    front.clock.now = CLOSES.add(hours=24 * 60)
    fiona.sign_in(FIONA)
    late = fiona.get(LIST).text
    assert re.search(r"\d+ days late</strong>, £[\d.]+ owed by law", late)
    assert tills[0].key not in late
    assert tills[0].key in fiona.get(f"{LIST}?show=send").text


def test_a_payment_is_found_by_its_team_its_organisation_and_its_challenge(visit: Visit, tills: list[Till]) -> None:
    fiona = signed_in(visit, FIONA)
    for text, found in (
        (tills[1].team, [False, True, False]),
        ("smell & c", [False, True, False]),
        ("smart-roads", [False, False, True]),
        ("%", [False, False, False]),
        ("", [True, True, True]),
    ):
        page = fiona.get(f"{LIST}?{urlencode({'q': text})}").text
        assert [each.key in page for each in tills[:3]] == found, text


def test_a_long_list_has_pages(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    team = applied(front.database)
    for number in range(1, 43):
        order = to_make(team).order.model_copy(
            update={"key": f"{AIR}/exploration/{team}/{number}", "number": number, "of": 42}
        )
        Till(front.database, to_make(team).model_copy(update={"order": order})).request()
    fiona = signed_in(visit, FIONA)
    first = fiona.get(f"{LIST}?show=details&q=exploration").text
    onward = re.search(r'<a href="([^"]+)">More payments', first)
    assert onward
    second = fiona.get(unescape(onward[1])).text
    keys = [set(re.findall(rf'href="{LIST}/([^"?]+/\d+)"', page)) for page in (first, second)]
    assert [len(each) for each in keys] == [40, 2]
    assert not keys[0] & keys[1]
    assert fiona.get(f"{LIST}?after=nonsense").status_code == 422


def test_a_payment_shows_who_decided_what_is_on_the_record_and_what_comes_next(visit: Visit, tills: list[Till]) -> None:
    olivia = signed_in(visit, OLIVIA)
    page = olivia.get(f"{LIST}/{tills[0].key}").text
    for words in ("£2,400 to Breathe Ltd", "masked 1", "<li>sam: selected the team</li>", "A releaser who had no part"):
        assert words in page
    assert f"<li>{tills[0].team}: gave or changed" in page
    assert "Not yours to release.</strong> fiona or frank may release" in page
    record = page.partition("On the record")[2]
    lines = [line for line in read_record(tills[0].database, AIR) if line.key.startswith(tills[0].key)]
    assert lines
    assert all(line.text in unescape(record) for line in lines)
    assert tills[1].key not in page


@pytest.mark.parametrize("path", [LIST, f"{LIST}/KEY", f"{RELEASE}?payment=KEY"])
def test_whoever_has_no_part_in_payments_sees_the_same_as_for_what_never_was(
    visit: Visit, tills: list[Till], path: str
) -> None:
    ann, nobody = signed_in(visit, ANN), visit()
    theirs, never = (ann.get(path.replace("KEY", key)) for key in (tills[0].key, "test-2016/none/stage/team/1"))
    assert (theirs.status_code, never.status_code) == (404, 404)
    assert theirs.text == never.text
    assert nobody.get(path).headers["location"].startswith("/sign-in?")
    refused = [line.action for line in read_record(tills[0].database, AIR) if line.refused]
    assert refused == (["read-payments"] if "KEY" in path else [])


def test_what_follows_from_ones_own_decision_is_shown_as_not_ones_own_to_release(
    visit: Visit, tills: list[Till], decided: Decided
) -> None:
    """Fails when the page offers what the rule refuses, or when nobody learns why."""
    give_payee(tills[0].database, tills[0].team, 2, by="fiona")
    page = signed_in(visit, FIONA).get(ticked(*tills)).text
    theirs, _, others = page.partition("<h2>Not yours to release</h2>")
    assert "2 payments to release" in theirs
    assert "Total in GBP</dt><dd><strong>£4,800" in theirs
    others, _, over = others.partition("<h2>Nothing to release</h2>")
    assert [till.key in others for till in tills] == [True, False, False, False]
    assert [till.key in over for till in tills] == [False, False, False, True]
    assert "fiona gave or changed the team&#39;s bank details, and a second person must release it." in others
    assert "There is nothing to release: the payment is “Requested”." in over
    assert 'value="Release' not in page
    assert "Release 2 payments</button>" in page
    assert decided == []


def test_payments_are_released_together_as_they_were_seen_and_a_refusal_stops_no_other(
    visit: Visit, tills: list[Till], monkeypatch: pytest.MonkeyPatch
) -> None:
    came: Decided = []

    async def decide(_: Payments, actor: Actor, key: str, kind: str, **fields: object) -> str:
        came.append((key, kind, fields))
        if key == tills[0].key:
            raise TooLate("Somebody was quicker.")
        if key == tills[1].key:
            raise NotConfirmed("Nobody knows: see `status`.")
        return "It is released"

    monkeypatch.setattr(Payments, "decide", decide)
    fiona = signed_in(visit, FIONA)
    answer = confirm(fiona, ticked(*tills[:3]), once="one-and-the-same")
    assert [(key, kind) for key, kind, _ in came] == [(till.key, "release") for till in tills[:3]]
    for _, _, said in came:
        assert (said["payee_version"], str(said["amount"]), said["team_left"]) == (1, "2400.00", False)
        assert said["decision_id"] == "one-and-the-same"
    assert "<h1>1 payment released</h1>" in answer.text
    refused, _, done = answer.text.partition("<h2>Released</h2>")
    assert "Somebody was quicker." in refused
    assert "nobody knows yet whether this payment is released" in refused
    assert "It is released" in done
    assert [till.key in done for till in tills] == [False, False, True, False]


def test_what_has_changed_since_it_was_seen_is_not_released(
    visit: Visit, tills: list[Till], decided: Decided, monkeypatch: pytest.MonkeyPatch
) -> None:
    fiona = signed_in(visit, FIONA)
    text = fiona.get(ticked(*tills[:2])).text
    give_payee(tills[0].database, tills[0].team, 2)
    form = text.partition(f'<form method="post" action="{RELEASE}">')[2].partition("</form>")[0]
    fields = [(name, unescape(value)) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)]
    answer = send(fiona, fields)
    assert [key for key, _, _ in decided] == [tills[1].key]
    assert "Nothing was done: the team has given other bank details." in answer.text
    raised = [(name, value.replace("|240000|", "|100000|")) for name, value in fields]
    assert "the amount has changed" in send(fiona, raised).text
    assert len(decided) == 1


def test_what_cannot_be_asked_leaves_the_others_untried(
    visit: Visit, tills: list[Till], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def decide(_: Payments, actor: Actor, key: str, kind: str, **fields: object) -> str:
        if key != tills[0].key:
            raise Unavailable("No Temporal server answers.")
        return "It is released"

    monkeypatch.setattr(Payments, "decide", decide)
    fiona = signed_in(visit, FIONA)
    answer = confirm(fiona, ticked(*tills[:3]))
    untried = answer.text.partition("<h2>Not tried</h2>")[2].partition("<h2>")[0]
    assert [till.key in untried for till in tills[:3]] == [False, True, True]
    assert confirm(fiona, ticked(tills[1])).status_code == 503


def test_nothing_is_released_without_a_tick_a_token_or_the_right(
    visit: Visit, tills: list[Till], decided: Decided
) -> None:
    fiona, ann = signed_in(visit, FIONA), signed_in(visit, ANN)
    assert "Nothing is ticked" in fiona.get(RELEASE).text
    assert fiona.get(f"{RELEASE}?{urlencode([('payment', str(each)) for each in range(41)])}").status_code == 422
    seen = ("seen", f"{tills[0].key}|1|240000|")
    token = ("token", fiona.token("/account"))
    assert send(fiona, [seen]).status_code == 403
    assert send(fiona, [token]).status_code == 422
    assert send(ann, [seen, ("token", ann.token("/account"))]).status_code == 404
    assert decided == []
    assert send(fiona, [seen, token]).status_code == 200
    assert len(decided) == 1


def test_whoever_releases_uses_their_passkey_where_the_settings_ask_for_it(people: Any, clock: Any) -> None:
    with fronting(people, clock, second_step=True) as front:
        clock.now = CLOSES.subtract(hours=1)
        till = Till(people, to_make(applied(people)))
        till.brought_to(PaymentStatus.PAYEE_KNOWN)
        fiona = Visitor(front)
        fiona.sign_in(FIONA)
        assert 'href="/passkeys/use?wanted=/staff/payments"' in fiona.get(LIST).text
        answer = fiona.get(ticked(till))
        assert (answer.status_code, "use your passkey" in answer.text) == (403, True)
        seen = [("seen", f"{till.key}|1|240000|"), ("token", fiona.token("/account"))]
        assert send(fiona, seen).status_code == 403
        assert till.now.status is PaymentStatus.PAYEE_KNOWN
        fiona.close()


@pytest.mark.parametrize(
    ("status", "do", "more"),
    [
        (PaymentStatus.SUBMITTED, "return", {}),
        (PaymentStatus.RETURNED, "undo-return", {"attempt": 1}),
        (PaymentStatus.PAYEE_KNOWN, "cancel", {}),
    ],
)
def test_money_that_comes_back_and_what_is_never_paid_needs_a_reason(
    front: Fronted, visit: Visit, decided: Decided, status: PaymentStatus, do: str, more: Mapping[str, object]
) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    till = Till(front.database, to_make(applied(front.database)))
    till.brought_to(status)
    olivia, sam = signed_in(visit, OLIVIA), signed_in(visit, SAM)
    page = f"{LIST}/{till.key}"
    said = {"do": do, "seen": f"{status}/{till.now.attempt}", "once": "one", f"reason-{do}": "The bank called."}
    assert f'name="do" value="{do}"' in olivia.get(page).text
    assert 'name="do"' not in sam.get(page).text
    without = olivia.fill_in(page, page, **{**said, f"reason-{do}": " "})
    assert (without.status_code, f'<a href="#reason-{do}">' in without.text) == (422, True)
    old = olivia.fill_in(page, page, **{**said, "seen": "released/1"})
    assert (old.status_code, "since you opened the page" in old.text) == (422, True)
    assert "The bank called." in old.text
    assert sam.fill_in(page, page, **said).status_code == 422
    assert decided == []
    answer = olivia.fill_in(page, page, **said)
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert decided == [(till.key, do, {"reason": "The bank called.", "decision_id": "one", **more})]
