"""Who has which role, by the rounds that were opened and the applications that came in."""

from __future__ import annotations

from domain.permissions import Grant, Role
from domain.programmes.programme import Programme
from domain.programmes.round import Round
from store.challenges.people import grants_of, people_of
from store.challenges.rounds import keep_round
from store.database.database import Database
from tests.store.said import AIR, CLOSES, applied

ROUND = "more-2016"


def keep_more_people(database: Database, round_: Round, programme: Programme) -> None:
    """The round with a releaser, and with another sponsor, whose decider has another say."""
    (sponsor,) = round_.sponsors
    (decider,) = sponsor.deciders
    stranger = decider.model_copy(update={"id": "stranger", "email": "stranger@other.example"})
    other = sponsor.model_copy(update={"id": "other", "deciders": (stranger,)})
    releaser = decider.model_copy(update={"id": "rita", "email": "rita@body.example"})
    releasers = (*round_.releasers, releaser)
    named = round_.model_copy(update={"id": ROUND, "sponsors": (sponsor, other), "releasers": releasers})
    keep_round(database, named, programme, (), CLOSES)


def test_everybody_whom_a_round_names_has_their_role_in_it(
    open_: Database, round_: Round, programme: Programme
) -> None:
    keep_more_people(open_, round_, programme)

    assert grants_of(open_, "olivia") == (
        Grant(round=ROUND, role=Role.OPERATOR, person="olivia"),
        Grant(round="test-2016", role=Role.OPERATOR, person="olivia"),
    )
    assert grants_of(open_, "rita") == (Grant(round=ROUND, role=Role.RELEASER, person="rita"),)
    assert grants_of(open_, "stranger") == (Grant(round=ROUND, role=Role.SPONSOR, person="stranger", sponsor="other"),)
    assert grants_of(open_, "nobody-at-all") == ()


def test_a_person_is_known_by_the_address_too_in_whatever_letters_it_is_written(
    open_: Database, round_: Round, programme: Programme
) -> None:
    keep_more_people(open_, round_, programme)

    assert grants_of(open_, "RITA@body.example") == grants_of(open_, "rita")


def test_the_contact_of_an_application_has_it_and_whoever_knows_its_id_has_not(open_: Database) -> None:
    """Fails where the id of an application opens what only its contact may."""
    team = applied(open_)

    assert grants_of(open_, team) == ()
    with open_.reading() as connection:
        address = connection.exec_driver_sql("SELECT email FROM applications").scalar_one()
    assert grants_of(open_, address.upper()) == (Grant(round="test-2016", role=Role.TEAM, person=team, challenge=AIR),)


def test_those_who_have_a_say_are_named_by_their_roles(open_: Database, round_: Round, programme: Programme) -> None:
    """Fails where another sponsor's deciders are named, who may do nothing."""
    keep_more_people(open_, round_, programme)

    those = people_of(open_, ROUND, "sepa")
    assert those[Role.OPERATOR] == ("olivia",)
    assert those[Role.RELEASER] == ("fiona", "frank", "rita")
    assert "stranger" not in those[Role.SPONSOR]
