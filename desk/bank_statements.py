"""Which payments the statements in a bank's file are about."""

from __future__ import annotations

from collections.abc import Sequence

from domain.payments.matching import Matched, matched, names_in
from domain.payments.statements import Statement
from domain.values.refusals import FileRefused
from domain.values.wording import counted
from service.settings import Settings
from service.wiring import payer_of
from store.database.database import Database
from store.payments.filed import find_filed


def match(options: Settings, database: Database, statements: Sequence[Statement]) -> Matched:
    """Finds the payments that statements of the paying account are about.

    Args:
        options: name the paying account.
        database: knows the payment files.
        statements: of any accounts. Those of other accounts are left out, if one is of the paying account.

    Raises:
        FileRefused: no statement is of the paying account, or the settings do not name that account.
        Unavailable: the database cannot be read.
    """
    if not statements:
        return Matched()
    payer = payer_of(options)
    ours = [each for each in statements if each.is_on(payer)]
    if not ours:
        raise FileRefused(
            f"The statement {statements[0].id} is not of the account that pays ({payer.masked}): choose a statement of "
            "that account, or correct the settings CHALLENGES_PAYER_…"
        )
    found = matched(ours, find_filed(database, names_in(ours)))
    others = len(statements) - len(ours)
    if not others:
        return found
    first, *more = found.reports
    ignored = (*first.ignored, f"{counted(others, 'statement')} of other accounts")
    return found.model_copy(update={"reports": (first.model_copy(update={"ignored": ignored}), *more)})
