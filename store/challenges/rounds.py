"""The challenges that were opened, the people who have a say in them, and the state of each challenge."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from whenever import Instant

from domain.challenges.decisions import DECISIONS
from domain.identity.proof import Unproven, Way
from domain.payments.decisions import PAYMENT_DECISIONS
from domain.payments.payment import OVER
from domain.permissions import Period, Place, Role
from domain.programmes.edits import Frozen, frozen_of
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge, Round
from domain.values.model import Value
from domain.values.paging import Page, Paged, everything
from domain.values.refusals import UnknownChallenge
from store.database import identity_tables, tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.judging import readers, scorecards
from store.public import copies

from . import draft_rows, forms
from .people import keep_people, people_in

_IN_ROUNDS = TotalOrder(tables.challenges.c.round, tables.challenges.c.position, tables.challenges.c.id)
_BY_ID = TotalOrder(tables.challenges.c.id)
_DECISIONS = (*DECISIONS, *(f"payment-{kind}" for kind in PAYMENT_DECISIONS))
"""What the record calls that which can be sent to a workflow by hand."""


class ChallengeRow(Value):
    """A challenge as lists show it.

    Args:
        id, round, slug, question, sponsor, sponsor_name: who asks what.
        time_zone, currency: from the programme, when the challenge was opened.
        contact: whom people can ask.
        stage, waits_for, until, outcome, outcome_reason: the state that the challenge's workflow last reported.
        attention: what a person has to deal with, in the challenge or its payments. Empty if nothing.
        started: whether the challenge's workflow has ever reported a state.
        opens, closes: when the window opens and closes.
        applications: how many applications counted when the window was sealed. None before that.
        unproven: what becomes of a decision without a proof.
        not_proven: how many decisions were done without a proof, on the challenge and its payments.
        unconfirmed: how many came without a proof and wait for the person whom they name.
    """

    id: str
    round: str
    slug: str
    question: str
    sponsor: str
    sponsor_name: str
    time_zone: str
    currency: str
    contact: str
    stage: str
    waits_for: str
    until: Instant | None
    attention: str
    outcome: str
    outcome_reason: str
    started: bool
    opens: Instant
    closes: Instant
    applications: int | None
    unproven: Unproven = Unproven.ACCEPT
    not_proven: int = 0
    unconfirmed: int = 0

    @property
    def place(self) -> Place:
        """The facts about the challenge on which rights depend."""
        sealed = Period.OPEN if self.applications is None else Period.SEALED
        period = Period.ENDED if self.outcome else sealed
        return Place(round=self.round, challenge=self.id, sponsor=self.sponsor, period=period)


def keep_round(
    database: Database, round_: Round, programme: Programme, challenges: tuple[Challenge, ...], at: Instant
) -> None:
    """Writes down a round when it is opened. You can safely call this again.

    A challenge that was opened before stays unchanged. See `people.keep_people` for the people.

    Args:
        database: where to.
        round_: the round, with its people.
        programme: the programme of the round.
        challenges: the challenges of the round that are opened.
        at: when.

    Raises:
        Unavailable: the database cannot be written to.
    """
    names = {sponsor.id: sponsor.name for sponsor in round_.sponsors}
    order = {question.id: position for position, question in enumerate(round_.challenges)}
    with database.writing() as connection:
        keep_people(connection, round_)
        for challenge in challenges:
            connection.execute(
                inserting(connection, tables.challenges)
                .values(
                    id=challenge.id,
                    round=challenge.round,
                    slug=challenge.slug,
                    position=order.get(challenge.slug, len(order)),
                    question=challenge.question,
                    sponsor=challenge.sponsor,
                    sponsor_name=names.get(challenge.sponsor, challenge.sponsor),
                    time_zone=programme.time_zone,
                    currency=programme.currency,
                    opened_at=at,
                    unproven=str(challenge.unproven),
                )
                .on_conflict_do_nothing()
            )
            forms.keep(connection, challenge, programme)
            scorecards.keep(connection, challenge, programme)
            copies.keep(connection, round_, programme, challenge, at)
            frozen = frozen_of(round_, programme, challenge)
            connection.execute(
                inserting(connection, tables.frozen)
                .values(challenge=challenge.id, said=frozen.model_dump_json())
                .on_conflict_do_nothing()
            )
            # Applications can come in from the opening instant on, even if no worker runs at that moment.
            connection.execute(
                inserting(connection, tables.windows)
                .values(challenge=challenge.id, opens=challenge.opens, closes=challenge.closes, held=False)
                .on_conflict_do_nothing()
            )
        judged = any(stage.scorecard is not None for stage in programme.stages)
        readers.keep(connection, round_, challenges, judged=judged)
        keep_contact(connection, round_.id)


def challenges(database: Database, round_: str | None = None) -> tuple[ChallengeRow, ...]:
    """The challenges that were opened, in the order of the round file.

    Args:
        database: where from.
        round_: only those of this round.

    Raises:
        Unavailable: the database cannot be read.
    """
    return tuple(everything(lambda page: page_of_challenges(database, page, round_=round_)))


def read_frozen(database: Database, round_: str) -> dict[str, Frozen]:
    """What the files said of the challenges of a round when they were opened, by their ids.

    Raises:
        Unavailable: the database cannot be read.
    """
    frozen = tables.frozen
    wanted = select(frozen).join(tables.challenges).where(tables.challenges.c.round == round_)
    with database.reading() as connection:
        return {row.challenge: Frozen.model_validate_json(row.said) for row in connection.execute(wanted)}


def read_unproven(database: Database, challenge: str) -> Unproven:
    """What becomes of decisions without a proof at a challenge, as it was opened to say.

    Raises:
        UnknownChallenge: there is no such challenge.
        Unavailable: the database cannot be read.
    """
    wanted = select(tables.challenges.c.unproven).where(tables.challenges.c.id == challenge)
    with database.reading() as connection:
        found = connection.scalar(wanted)
        if found is None:
            raise UnknownChallenge(_not_found(connection, challenge))
        return Unproven(found)


def page_of_challenges(
    database: Database, page: Page, *, round_: str | None = None, challenges: Collection[str] | None = None
) -> Paged[ChallengeRow]:
    """A page of the challenges that were opened, by round and in the order of the round file.

    Args:
        database: where from.
        page: which one.
        round_: only those of this round.
        challenges: the ids of the wanted challenges. All challenges if left out.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = _rows()
    if round_ is not None:
        wanted = wanted.where(tables.challenges.c.round == round_)
    if challenges is not None:
        wanted = wanted.where(tables.challenges.c.id.in_(challenges))
    with database.reading() as connection:
        return _IN_ROUNDS.read(connection, wanted, page, _challenge_row)


