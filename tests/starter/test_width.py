"""What is printed fits a terminal of 80 columns: ids are whole, and everything else is folded between words."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel
from rich.console import Console
from temporalio.client import Client
from whenever import Instant

from commands import terminal
from commands.output import applications, challenges, notices, payments, rounds
from desk.base_rates import load_base_rates
from desk.desk import Desk
from desk.late_payments import Late
from desk.open import ChallengeRow, Notice, Payment
from desk.programme_files import FOLDER, find_round
from desk.rounds import Opened
from domain.challenges import holding
from domain.challenges.application import Application
from domain.challenges.decisions import Hold
from domain.forms.answers import only_text
from domain.forms.form import text_form
from domain.payments.destination import Twins
from domain.payments.interest import late_interest
from domain.payments.payment import PaymentStatus
from domain.permissions import Actor
from domain.values.money import Amount, Money
from service.settings import Settings
from store.database.database import Database
from tests.domain.challenges import DECIDER, OPERATOR, A, B, C, D, E, exploring

Kind = TypeVar("Kind", bound=BaseModel)

ROUND = "pilot-2016"
CHALLENGE = f"{ROUND}/flood-forecasting"
TEAM = "flood-forecasting-7kx3qm"
KEY = f"{CHALLENGE}/commercialisation/{TEAM}/1"
ADDRESS = "the.programme.office.of.the.company@flood-forecasting.company.example"
AT = Instant("2016-08-15T23:00Z")
ZONES = {CHALLENGE: "Europe/London"}


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Lets a terminal of 80 columns be written to, and gives the lines on it."""
    screen = io.StringIO()
    monkeypatch.setattr(terminal, "out", Console(file=screen, force_terminal=True, width=80, highlight=False))
    return lambda: re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue()).splitlines()


def of(kind: type[Kind], **fields: Any) -> Kind:
    """A value with only those of its fields that are shown."""
    return kind.model_construct(**fields)


def payment(status: PaymentStatus) -> Payment:
    return of(
        Payment,
        key=KEY,
        challenge=CHALLENGE,
        stage="commercialisation",
        team=TEAM,
        number=1,
        of=1,
        amount=Amount(net=Money(2_000_000), vat=Money(400_000)),
        currency="GBP",
        status=status,
        pay_by=AT,
        pay_by_law=AT.add(hours=24 * 20),
        team_left=None,
        settled=None,
        released_by="finance-officer",
        reference="embedded:b3e4e0983302ade0b3e4e0983302ade0",
        payee="sort code ••••, account ••••597",
        bank_country="GB",
        reason="",
        attention="",
    )


def row() -> ChallengeRow:
    return of(
        ChallengeRow,
        id=CHALLENGE,
        round=ROUND,
        slug="flood-forecasting",
        time_zone="Europe/London",
        stage="commercialisation",
        waits_for="selection for commercialisation",
        until=AT,
        outcome="",
        attention="",
    )


@pytest.mark.parametrize("status", PaymentStatus)
def test_a_payment_is_its_key_and_what_is_said_of_it(printed: Callable[[], list[str]], status: PaymentStatus) -> None:
    """Fails as a table: keys, amounts and dates alone are wider than that, and the rest was folded inside words."""
    payments.payments([payment(status)], ZONES)
    key, *said = printed()
    assert key == KEY
    assert f"£24,000 (£4,000 of it VAT), {status};" in said[0]
    assert len(said) <= (2 if status in ("settled", "cancelled") else 4)
    assert max(map(len, said)) <= 80


def test_a_payment_that_needs_attention_says_what_to_do(printed: Callable[[], list[str]]) -> None:
    text = f"{KEY}: submit £24,000: the rail is down; mend the cause, then `starter.py retry {KEY}`"
    payments.payments([payment(PaymentStatus.RELEASED).model_copy(update={"attention": text})], ZONES)
    said = " ".join(" ".join(printed()).split())
    assert f"needs attention: submit £24,000: the rail is down; mend the cause, then `starter.py retry {KEY}`" in said


def test_what_to_look_at_twice_is_said_of_a_payment_that_is_not_over(printed: Callable[[], list[str]]) -> None:
    """Fails when whoever releases sees the account alone; what is over needs no second look."""
    twice = {
        "bank_country": "DE",
        "twins": Twins(same_account=("air-quality-2",), same_firm=("a-1", "a-2", "a-3", "a-4")),
    }
    said = (
        "A cross-border payment: the account is in another country (DE). The same bank account as air-quality-2. "
        "The same organisation or e-mail address as a-1, a-2, a-3 and 1 more."
    )
    waiting, over = (payment(PaymentStatus(each)).model_copy(update=twice) for each in ("payee known", "settled"))
    payments.to_release(waiting)
    payments.payments([waiting], ZONES)
    payments.payments([over], ZONES)
    assert " ".join(" ".join(printed()).split()).count(said) == 2


