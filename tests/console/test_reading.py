"""Those who read and decide: they declare their interests, read, mark alone, and see others' marks when they may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import delete

from domain.challenges.draft import Typed
from store.challenges import drafts, sending
from store.database import tables
from store.database.database import Database
from store.record.record import read_record
from tests.console.fronting import Visitor, fronting, path_of
from tests.console.judging import OLIVIA, RITA, ROB, SAM, WORK, Judged, judged, marks
from tests.console.test_files import attach
from tests.store.attaching import SHEET, open_with_files
from tests.store.said import AIR, CLOSES, MIDWAY, compose, seal

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def there(database: Database, clock: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Judged]:
    """A challenge that is judged. Everybody has declared that they have nothing to do with anybody."""
    with judged(database, clock, monkeypatch) as made:
        yield made


def undeclared(there: Judged, person: str) -> None:
    """Somebody has declared nothing yet."""
    with there.front.database.writing() as connection:
        connection.execute(delete(tables.interests).where(tables.interests.c.person == person))


def give(visitor: Visitor, page: str, **fields: str) -> Any:
    """Sends the form of a page."""
    return visitor.post(page, {"token": visitor.token("/account"), **fields})


def test_interests_come_first_and_then_the_application_opens(there: Judged) -> None:
    undeclared(there, "rita")
    rita = there.visitor(RITA)
    answer = rita.get(there.page(0))
    assert (answer.status_code, path_of(answer)) == (303, f"{WORK}/interests")
    assert path_of(rita.get(f"{WORK}/ranking")) == f"{WORK}/interests"
    page = rita.get(f"{WORK}/interests")
    assert page.status_code == 200
    assert "A-team Ltd" in page.text
    assert "measures the air" not in page.text

    done = give(rita, f"{WORK}/interests", all="yes")
    assert (done.status_code, path_of(done)) == (303, f"{WORK}/interests")
    assert "You have declared for all applicants on this page." in rita.get(f"{WORK}/interests").text
    read = rita.get(there.page(0))
    assert read.status_code == 200
    assert "-team Ltd measures the air from every bus." in read.text
    assert "Merit (weight 3)" in read.text


def test_an_interest_needs_words_and_nothing_has_none_and_what_was_typed_stays(there: Judged) -> None:
    undeclared(there, "rita")
    rita, team = there.visitor(RITA), there.judgement.teams[0]
    for kind, what, said in (
        ("", EVIL, "Choose what you have to do with the applicant."),
        ("interest", " ", "Say in a few words"),
        ("conflict", "", "Say in a few words"),
        ("nothing", EVIL, "You chose “Nothing”, and wrote something"),
        ("interest", "x" * 2001, "has 2,001 characters"),
    ):
        answer = give(rita, f"{WORK}/interests", application=team, **{f"kind-{team}": kind, f"what-{team}": what})
        assert (answer.status_code, said in answer.text) == (422, True), kind
        assert EVIL not in answer.text
    assert path_of(rita.get(there.page(0))) == f"{WORK}/interests"

    fields = {f"kind-{team}": "interest", f"what-{team}": "We met once."}
    assert give(rita, f"{WORK}/interests", application=team, **fields).status_code == 303
    assert 'value="We met once."' in rita.get(f"{WORK}/interests").text
    (line,) = (
        each for each in read_record(there.front.database, AIR) if each.action == "interests" and not each.refused
    )
    assert line.text == f"rita declares an interest in {team}"


def test_whoever_may_know_an_applicant_declares_by_name(there: Judged) -> None:
    undeclared(there, "rita")
    with there.front.database.writing() as connection:
        changed = {"organisation": "Rita Ltd"}
        where = tables.applications.c.id == there.judgement.teams[1]
        connection.execute(tables.applications.update().where(where).values(**changed))
        connection.execute(tables.people.update().where(tables.people.c.id == "rita").values(name="Rita"))
    answer = give(there.visitor(RITA), f"{WORK}/interests", all="yes")
    assert answer.status_code == 422
    assert "You may know some of these applicants" in answer.text
    assert "a name like yours" in answer.text


def test_a_conflict_hides_the_application_and_refuses_the_next_save_of_an_open_page_in_words(there: Judged) -> None:
    """Fails when somebody could save on a page that they opened before they declared."""
    rita, team = there.visitor(RITA), there.judgement.teams[0]
    assert rita.get(there.page(0)).status_code == 200
    fields = {f"kind-{team}": "conflict", f"what-{team}": "My sister works there."}
    assert give(rita, f"{WORK}/interests", application=team, **fields).status_code == 303

    refused = give(rita, there.page(0), **marks(5, reason="What I had typed."))
    assert (refused.status_code, "declared a conflict of interest" in refused.text) == (403, True)
    assert "What I had typed." in refused.text
    assert "measures the air" not in refused.text
    hidden = rita.get(there.page(0))
    assert (hidden.status_code, "measures the air" in hidden.text) == (403, False)
    ranking = rita.get(f"{WORK}/ranking").text
    assert "Not shown: you declared a conflict of interest." in ranking
    assert f'href="{there.page(0)}' not in ranking
    assert f'href="{there.page(1)}' in ranking
    with there.front.database.reading() as connection:
        assert connection.execute(tables.scores.select()).all() == []
    assert "My sister" not in str(read_record(there.front.database, AIR))


def test_marks_are_kept_with_their_reasons_and_the_next_application_is_offered(there: Judged) -> None:
    rita = there.visitor(RITA)
    saved = give(rita, there.page(0), **marks(5, 4, 0, reason=f"Good.\r\n{EVIL}"))
    assert (saved.status_code, path_of(saved)) == (303, f"{there.page(0)}?stage=exploration&saved=3")
    page = rita.get(path_of(saved)).text
    assert "Your marks are saved." in page
    assert f'href="{there.page(1)}">Go on: 2 applications are left' in page
    assert 'name="mark-merit" value="5" checked' in page
    assert "Good.\n&lt;script&gt;" in page
    assert EVIL not in page
    again = give(rita, there.page(0), **marks(5, 4, 0, reason=f"Good.\r\n{EVIL}"))
    assert path_of(again).endswith("saved=0")
    changed = give(rita, there.page(0), **marks(3, reason="Less good."))
    assert path_of(changed).endswith("saved=1")
    assert 'name="mark-merit" value="3" checked' in rita.get(there.page(0)).text


def test_a_form_names_all_that_is_wrong_at_once_and_keeps_nothing_of_it(there: Judged) -> None:
    rita = there.visitor(RITA)
    fields = {**marks(5, 9, 0), "reason-merit": "", "reason-heard": "x" * 5_001}
    answer = give(rita, there.page(0), **fields)
    assert answer.status_code == 422
    for name, said in (
        ("reason-merit", "Merit: The mark has no reason"),
        ("mark-cost", "Cost: The mark for cost is not on its scale"),
        ("reason-heard", "Where they heard of us: The reason has 5,001 characters"),
    ):
        assert f'<a href="#{name}">{said}' in answer.text
    assert "Row " not in answer.text
    assert "x" * 5_001 in answer.text
    alone = give(rita, there.page(0), stage="exploration", **{"mark-cost": "2"})
    assert '<a href="#reason-cost">Cost: The mark has no reason' in alone.text
    nothing = give(rita, there.page(0), stage="exploration")
    assert (nothing.status_code, "There is no mark" in nothing.text) == (422, True)
    with there.front.database.reading() as connection:
        assert connection.execute(tables.scores.select()).all() == []


def test_others_marks_are_seen_once_ones_own_are_in_and_deciders_see_them_once_all_are(there: Judged) -> None:
    """Fails when a reader sees marks before their own, or an operator those of readers who are not done."""
    rita, rob = there.visitor(RITA), there.visitor(ROB)
    give(rob, there.page(0), **marks(2, 4, 1, reason="Rob's reason."))
    before = rita.get(there.page(0)).text
    assert "You do not see them now: your own marks come first." in before
    assert "Rob&#39;s reason." not in before
    give(rita, there.page(0), **marks(5, 4, 0))
    after = rita.get(there.page(0)).text
    assert "Rob&#39;s reason." in after
    assert "merit: 2 to 5, median 3.50 of 2 marks (2, 5)" in after
    olivia = there.visitor(OLIVIA)
    shown = olivia.get(there.page(0)).text
    assert "You do not see them now: its readers are not done." in shown
    assert "You do not mark this application." in shown
    assert "Rob&#39;s reason." not in shown
    give(there.visitor(SAM), there.page(0), **marks(4, 4, 4))
    assert "Rob&#39;s reason." in olivia.get(there.page(0)).text


def test_the_ranking_shows_ties_and_what_is_hidden_last(there: Judged) -> None:
    there.judgement.give_all(4, 4, 0, teams=there.judgement.teams[:2])
    there.judgement.give("rita", there.judgement.teams[2], 5, 5, 5)
    page = there.visitor(ROB).get(f"{WORK}/ranking").text
    assert page.count("<td>1=</td>") == 2
    assert "Not shown: your own marks come first." in page
    assert "1 of 3 readers done; yours: 1 left" in page
    assert "A-team Ltd" in page
    assert page.index("Not shown") > page.rindex("<td>1=</td>")


def test_nobody_else_finds_out_what_there_is(there: Judged) -> None:
    ann, fiona = there.visitor("ann@nowhere.example"), there.visitor("fiona@scheme.example")
    for page in (there.page(0), f"{WORK}/ranking"):
        for visitor in (ann, fiona):
            never = visitor.get(page.replace("air-quality", "never-was"))
            found = visitor.get(page)
            assert (found.status_code, _shown(found.text)) == (404, _shown(never.text))
    assert give(ann, there.page(0), **marks(5)).status_code == 404
    assert ann.get(f"{WORK}/interests").status_code == 404
    assert fiona.get(f"{WORK}/interests").status_code == 200  # who releases declares, and reads nothing


def _shown(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if 'name="token"' not in line)


def test_who_reads_only_what_is_assigned_sees_nothing_else(there: Judged) -> None:
    one, other, _ = there.judgement.teams
    there.judgement.assign(one, "rita")
    there.judgement.assign(other, "rob")
    rita = there.visitor(RITA)
    assert rita.get(there.page(0)).status_code == 200
    assert rita.get(there.page(1)).status_code == 404
    assert give(rita, there.page(1), **marks(5)).status_code == 404
    ranking = rita.get(f"{WORK}/ranking").text
    assert f'href="{there.page(1)}' not in ranking


def test_marks_that_come_after_the_decision_are_refused_and_what_was_typed_stays(
    there: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    rita = there.visitor(RITA)
    there.judgement.select(there.judgement.teams[0], reason="It fits best.")
    late = give(rita, there.page(0), **marks(5, reason="What I had typed."))
    assert (late.status_code, "was decided: its marks stay" in late.text) == (409, True)
    assert "What I had typed." in late.text


def test_the_page_of_the_challenge_leads_to_the_ranking_and_to_what_was_declared(there: Judged) -> None:
    rita, fiona = there.visitor(RITA), there.visitor("fiona@scheme.example")
    page = rita.get(WORK).text
    for leads in (f"{WORK}/interests", f"{WORK}/ranking", *map(there.page, range(3))):
        assert f'href="{leads}"' in page
    page = fiona.get(WORK).text
    assert f'href="{WORK}/interests"' in page
    assert f'href="{WORK}/ranking"' not in page


def test_where_no_stage_has_a_scorecard_the_ranking_says_so(there: Judged) -> None:
    with there.front.database.writing() as connection:
        connection.execute(delete(tables.scorecards))
    rita = there.visitor(RITA)
    assert "No stage has a scorecard" in rita.get(f"{WORK}/ranking").text
    assert rita.get(f"{WORK}/ranking?stage=exploration").status_code == 404
    page = rita.get(there.page(0)).text
    assert "-team Ltd measures the air" in page
    assert "Save your marks" not in page


def test_files_are_downloads_for_who_reads_the_application_and_under_its_own_address_only(
    database: Database, clock: Any, round_: Any, programme: Any
) -> None:
    """Fails when a file opens as a page of ours, for a team, or below another application than its own."""
    clock.now = MIDWAY
    open_with_files(database, round_, programme)
    with fronting(database, clock) as front, ExitStack() as stack:

        def visitor(mailbox: str) -> Visitor:
            made = Visitor(front)
            stack.callback(made.close)
            made.sign_in(mailbox)
            return made

        team, sam = visitor("breathe@applicants.example"), visitor(SAM)
        one, other = (
            drafts.begin(database, AIR, f"Breathe {name} Ltd", "breathe@applicants.example", lambda: MIDWAY)
            for name in ("One", "Two")
        )
        for draft in (one, other):
            typed = [Typed(question="idea", answer="Buses measure the air.")]
            drafts.save(database, draft, "", typed, lambda: MIDWAY)
            assert attach(team, f"/applications/{draft}/files/costs", "costs.xlsx", SHEET).status_code == 303
            sending.send(database, draft, "", lambda: MIDWAY, compose)
        seal(database)
        clock.now = CLOSES.add(hours=1)
        sam, team = visitor(SAM), visitor("breathe@applicants.example")
        assert give(sam, f"{WORK}/interests", all="yes").status_code == 303
        page = sam.get(f"{WORK}/applications/{one}").text
        address = f"{WORK}/applications/{one}/files/" + page.partition(f"{one}/files/")[2].partition('"')[0]
        found = sam.get(address)
        assert (found.status_code, found.content) == (200, SHEET)
        assert found.headers["content-disposition"] == "attachment; filename*=UTF-8''costs.xlsx"
        assert "default-src 'none'; sandbox, " in found.headers["content-security-policy"]
        assert found.headers["content-type"] == "application/octet-stream"
        assert sam.get(address.replace(one, other)).status_code == 404
        assert team.get(address).status_code == 404
        fields = {f"kind-{one}": "conflict", f"what-{one}": "My sister works there."}
        assert give(sam, f"{WORK}/interests", application=one, **fields).status_code == 303
        refused = sam.get(address)
        assert (refused.status_code, SHEET in refused.content) == (403, False)


def test_who_decides_records_what_was_agreed_and_readers_do_not(there: Judged) -> None:
    there.judgement.give_all(2, 4, 0)
    sam, rita, page = there.visitor(SAM), there.visitor(RITA), there.page(0)
    assert "Record what was agreed" in sam.get(page).text
    assert "Record what was agreed" not in rita.get(page).text
    agreed = {"stage": "exploration", "criterion": "merit", "agreed-mark": "5", "agreed-reason": "We talked."}
    wrong = give(sam, f"{page}/agreed", **{**agreed, "agreed-mark": "9", "agreed-reason": ""})
    assert wrong.status_code == 422
    assert '<a href="#agreed-mark">The mark for merit is not on its scale' in wrong.text
    assert '<a href="#agreed-reason">The mark has no reason' in wrong.text
    unnamed = give(sam, f"{page}/agreed", **{**agreed, "criterion": ""})
    assert '<a href="#criterion">The scorecard has no such criterion' in unnamed.text
    assert "We talked." in unnamed.text
    assert give(rita, f"{page}/agreed", **agreed).status_code == 404

    done = give(sam, f"{page}/agreed", **agreed)
    assert (done.status_code, path_of(done)) == (303, f"{page}?stage=exploration")
    shown = rita.get(page).text
    assert "We talked." in shown
    assert "Agreed; recorded by sam" in shown
    assert "5.00" in rita.get(f"{WORK}/ranking").text


def test_nobody_agrees_on_marks_that_they_do_not_see_yet(there: Judged) -> None:
    sam, page = there.visitor(SAM), there.page(0)
    assert "Record what was agreed" not in sam.get(page).text
    agreed = {"stage": "exploration", "criterion": "merit", "agreed-mark": "5", "agreed-reason": "We talked."}
    early = give(sam, f"{page}/agreed", **agreed)
    assert (early.status_code, "your own marks come first" in early.text) == (409, True)
