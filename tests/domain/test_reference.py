"""What a payee reads on a statement: the first 18 characters tell every payment apart."""

from __future__ import annotations

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from domain.payments.bank_account import BankAccount
from domain.payments.bank_text import BACS, SEPA, bank_text
from domain.payments.reference import SHOWN, reference_of, short_reference

ACCOUNT = BankAccount(holder="Tay Ltd", sort_code="20-00-00", number="55779911")
BY_IBAN = BankAccount(holder="Tay Ltd", iban="GB33BUKB20201555555555")
NAMES = st.from_regex(r"[a-z0-9]{1,12}(-[a-z0-9]{1,12}){0,4}", fullmatch=True)


def test_what_tells_payments_apart_comes_first() -> None:
    """Fails with the name of the challenge first, whose 18 characters were alike for all teams."""
    transfer = "round/flood-forecasting/exploration/flood-forecasting-7kx3qm/1/1"
    assert short_reference(transfer) == "7KX3QM-EXP1-JCEJQ7"
    assert reference_of(transfer, ACCOUNT) == f"{short_reference(transfer)} flood-forecasting-7kx3qm exploration 1"


@given(
    st.lists(NAMES, min_size=2, max_size=12, unique=True),
    st.lists(NAMES, min_size=1, max_size=5, unique=True),
    st.lists(NAMES, min_size=1, max_size=3, unique=True),
    st.integers(1, 30),
)
def test_all_payments_of_a_round_differ_within_18_characters(
    teams: list[str], stages: list[str], challenges: list[str], instalments: int
) -> None:
    """Also where teams end alike, and stages begin alike. Fails without the hash."""
    transfers = [
        f"round/{challenge}/{stage}/{challenge}-{team}/{number}/1"
        for challenge, stage, team in itertools.product(challenges, stages, teams)
        for number in range(1, instalments + 1)
    ]
    for account, characters in ((ACCOUNT, BACS), (BY_IBAN, SEPA)):
        shown = {bank_text(reference_of(each, account), characters, 140)[:SHOWN] for each in transfers}
        assert len(shown) == len(transfers)
        assert all(re.fullmatch(r"[A-Z0-9]+-[A-Z0-9]+-[A-Z0-9]+", each) for each in shown)


def test_ten_thousand_payments_to_teams_that_end_alike_differ() -> None:
    transfers = [f"round/air/stage-{stage}/team-{n:04}-abc123/1/1" for n in range(2_500) for stage in range(4)]
    assert len({short_reference(each) for each in transfers}) == len(transfers)


def test_a_roll_number_takes_the_place_of_the_reference() -> None:
    """A building society cannot find the member's account without it."""
    member = ACCOUNT.model_copy(update={"roll_number": "B/1234-56"})
    assert reference_of("round/air/exploration/air-7kx3qm/1/1", member) == "B/1234-56"
