"""What is signed, and what of it is believed: a proof is about one message, of one person, and of nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from whenever import Instant

from domain.challenges.decisions import DECISIONS, Decision, Hold, Select
from domain.identity.asked import Asked
from domain.identity.proof import BY_SERVICE, Proof, Way
from domain.identity.statement import LONGEST, Signed, Statement, content_hash, content_of
from domain.payments.decisions import PAYMENT_DECISIONS
from domain.values.refusals import NotProven
from identity.signatures import Signer, Verifier
from identity.signing_keys import PublicKey, make_key, read_private, retire_key
from tests.identity.signing import key_files, signer_in
from tests.store.said import AIR, CLOSES

BY, ROLE = "sepa-decider", "sponsor"
PROVEN = Proof(way=Way.ORGANISATION, passkey=True, at=CLOSES)
SELECT = Select(by=BY, decision_id="d-1", stage="exploration", teams=("air-quality-7kx3qm", "air-quality-p2v8rn"))


@dataclass(frozen=True)
class Desk:
    """Somebody who signs, and somebody who checks."""

    folder: Path
    signer: Signer
    verifier: Verifier

    @property
    def files(self) -> tuple[Path, Path]:
        """Where the keys are."""
        private, public = key_files(self.folder).values()
        return private, public

    def header(self, decision: Decision = SELECT, workflow: str = AIR) -> str:
        """The proof of a decision."""
        return self.signer.sign(workflow, Asked.of(decision, ""), decision.by, ROLE, PROVEN)

    def refused(self, decision: Decision, header: str, workflow: str = AIR) -> str:
        """Why a proof does not count for a decision."""
        with pytest.raises(NotProven) as refused:
            self.verifier.statement_of(workflow, Asked.of(decision, header))
        return str(refused.value)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Keys of their own."""
    return Desk(tmp_path, signer_in(tmp_path), Verifier(key_files(tmp_path)["public_key_file"]))


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The same keys for many examples."""
    folder = tmp_path_factory.mktemp("keys")
    return Desk(folder, signer_in(folder), Verifier(key_files(folder)["public_key_file"]))


def test_a_proof_says_who_decides_in_which_role_and_how_they_were_proven(desk: Desk) -> None:
    said = desk.verifier.statement_of(AIR, Asked.of(SELECT, desk.header()))
    assert (said.workflow, said.kind, said.decision, said.person, said.role) == (AIR, "select", "d-1", BY, ROLE)
    assert said.proof == PROVEN
    assert said.proof.shown == "organisation and passkey"


def test_a_statement_repeats_nothing_of_the_decision_and_names_no_mailbox(desk: Desk) -> None:
    reason = "Ada Lovelace of ada@company.example asked for it."
    header = desk.header(Hold(by=BY, decision_id="d-2", reason=reason))
    assert "Ada" not in header
    assert "@" not in header
    assert len(header) < LONGEST / 2


OTHERS: Mapping[str, Callable[[Decision], Decision]] = {
    "another person": lambda it: it.model_copy(update={"by": "sepa-other"}),
    "another decision": lambda it: it.model_copy(update={"decision_id": "d-9"}),
    "another stage": lambda it: it.model_copy(update={"stage": "accelerator"}),
    "fewer teams": lambda it: it.model_copy(update={"teams": SELECT.teams[:1]}),
    "the teams in another order": lambda it: it.model_copy(update={"teams": SELECT.teams[::-1]}),
    "another reason": lambda it: it.model_copy(update={"reason": "Why not?"}),
    "another kind": lambda it: Hold(by=BY, decision_id="d-1", reason="Why not?"),
}


@pytest.mark.parametrize("how", OTHERS)
def test_a_proof_counts_for_no_other_message(desk: Desk, how: str) -> None:
    assert "came with the" in desk.refused(OTHERS[how](SELECT), desk.header())


def test_a_proof_counts_in_no_other_challenge_and_for_no_payment(desk: Desk) -> None:
    for other in ("test-2016/water-quality", f"{AIR}/exploration/{SELECT.teams[0]}/1", ""):
        assert AIR in desk.refused(SELECT, desk.header(), other)


def test_a_decision_that_cannot_be_read_is_proven_by_nothing(desk: Desk) -> None:
    asked = Asked(kind="select", by=BY, header=desk.header())
    with pytest.raises(NotProven, match="another content"):
        desk.verifier.statement_of(AIR, asked)


_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
_OTHER: Mapping[str, st.SearchStrategy[Any]] = {
    "version": st.sampled_from([0, 2, "1"]),
    "workflow": _TEXT,
    "kind": _TEXT,
    "content": st.text("0123456789abcdef", min_size=64, max_size=64),
    "decision": _TEXT,
    "person": _TEXT,
    "role": _TEXT,
    "way": st.sampled_from([str(way) for way in Way]),
    "passkey": st.booleans(),
    "signed_in": st.none() | st.just("2016-08-01T16:00:01Z"),
    "key": st.text("0123456789abcdef", min_size=16, max_size=16),
}


@given(data=st.data(), field=st.sampled_from(sorted(Statement.model_fields)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_whoever_changes_any_one_field_voids_the_signature(fixed: Desk, data: st.DataObject, field: str) -> None:
    """Whatever the message then says that comes with it. Fails for a field that is not signed."""
    signed = json.loads(fixed.header())
    before = signed["statement"][field]
    signed["statement"][field] = data.draw(_OTHER[field].filter(lambda other: other != before), label=field)
    with pytest.raises(NotProven):
        fixed.verifier.was_signed(json.dumps(signed))


@given(
    texts=st.lists(st.text(max_size=20), min_size=6, max_size=6),
    passkey=st.booleans(),
    at=st.none() | st.just(CLOSES),
    way=st.sampled_from(list(Way)),
)
def test_a_statement_is_signed_in_the_form_that_rfc_8785_prescribes(
    texts: list[str], passkey: bool, at: Instant | None, way: Way
) -> None:
    """Whatever letters are in its texts: the library of that form writes the same."""
    workflow, kind, decision, person, role, _ = texts
    said = Statement(
        workflow=workflow,
        kind=kind,
        decision=decision,
        person=person,
        role=role,
        content=content_hash(""),
        way=way,
        passkey=passkey,
        signed_in=at,
        key="0" * 16,
    )
    signed = Signed(statement=said, signature=f"{'A' * 86}==")
    assert said.to_sign == rfc8785.dumps(said.model_dump(mode="json"))
    assert signed.header.encode() == rfc8785.dumps(signed.model_dump(mode="json"))


def test_every_field_of_a_statement_is_changed_by_that_test() -> None:
    assert set(_OTHER) == set(Statement.model_fields)


@pytest.mark.parametrize(
    "header",
    [
        "-",
        "null",
        "[]",
        "{}",
        '{"statement": {}, "signature": ""}',
        '"' + "x" * LONGEST,
        "\ufffd\x00",
        "[" * 3000,
        '{"statement": 1e999}',
    ],
    ids=lambda header: header[:12],
)
def test_a_header_that_is_no_proof_is_a_wrong_one(desk: Desk, header: str) -> None:
    assert "cannot be read" in desk.refused(SELECT, header)


def test_a_header_with_more_in_it_than_a_proof_is_a_wrong_one(desk: Desk) -> None:
    for place in ("statement", ""):
        signed = json.loads(desk.header())
        (signed[place] if place else signed)["more"] = "said"
        assert "cannot be read" in desk.refused(SELECT, json.dumps(signed))


def test_a_header_that_says_a_thing_twice_says_what_is_signed_or_nothing(desk: Desk) -> None:
    header = desk.header()
    twice = header.replace('"person":', '"person":"mallory","person":', 1)
    assert twice != header
    assert desk.verifier.statement_of(AIR, Asked.of(SELECT, twice)).person == BY
    last = header.replace(f'"person":"{BY}"', f'"person":"{BY}","person":"mallory"', 1)
    assert "is not the service's" in desk.refused(SELECT, last)


def test_a_proof_that_was_written_in_another_way_is_the_same_proof(desk: Desk) -> None:
    """Temporal's own command line writes JSON again as it likes."""
    spread = json.dumps(json.loads(desk.header()), indent=2, sort_keys=False)
    assert desk.verifier.statement_of(AIR, Asked.of(SELECT, spread)).person == BY


