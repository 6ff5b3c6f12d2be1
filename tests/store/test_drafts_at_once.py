"""Several who save, send and seal at once: one of two counts, what is sent is whole, and what was sent last counts."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier

from whenever import Instant, TimeDelta

from domain.announcements.announcement import Window
from domain.announcements.occasions import Facts, Occasion
from domain.challenges.application import Receipt
from domain.challenges.draft import Saved, Typed
from domain.values.refusals import TooLate
from store.challenges import drafts, sending
from store.challenges.applications import count, read
from store.database.database import Database
from store.record.record import announce, read_notices
from tests.store.said import AIR, MIDWAY, OPENS, Words, announcing, compose, seal
from tests.store.test_races import wait_for_waiting
from tests.store.writing import COMPLETE, complete, look_at, save, send
from tests.waiting import HANGS


def is_postgres(database: Database) -> bool:
    return database.engine.dialect.name == "postgresql"


def test_of_two_who_save_the_same_version_at_once_one_counts_and_both_are_kept(form_round: Database) -> None:
    """Fails on PostgreSQL, now and then, if a save does not lock the draft."""
    draft = complete(form_round)
    start = Barrier(2, timeout=HANGS)

    def write(text: str) -> Saved:
        start.wait()
        return save(form_round, draft, "idea", text, 1)

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(write, text) for text in ("Trams.", "Bikes.")]
        both = [each.result(HANGS) for each in done]
    (met,) = [each for each in both if each.other is not None]
    (first,) = [each for each in both if each.other is None]
    assert met.other == first.yours
    assert (first.yours.version, met.yours.version) == (2, 3)
    assert look_at(form_round, draft).answered()["idea"] == first.yours.answer


def test_what_is_saved_while_a_draft_is_sent_is_not_half_in_it(form_round: Database) -> None:
    """The save waits. Fails on PostgreSQL if sending does not lock the draft before it reads the answers."""
    draft = complete(form_round)
    saving: list[Future[tuple[Saved, ...]]] = []
    later = [Typed(question=question, answer="Later.", builds_on=1) for question in ("summary", "idea")]

    with ThreadPoolExecutor(1) as pool:

        def composing(occasion: Occasion, facts: Facts) -> Words:
            saving.append(pool.submit(drafts.save, form_round, draft, "", later, lambda: MIDWAY))
            if is_postgres(form_round):
                wait_for_waiting(form_round, saving)
            return compose(occasion, facts)

        receipt = sending.send(form_round, draft, "", lambda: MIDWAY, composing)
        assert [each.other for each in saving[0].result(HANGS)] == [None, None]

    found = look_at(form_round, draft)
    assert found.sent is not None
    assert (found.sent.changed, found.answered()["idea"], receipt.version) == (True, "Later.", 1)
    seal(form_round)
    assert [each.answers for each in read(form_round, AIR)] == [COMPLETE]


def test_whatever_is_sent_while_somebody_goes_on_writing_was_on_the_page_at_one_moment(form_round: Database) -> None:
    """Two questions always say the same. Fails if the answers that are sent come from two moments."""
    draft, number = complete(form_round), 30
    save(form_round, draft, "summary", "0", 1)
    save(form_round, draft, "idea", "0", 1)
    start = Barrier(2, timeout=HANGS)

    def write() -> None:
        start.wait()
        for each in range(1, number):
            typed = [Typed(question=q, answer=str(each), builds_on=each + 1) for q in ("summary", "idea")]
            drafts.save(form_round, draft, "", typed, lambda: MIDWAY)

    def keep_sending() -> list[Receipt]:
        start.wait()
        return [send(form_round, draft, MIDWAY.add(seconds=each)) for each in range(number)]

    with ThreadPoolExecutor(2) as pool:
        writing, sender = pool.submit(write), pool.submit(keep_sending)
        writing.result(HANGS)
        receipts = sender.result(HANGS)
    last = send(form_round, draft, MIDWAY.add(seconds=number))
    seal(form_round)
    (application,) = read(form_round, AIR)
    assert application.answers["summary"] == application.answers["idea"] == str(number - 1)
    versions = [each.version for each in receipts]
    assert versions == sorted(versions)
    assert last.version in (versions[-1], versions[-1] + 1)
    assert len(read_notices(form_round, AIR)) == last.version


def test_two_who_send_the_same_draft_at_once_get_the_same_receipt(form_round: Database) -> None:
    """Fails on PostgreSQL if sending does not lock the draft: both would be the first."""
    draft = complete(form_round)
    start = Barrier(4, timeout=HANGS)

    def sends() -> Receipt:
        start.wait()
        return send(form_round, draft)

    with ThreadPoolExecutor(4) as pool:
        receipts = [each.result(HANGS) for each in [pool.submit(sends) for _ in range(4)]]
    assert sorted(each.repeated for each in receipts) == [False, True, True, True]
    assert len({(each.application, each.received, each.version) for each in receipts}) == 1
    assert count(form_round, AIR) == len(read_notices(form_round, AIR)) == 1


def test_whoever_seals_waits_for_a_draft_that_is_being_sent(form_round: Database) -> None:
    """And counts it. Fails on PostgreSQL without the lock of the window."""
    draft = complete(form_round)
    sealing: list[Future[int]] = []
    with ThreadPoolExecutor(1) as pool:

        def composing(occasion: Occasion, facts: Facts) -> Words:
            sealing.append(pool.submit(seal, form_round, AIR, MIDWAY))
            if is_postgres(form_round):
                wait_for_waiting(form_round, sealing)
            return compose(occasion, facts)

        sending.send(form_round, draft, "", lambda: MIDWAY, composing)
        assert sealing[0].result(HANGS) == 1


def test_what_was_sent_last_before_the_closing_instant_is_what_counts(form_round: Database) -> None:
    """Two people write, save and send one after the other until it is too late, by the machine's clock.

    Fails when the comparison with `closes` is left out.
    """
    now = Instant.now()
    closes = now + TimeDelta(seconds=1)
    announce(form_round, announcing("move", window=Window(opens=OPENS, closes=closes)), compose)
    ids = [complete(form_round) for _ in range(2)]

    def until_too_late(draft: str) -> tuple[Receipt, str]:
        number, last = 1, None
        while True:
            assert Instant.now() < closes + TimeDelta(seconds=HANGS), "nothing is ever too late"
            text = f"Idea {number}"
            save(form_round, draft, "idea", text, number)
            try:
                last = (sending.send(form_round, draft, "", Instant.now, compose), text)
            except TooLate:
                assert last is not None
                return last
            number += 1

    with ThreadPoolExecutor(2) as pool:
        running = {draft: pool.submit(until_too_late, draft) for draft in ids}
        finals = {draft: each.result(HANGS) for draft, each in running.items()}
    assert seal(form_round, AIR, Instant.now()) == 2
    for application in read(form_round, AIR):
        receipt, text = finals[application.id]
        assert receipt.received < closes
        assert application.answers["idea"] == text
        found = look_at(form_round, application.id)
        assert found.sent is not None
        assert (found.sent.at, found.sent.version) == (receipt.received, receipt.version)
        assert found.answered()["idea"] == f"Idea {receipt.version + 1}", "what came too late is kept, unsent"
