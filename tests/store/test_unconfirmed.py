"""Decisions that came without a proof: kept once, for the person whom they name, and settled once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.announcements.announcement import Announcement, Entry
from domain.announcements.occasions import Occasion
from domain.announcements.unconfirmed import dropped
from domain.challenges.decisions import Hold
from domain.identity.asked import Asked
from domain.identity.proof import Proof, Way
from domain.permissions import Grant, Role
from domain.values.paging import Page
from domain.values.refusals import AnotherDecision, AwaitsConfirmation, NotProven, TooLate, UnknownDecision
from store.challenges.rounds import find_challenge
from store.database.database import Database
from store.identity import unconfirmed
from store.identity.unconfirmed import LONGEST, MOST, MOST_IN_A_NAME, Unconfirmed, find, keep, page_of_waiting
from store.record.record import announce, read_notices, read_record
from tests.store.said import AIR, MIDWAY, ROADS, compose

PERSON = "olivia"
SHOWN = Proof(way=Way.KEY)


def hold(id: str = "1", by: str = PERSON, reason: str = "Elections.") -> Hold:  # noqa: A002
    """A decision by hand."""
    return Hold(by=by, decision_id=id, reason=reason)


def announced(decision: Hold, challenge: str = AIR) -> Announcement:
    """What is announced if it is done."""
    entry = Entry(at=MIDWAY, by=decision.by, role="operator", action="hold", stage="window", text="On hold")
    return Announcement(key=f"{challenge}/hold/{decision.decision_id}", challenge=challenge, entry=entry)


def come(database: Database, decision: Hold, challenge: str = AIR) -> AwaitsConfirmation | None:
    """It comes without a proof."""
    return keep(database, challenge, Asked.of(decision, ""), announced(decision, challenge), "somebody", compose)


def waiting(database: Database, person: str = PERSON, round_: str = "test-2016") -> list[Unconfirmed]:
    """What waits for a person."""
    grant = Grant(round=round_, role=Role.OPERATOR, person=person)
    return list(page_of_waiting(database, Page(), [grant]).items)


def drop(database: Database, one: Unconfirmed) -> None:
    """The person drops it."""
    said = dropped(AIR, one.id, "hold", one.person, "operator", "Not mine.", SHOWN, (PERSON,), MIDWAY)
    unconfirmed.drop(database, one, said, compose)


def done(database: Database, decision: Hold) -> None:
    """It is done, with a proof."""
    said = announced(decision)
    entry = said.entry.model_copy(update={"proof": SHOWN.shown, "signed": "a statement"})
    announce(database, said.model_copy(update={"entry": entry}), compose)


def test_what_comes_without_a_proof_is_kept_once_with_a_line_and_a_letter(kept: Database) -> None:
    """Fails when a signal that comes again is another one: each would be another letter."""
    said = {str(come(kept, hold())) for _ in range(3)}

    [one] = waiting(kept)
    assert said == {f"The hold came without a proof, so nothing has changed: {PERSON} can confirm it as {one.id}."}
    assert (one.kind, one.workflow, one.person, one.principal) == ("hold", AIR, PERSON, "somebody")
    assert (one.content, one.decision_id) == ('{"by":"olivia","reason":"Elections."}', "1")
    [line] = read_record(kept, AIR)
    assert (line.action, line.by, line.refused, line.proof) == ("unconfirmed", PERSON, False, "not proven")
    assert line.text == f"hold, in the name of {PERSON}, waits until {PERSON} confirms it as {one.id}"
    [letter] = read_notices(kept)
    assert (letter.occasion, letter.recipient) == (Occasion.UNCONFIRMED, PERSON)
    assert one.id in letter.body


def test_neither_the_record_nor_the_letter_repeats_what_was_sent(kept: Database) -> None:
    """Fails when a stranger can write to somebody in the service's name, or onto the record."""
    come(kept, hold(reason="See https://evil.example at once."))

    texts = [line.text + line.reason for line in read_record(kept, AIR)] + [each.body for each in read_notices(kept)]
    assert not any("evil" in text for text in texts)


def test_another_content_under_the_same_id_is_refused(kept: Database) -> None:
    come(kept, hold())

    with pytest.raises(AnotherDecision, match="The id '1' was used for another decision"):
        come(kept, hold(reason="Something else."))
    assert [one.content for one in waiting(kept)] == ['{"by":"olivia","reason":"Elections."}']


def test_a_decision_that_was_dropped_is_refused_from_then_on(kept: Database) -> None:
    come(kept, hold())
    [one] = waiting(kept)
    for _ in range(2):
        drop(kept, one)

    assert waiting(kept) == []
    assert find(kept, one.id).settled_how == "dropped"
    with pytest.raises(NotProven, match=f"{PERSON} has dropped this hold"):
        come(kept, hold())
    lines = [(line.action, line.proof, line.reason) for line in read_record(kept, AIR)]
    assert lines == [("unconfirmed", "not proven", ""), ("unconfirmed-dropped", "terminal key", "Not mine.")]
    assert [each.recipient for each in read_notices(kept) if each.occasion == Occasion.REFUSED] == [PERSON]