def find_challenge(database: Database, name: str) -> ChallengeRow:
    """The challenge that a person means.

    Args:
        database: where from.
        name: the challenge's id, such as "pilot-2016/air-quality". Or only its own name, if that name is in one round
            only, or in only one round that is not over.

    Raises:
        UnknownChallenge: there is no such challenge, or several rounds have it. The message names similar ones.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        rows = _NAMED.all(connection, {"name": name})
        if not rows:
            raise UnknownChallenge(_not_found(connection, name))
    # A name without a round means the only round that is not over. The other rounds are over or were rehearsals.
    going_on = [row for row in rows if not row.outcome]
    rows = going_on if len(rows) > 1 and len(going_on) == 1 else rows
    if len(rows) > 1:
        ids = " or ".join(row.id for row in rows)
        raise UnknownChallenge(f"{name!r} is in {len(rows)} rounds: write which one you mean, {ids}.")
    return _challenge_row(rows[0])


def challenge_of(database: Database, application: str) -> ChallengeRow:
    """The challenge of a draft or an application.

    Raises:
        UnknownTeam: there is no such draft or application.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        row = _OF_APPLICATION.one_or_none(connection, {"application": application})
    if row is None:
        raise draft_rows.unknown(application)
    return _challenge_row(row)


def _rows() -> Select[Any]:
    window, attention = tables.windows, tables.attention
    between = cast("str", _written_out("; "))  # SQLAlchemy writes a text here into the statement at each execution
    texts = (
        select(func.aggregate_strings(attention.c.text, between))
        .where(attention.c.challenge == tables.challenges.c.id, attention.c.text != "")
        .scalar_subquery()
    )
    return select(
        *(column for column in tables.challenges.columns if column.name != "waits_for"),
        waits_for().label("waits_for"),
        func.coalesce(texts, "").label("attention"),
        window.c.opens,
        window.c.closes,
        (window.c.sealed_count + window.c.admitted_count).label("applications"),
        _not_proven().label("not_proven"),
        _unconfirmed().label("unconfirmed"),
    ).join_from(
        tables.challenges,
        window,
        and_(window.c.challenge == tables.challenges.c.id, window.c.stage == ""),
        isouter=True,
    )


