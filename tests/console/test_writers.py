"""Several people write one application: invited by address, with their own sign-in, and with nothing of the team's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from domain.announcements.occasions import Occasion
from domain.programmes.programme import Programme
from domain.programmes.round import Round
from store.challenges.people import keep_people
from store.database.database import Database
from store.record.notices import read_notices
from tests.console.fronting import Fronted, Visitor, fronting
from tests.console.test_writing import ANN, begin, hidden, send
from tests.identity.conftest import Clock
from tests.store.conftest import form_round  # noqa: F401
from tests.store.said import MIDWAY

BEN = "ben@breathe.example"


@pytest.fixture
def clock() -> Clock:
    """The window of the applications is open."""
    clock = Clock()
    clock.now = MIDWAY
    return clock


@pytest.fixture
def front(form_round: Database, round_: Round, programme: Programme, clock: Clock) -> Iterator[Fronted]:  # noqa: F811
    with form_round.writing() as connection:
        keep_people(connection, round_)
    with fronting(form_round, clock, ask_for_proof=True) as front:
        yield front


@pytest.fixture
def ann(visit: Callable[..., Visitor]) -> Visitor:
    """The applicant, signed in."""
    ann = visit()
    ann.sign_in(ANN)
    return ann


def invite(visitor: Visitor, draft: str, email: str = BEN) -> int:
    return visitor.fill_in(f"{draft}/writers", f"{draft}/writers", email=email).status_code


def test_an_invited_person_writes_and_sends_and_does_nothing_else(
    front: Fronted, visit: Callable[..., Visitor], ann: Visitor
) -> None:
    draft = begin(ann)
    assert invite(ann, draft) == 303
    assert invite(ann, draft) == 303, "to invite somebody again changes nothing"
    letters = [each for each in read_notices(front.database) if each.occasion == Occasion.WRITER_INVITED]
    assert [(each.address, ANN in each.body) for each in letters] == [(BEN, True)]

    ben = visit()
    ben.sign_in(BEN)

    assert draft in ben.get("/applications").text
    assert "Every bus measures the air." in ben.get(f"{draft}/check").text
    assert send(ben, draft).status_code == 303
    for page in ("letters", "payments", "bank-details", "withdraw"):
        assert ben.get(f"{draft}/{page}").status_code == 404, page
    assert invite(ben, draft, "eve@rival.example") == 422
    assert "eve@rival.example" not in ann.get(f"{draft}/writers").text


def test_whoever_was_taken_away_writes_no_more_and_what_they_wrote_stays(
    front: Fronted, visit: Callable[..., Visitor], ann: Visitor
) -> None:
    draft = begin(ann)
    invite(ann, draft)
    ben = visit()
    ben.sign_in(BEN)
    assert ben.get(f"{draft}/write").status_code == 200

    ann.fill_in(f"{draft}/writers", f"{draft}/writers/take-away", id=BEN)

    assert ben.get(f"{draft}/write").status_code == 404
    assert invite(ann, draft) == 303, "they can be invited again"
    assert ben.get(f"{draft}/write").status_code == 200


@pytest.mark.parametrize("email", ["nowhere", "sam@sepa.example", "olivia@scheme.example"])
def test_nobody_is_invited_who_has_a_part_in_the_round_or_no_mailbox(front: Fronted, ann: Visitor, email: str) -> None:
    draft = begin(ann)

    assert invite(ann, draft, email) == 422
    assert "Nobody else writes this application." in ann.get(f"{draft}/writers").text


def test_a_browser_without_a_sign_in_invites_nobody(front: Fronted, visit: Callable[..., Visitor]) -> None:
    guest = visit()
    draft = begin(guest)
    token = hidden(guest.get(f"{draft}/write").text)["token"]

    answer = guest.post(f"{draft}/writers", {"token": token, "email": BEN})

    assert answer.status_code == 422
    assert not [each for each in read_notices(front.database) if each.occasion == Occasion.WRITER_INVITED]
