"""What erasure blanks in both databases, what it leaves, and what no statement can do to what was erased."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, Text, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from whenever import Instant

from domain.announcements.announcement import to_teams
from domain.announcements.occasions import Occasion
from domain.values.addresses import mailbox_of
from domain.values.refusals import ApplicationRefused, NotSentAgain, TooEarly, UnknownTeam
from store import erasure
from store.challenges.applications import accept
from store.database import tables
from store.database.database import Database
from store.outbox.failing import send_again
from store.payments import payees
from store.payments.payees import are_kept
from store.payments.sealing import Kept
from store.record.notices import read_notices
from store.record.record import announce, read_record
from store.record.verifying import verify
from tests.store import writing
from tests.store.paying import LATER, Till, give_payee
from tests.store.said import AIR, MICROSECOND, MIDWAY, OPENS, announcing, applying, compose, facts

ADDRESS = "breathe@applicants.example"
PERSONAL = (
    "Breathe Ltd",
    ADDRESS,
    "measures the air",
    "sealed 1",
    "sealed 2",
    "masked 1",
    "masked 2",
    "fingerprint 2",
    "a kind word",
    "a sharp word",
    "a wise word",
    "a sister",
)

BLANKED = {
    "challenges": {"contact"},
    "late_applications": {"organisation", "firm", "email", "answers", "submission"},
    "applications": {"organisation", "firm", "email", "mailbox", "former", "answers", "submission"},
    "proposals": {"answers"},
    "drafts": {"organisation", "email", "mailbox"},
    "draft_answers": {"answer"},
    "attachments": {"name"},
    "files": {"key", "digest"},
    "payees": {"sealed", "masked", "country", "fingerprint"},
    "feedback": {"text"},
    "notices": {"address", "subject", "body"},
    "people": {"name", "email", "mailbox", "former", "issuer", "subject"},
    "interests": {"what"},
    "scores": {"reason"},
    "agreed_marks": {"reason"},
    "sessions": {"secret", "mailbox", "issuer", "subject", "where"},
    "links": {"mailbox", "address", "secret", "browser", "code", "wanted", "reason"},
    "passkeys": {"mailbox", "name"},
    "terminal_keys": {"mailbox", "secret"},
    "writers": {"mailbox", "browser", "invited_by"},
    "questions": {"mailbox", "text"},
    "calendar_feeds": {"mailbox", "secret"},
    "evidence_sent": {"statement", "submission"},
    "evidence_drafts": {"statement"},
}
"""Every column with something personal. Everything else is an id, an amount, a date, or a word of the service."""
ALL_BLANK = "sealed = '', masked = '', country = '', fingerprint = ''"
"""The one change of bank details that the database allows."""
REASONS = {
    *("record.text", "record.reason", "challenges.outcome_reason", "payments.reason", "hand_overs.reason"),
    *("notices.reason", "questions.answer", "attention.text", "filed_transfers.reason", "bank_words.reason"),
    *("unconfirmed.content", "unconfirmed.principal", "record.principal"),
    "public_copies.snapshot",  # ids, dates, amounts, and why a challenge has ended
}
"""What people are asked to keep free of personal data: it stays, and `erase` says so."""
NOT_PERSONAL = {
    *("id", "key", "challenge", "round", "slug", "stage", "status", "currency", "time_zone", "waits_for", "outcome"),
    *("role", "sponsor", "sponsor_name", "question", "occasion", "recipient", "channel", "reference"),
    *("by", "person"),
    *("successor", "team", "rail", "ended_as", "rail_reference", "form", "execute_on", "file", "transfer"),
    *("end_to_end", "progress", "arrived_on", "payment", "workflow", "while_waiting_for", "while_payment"),
    *("action", "said", "title", "doubt", "said_by", "version", "application", "criterion", "kind", "scan"),
    *("proof", "signed", "decision_id", "previous", "hash", "record_head", "unproven", "settled_how", "way"),
    *("attachment", "line"),  # ids
    "posed",  # what a round's files say to the public
    # Of a sign-in that was begun, which is nobody's yet.
    *("state", "browser", "wanted", "issuer"),
    # Of a passkey that is asked for in a session.
    *("session", "purpose"),
}


def test_somebody_has_decided_about_every_column_with_text() -> None:
    """Fails for a new column until it is blanked, or somebody has said that nothing personal is in it."""
    undecided = {
        f"{table.name}.{column.name}"
        for table in tables.METADATA.sorted_tables
        for column in table.columns
        if isinstance(column.type, String | Text)
        and column.name not in BLANKED.get(table.name, set())
        and column.name not in NOT_PERSONAL
        and not column.name.endswith(("_by", "_on", "_reference"))  # ids of people of the round; days; ids of payments
        and f"{table.name}.{column.name}" not in REASONS
    }
    assert undecided == set()
    assert set(BLANKED) == set(erasure.REWRITTEN)


def erase(database: Database, at: Instant = LATER, **whose: str) -> erasure.Found:
    found = erasure.find(database, **whose)
    line = announcing(f"erase/{at}", at=at)
    erasure.erase(database, [line], found, whose.get("email", ""), at, compose)
    assert verify(database).fault is None, "the record is no longer as it was written"
    return found


def contents(database: Database) -> str:
    """All rows of all tables."""
    with database.reading() as connection:
        return "\n".join(
            str(row) for table in tables.METADATA.sorted_tables for row in connection.execute(select(table)).all()
        )


@pytest.fixture
def known(till: Till) -> Till:
    """A team with a payment that was made, bank details in two versions, feedback, and a refused application."""
    till.request()
    give_payee(till.database, till.team, 1)
    till.request()
    till.release()
    till.settle(till.begun())
    with till.database.writing() as connection:
        kept = Kept(sealed="sealed 2", masked="masked 2", country="GB", fingerprints=("fingerprint 2",))
        payees.add(connection, till.team, 2, kept, till.team, LATER)
        words = {"team": till.team, "stage": "accelerator", "text": "a kind word", "given_by": "sam", "given_at": LATER}
        connection.execute(insert(tables.feedback).values(words))
        mark = {"application": till.team, "stage": "exploration", "criterion": "merit", "version": 1, "mark": 3}
        connection.execute(insert(tables.scores).values(**mark, person="sam", reason="a sharp word", at=LATER))
        said = {"application": till.team, "person": "sam", "version": 1, "conflict": True, "what": "a sister"}
        connection.execute(insert(tables.interests).values(**said, at=LATER))
        connection.execute(insert(tables.agreed_marks).values(**mark, by="sam", reason="a wise word", at=LATER))
    with pytest.raises(ApplicationRefused):
        accept(till.database, AIR, applying(proposal=" "), lambda: MIDWAY, compose)
    return till


def test_everything_personal_is_blanked_and_the_rest_stays(known: Till) -> None:
    database, before = known.database, known.now
    assert all(each in contents(database) for each in PERSONAL)
    record = [line.text for line in read_record(database, AIR)]
    found = erase(database, email=ADDRESS.upper())

    assert [each for each in PERSONAL if each in contents(database)] == []
    (trace,) = found.applications
    assert (trace.id, trace.bank_details, trace.feedback, trace.keeps_bank_details) == (known.team, 2, 1, False)
    assert [each.notices for each in found.elsewhere] == [1]
    after = known.now
    assert after.model_copy(update={"payee": before.payee, "bank_country": before.bank_country}) == before
    assert [line.text for line in read_record(database, AIR)][:-1] == record
    assert {notice.status for notice in read_notices(database, AIR) if notice.recipient == known.team} <= {"lapsed"}
    assert not are_kept(database)
    assert payees.reseal(database, lambda sealed, team: pytest.fail(f"{sealed} of {team} is sealed again")) == 0


def test_to_erase_again_finds_nothing_and_changes_nothing(known: Till) -> None:
    erase(known.database, team=known.team)
    blank = contents(known.database)
    assert all(trace.is_blank for trace in erasure.find(known.database, team=known.team).applications)
    assert [each.notices for each in erasure.find(known.database, email=ADDRESS).elsewhere] == [1]
    erasure.erase(known.database, [], erasure.find(known.database, team=known.team), "", LATER, compose)
    assert contents(known.database) == blank


def test_bank_details_stay_while_money_is_on_its_way_and_nobody_can_blank_them(till: Till) -> None:
    """Fails without the trigger: a statement by hand would leave the payment without its account."""
    till.request()
    give_payee(till.database, till.team, 1)
    till.request()
    till.release()
    (trace,) = erase(till.database, team=till.team).applications
    assert trace.keeps_bank_details
    assert trace.open_payments == (till.key,)
    assert "sealed 1" in contents(till.database)
    assert "Breathe Ltd" not in contents(till.database)
    refused(till.database, f"UPDATE payees SET {ALL_BLANK}", "while money is on its way to them")
    till.settle(till.begun())
    erase(till.database, at=LATER.add(hours=1), team=till.team)
    assert "sealed 1" not in contents(till.database)


def refused(database: Database, statement: str, why: str) -> None:
    before = contents(database)
    with pytest.raises(IntegrityError, match=why), database.writing() as connection:
        connection.execute(text(statement))
    assert contents(database) == before


@pytest.mark.parametrize(
    "change",
    [
        "masked = ''",
        "sealed = ''",
        "sealed = '', masked = 'x'",
        "masked = 'x'",
        "country = 'FR'",
        "sealed = '', masked = ''",
        "given_by = ''",
        f"{ALL_BLANK}, given_by = 'x'",
        f"{ALL_BLANK}, version = 9",
    ],
)
def test_bank_details_change_in_no_way_but_this_one(known: Till, change: str) -> None:
    refused(known.database, f"UPDATE payees SET {change} WHERE version = 1", "bank details stay")


@pytest.mark.parametrize("change", ["sealed = 'x'", "masked = 'x'", "sealed = 'x', masked = 'x'"])
def test_what_was_erased_stays_erased(known: Till, change: str) -> None:
    erase(known.database, team=known.team)
    refused(known.database, f"UPDATE payees SET {change}", "bank details stay")
    refused(known.database, "DELETE FROM payees", "bank details stay")
    refused(known.database, "UPDATE record SET text = ''", "append-only")


def test_whoever_was_erased_is_neither_selected_nor_told_anything(known: Till) -> None:
    """A later announcement to the team must not stop its workflow either."""
    database, team = known.database, known.team
    erase(database, team=team)
    told = len(read_notices(database, AIR))
    with pytest.raises(UnknownTeam, match="was erased"):
        announce(database, announcing("selected", applications=(team,)), compose)
    letter = to_teams((team,), Occasion.STAGE_ENDING, facts(Occasion.STAGE_ENDING))
    announce(database, announcing("ending", letter), compose)
    assert len(read_notices(database, AIR)) == told
    notice = next(each for each in read_notices(database, AIR) if each.recipient == team)
    with database.writing() as connection:
        connection.execute(update(tables.notices).where(tables.notices.c.key == notice.key).values(status="failed"))
    with pytest.raises(NotSentAgain, match="the recipient was erased"):
        send_again(database, notice.key, LATER)


def test_another_application_from_the_same_address_stays(known: Till) -> None:
    """Fails when what came after the look is erased with the rest."""
    found = erasure.find(known.database, email=ADDRESS)
    later = accept(known.database, AIR, applying(proposal="Another."), lambda: MIDWAY, compose).application
    erasure.erase(known.database, [announcing("erase")], found, ADDRESS, LATER, compose)
    with known.database.reading() as connection:
        kept = select(tables.applications.c.email).where(tables.applications.c.id == later)
        assert connection.scalars(kept).one() == ADDRESS
        whole = select(func.count()).where(tables.notices.c.recipient == later, tables.notices.c.body != "")
        assert connection.scalars(whole).one() == 1


def test_a_late_application_that_waits_to_be_admitted_is_removed(known: Till) -> None:
    database, late = known.database, "late@applicants.example"
    row = {"id": "late-1", "challenge": AIR, "organisation": "Late Ltd", "firm": "late", "email": late}
    with database.writing() as connection:
        more = {"form": "1", "answers": "Better late.", "submission": "x", "received": MIDWAY}
        connection.execute(insert(tables.late_applications).values(row | more))
    assert [each.id for each in erase(database, email=late).late] == ["late-1"]
    assert "Late Ltd" not in contents(database)
    assert late not in contents(database)


@pytest.mark.parametrize("by_id", [True, False])
def test_a_draft_of_somebody_who_never_applied_is_removed(open_: Database, by_id: bool) -> None:
    """With what was refused when they tried to send it. Fails if drafts are found by their applications alone."""
    draft, other = writing.begun(open_), writing.begun(open_, email="other@applicants.example")
    writing.save(open_, draft, "proposal", "measures the air")
    writing.save(open_, draft, "proposal", "measures the air better", 1)
    with pytest.raises(TooEarly):
        writing.send(open_, draft, OPENS - MICROSECOND)
    found = erase(open_, team=draft) if by_id else erase(open_, email=ADDRESS.upper())
    assert [(each.id, each.notices) for each in found.drafts] == [(draft, 1)]
    assert found.elsewhere == ()
    assert [each for each in ("Breathe", ADDRESS, "measures the air") if each in contents(open_)] == ["Breathe"]
    assert writing.look_at(open_, other).organisation == "Breathe Ltd"
    with pytest.raises(UnknownTeam):
        writing.save(open_, draft, "proposal", "Again.")
    assert erasure.find(open_, team=draft).traces == ()


def test_an_application_is_erased_with_its_draft_and_one_sent_meanwhile_stays(open_: Database) -> None:
    draft = writing.begun(open_)
    writing.save(open_, draft, "proposal", "measures the air")
    found = erasure.find(open_, email=ADDRESS)
    assert [each.id for each in found.drafts] == [draft]
    writing.send(open_, draft)
    erasure.erase(open_, [announcing("erase")], found, ADDRESS, LATER, compose)
    assert writing.look_at(open_, draft).answered() == {"proposal": "measures the air"}
    erase(open_, team=draft)
    assert [each for each in PERSONAL if each in contents(open_)] == []


def test_an_operator_is_erased_from_the_letters_to_others_too(known: Till) -> None:
    """Every letter of a round says whom to write to."""
    database, address = known.database, "olivia@scheme.example"
    assert address in next(each.body for each in read_notices(database, AIR) if each.recipient != "olivia")
    with database.writing() as connection:
        connection.execute(update(tables.challenges).values(outcome="completed"))
    erase(database, email=address)
    assert address not in contents(database)
    assert "contact: (erased)" in contents(database)


def test_a_person_is_erased_only_after_their_round(known: Till) -> None:
    (person,) = erasure.find(known.database, email="sam@sepa.example").people
    assert person.goes_on
    assert "a sister" in contents(known.database)
    with known.database.writing() as connection:
        connection.execute(update(tables.challenges).values(outcome="completed"))
    erase(known.database, email="sam@sepa.example")
    assert "sam@sepa.example" not in contents(known.database)
    assert "a sister" not in contents(known.database)  # what they have to do with others is about them, too
    assert "'sam'" in contents(known.database)  # the id stays: it says who decided


ANNS = "ann@büro.example"


def signed_in(database: Database, mailbox: str) -> None:
    """Somebody has a session, a link, a passkey, a terminal key and a calendar."""
    moment = {"begun_at": LATER, "used_at": LATER, "ends_at": LATER}
    rows: dict[Any, dict[str, Any]] = {
        tables.sessions: {"secret": f"1{mailbox}", "way": "link", "passkey": False, "where": "Firefox", **moment},
        tables.links: {"address": mailbox, "browser": "b", "code": "c", "asked_at": LATER, "ends_at": LATER},
        tables.passkeys: {"handle": b"h", "public_key": b"k", "signatures": 0, "name": "my phone", "made_at": LATER},
        tables.terminal_keys: {"secret": f"2{mailbox}", "made_by": "olivia", "made_at": LATER},
    }
    with database.writing() as connection:
        for table, row in rows.items():
            connection.execute(insert(table).values(**row, id=f"of {mailbox}", mailbox=mailbox_of(mailbox)))
        feed = {"secret": f"3{mailbox}", "mailbox": mailbox_of(mailbox), "made_at": LATER}
        connection.execute(insert(tables.calendar_feeds).values(**feed))


def test_how_somebody_signed_in_goes_with_them_and_nobody_elses(known: Till) -> None:
    """Fails when whoever was erased stays signed in, or can be found by a session."""
    database = known.database
    for mailbox in (ADDRESS, ANNS):
        signed_in(database, mailbox)
    assert erase(database, team=known.team).sign_ins == 0
    assert f"of {ADDRESS}" not in contents(database)
    assert "my phone" in contents(database)
    found = erase(database, LATER.add(hours=1), email=ANNS.upper())
    assert (found.traces, found.sign_ins) == ((), 5)
    assert "xn--bro-hoa" not in contents(database)
    assert "my phone" not in contents(database)


def test_whoever_is_known_by_something_else_stays_signed_in(known: Till) -> None:
    """Fails when one of two applications is erased and the other's contact is signed out."""
    other = accept(known.database, AIR, applying(proposal="Another."), lambda: MIDWAY, compose).application
    signed_in(known.database, ADDRESS)
    erase(known.database, team=known.team)
    assert "my phone" in contents(known.database)
    erase(known.database, LATER.add(hours=1), team=other)
    assert "my phone" not in contents(known.database)


def test_the_files_of_the_database_keep_nothing_of_what_was_erased(known: Till) -> None:
    """Fails without `rewrite`: a row that was changed is still in its page."""
    database = known.database
    with database.writing() as connection:
        connection.execute(text("ANALYZE"))  # as PostgreSQL does by itself after a while, and keeps examples
    erase(database, email=ADDRESS)
    database.rewrite(erasure.REWRITTEN)
    files = _files_of(database)
    assert files
    left = {each: path for path in files for each in PERSONAL if each.encode() in path.read_bytes()}
    assert left == {}


def _files_of(database: Database) -> list[Path]:
    if database.engine.dialect.name == "sqlite":
        file = Path(str(database.engine.url.database))
        return [path for path in file.parent.glob(f"{file.name}*") if path.is_file()]
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
        folder: Any = connection.exec_driver_sql("SHOW data_directory").scalar_one()
        own = connection.exec_driver_sql("SELECT oid FROM pg_database WHERE datname = current_database()").scalar_one()
    return [path for path in (Path(folder) / "base" / str(own)).rglob("*") if path.is_file()]