def _not_proven() -> ColumnElement[int]:
    line = tables.record
    # Written out, so that both databases find the index of these lines.
    of_it = (line.c.challenge == tables.challenges.c.id, line.c.proof == _written_out(Way.NONE))
    decided = line.c.action.in_([_written_out(each) for each in _DECISIONS])
    counted = select(func.count()).where(*of_it, line.c.refused.is_(False), decided)
    return counted.scalar_subquery()


def _unconfirmed() -> ColumnElement[int]:
    waiting = identity_tables.unconfirmed
    of_it = (waiting.c.challenge == tables.challenges.c.id, waiting.c.settled_at.is_(None))
    return select(func.count()).where(*of_it).scalar_subquery()


def waits_for() -> ColumnElement[str]:
    """What the workflow last reported; but money that came back after the workflow had ended is owed again."""
    challenge, payment = tables.challenges, tables.payments
    owed = exists().where(
        payment.c.challenge == challenge.c.id, payment.c.status.not_in([_written_out(status) for status in OVER])
    )
    over = and_(challenge.c.outcome != "", challenge.c.waits_for == "nothing")
    return case((and_(over, owed), "payments"), else_=challenge.c.waits_for)


def _written_out(word: str) -> ColumnElement[str]:
    """One of our own words as a part of a statement, which is then prepared once and for all."""
    return literal_column(f"'{word}'")


_DRAFTED = select(func.max(tables.drafts.c.challenge)).where(tables.drafts.c.application == bindparam("application"))
_APPLIED = select(tables.applications.c.challenge).where(tables.applications.c.id == bindparam("application"))
# Made once: every command and most requests look a challenge up, and making the statement takes as long as asking.
_NAMED = Prepared(
    _rows()
    .where(or_(tables.challenges.c.id == bindparam("name"), tables.challenges.c.slug == bindparam("name")))
    .order_by(*_BY_ID)
)
_OF_APPLICATION = Prepared(
    _rows().where(
        tables.challenges.c.id == func.coalesce(_DRAFTED.scalar_subquery(), _APPLIED.scalar_subquery()),
    )
)


def _challenge_row(row: Any) -> ChallengeRow:
    known = {name: getattr(row, name) for name in ChallengeRow.model_fields if name != "started"}
    return ChallengeRow(**known, started=row.status_at is not None)


def keep_contact(connection: Connection, round_: str) -> None:
    """Writes down whom people can ask: the present operators of a round."""
    contact = " or ".join(row.email for row in people_in(connection, round_) if row.role == Role.OPERATOR)
    connection.execute(update(tables.challenges).where(tables.challenges.c.round == round_).values(contact=contact))


def _not_found(connection: Connection, name: str) -> str:
    ids = connection.scalars(select(tables.challenges.c.id).order_by(*_BY_ID)).all()
    if not ids:
        return f"No challenge {name!r}: none was opened yet; open a round first."
    slug = name.rpartition("/")[2]
    close = get_close_matches(slug, sorted({each.rpartition("/")[2] for each in ids}), n=3)
    near = [each for each in ids if each.rpartition("/")[2] in close]
    if near:
        return f"No challenge {name!r}: did you mean {' or '.join(near)}?"
    listed = ", ".join(ids[:10]) + (" and others" if len(ids) > 10 else "")
    return f"No challenge {name!r} was opened: there is {listed}."