def test_a_decision_that_was_done_waits_no_longer_and_passes_when_it_comes_again(kept: Database) -> None:
    """Fails when the row is settled apart from the decision: after a crash in between it could be dropped as well."""
    come(kept, hold())
    [one] = waiting(kept)
    done(kept, hold())

    assert waiting(kept) == []
    assert find(kept, one.id).settled == MIDWAY.round("microsecond", mode="floor")
    assert find(kept, one.id).settled_how == "confirmed"
    assert come(kept, hold()) is None
    with pytest.raises(TooLate, match="was confirmed before"):
        drop(kept, one)
    assert [line.action for line in read_record(kept, AIR)] == ["unconfirmed", "hold"]


def test_a_refused_decision_goes_on_waiting(kept: Database) -> None:
    come(kept, hold())
    said = announced(hold())
    entry = said.entry.model_copy(update={"refused": True, "signed": "a statement"})
    announce(kept, said.model_copy(update={"entry": entry, "key": f"{AIR}/refused/1"}), compose)

    assert len(waiting(kept)) == 1


def test_so_many_wait_in_a_name_and_at_a_challenge_and_no_more(kept: Database) -> None:
    """Fails when a stranger can have any number of letters sent to somebody."""
    for number in range(MOST):
        come(kept, hold(str(number), by=f"person-{number // MOST_IN_A_NAME}"))

    for by in ("person-0", "another"):
        with pytest.raises(NotProven, match=f"Too many decisions without a proof wait at {AIR}"):
            come(kept, hold("more", by=by))
    assert come(kept, hold("0", by="person-0"))  # which waits already
    assert len(read_record(kept, AIR)) == MOST
    assert come(kept, hold("more", by="another"), ROADS)
    assert len(waiting(kept, "person-0")) == MOST_IN_A_NAME
    with pytest.raises(NotProven):
        come(kept, hold("more", by="person-9"), AIR)


def test_a_decision_that_is_too_long_is_not_kept(kept: Database) -> None:
    asked = Asked.of(hold(), "").model_copy(update={"content": "x" * (LONGEST + 1)})
    with pytest.raises(NotProven, match="too long"):
        keep(kept, AIR, asked, announced(hold()), "", compose)
    with pytest.raises(NotProven, match="too long"):
        keep(kept, AIR, asked.model_copy(update={"content": ""}), announced(hold()), "", compose)
    assert read_record(kept, AIR) == ()


def test_a_decision_waits_for_the_person_of_its_own_round_only(kept: Database) -> None:
    """Fails when ids alone count: the same id in another round can be somebody else."""
    come(kept, hold())

    assert waiting(kept, "sam") == waiting(kept, PERSON, "test-2017") == []
    assert page_of_waiting(kept, Page(), []).items == ()
    assert page_of_waiting(kept, Page(), [Grant(round="test-2016", role=Role.ANYONE, person="")]).items == ()
    grant = Grant(round="test-2016", role=Role.OPERATOR, person=PERSON)
    assert page_of_waiting(kept, Page(), [grant], ROADS).items == ()


def test_an_id_that_is_none_is_refused(kept: Database) -> None:
    with pytest.raises(UnknownDecision, match="No decision waits as 'nothing'"):
        find(kept, "nothing")


def test_lists_say_how_many_wait_and_how_many_were_done_without_a_proof(kept: Database) -> None:
    come(kept, hold())
    for number, (action, proof, refused) in enumerate(
        (
            ("hold", "not proven", False),
            ("payment-release", "not proven", False),
            ("hold", "not proven", True),
            ("hold", "terminal", False),
            ("application-refused", "not proven", False),
        )
    ):
        said = announced(hold(f"other-{number}"))
        entry = said.entry.model_copy(update={"action": action, "proof": proof, "refused": refused})
        announce(kept, said.model_copy(update={"entry": entry}), compose)

    row = find_challenge(kept, AIR)
    assert (row.unconfirmed, row.not_proven) == (1, 2)
    assert find_challenge(kept, ROADS).not_proven == 0


def test_the_same_signal_twice_at_once_is_one_row(kept: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: str(come(kept, hold())), range(4)))

    assert len(set(found)) == 1
    assert len(waiting(kept)) == len(read_record(kept, AIR)) == len(read_notices(kept)) == 1


def test_of_dropping_and_confirming_at_once_one_is_refused(kept: Database) -> None:
    """Fails when either of the two does not look at the row that the other has settled."""
    come(kept, hold())
    [one] = waiting(kept)

    def tried(what: Callable[[], None]) -> str:
        try:
            what()
        except TooLate as refusal:
            return str(refusal)
        return ""

    with ThreadPoolExecutor(2) as pool:
        refusals = list(pool.map(tried, (lambda: drop(kept, one), lambda: done(kept, hold()))))

    how = find(kept, one.id).settled_how
    assert sorted(filter(None, refusals)) == [f"The hold {one.id} was {how} before: see the record."]
    assert len(read_record(kept, AIR)) == 2
