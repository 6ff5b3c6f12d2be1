"""The names of those who were selected, and what they wrote that may be published. Nobody else is ever read here."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from domain.forms import answers
from domain.publishing.challenge import PublicAnswer, Selected, published
from domain.publishing.posed import Posed
from domain.publishing.snapshot import Snapshot
from store.database import tables

_applications, _proposals = tables.applications, tables.proposals


def read(connection: Connection, copies: Mapping[str, tuple[Posed, Snapshot]]) -> Mapping[str, Selected]:
    """Those who were selected, by the ids of their applications.

    Args:
        connection: in a transaction.
        copies: challenges by their ids, of a page at most.
    """
    teams = {team for _, snapshot in copies.values() for team in snapshot.selected}
    if not teams:
        return {}
    columns = (_applications.c[name] for name in ("id", "challenge", "organisation", "answers"))
    rows = connection.execute(select(*columns).where(_applications.c.id.in_(sorted(teams)))).all()
    further = _further(connection, copies)
    found = {}
    for row in rows:
        posed, _ = copies[row.challenge]
        first = published(posed.form, answers.read(row.answers))
        said = (*first, *further.get(row.id, ()))
        found[row.id] = Selected(id=row.id, organisation=row.organisation, answers=said)
    return found


def _further(
    connection: Connection, copies: Mapping[str, tuple[Posed, Snapshot]]
) -> Mapping[str, tuple[PublicAnswer, ...]]:
    """What may be published of the further proposals, each of a team that was selected for the stage that asked."""
    forms = {
        (team.id, stage.name): stage.asks
        for posed, snapshot in copies.values()
        for stage in posed.stages
        if stage.asks and stage.asks.public
        for run in snapshot.stages
        if run.stage == stage.name
        for team in run.teams
    }
    if not forms:
        return {}
    teams = sorted({team for team, _ in forms})
    wanted = select(_proposals.c.application, _proposals.c.stage, _proposals.c.answers)
    found: dict[str, tuple[PublicAnswer, ...]] = {}
    for row in sorted(connection.execute(wanted.where(_proposals.c.application.in_(teams))), key=lambda row: row.stage):
        form = forms.get((row.application, row.stage))
        if form is not None:
            said = published(form, answers.read(row.answers))
            found[row.application] = (*found.get(row.application, ()), *said)
    return found
