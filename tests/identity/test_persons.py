"""Persons: whom a sign-in proves, which sign-in a round wants, and which roles follow."""

from __future__ import annotations

import pytest

from domain.identity.proof import Way
from domain.identity.session import Session
from domain.identity.sign_in import SignIn
from domain.permissions import Role
from domain.programmes.programme import Programme
from domain.programmes.round import Person, Round
from domain.values.refusals import SignInRefused
from identity.persons import Persons
from identity.sessions import Sessions
from store.challenges.hand_overs import Heir, hand_over
from store.challenges.rounds import keep_round
from store.database.database import Database
from tests.identity.conftest import Clock
from tests.store.said import CLOSES, applied

ISSUER = "https://login.sepa.example"
OTHER = "https://login.other.example"
SAM = "sam@sepa.example"


@pytest.fixture
def persons(database: Database, round_: Round, programme: Programme) -> Persons:
    """The round, in which Sam has to sign in with the organisation, and somebody else has an address with a ü."""
    (sponsor,) = round_.sponsors
    sam = sponsor.deciders[0].model_copy(update={"sign_in": SignIn(issuer=ISSUER, subject="2482")})
    kim = Person(id="kim", name="Kim", email="Kim@Bücher.example", sign_in=SignIn(issuer=ISSUER))
    uma = Person(id="uma", name="Uma", email="uma@BÜRO.example")
    deciders = sponsor.model_copy(update={"deciders": (sam, kim, uma)})
    keep_round(database, round_.model_copy(update={"sponsors": (deciders,)}), programme, (), CLOSES)
    return Persons(database)


def session(clock: Clock, mailbox: str, way: Way = Way.LINK, issuer: str = "", subject: str = "") -> Session:
    now = clock.now
    return Session(id="1", mailbox=mailbox, way=way, issuer=issuer, subject=subject, begun=now, used=now, ends=now)


def roles(persons: Persons, session: Session) -> list[str]:
    return [each.person for each in persons.grants(session)]


def test_whom_a_round_lets_sign_in_with_an_organisation_gets_no_link(persons: Persons) -> None:
    assert not persons.ways_for(SAM.upper()).link
    assert persons.ways_for(SAM).issuers == (ISSUER,)
    assert not persons.ways_for("kim@xn--bcher-kva.example").link
    assert persons.ways_for("olivia@scheme.example").link
    assert persons.ways_for("somebody@new.example").link


@pytest.mark.parametrize("address", ["", SAM, "sam@private.example"])
def test_the_subject_is_the_person_whatever_their_address(persons: Persons, address: str) -> None:
    assert persons.signed_in(ISSUER, "2482", address, False) == SAM


@pytest.mark.parametrize(
    ("issuer", "subject", "address", "verified", "why"),
    [
        (ISSUER, "7", SAM, True, "knows you by another name"),  # the mailbox has gone to somebody else
        (OTHER, "2482", SAM, True, "names another organisation"),
        (OTHER, "2482", SAM, False, "does not show which address"),
        (ISSUER, "7", "kim@bücher.example", False, "does not show which address"),
        (ISSUER, "7", "", True, "does not show which address"),
        (ISSUER, "", "", True, "does not show which address"),
        ("", "", "", True, "does not show which address"),
    ],
)
def test_an_organisation_is_believed_in_nothing_else(
    persons: Persons, issuer: str, subject: str, address: str, verified: bool, why: str
) -> None:
    with pytest.raises(SignInRefused, match=why) as refusal:
        persons.signed_in(issuer, subject, address, verified)
    assert "@" not in str(refusal.value)


def test_a_verified_address_is_enough_where_the_round_names_no_subject(persons: Persons) -> None:
    canonical = "kim@xn--bcher-kva.example"
    for spelled in ("Kim@Bücher.example", canonical.upper()):
        assert persons.signed_in(ISSUER, "7", spelled, True) == canonical
    assert persons.signed_in(ISSUER, "8", "new@sepa.example", True) == "new@sepa.example"


def test_only_the_sign_in_that_the_round_names_gives_the_roles(persons: Persons, clock: Clock) -> None:
    """Fails when a link, another organisation or another human there is the decider of the round."""
    assert roles(persons, session(clock, SAM, Way.ORGANISATION, ISSUER, "2482")) == ["sam"]
    assert roles(persons, session(clock, "sam@married.example", Way.ORGANISATION, ISSUER, "2482")) == ["sam"]
    assert roles(persons, session(clock, SAM, Way.ORGANISATION, ISSUER, "7")) == []
    assert roles(persons, session(clock, SAM, Way.ORGANISATION, ISSUER)) == []
    assert roles(persons, session(clock, SAM, Way.ORGANISATION, OTHER, "2482")) == []
    for way in (Way.LINK, Way.TERMINAL):
        assert roles(persons, session(clock, SAM, way)) == []
        assert roles(persons, session(clock, "olivia@scheme.example", way)) == ["olivia"]
    assert roles(persons, session(clock, "kim@xn--bcher-kva.example", Way.ORGANISATION, ISSUER, "9")) == ["kim"]
    assert roles(persons, session(clock, "", Way.ORGANISATION, OTHER)) == []


@pytest.mark.parametrize("spelled", ["uma@büro.example", "UMA@BÜRO.EXAMPLE", "Uma@XN--BRO-HOA.example"])
def test_a_mailbox_has_its_roles_however_it_is_spelled(persons: Persons, database: Database, spelled: str) -> None:
    """Fails when addresses are compared as they were typed: the database knows no letter but ASCII's."""
    _, secret = Sessions(database).begin(spelled, Way.LINK)
    found = Sessions(database).look_up(secret)
    assert found is not None
    assert roles(persons, found) == ["uma"]
    assert found.decides


def test_roles_are_read_at_every_request_and_a_former_mailbox_gives_none(
    persons: Persons, database: Database, round_: Round, programme: Programme, clock: Clock
) -> None:
    """Fails when a session keeps a role that was taken away, or when whoever gets the mailbox later has it."""
    fiona, olivia = session(clock, "fiona@scheme.example"), session(clock, "olivia@scheme.example")
    assert roles(persons, fiona) == ["fiona"]
    hand_over(database, round_.id, "fiona", Heir(id="frank"), "olivia", "On leave.", CLOSES)
    assert roles(persons, fiona) == []
    moved = (round_.operators[0].model_copy(update={"email": "olivia@new.example"}),)
    keep_round(database, round_.model_copy(update={"operators": moved}), programme, (), CLOSES)
    assert roles(persons, olivia) == []
    assert roles(persons, session(clock, "olivia@new.example")) == ["olivia"]


def test_the_contact_of_an_application_is_its_team_and_the_actor_says_how_they_signed_in(
    open_: Database, clock: Clock
) -> None:
    team = applied(open_)
    actor = Persons(open_).actor(session(clock, "breathe@applicants.example"))
    assert [(each.role, each.person) for each in actor.grants] == [(Role.TEAM, team)]
    assert (actor.name, actor.proof.way, actor.proof.at) == ("breathe@applicants.example", Way.LINK, clock.now)
