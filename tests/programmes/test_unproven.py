"""What a round says about decisions without a proof, and what counts where it says nothing."""

from __future__ import annotations

import pytest

from domain.identity.proof import Unproven
from domain.programmes.plan import plan_of
from domain.programmes.round import challenges_of
from tests.rounds import pilot


@pytest.mark.parametrize("file", [None, *Unproven])
@pytest.mark.parametrize("installation", list(Unproven))
def test_the_round_s_file_counts_and_else_the_installation(file: Unproven | None, installation: Unproven) -> None:
    round_, programme, _ = pilot()

    asked = challenges_of(round_.model_copy(update={"unproven": file}), programme, installation)

    assert {each.unproven for each in asked} == {file or installation}
    assert {plan_of(each, programme).unproven for each in asked} == {file or installation}
