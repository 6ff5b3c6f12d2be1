"""What a message counts for, by its proof and by what the challenge was opened to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.announcements.announcement import Announcement, Entry
from domain.challenges.decisions import Hold
from domain.identity.asked import Asked
from domain.identity.proof import BY_SERVICE, Proof, Unproven, Way
from domain.identity.statement import content_of
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.refusals import AwaitsConfirmation, NotAllowed, NotProven
from identity.judging import Judge
from identity.signatures import BY_THE_BOOKS, Verifier
from store.challenges.rounds import find_challenge, keep_round
from store.database.database import Database
from store.record.record import announce, read_record
from tests.identity.signing import judge_on, key_files, signer_in
from tests.store.said import AIR, MIDWAY, OPENS, compose

HOLD = Hold(by="olivia", decision_id="1", reason="Elections.")
ENTRY = Entry(at=MIDWAY, by="olivia", role="operator", action="hold", text="On hold")
DECIDED = Announcement(key=f"{AIR}/hold/1", challenge=AIR, entry=ENTRY)
KEY, TERMINAL = Proof(way=Way.KEY), Proof(way=Way.TERMINAL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the keys are."""
    return tmp_path


def opened(database: Database, round_: Round, programme: Programme, unproven: Unproven, folder: Path) -> Judge:
    """A judge, and a round that was opened to say what becomes of decisions without a proof."""
    keep_round(database, round_, programme, challenges_of(round_, programme, unproven), OPENS)
    return judge_on(database, key_files(folder)["public_key_file"])


def hold(folder: Path, proof: Proof | None, role: str = "operator") -> Asked:
    """A decision, signed with a proof; without one if there is none."""
    asked = Asked.of(HOLD, "")
    return Asked.of(HOLD, signer_in(folder).sign(AIR, asked, "olivia", role, proof)) if proof else asked


def test_the_record_keeps_who_has_sent_a_message_that_proves_nobody(
    database: Database, round_: Round, programme: Programme, folder: Path
) -> None:
    """Fails when what the Temporal server says of the sender is kept only of decisions that wait."""
    keep_round(database, round_, programme, challenges_of(round_, programme, Unproven.ACCEPT), OPENS)
    public = key_files(folder)["public_key_file"]
    judge = Judge(Verifier(public), database, compose, who_sent=lambda workflow, asked: f"jwt/{workflow}")
    by_hand, signed = hold(folder, None), hold(folder, KEY)

    announce(database, DECIDED.proven(judge.judge(AIR, by_hand, DECIDED)), compose)
    assert [(line.proof, line.principal) for line in read_record(database, AIR)] == [("not proven", f"jwt/{AIR}")]
    assert judge.found(AIR, by_hand).principal == f"jwt/{AIR}"
    assert judge.found(AIR, signed.model_copy(update={"header": "forged"})).principal == f"jwt/{AIR}"
    assert judge.judge(AIR, signed, DECIDED).principal == ""


@pytest.mark.parametrize("unproven", list(Unproven))
@pytest.mark.parametrize("proof", [None, TERMINAL, KEY, BY_SERVICE], ids=lambda each: each.shown if each else "none")
def test_a_name_alone_counts_only_where_the_challenge_was_opened_to_say_so(
    database: Database, round_: Round, programme: Programme, folder: Path, unproven: Unproven, proof: Proof | None
) -> None:
    """Fails when a signature that only says "terminal" passes for a proof."""
    judge, asked = opened(database, round_, programme, unproven, folder), hold(folder, proof)
    if unproven is Unproven.ACCEPT or proof in (KEY, BY_SERVICE):
        assert judge.judge(AIR, asked, DECIDED).proof == (proof.shown if proof else "not proven")
        assert read_record(database, AIR) == ()
        return
    with pytest.raises(AwaitsConfirmation if unproven is Unproven.CONFIRM else NotProven):
        judge.judge(AIR, asked, DECIDED)
    assert find_challenge(database, AIR).unconfirmed == (unproven is Unproven.CONFIRM)


@pytest.mark.parametrize("unproven", list(Unproven))
def test_what_the_books_say_needs_no_other_proof(
    database: Database, round_: Round, programme: Programme, folder: Path, unproven: Unproven
) -> None:
    """A hand-over is in the books before challenges hear of it, and they take none that is not."""
    judge = opened(database, round_, programme, unproven, folder)
    assert judge.judge(AIR, hold(folder, TERMINAL, BY_THE_BOOKS), DECIDED).proof == "terminal"


def test_what_a_rule_forbids_is_not_kept(database: Database, round_: Round, programme: Programme, folder: Path) -> None:
    judge = opened(database, round_, programme, Unproven.CONFIRM, folder)

    def check() -> None:
        raise NotAllowed("olivia may not.")

    with pytest.raises(NotAllowed):
        judge.judge(AIR, hold(folder, None), DECIDED, check)
    assert read_record(database, AIR) == ()


@pytest.fixture
def away(folder: Path) -> Judge:
    """A judge whose database cannot be reached."""
    return judge_on(Database("sqlite:////nowhere/at/all.db"), key_files(folder)["public_key_file"])


def wanted(folder: Path, kind: str, role: str, proof: Proof, workflow: str = AIR, signed: str = "") -> Asked:
    """A retry or a renewal that somebody has signed."""
    asked = Asked(kind=signed or kind, content=content_of(None), decision_id="1")
    header = signer_in(folder).sign(workflow, asked, "olivia", role, proof)
    return Asked(kind=kind, content=content_of(None), header=header)


@pytest.mark.parametrize(
    ("kind", "role", "proof", "unproven"),
    [
        ("retry", "operator", KEY, Unproven.REFUSE),
        ("retry", "releaser", KEY, Unproven.CONFIRM),
        ("renew", "operator", BY_SERVICE, Unproven.CONFIRM),
        ("retry", "operator", TERMINAL, Unproven.ACCEPT),
    ],
)
def test_a_retry_is_let_through_while_the_database_is_down(
    folder: Path, away: Judge, kind: str, role: str, proof: Proof, unproven: Unproven
) -> None:
    """Fails when the check needs the database: what stands still because of it could not be mended."""
    away.check_operator(AIR, wanted(folder, kind, role, proof), unproven)


@pytest.mark.parametrize(
    ("kind", "role", "proof", "unproven", "signed", "workflow"),
    [
        ("retry", "sponsor", KEY, Unproven.ACCEPT, "", AIR),
        ("renew", "releaser", KEY, Unproven.ACCEPT, "", AIR),
        ("retry", "team", KEY, Unproven.CONFIRM, "", AIR),
        ("retry", "operator", TERMINAL, Unproven.CONFIRM, "", AIR),
        ("retry", "operator", TERMINAL, Unproven.REFUSE, "", AIR),
        ("retry", "operator", KEY, Unproven.CONFIRM, "renew", AIR),
        ("retry", "operator", KEY, Unproven.CONFIRM, "", "test-2016/smart-roads"),
    ],
)
def test_a_retry_with_another_proof_is_refused(
    folder: Path, away: Judge, kind: str, role: str, proof: Proof, unproven: Unproven, signed: str, workflow: str
) -> None:
    """Fails when any signature of the service will do: whoever reads histories has seen many."""
    with pytest.raises(NotProven):
        away.check_operator(AIR, wanted(folder, kind, role, proof, workflow, signed), unproven)
