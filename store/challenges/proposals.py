"""Further proposals as they are read, once the window of their stage is sealed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, and_, select

from domain.challenges.application import FurtherProposal
from domain.forms import answers
from store.database import tables

_proposals, _windows, _applications = tables.proposals, tables.windows, tables.applications


def further(connection: Connection, applications: Collection[str]) -> Mapping[str, tuple[FurtherProposal, ...]]:
    """The further proposals of some applications, in the order of their windows. None of a window that is not sealed.

    Args:
        connection: in a transaction.
        applications: ids of the applications, of a page at most.

    Returns:
        By the id of the application. An application that sent none is missing.
    """
    of_it = and_(_windows.c.challenge == _applications.c.challenge, _windows.c.stage == _proposals.c.stage)
    sent = [_proposals.c[name] for name in ("application", "stage", "form", "answers", "sent_at")]
    wanted = (
        select(*sent, _windows.c.closes)
        .join_from(_proposals, _applications)
        .join(_windows, of_it)
        .where(_proposals.c.application.in_(sorted(applications)))
        .where(_windows.c.sealed_at.is_not(None))
    )
    found: dict[str, list[FurtherProposal]] = defaultdict(list)
    for row in sorted(connection.execute(wanted), key=lambda row: (row.closes, row.stage)):
        said = answers.read(row.answers)
        proposal = FurtherProposal(stage=row.stage, form=row.form, answers=said, sent=row.sent_at)
        found[row.application].append(proposal)
    return {application: tuple(proposals) for application, proposals in found.items()}
