"""The transfers and payment files that a bank names in a statement."""

from __future__ import annotations

import pytest

from domain.payments.matching import Filed
from domain.payments.reference import plain_reference
from domain.values.money import Money
from store.database.database import Database
from store.payments import filed
from store.payments.filed import find_filed
from tests.store.filing import released, written
from tests.store.said import CLOSES, applied


def test_what_a_bank_may_name_is_found_by_each_of_its_names(open_: Database) -> None:
    """Fails where a file is not named, or a payment by its reference alone, which is all that some banks keep."""
    team = applied(open_)
    for number in (1, 2):
        released(open_, team, number)
    one, other = written(open_).lines
    names = {f"E-{one.transfer[-32:]}", plain_reference(other.transfer), "FILE1", "FILE2", "E-nobody"}

    found = find_filed(open_, names)

    def of(amount: Money, transfer: str = "") -> Filed:
        names = {"transfer": transfer, "end_to_end": f"E-{transfer[-32:]}"} if transfer else {}
        return Filed(file="FILE1", made_at=CLOSES, currency="GBP", amount=amount, **names)

    assert found == {
        f"E-{one.transfer[-32:]}": of(one.amount, one.transfer),
        plain_reference(other.transfer): of(other.amount, other.transfer),
        "FILE1": of(Money(one.amount.pence + other.amount.pence)),
    }


def test_many_names_are_asked_for_in_parts(open_: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    released(open_)
    [line] = written(open_).lines
    monkeypatch.setattr(filed, "_AT_ONCE", 2)

    names = {f"X-{number}" for number in range(5)} | {f"E-{line.transfer[-32:]}", "FILE1"}
    assert len(find_filed(open_, names)) == 2
