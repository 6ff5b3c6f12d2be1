"""A release in the ledger: nobody releases what follows from their own decision, and only one rail is asked for it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain.payments import decisions
from domain.payments.payment import PaymentStatus
from domain.values.refusals import NotAllowed, RailRefused, TooLate
from store.database.database import Database
from store.payments.reading import read_transfers
from tests.store.paying import RELEASER, SECOND_RELEASER, SELECTOR, Till, give_payee, lines, to_make
from tests.store.said import AIR, CLOSES, applied


def _every_rule_is_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules let everything through, as if they were wrong: what is left is what the database itself refuses."""
    monkeypatch.setattr(decisions, "check_move", lambda *_: None)


@pytest.mark.parametrize("rules", [True, False], ids=["by the rules", "by the database"])
def test_neither_who_selected_nor_who_accepted_nor_who_ever_gave_the_details_releases(
    open_: Database, monkeypatch: pytest.MonkeyPatch, rules: bool
) -> None:
    """Invariant 10. Fails without the rule of the domain, and without the triggers of the migration."""
    asked = to_make(applied(open_), accepted_by="amy")
    own = (SELECTOR, "amy", "olivia", asked.order.team)
    till = Till(open_, asked)
    till.request()
    give_payee(open_, till.team, 1, by="olivia")
    give_payee(open_, till.team, 2, by=till.team)
    till.request()
    theirs = Till(open_, asked.model_copy(update={"releasers": own}))
    if not rules:
        _every_rule_is_lifted(monkeypatch)
    why = r"{0} .*, and a second person must release it" if rules else "a second person must release it"
    for by in own:
        with pytest.raises(NotAllowed, match=f"{by} may not release {till.key}: {why.format(by)}"):
            theirs.release(by, by=by)
    assert till.transfers == []
    assert till.now.status is PaymentStatus.PAYEE_KNOWN
    assert not any(line.startswith("release/") for line in lines(till))

    assert till.release(by=RELEASER).status is PaymentStatus.RELEASED


@pytest.mark.parametrize("rules", [True, False], ids=["by the rules", "by the database"])
def test_whoever_said_that_it_came_back_does_not_release_it_again(
    till: Till, monkeypatch: pytest.MonkeyPatch, rules: bool
) -> None:
    """One person alone would pay the same twice. Fails when the ledger does not keep whose word it was; what a rail
    says is nobody's word, and only the last attempt counts: two people at least stand behind each that follows."""
    till.brought_to(PaymentStatus.SETTLED)
    assert till.give_back(by=RELEASER).returned_by == RELEASER
    if not rules:
        _every_rule_is_lifted(monkeypatch)
    why = f"{RELEASER} said that the money came back, and a second person" if rules else "a second person must"
    with pytest.raises(NotAllowed, match=f"{RELEASER} may not release {till.key}: {why}"):
        till.release("2", by=RELEASER)
    assert till.release("3", by=SECOND_RELEASER).returned_by == ""

    assert till.come_back(till.begun()).returned_by == ""
    assert till.release("4", by=RELEASER).attempt == 3
    assert [each.returned_by for each in read_transfers(till.database, AIR)] == [RELEASER, "", ""]


def test_a_fault_of_the_ledger_is_not_called_a_release_of_ones_own(till: Till) -> None:
    """Fails when whatever the database refuses of a release is put down to whoever releases."""
    other = Till(till.database, to_make(till.team, 2))
    for each in (till, other):
        each.brought_to(PaymentStatus.PAYEE_KNOWN)
    with till.database.writing() as connection:
        connection.execute(
            text(
                "INSERT INTO transfers (id, payment, attempt, team, payee_version, released_by, released_at) "
                f"SELECT '{till.key}/1', '{other.key}', 1, team, 1, '{RELEASER}', given_at FROM payees"
            )
        )
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        till.release()


def test_people_who_gave_the_details_are_known_to_whoever_asks_how_it_stands(till: Till) -> None:
    till.request()
    give_payee(till.database, till.team, 1, by="olivia")
    give_payee(till.database, till.team, 2)
    assert till.request().payee_by == tuple(sorted(["olivia", till.team]))


def test_a_release_for_a_rail_that_is_asked_next_is_begun_at_that_rail(till: Till) -> None:
    """Fails when the rail is asked for what can still be cancelled, or what another rail would be asked for too."""
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    for _ in range(2):
        assert till.release(rail="embedded").status is PaymentStatus.RELEASED
    assert [(each.begun_at, each.rail) for each in till.transfers] == [(CLOSES, "embedded")]

    with pytest.raises(TooLate, match="may have left cannot be cancelled"):
        till.cancel()
    with pytest.raises(RailRefused, match="was begun at the rail embedded, and this is another"):
        till.begin(rail="another")