def test_a_payment_whose_team_has_left_says_what_becomes_of_it(printed: Callable[[], list[str]]) -> None:
    """Fails when a payment that is held looks like any other, and when one that is not looks held."""
    left = {"team_left": AT, "released": AT.subtract(hours=1)}
    held = payment(PaymentStatus.PAYEE_KNOWN).model_copy(update=left)
    gone = payment(PaymentStatus.SUBMITTED).model_copy(update=left)
    since = "its team left on Monday 15 August 2016, 24:00 BST"

    assert payments.held([held], ZONES) == [
        f"In no file: {KEY}, because {since}: `release` it only if it is still owed; otherwise `cancel-payment`."
    ]
    payments.payments([held], ZONES)
    assert since in " ".join(" ".join(printed()).split())
    assert "cannot be held" in payments.team_left(gone, ZONES)
    again = gone.model_copy(update={"released": AT.add(hours=1)})
    assert payments.team_left(again, ZONES) == f"{since}, and it was released after that"
    assert payments.team_left(payment(PaymentStatus.SETTLED).model_copy(update=left), ZONES) == ""


def test_a_late_payment_says_what_is_owed(printed: Callable[[], list[str]]) -> None:
    late = payment(PaymentStatus.PAYEE_KNOWN)
    day = AT.to_tz("Europe/London").date()
    interest = late_interest(late.amount.gross, day.subtract(days=30), day, load_base_rates())
    payments.late([of(Late, payment=late, by_law=True, interest=interest)], ZONES)
    key, *said = printed()
    assert key == KEY
    assert "30 days late by law: £" in " ".join(said)
    assert max(map(len, said)) <= 80


def test_a_notice_is_two_lines_the_first_of_which_shows_it_in_full(printed: Callable[[], list[str]]) -> None:
    """Fails when a key is folded, or its end is one that other challenges have too."""
    decision = "0123456789abcdef0123456789abcdef"
    keys = {
        f"{CHALLENGE}/apply/{TEAM}/application-received/{TEAM}": f"application-received/{TEAM}",
        f"{CHALLENGE}/select/{decision}/not-selected/{TEAM}": f"not-selected/{TEAM}",
        f"{CHALLENGE}/hold/{decision}/held/office": f"{decision}/held/office",
        f"{CHALLENGE}/opened/window-opened/office": f"{CHALLENGE}/opened/window-opened/office",
        f"{KEY}/reminded-1/payment-requested/{TEAM}": f"reminded-1/payment-requested/{TEAM}",
        f"{KEY}/reminded-2/payment-requested/{TEAM}": f"reminded-2/payment-requested/{TEAM}",
    }
    notices.notices(
        [
            of(Notice, key=key, challenge=CHALLENGE, subject="A subject " * 20, created=AT, status="created", reason="")
            for key in keys
        ],
        ZONES,
        "No notice was sent yet.",
    )
    lines = printed()
    assert lines[::2] == list(keys.values())
    assert all(line.startswith("    end of 2016-08-15 BST, created: A subject") for line in lines[1::2])
    assert max(map(len, lines)) <= 80


def test_an_application_has_its_address_in_one_piece(printed: Callable[[], list[str]]) -> None:
    application = Application(
        id=TEAM,
        challenge=CHALLENGE,
        organisation="Tay Sensors",
        email=ADDRESS,
        form="e32da73c869b",
        version=1,
        answers=only_text("Old data. " * 50),
        received=AT,
    )
    applications.applications(row(), [application], {"": text_form(1_000)})
    lines = printed()
    assert f"{TEAM}  Tay Sensors" in lines
    assert ADDRESS in "\n".join(lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("already", [True, False])
def test_a_round_that_is_opened_and_the_list_of_challenges(printed: Callable[[], list[str]], already: bool) -> None:
    rounds.opened("Europe/London", [Opened(challenge=CHALLENGE, opens=AT, closes=AT, already=already)])
    challenges.challenges([row()])
    lines = printed()
    assert any("Already open" in line for line in lines) is already
    assert max(map(len, lines)) <= 80


def test_a_challenge_says_who_is_in_who_must_act_and_what_was_paid(printed: Callable[[], list[str]]) -> None:
    """Fails when only the lists' row is shown, which knows neither teams nor holds."""
    state = exploring()
    held = holding.hold(state, Hold(by=OPERATOR, reason="Election period."), state.run.begins.add(hours=1))[0]
    known = of(
        ChallengeRow, id=CHALLENGE, question="How can we?", sponsor_name="The Agency", attention="the rail is down"
    )
    challenges.challenge_status(known, [payment(PaymentStatus.REQUESTED), payment(PaymentStatus.REQUESTED)], held)
    lines = printed()
    assert max(map(len, lines)) <= 80
    said = " ".join(" ".join(lines).split())
    for words in (
        "Needs attention the rail is down",
        f"Who must act {OPERATOR}: mend what needs attention; unless that settles it, {DECIDER}",
        f"by {OPERATOR}: Election period.",
        f"Teams: {A}, {B}, {C}. In reserve: {D}, {E}",
        "Payments 2 requested (£48,000)",
        "Sponsor The Agency (",
    ):
        assert words in said


@pytest.mark.parametrize("name", sorted(path.name.partition(".")[0] for path in FOLDER.glob("*.round.toml")))
async def test_a_plan_breaks_no_word(printed: Callable[[], list[str]], name: str) -> None:
    desk = Desk(Settings(), Database("sqlite:///nowhere.db"), _nobody)
    rounds.plans(*await desk.rounds.plans(Actor(), name))
    lines = printed()
    assert max(map(len, lines)) <= 80
    written = " ".join(lines).split()
    _, programme = find_round(name)
    assert {word for stage in programme.stages for word in stage.title.split()} <= set(written)


async def _nobody() -> Client:
    raise AssertionError("a plan needs no server")
