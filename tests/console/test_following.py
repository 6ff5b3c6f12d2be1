"""People follow their own applications: where they stand, letters, payments. What is others' looks like nothing."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

from sqlalchemy import insert, update

from console.applicants.mine import open_proposals
from desk.own import Standing
from domain.challenges.standing import Deadline, Where
from domain.publishing.snapshot import Snapshot, StageSnapshot, TeamIn, WindowSnapshot
from domain.values.money import Amount, Money
from store.challenges import drafts
from store.database import tables
from store.database.database import Database
from store.database.tables import Found
from store.payments.payees import read_latest_version
from store.public import copies
from store.record.record import read_record
from tests.console.fronting import Fronted, Visitor
from tests.domain.test_standing import own
from tests.store.paying import Till, give_payee, to_make
from tests.store.said import AIR, CLOSES, OPENS, applied, seal

Visit = Callable[..., Visitor]
BREATHE, SMELL = "breathe@applicants.example", "smell@applicants.example"
LATER, LAST = CLOSES.add(hours=24), CLOSES.add(hours=24 * 40)


def with_snapshot(database: Database, phase: str, *teams: str, **more: object) -> None:
    """Writes the public copy as the workflow does: with these teams in exploration."""
    said = TeamIn(id="", since=LATER, ends=LAST, award=Amount(net=Money(200_000), vat=Money(40_000)))
    stage = StageSnapshot(
        stage="exploration",
        begins=LATER,
        ends=LAST,
        teams=tuple(said.model_copy(update={"id": team}) for team in teams),
    )
    snapshot = Snapshot(
        phase=phase,
        windows=(WindowSnapshot(opens=OPENS, closes=CLOSES, sealed=phase != "window"),),
        stages=(stage,) if teams else (),
        **more,  # type: ignore[arg-type]
    )
    with database.writing() as connection:
        copies.put(connection, AIR, snapshot, LATER)


def test_the_list_says_where_each_stands_and_what_comes_next(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    team = applied(front.database)
    breathe, smell = visit(), visit()
    breathe.sign_in(BREATHE)
    smell.sign_in(SMELL)

    page = breathe.get("/applications").text

    assert f'<a href="/applications/{team}">' in page
    assert "<strong>Sent</strong>" in page
    assert "can be changed until" in page
    assert '<time datetime="2016-08-01T16:00:00Z">Monday 1 August 2016, 5:00 pm (British Summer Time, UTC+1)' in page
    assert team not in smell.get("/applications").text


def test_nobody_finds_out_by_guessing_and_the_attempt_is_on_the_record(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    team = applied(front.database)
    applied(front.database, "Smell Ltd")
    breathe, smell = visit(), visit()
    breathe.sign_in(BREATHE)
    smell.sign_in(SMELL)
    (key,) = (row.key for row in letters_of(front.database, team))

    for path in ("", "/letters", f"/letters/{key}", "/payments"):
        theirs, nothing = smell.get(f"/applications/{team}{path}"), smell.get(f"/applications/none{path}")
        assert (theirs.status_code, theirs.text) == (404, nothing.text)
        assert breathe.get(f"/applications/{team}{path}").status_code == 200
    assert breathe.get(f"/applications/{team}/letters/none").status_code == 404

    refused = [line for line in read_record(front.database, AIR) if line.refused]
    assert [line.action for line in refused] == ["read-own"] * 5, "four pages, and the letter that was guessed"
    assert SMELL not in str(refused)


def letters_of(database: Database, team: str) -> list[Found]:
    with database.reading() as connection:
        return list(connection.execute(tables.notices.select().where(tables.notices.c.recipient == team)))


def test_letters_are_shown_as_they_were_written_and_only_to_their_contact(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    team, other = applied(front.database), applied(front.database, "Smell Ltd")
    breathe = visit()
    breathe.sign_in(BREATHE)
    with front.database.writing() as connection:
        connection.execute(update(tables.notices).values(body="<script>alert(1)</script> As it was written."))
    (key,), (others,) = ([row.key for row in letters_of(front.database, each)] for each in (team, other))

    listed = breathe.get(f"/applications/{team}/letters").text
    assert f'href="/applications/{team}/letters/{key}"' in listed
    assert "(British Summer Time, UTC+1)" in listed, "as in the place of the challenge"
    assert other not in listed
    assert breathe.get(f"/applications/{team}/letters/{others}").status_code == 404
    page = breathe.get(f"/applications/{team}/letters/{key}").text

    assert "&lt;script&gt;alert(1)&lt;/script&gt; As it was written." in page
    assert "/link/" not in page


def test_a_team_sees_its_stage_its_payment_and_until_when_it_is_due(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    team = applied(front.database)
    seal(front.database, AIR, CLOSES)
    with_snapshot(front.database, "running", team, stage="exploration")
    till = Till(front.database, to_make(team))
    till.request(LATER)
    front.clock.now = LATER.add(hours=1)
    breathe = visit()
    breathe.sign_in(BREATHE)

    page = breathe.get(f"/applications/{team}").text
    assert "<strong>Selected</strong>" in page
    assert "Exploration ends" in page
    assert "UTC+1)</time>. The award is £2,400, with VAT" in page
    payments = breathe.get(f"/applications/{team}/payments").text
    assert "Waits for your bank details" in payments
    assert "£2,400 (with £400 VAT)" in payments

    give_payee(front.database, team)
    assert read_latest_version(front.database, team) == 1
    payments = breathe.get(f"/applications/{team}/payments").text
    assert "masked 1" in payments
    assert "sealed" not in payments


def test_feedback_is_shown_once_it_was_told_and_not_before(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    team = applied(front.database)
    told: dict[str, object] = {"team": team, "given_by": "sam", "given_at": CLOSES}
    with front.database.writing() as connection:
        for stage, text, at in (("exploration", "Clear & cheap.", CLOSES), ("accelerator", "Too early to say.", None)):
            connection.execute(insert(tables.feedback).values(**told, stage=stage, text=text, told_at=at))
    breathe = visit()
    breathe.sign_in(BREATHE)

    for path in (f"/applications/{team}", "/data/download"):
        page = unescape(breathe.get(path).text)
        assert "Clear & cheap." in page
        assert "Too early to say." not in page


def test_a_draft_leads_to_where_it_is_written_also_whoever_was_invited(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    draft = drafts.begin(front.database, AIR, "Breathe Ltd", BREATHE, front.clock)
    with front.database.writing() as connection:
        row = {"application": draft, "mailbox": SMELL, "invited_by": BREATHE, "since": front.clock.now}
        connection.execute(insert(tables.writers).values(**row))
    breathe, smell = visit(), visit()
    breathe.sign_in(BREATHE)
    smell.sign_in(SMELL)

    for visitor in (breathe, smell):
        page = visitor.get("/applications").text
        assert f'<a href="/applications/{draft}/write">' in page
        assert "<strong>Not sent yet</strong>" in page
        assert visitor.get(f"/applications/{draft}/write").status_code == 200
    answer = breathe.get(f"/applications/{draft}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/applications/{draft}/write")
    assert smell.get(f"/applications/{draft}").status_code == 404, "the contact alone follows it"

    front.clock.now = CLOSES
    assert breathe.get(f"/applications/{draft}").status_code == 200
    assert "Its text is kept." in breathe.get(f"/applications/{draft}").text


def test_a_team_is_led_to_the_proposal_that_it_is_asked_for() -> None:
    asked = Deadline(key="proposal/accelerator", title="Send it", at=LATER)
    standing = Standing(own=own(), where=Where.WORKING, next=(asked,))

    assert open_proposals(standing) == [("/applications/mine/stages/accelerator/write", "accelerator")]
