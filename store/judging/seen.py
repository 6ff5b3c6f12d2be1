"""The marks of a stage as one person may see them: see `domain.judging.seeing`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from domain.judging.marks import unmarked
from domain.judging.progress import Progress
from domain.judging.quoting import draft
from domain.judging.ranking import ranking
from domain.judging.scorecard import Criterion
from domain.judging.seeing import Judgement, Place, Ranked, Sight
from domain.values.model import Value
from domain.values.paging import Page, Paged
from domain.values.refusals import ConflictOfInterest, TooEarly
from store.database.database import Database

from .impartiality import readable
from .moderation import agreed_on
from .scores import Mark, check_in_field, marks_of, own_marks, page_of_marks, reasons_of, spreads
from .tallies import JudgedStage, judged, progress, sights, to_mark


class Viewer(NamedTuple):
    """Somebody who looks at marks.

    Args:
        person: their id.
        only_reads: whether they have a say here as a reader only.
    """

    person: str
    only_reads: bool


class Sheet(Value):
    """All that somebody has to do with the marks of one application, and sees of them.

    Args:
        is_to_mark: whether they are to mark it.
        own: their own last marks for it.
        left: the applications for which they have still marks to give, in the order of their ids.
        hidden: why they see no marks of others, as a clause; empty if they see them.
        judgement: the spread of the marks and what was agreed; None while that is hidden.
        marks: the last marks of all readers with their reasons; none while they are hidden.
    """

    is_to_mark: bool = False
    own: tuple[Mark, ...] = ()
    left: tuple[str, ...] = ()
    hidden: str = ""
    judgement: Judgement | None = None
    marks: tuple[Mark, ...] = ()


def read_left(database: Database, stage: JudgedStage, viewer: Viewer) -> tuple[tuple[str, Criterion], ...]:
    """What somebody has still to mark: pairs of an application's id and a criterion.

    Raises:
        InterestsMissing: they have not declared their interests.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        readable(connection, stage.challenge, viewer.person, assigned_only=True)
        return _left(connection, stage, viewer, own_marks(connection, stage, viewer.person))


def read_own(database: Database, stage: JudgedStage, viewer: Viewer, application: str) -> dict[str, int]:
    """The last marks that somebody gave an application, by criterion.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        own = own_marks(connection, stage, viewer.person)
    return {each.criterion: each.mark for each in own if each.application == application}


def read_ranking(database: Database, stage: JudgedStage, viewer: Viewer) -> Ranked:
    """The ranking of a stage. What somebody does not see comes last, by id, so that its place tells nothing.

    Raises:
        InterestsMissing: they have not declared their interests.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        seen = _sights(connection, stage, viewer)
        rows = ranking(stage.scorecard, judged(connection, stage))
    shown = [Place(application=row.application, row=row) for row in rows if not seen[row.application].hidden]
    hidden = [
        Place(application=each, hidden=sight.hidden, may_read=sight.may_read)
        for each, sight in sorted(seen.items())
        if sight.hidden
    ]
    return Ranked(stage=stage.name, places=(*shown, *hidden))


def read_marks(
    database: Database, page: Page, stage: JudgedStage, viewer: Viewer, application: str = ""
) -> Paged[Mark]:
    """A page of the marks of all readers with their reasons, and always one's own. What is hidden is left out.

    Raises:
        InterestsMissing: they have not declared their interests.
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        seen = _sights(connection, stage, viewer)

        def may_see(of: str, reader: str) -> bool:
            own = reader == viewer.person and not seen[of].conflict
            return own or not seen[of].hidden

        return page_of_marks(connection, page, stage, may_see, application)


def read_judgement(database: Database, stage: JudgedStage, viewer: Viewer, application: str) -> Judgement:
    """The marks of one application: their spread by criterion, and what was agreed last.

    Raises:
        InterestsMissing, UnknownTeam, TooEarly: they do not see the marks of this application, or not yet.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        _check_seen(connection, stage, viewer, application)
        return _judgement(connection, stage, application)


def read_sheet(database: Database, stage: JudgedStage, viewer: Viewer, application: str) -> Sheet:
    """All that somebody has to do with the marks of one application, which they may read, in one moment.

    An application that cannot enter the stage has no marks.

    Raises:
        InterestsMissing: they have not declared their interests.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        own = own_marks(connection, stage, viewer.person)
        left = tuple(dict.fromkeys(each for each, _ in _left(connection, stage, viewer, own)))
        sight = _sights(connection, stage, viewer).get(application)
        if sight is None:
            return Sheet(left=left, hidden="it cannot enter this stage")
        theirs = Sheet(
            is_to_mark=sight.reads and not sight.conflict,
            own=() if sight.conflict else tuple(each for each in own if each.application == application),
            left=left,
            hidden=sight.hidden,
        )
        if sight.hidden:
            return theirs
        judgement = _judgement(connection, stage, application)
        return theirs.model_copy(update={"judgement": judgement, "marks": marks_of(connection, stage, application)})


def read_draft(database: Database, stage: JudgedStage, viewer: Viewer, application: str) -> str:
    """A draft of feedback from the reasons for the marks of one application.

    Raises:
        InterestsMissing, UnknownTeam, TooEarly: as in `read_judgement`.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        _check_seen(connection, stage, viewer, application)
        agreed = {each.criterion: each.reason for each in agreed_on(connection, stage, application)}
        return draft(stage.scorecard, agreed, reasons_of(connection, stage, application))


def read_progress(database: Database, stage: JudgedStage) -> Progress:
    """How far the readers of a stage are.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return progress(connection, stage)


def _left(
    connection: Connection, stage: JudgedStage, viewer: Viewer, own: Iterable[Mark]
) -> tuple[tuple[str, Criterion], ...]:
    done = [(each.application, each.criterion) for each in own]
    return tuple(unmarked(stage.scorecard, to_mark(connection, stage, viewer.person), done))


def _judgement(connection: Connection, stage: JudgedStage, application: str) -> Judgement:
    agreed = {each.criterion: each for each in agreed_on(connection, stage, application)}
    return Judgement(
        application=application,
        stage=stage.name,
        spreads=spreads(connection, stage, application),
        agreed=tuple(agreed.values()),
    )


def _sights(connection: Connection, stage: JudgedStage, viewer: Viewer) -> dict[str, Sight]:
    readable(connection, stage.challenge, viewer.person, assigned_only=viewer.only_reads)  # interests come first
    return sights(connection, stage, viewer.person, only_reads=viewer.only_reads)


def _check_seen(connection: Connection, stage: JudgedStage, viewer: Viewer, application: str) -> None:
    seen = _sights(connection, stage, viewer)
    check_in_field(connection, stage, [application])
    if seen[application].conflict:
        raise ConflictOfInterest(f"{viewer.person} declared a conflict of interest with {application}.")
    if hidden := seen[application].hidden:
        raise TooEarly(f"The marks of {application} are not shown to {viewer.person}: {hidden}.")