def test_a_key_that_the_service_does_not_know_proves_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.header()
    stranger = signer_in(tmp_path / "elsewhere")
    header = stranger.sign(AIR, Asked.of(SELECT, ""), BY, ROLE, BY_SERVICE)
    text = desk.refused(SELECT, header)
    assert "does not have" in text
    assert "signing.pub" in text


def test_whoever_signs_with_a_key_of_their_own_under_a_known_id_proves_nothing(desk: Desk) -> None:
    said = Signed.model_validate_json(desk.header())
    signature = base64.b64encode(Ed25519PrivateKey.generate().sign(said.statement.to_sign)).decode()
    forged = Signed(statement=said.statement, signature=signature)
    assert "is not the service's" in desk.refused(SELECT, forged.header)


def test_a_new_key_signs_at_once_and_what_the_old_one_signed_is_still_taken(desk: Desk) -> None:
    """In processes that have long read both files. Fails where a file is read only once."""
    old = desk.header()
    desk.verifier.statement_of(AIR, Asked.of(SELECT, old))
    made = make_key(*desk.files, CLOSES)
    new = desk.header()
    assert Signed.model_validate_json(new).statement.key == made.id != Signed.model_validate_json(old).statement.key
    for header in (old, new):
        assert desk.verifier.statement_of(AIR, Asked.of(SELECT, header)).person == BY


def test_a_retired_key_signs_nothing_new_and_shows_what_it_had_signed(desk: Desk) -> None:
    header = desk.header()
    desk.verifier.statement_of(AIR, Asked.of(SELECT, header))
    key = Signed.model_validate_json(header).statement.key
    make_key(*desk.files, CLOSES)
    retired = retire_key(*desk.files, key[:6], CLOSES)
    assert retired.retired == CLOSES
    assert f"was retired on {CLOSES}" in desk.refused(SELECT, header)
    assert desk.verifier.was_signed(header).person == BY
    assert key not in [PublicKey.of(each).id for each in read_private(desk.files[0])]


def test_what_has_its_default_does_not_count_so_that_a_later_release_voids_nothing() -> None:
    content = content_of(SELECT)
    assert json.loads(content) == {"by": BY, "stage": "exploration", "teams": list(SELECT.teams)}
    assert content_hash(content) == content_hash(content_of(SELECT.model_copy(update={"decision_id": "d-9"})))


@pytest.mark.parametrize("kind", [*DECISIONS.values(), *PAYMENT_DECISIONS.values()], ids=lambda kind: kind.__name__)
def test_no_decision_has_a_number_with_a_fraction(kind: type[BaseModel]) -> None:
    """RFC 8785 can write those, and two programs need not agree how."""
    assert '"type": "number"' not in json.dumps(kind.model_json_schema())


def test_nothing_of_the_moment_of_signing_expires(desk: Desk) -> None:
    """A signal may wait out an outage of weeks."""
    long_ago = Proof(way=Way.LINK, at=Instant.from_utc(2001, 1, 1))
    header = desk.signer.sign(AIR, Asked.of(SELECT, ""), BY, ROLE, long_ago)
    assert desk.verifier.statement_of(AIR, Asked.of(SELECT, header)).proof == long_ago
