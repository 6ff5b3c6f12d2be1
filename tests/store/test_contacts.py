"""The contact of an application changes: who is told, where letters go, and who acts for the team."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from domain.announcements.announcement import Announcement, to_teams
from domain.announcements.occasions import Occasion
from domain.challenges.contact import Contact, contact_changed
from domain.payments.payment import PaymentStatus
from domain.programmes.round import Person
from domain.values.refusals import NotAllowed, UnknownTeam
from store.challenges.contacts import change_contact, failed_notices
from store.challenges.hand_overs import Heir, hand_over
from store.challenges.people import grants_of
from store.database import tables
from store.database.database import Database
from store.payments import rows
from store.payments.twins import twins_of
from store.record.record import announce, read_notices, read_record
from tests.store.paying import OPERATOR, RELEASER, SECOND_RELEASER, Till
from tests.store.said import AIR, CLOSES, MIDWAY, ROADS, announcing, applied, compose, facts, seal

OLD, NEW = "breathe@applicants.example", "new@tay.example"


def changes(
    database: Database, team: str, email: str = "", name: str = "", key: str = "1", challenge: str = AIR
) -> str:
    """An operator changes a contact; what was changed."""

    def announced(changed: str) -> Announcement:
        return contact_changed(challenge, "exploration", team, changed, OPERATOR, "They moved.", MIDWAY, key)

    to = Contact(email=email, organisation=name)
    return change_contact(database, challenge, team, to, announced, MIDWAY, compose)


def letters(database: Database) -> list[tuple[str, str, str]]:
    """Where the letters about a contact went, and whether they say that it is the address before."""
    found = [each for each in read_notices(database) if each.occasion == Occasion.CONTACT_CHANGED]
    return [(each.address, each.recipient, each.body.partition("old_address: ")[2].split(";")[0]) for each in found]


def test_the_new_address_acts_for_the_team_and_both_are_told(open_: Database) -> None:
    """Fails where only the new address hears of it: whoever has the old one is to know that it is taken from them."""
    team = applied(open_)
    assert changes(open_, team, email=NEW) == "the e-mail address"

    assert [grant.person for grant in grants_of(open_, NEW)] == [team]
    assert grants_of(open_, OLD) == ()
    assert sorted(letters(open_)) == [(OLD, team, "yes"), (NEW, team, "")]
    [line] = [each for each in read_record(open_, AIR) if each.action == "contact"]
    assert (line.by, line.role, line.reason) == (OPERATOR, "operator", "They moved.")
    assert line.text == f"Contact of {team}: the e-mail address changed"


def test_the_record_has_neither_addresses_nor_names(open_: Database) -> None:
    team = applied(open_)
    assert changes(open_, team, NEW, "Tay Marker Ltd") == "the e-mail address and the name"

    for line in read_record(open_, AIR):
        assert not [each for each in (OLD, NEW, "Marker", "Breathe") if each in str(line)]


def test_a_name_alone_is_told_once_to_the_address(open_: Database) -> None:
    team = applied(open_)
    assert changes(open_, team, name="Tay Ltd") == "the name"

    assert letters(open_) == [(OLD, team, "")]
    with open_.reading() as connection:
        assert connection.scalar(select(tables.applications.c.organisation)) == "Tay Ltd"


def test_a_contact_that_is_so_already_is_no_change(open_: Database) -> None:
    """As when the command is sent again. Fails where everybody is told once more."""
    team = applied(open_)
    changes(open_, team, NEW, "Tay Ltd")
    before = read_notices(open_), read_record(open_, AIR)

    assert changes(open_, team, NEW, "Tay Ltd", key="2") == ""
    assert (read_notices(open_), read_record(open_, AIR)) == before


def test_what_waits_goes_to_the_new_address_and_what_went_stays(open_: Database) -> None:
    """Fails where a letter that waits still goes to whoever is no longer the contact."""
    team, other = applied(open_), applied(open_, "Clear Ltd")
    with open_.writing() as connection:
        connection.execute(update(tables.notices).where(tables.notices.c.recipient == team).values(status="sent"))
    announce(open_, announcing("held", to_teams((team, other), Occasion.HELD, facts(Occasion.HELD))), compose)
    changes(open_, team, NEW)

    with open_.reading() as connection:
        wanted = select(tables.notices).where(tables.notices.c.occasion != str(Occasion.CONTACT_CHANGED))
        found = {(row.recipient, row.occasion): (row.status, row.address) for row in connection.execute(wanted)}
    assert found[team, "application-received"] == ("sent", OLD)
    assert found[team, "held"] == ("created", NEW)
    assert found[other, "held"] == ("created", "clear@applicants.example")


def test_what_failed_is_found_to_be_sent_again_apart_from_what_told_of_the_change(open_: Database) -> None:
    """Fails where the letter to the old address would be sent to the new one."""
    team = applied(open_)
    changes(open_, team, NEW)
    with open_.writing() as connection:
        connection.execute(update(tables.notices).values(status="failed"))

    [key] = failed_notices(open_, AIR, team)
    assert key.endswith(f"application-received/{team}")


@pytest.mark.parametrize("email", ["fiona@scheme.example", "SAM@sepa.example", "gone@body.example"])
def test_nobody_of_the_round_becomes_the_contact_of_a_team(open_: Database, email: str) -> None:
    """One mailbox is one person: a releaser would be paid by themselves."""
    team = applied(open_)
    with open_.writing() as connection:
        here = tables.people.c.id == SECOND_RELEASER
        connection.execute(update(tables.people).where(here).values(former="gone@body.example"))
    with pytest.raises(NotAllowed, match="who has or had a role in test-2016"):
        changes(open_, team, email)
    assert letters(open_) == []


def test_only_an_application_to_that_challenge_has_a_contact(open_: Database) -> None:
    team = applied(open_)
    for name, challenge in ((team, ROADS), ("air-quality-000000", AIR)):
        with pytest.raises(UnknownTeam, match="is not an application to"):
            changes(open_, name, NEW, challenge=challenge)


def test_whoever_changed_the_contact_never_releases_to_the_team(till: Till) -> None:
    """An operator who takes a team's place, and gives its bank details as the team, would be paid. Fails where the
    ledger forgets it once the operator has another role; and where the database does not know it."""
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    changes(till.database, till.team, NEW)
    otto = Heir(id="otto", known_as=Person(id="otto", name="Otto", email="otto@body.example"))
    for person, heir in ((OPERATOR, otto), (RELEASER, Heir(id=OPERATOR))):
        hand_over(till.database, "test-2016", person, heir, OPERATOR, "We are few.", CLOSES)

    with pytest.raises(NotAllowed, match=f"{OPERATOR} changed the team's contact, and a second person must"):
        till.release(by=OPERATOR)
    with till.database.writing() as connection:
        row = rows.taken(connection, till.key)
        with pytest.raises((NotAllowed, IntegrityError)):
            rows.add_transfer(connection, row, 1, 1, OPERATOR, CLOSES, "")
        connection.rollback()
    assert till.release("2", by=SECOND_RELEASER).contact_by == (OPERATOR,)


def test_an_application_under_another_name_is_found_by_this_name(open_: Database) -> None:
    """Fails when only the name that people read is changed: two applications of one firm would look like two firms."""
    team, other = applied(open_, "Tay Ltd"), applied(open_, "Forth Ltd")
    changes(open_, team, name="FORTH Limited")
    seal(open_)
    with open_.reading() as connection:
        assert twins_of(connection, [team], paid=False)[team].same_firm == (other,)
