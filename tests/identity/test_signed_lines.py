"""Lines of the record whose people have signed: what is not as it was signed is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.challenges.decisions import Hold
from domain.identity.asked import Asked
from domain.identity.proof import Proof, Way
from identity.signatures import Signer, Verifier
from identity.signed_lines import wrongly_signed
from identity.signing_keys import make_key, retire_key
from store.record.record import RecordLine
from tests.identity.signing import key_files
from tests.store.said import AIR, CLOSES

HOLD = Hold(by="olivia", decision_id="d-1", reason="We wait.")


def line(signer: Signer, workflow: str = AIR, **changed: Any) -> RecordLine:
    """The line about a decision, after somebody has changed it."""
    proof = Proof(way=Way.LINK, passkey=True)
    said = {
        "id": 1,
        "key": f"{AIR}/hold/d-1",
        "challenge": AIR,
        "at": CLOSES,
        "by": "olivia",
        "role": "operator",
        "action": "hold",
        "stage": "window",
        "text": "On hold",
        "reason": HOLD.reason,
        "refused": False,
        "proof": proof.shown,
        "number": 1,
        "previous": "",
        "hash": "",
        "signed": signer.sign(workflow, Asked.of(HOLD, ""), "olivia", "operator", proof),
        "principal": "",
    }
    return RecordLine.model_validate(said | changed)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Signer, Verifier]:
    """Who signs, and who checks."""
    private, public = key_files(tmp_path).values()
    return Signer(private, public), Verifier(public)


@pytest.mark.parametrize("workflow", [AIR, f"{AIR}/exploration/air-quality-7kx3qm/1"])
def test_what_was_signed_is_right(keys: tuple[Signer, Verifier], workflow: str) -> None:
    assert wrongly_signed([line(keys[0], workflow)], keys[1]) == frozenset()


@pytest.mark.parametrize(
    "changed",
    [
        {"by": "fiona"},
        {"role": "releaser"},
        {"proof": "organisation"},
        {"challenge": "test-2016/water-quality"},
        {"challenge": AIR[:-1]},
        {"signed": "nonsense"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_line_that_says_something_else_than_was_signed_is_found(
    keys: tuple[Signer, Verifier], changed: dict[str, Any]
) -> None:
    assert wrongly_signed([line(keys[0], **changed)], keys[1]) == {1}


def test_a_line_without_a_signature_is_not_wrong_and_one_of_a_stranger_is(
    keys: tuple[Signer, Verifier], tmp_path: Path
) -> None:
    private, public = key_files(tmp_path / "elsewhere").values()
    stranger = line(Signer(private, public))
    assert wrongly_signed([line(keys[0], signed=""), stranger.model_copy(update={"id": 2})], keys[1]) == {2}


def test_a_line_stays_right_when_its_key_is_retired(keys: tuple[Signer, Verifier], tmp_path: Path) -> None:
    signed = line(keys[0])
    private, public = key_files(tmp_path).values()
    made = make_key(private, public, CLOSES)
    old = next(each for each in public.read_text().split() if len(each) == 16 and each != made.id)
    retire_key(private, public, old, CLOSES)
    assert wrongly_signed([signed], keys[1]) == frozenset()
