"""Keys are made and taken apart in one place, and stay text wherever they go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.keys import ChallengeId, DecisionKey, NoticeKey, PaymentKey, TransferId
from domain.values.model import Value

PART = st.text("abcz019-", min_size=1, max_size=12)


class Named(Value):
    """Something that is known by a key."""

    key: PaymentKey


@given(PART, PART, PART, PART, st.integers(1, 99), st.integers(1, 99))
def test_what_is_put_into_a_key_comes_out_again(
    round_: str, slug: str, stage: str, team: str, number: int, attempt: int
) -> None:
    challenge = ChallengeId.of(round_, slug)
    payment = PaymentKey.of(challenge, stage, team, number)
    transfer = TransferId.of(payment, attempt)

    assert (challenge.round, challenge.slug) == (round_, slug)
    assert (payment.challenge, payment.stage, payment.team) == (challenge, stage, team)
    assert (transfer.payment, transfer.attempt) == (payment, str(attempt))
    assert transfer.payment.challenge.round == round_
    assert [PaymentKey.is_one(each) for each in (challenge, payment, transfer)] == [False, True, False]


@given(st.text("ab/", max_size=12))
def test_any_text_can_be_taken_apart(text: str) -> None:
    """Fails when a name that somebody has typed ends a command with a traceback."""
    key = PaymentKey(text)
    assert f"{key.challenge}/{key.stage}/{key.team}".startswith("/".join(text.split("/")[:4]))
    assert TransferId(text).payment + "/" + TransferId(text).attempt in (text, f"/{text}")


def test_a_decision_keeps_the_id_that_it_was_given() -> None:
    assert DecisionKey.of("round/air/exploration/team/1", "release", "mine").decision_id == "mine"


def test_the_short_names_of_a_notice_are_the_ends_of_its_key() -> None:
    ends = ("shortlisted/sam", "select/shortlisted/sam", "round/select/shortlisted/sam")
    assert NoticeKey("round/select/shortlisted/sam").ends == ends


@pytest.mark.parametrize("given", ["round/air/exploration/team/1", PaymentKey("round/air/exploration/team/1")])
def test_a_key_goes_over_the_wire_as_text_and_comes_back_with_its_parts(given: str) -> None:
    """Fails when a key becomes an object in Temporal: what was written before could not be read."""
    written = Named.model_validate({"key": given}).model_dump_json()
    assert written == '{"key":"round/air/exploration/team/1"}'
    assert Named.model_validate_json(written).key.team == "team"
