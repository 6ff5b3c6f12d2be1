"""A role goes from one person to another: the books say who has which, and one mailbox is one person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from domain.announcements.announcement import HandedOver
from domain.announcements.occasions import Occasion
from domain.identity.sign_in import SignIn
from domain.payments.payment import PaymentStatus
from domain.permissions import Role
from domain.programmes.programme import Programme
from domain.programmes.round import Person, Round, challenges_of
from domain.values.refusals import FileRefused, NotAllowed, Refused, TooLate, UnknownPerson, UnknownRound
from store.challenges.hand_overs import HandOverRow, Heir, hand_over, led_by_the_books, read_hand_overs, read_people
from store.challenges.people import grants_of, people_of
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.record.record import announce, read_record
from tests.chained import KEYS
from tests.store.paying import OPERATOR, RELEASER, SECOND_RELEASER, SELECTOR, Till, give_payee, to_make, told
from tests.store.said import AIR, CLOSES, announcing, applied, compose
from tests.store.test_paying_at_once import at_once

ROUND = "test-2016"


@pytest.fixture
def elsewhere(url: str) -> Iterator[Database]:
    """The same database, from another process as it were."""
    database = Database(url, KEYS)
    yield database
    database.close()


def new(id: str, email: str = "") -> Heir:  # noqa: A002
    return Heir(id=id, known_as=Person(id=id, name=id.title(), email=email or f"{id}@body.example"))


def hands_over(database: Database, person: str, heir: Heir | str, by: str = OPERATOR) -> HandOverRow:
    to = Heir(id=heir) if isinstance(heir, str) else heir
    return hand_over(database, ROUND, person, to, by, "On leave.", CLOSES)


def roles(database: Database, person: str) -> list[str]:
    return [str(grant.role) for grant in grants_of(database, person)]


def test_a_successor_has_the_role_and_whoever_had_it_has_none(open_: Database) -> None:
    """Fails where the role is given and not ended."""
    done = hands_over(open_, RELEASER, new("ann"))

    assert (done.number, done.role, done.by, done.reason) == (1, "releaser", OPERATOR, "On leave.")
    assert (roles(open_, RELEASER), roles(open_, "ann"), roles(open_, "ANN@body.example")) == (
        [],
        ["releaser"],
        ["releaser"],
    )
    assert people_of(open_, ROUND, "sepa")[Role.RELEASER] == ("ann", SECOND_RELEASER)


def test_a_decider_hands_over_for_the_sponsor_alone_and_an_operator_is_whom_people_ask(open_: Database) -> None:
    hands_over(open_, SELECTOR, new("dana"))
    hands_over(open_, OPERATOR, new("otto"))

    assert [grant.sponsor for grant in grants_of(open_, "dana")] == ["sepa"]
    with open_.reading() as connection:
        assert set(connection.scalars(select(tables.challenges.c.contact))) == {"otto@body.example"}


def test_a_colleague_with_the_same_role_takes_over_alone(open_: Database) -> None:
    hands_over(open_, RELEASER, SECOND_RELEASER)
    assert people_of(open_, ROUND, "sepa")[Role.RELEASER] == (SECOND_RELEASER,)


def test_a_role_comes_back_after_the_summer_and_goes_again(open_: Database) -> None:
    """Fails where who has once handed over can never have a role again."""
    first = hands_over(open_, RELEASER, new("ann"))
    back, again = hands_over(open_, "ann", RELEASER), hands_over(open_, RELEASER, "ann")

    assert [first.number, back.number, again.number] == [1, 2, 3]
    assert (roles(open_, RELEASER), roles(open_, "ann")) == ([], ["releaser"])
    assert read_hand_overs(open_, ROUND) == (first, back, again)


def test_whoever_asks_of_one_who_has_left_hears_who_has_the_role_now(open_: Database) -> None:
    """Fails where the first successor is named, who has handed over too."""
    hands_over(open_, RELEASER, new("ann"))
    hands_over(open_, "ann", new("bob"))
    found = {each.id: (each.role, each.successor) for each in read_people(open_, ROUND)}
    assert (found[RELEASER], found["ann"], found["bob"]) == (("", "bob"), ("", "bob"), ("releaser", ""))
    hands_over(open_, "bob", RELEASER)
    found = {each.id: (each.role, each.successor) for each in read_people(open_, ROUND)}
    assert (found[RELEASER], found["ann"]) == (("releaser", ""), ("", RELEASER))


def test_what_is_said_again_is_the_same_hand_over(open_: Database) -> None:
    """As when the command died half-way. Fails where it is refused, or is a second one."""
    first = hands_over(open_, RELEASER, new("ann"))
    assert hands_over(open_, RELEASER, "ann") == hands_over(open_, RELEASER, new("ann")) == first
    assert read_hand_overs(open_, ROUND) == (first,)


WRONG: list[tuple[str, Heir, type[Refused], str]] = [
    ("nobody", new("ann"), UnknownPerson, "nobody has no role in test-2016: fiona, frank, olivia, sam have one."),
    (RELEASER, Heir(id="ann"), UnknownPerson, "ann is new in test-2016: give --name and --email too."),
    (RELEASER, Heir(id=SELECTOR), NotAllowed, "sam is a person of test-2016 in the role sponsor"),
    (RELEASER, new("ann", "SAM@sepa.example"), NotAllowed, "The mailbox of ann belongs to sam, and one mailbox is"),
    (RELEASER, new("ann", "breathe@applicants.example"), NotAllowed, "The mailbox of ann is the contact of air-qual"),
    (RELEASER, new(SECOND_RELEASER), NotAllowed, "frank is known in test-2016 under another name or address"),
]


@pytest.mark.parametrize(("person", "heir", "kind", "says"), WRONG)
def test_what_cannot_be_handed_over_is_refused_in_one_line_and_changes_nothing(
    open_: Database, person: str, heir: Heir, kind: type[Refused], says: str
) -> None:
    applied(open_)
    before = people_of(open_, ROUND, "sepa")
    with pytest.raises(kind) as refused:
        hands_over(open_, person, heir)

    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert (people_of(open_, ROUND, "sepa"), read_hand_overs(open_, ROUND)) == (before, ())


def test_a_role_that_is_gone_is_handed_over_by_whoever_has_it(open_: Database) -> None:
    hands_over(open_, RELEASER, new("ann"))
    with pytest.raises(TooLate, match=r"fiona has no role in test-2016: ann took it over. Hand over from ann."):
        hands_over(open_, RELEASER, new("bob"))
    with pytest.raises(UnknownRound):
        hand_over(open_, "test-2099", RELEASER, new("bob"), OPERATOR, "x", CLOSES)


def test_two_who_hand_over_one_role_at_once_give_it_to_one(open_: Database, elsewhere: Database) -> None:
    """Fails where the people are not held: the role would have two successors."""
    made = at_once(
        open_,
        elsewhere,
        lambda database: hands_over(database, RELEASER, new("ann")),
        lambda database: hands_over(database, RELEASER, new("bob")),
    )
    assert sorted(type(each).__name__ for each in made) == ["HandOverRow", "TooLate"]
    assert len(people_of(open_, ROUND, "sepa")[Role.RELEASER]) == 2


# --- What people decided stays theirs ------------------------------------------------------------------------------


def test_whoever_selected_may_not_release_as_a_releaser_either(open_: Database) -> None:
    """The two-person rule looks at persons. Fails where the ledger asks the roles that a payment began with, and
    where it forgets who selected."""
    till = Till(open_, to_make(applied(open_)))
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    hands_over(open_, SELECTOR, new("dana"))
    hands_over(open_, RELEASER, SELECTOR)

    with pytest.raises(NotAllowed, match=r"sam may not release .*: sam selected the team"):
        till.release(by=SELECTOR)
    with pytest.raises(NotAllowed, match=r"fiona may not release .*: frank or sam may"):
        till.release("2", by=RELEASER)
    assert till.release("3", by=SECOND_RELEASER).releasers == (SECOND_RELEASER, SELECTOR)


def test_a_successor_releases_and_is_told_of_what_waits(open_: Database) -> None:
    till = Till(open_, to_make(applied(open_)))
    till.request()
    hands_over(open_, RELEASER, new("ann"))
    give_payee(open_, till.team)
    till.request()

    assert told(open_, Occasion.PAYMENT_TO_RELEASE) == ["ann", SECOND_RELEASER]
    assert till.release(by="ann").released_by == "ann"
    [line] = [each for each in read_record(open_, AIR) if each.action == "payment-release"]
    assert (line.by, line.role) == ("ann", "releaser")
    till.come_back(till.begun())
    assert told(open_, Occasion.PAYMENT_RETURNED) == sorted([till.team, OPERATOR, "ann", SECOND_RELEASER])


def test_a_file_that_is_opened_again_gives_nobody_a_role_back(
    open_: Database, round_: Round, programme: Programme
) -> None:
    """Fails where the people of the file are written down each time: whoever has left would be back."""
    hands_over(open_, RELEASER, new("ann"))
    decider = round_.sponsors[0].deciders[0].model_copy(update={"id": "late", "email": "late@body.example"})
    later = round_.model_copy(update={"releasers": (*round_.releasers, decider)})
    keep_round(open_, later, programme, challenges_of(later, programme), CLOSES)

    assert people_of(open_, ROUND, "sepa")[Role.RELEASER] == ("ann", SECOND_RELEASER)
    led = led_by_the_books(open_, challenges_of(later, programme))
    assert {(each.releasers, each.operators, each.hand_overs) for each in led} == {
        (("ann", SECOND_RELEASER), (OPERATOR,), 1)
    }


def test_a_challenge_that_comes_late_is_led_by_the_people_of_the_open_round(
    open_: Database, round_: Round, programme: Programme
) -> None:
    """Fails where it is led by people whom only the edited file knows: nobody could be told of anything."""
    stranger = Person(id="ann", name="Ann", email="ann@body.example")
    edited = round_.model_copy(update={"releasers": (stranger,)})
    air, roads = challenges_of(edited, programme)
    assert [each.releasers for each in led_by_the_books(open_, (air, roads), [roads.id])] == [
        ("ann",),
        (RELEASER, SECOND_RELEASER),
    ]


@pytest.mark.parametrize("email", ["sam@sepa.example", "new@body.example"])
def test_a_new_sponsor_is_not_decided_for_by_somebody_of_another_role(
    open_: Database, round_: Round, programme: Programme, email: str
) -> None:
    decider = Person(id="dana" if email.startswith("sam") else RELEASER, name="D", email=email)
    other = round_.sponsors[0].model_copy(update={"id": "other", "deciders": (decider,)})
    named = round_.model_copy(update={"sponsors": (*round_.sponsors, other)})
    with pytest.raises(FileRefused, match="is known in test-2016 in another role"):
        keep_round(open_, named, programme, (), CLOSES)


def test_a_file_takes_no_mailbox_from_anybody_who_has_or_had_it(
    open_: Database, round_: Round, programme: Programme
) -> None:
    """Two people could swap theirs in it, and release what they have selected. Fails where only the present addresses
    are looked at."""

    def opened_with(**addresses: str) -> dict[str, str]:
        people = {each.id: each for each in round_.people()} | {
            each.id: each.model_copy(update={"email": addresses[each.id]})
            for each in round_.people()
            if each.id in addresses
        }
        [sponsor] = round_.sponsors
        deciders = tuple(people[each.id] for each in sponsor.deciders)
        named = round_.model_copy(
            update={
                "releasers": tuple(people[each.id] for each in round_.releasers),
                "sponsors": (sponsor.model_copy(update={"deciders": deciders}),),
            }
        )
        keep_round(open_, named, programme, (), CLOSES)
        with open_.reading() as connection:
            return {row.id: row.email for row in connection.execute(select(tables.people))}

    before = opened_with()
    sams, fionas = before[SELECTOR], before[RELEASER]
    assert opened_with(sam="sam@new.example")[SELECTOR] == "sam@new.example"
    assert opened_with(sam="sam@new.example", fiona=sams)[RELEASER] == fionas
    assert opened_with(sam=sams)[SELECTOR] == sams


def test_a_challenge_is_told_of_no_hand_over_that_the_books_do_not_have(open_: Database) -> None:
    """As by a signal that somebody sends. Fails where a message alone makes somebody a releaser."""
    told_of = announcing("hand-over/1").model_copy(
        update={"handed_over": HandedOver(number=1, person=RELEASER, successor="ann")}
    )
    with pytest.raises(UnknownPerson, match=r"fiona has not handed over to ann in test-2016: use `starter.py hand-ov"):
        announce(open_, told_of, compose)
    hands_over(open_, RELEASER, new("bob"))
    with pytest.raises(UnknownPerson):
        announce(open_, told_of, compose)


def signing_in(subject: str, issuer: str = "https://login.body.example") -> SignIn:
    return SignIn(issuer=issuer, subject=subject)


def row_of(database: Database, person: str) -> tuple[str, str, str]:
    with database.reading() as connection:
        columns = (tables.people.c[name] for name in ("mailbox", "issuer", "subject"))
        return tuple(connection.execute(select(*columns).where(tables.people.c.id == person)).one())


def test_a_successor_signs_in_as_the_hand_over_says_and_is_no_other_human(open_: Database) -> None:
    """Fails when one human at an organisation can be two people of a round."""
    ann, bea = (
        Person(id=id_, name=id_, email=f"{id_}@Büro.example", sign_in=signing_in("7")) for id_ in ("ann", "bea")
    )
    hands_over(open_, RELEASER, Heir(id="ann", known_as=ann))
    assert row_of(open_, "ann") == ("ann@xn--bro-hoa.example", "https://login.body.example", "7")
    with pytest.raises(NotAllowed, match="ann signs in with that subject at that organisation"):
        hands_over(open_, SECOND_RELEASER, Heir(id="bea", known_as=bea))
    other = bea.model_copy(update={"sign_in": signing_in("7", "https://login.other.example")})
    hands_over(open_, SECOND_RELEASER, Heir(id="bea", known_as=other))
    assert row_of(open_, "bea")[1:] == ("https://login.other.example", "7")


def test_a_mailbox_spelled_otherwise_is_no_other_person(open_: Database) -> None:
    hands_over(open_, RELEASER, new("ann", "ann@büro.example"))
    with pytest.raises(NotAllowed, match="belongs to ann"):
        hands_over(open_, SECOND_RELEASER, new("bea", "ANN@XN--BRO-HOA.example"))


def test_opening_a_round_again_says_how_people_sign_in(open_: Database, round_: Round, programme: Programme) -> None:
    """Fails when an organisation that a body gets later is not heard of, or when it makes one human of two people."""
    fiona, frank = round_.releasers
    fiona, frank = (
        each.model_copy(update={"sign_in": signing_in(number)}) for each, number in ((fiona, "1"), (frank, "2"))
    )
    named = round_.model_copy(update={"releasers": (fiona, frank)})
    keep_round(open_, named, programme, (), CLOSES)
    assert [row_of(open_, each.id)[2] for each in (fiona, frank)] == ["1", "2"]
    same = named.model_copy(update={"releasers": (fiona, frank.model_copy(update={"sign_in": signing_in("1")}))})
    keep_round(open_, same, programme, (), CLOSES)
    assert [row_of(open_, each.id)[2] for each in (fiona, frank)] == ["1", "2"]
    keep_round(open_, round_, programme, (), CLOSES)
    assert [row_of(open_, each.id)[1:] for each in (fiona, frank)] == [("", "")] * 2
