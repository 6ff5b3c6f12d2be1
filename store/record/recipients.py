"""Who gets a notice: their ids and addresses, found by one statement however many they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Select, bindparam, exists, false, not_, select

from domain.announcements.announcement import (
    OutgoingNotice,
    ToApplicants,
    ToPeople,
    ToReaders,
    ToSpokenOf,
    ToTeams,
    ToUnsent,
)
from domain.announcements.occasions import Occasion
from store.database import tables
from store.database.tables import Found

NAMED_IN_A_MESSAGE = (Occasion.REFUSED, Occasion.UNCONFIRMED)
"""Notices to whoever a message names: a person, a team, or nobody whom the service knows."""

_OF_KEYS = (Occasion.PASSKEY_ADDED, Occasion.PASSKEY_REMOVED, Occasion.TERMINAL_KEY_MADE)
"""Notices about how somebody signs in. Whoever has only a draft gets them, too."""

_applications, _people, _drafts = tables.applications, tables.people, tables.drafts
_invited, _proposals = tables.invited, tables.proposals


class Recipients(NamedTuple):
    """Whom a notice goes to.

    Args:
        found: makes the selection of their ids and addresses for a number of named ids. Its parameters are the
            challenge, its round and those ids.
        ids: the named ids.
        stage: the stage that the selection depends on, if it depends on one.
    """

    found: Callable[[int], Select[Any]]
    ids: tuple[str, ...] = ()
    stage: str = ""

    def values(self, challenge: Found) -> dict[str, object]:
        """The parameters of the selection."""
        named = {f"id_{number}": each for number, each in enumerate(self.ids)}
        return {"challenge": challenge.id, "round": challenge.round, "asking": self.stage, **named}


def only_to(team: str) -> Recipients:
    """One applicant."""
    return Recipients(_teams, (team,))


def only_to_person(person: str) -> Recipients:
    """One person of the challenge's round."""
    return Recipients(_people_of_round, (person,))


def recipients_of(notice: OutgoingNotice) -> Recipients:
    """Whom a notice goes to. Readers are told one by one: see `tell_readers`."""
    match notice.whom:
        case ToApplicants(without=without):
            return Recipients(_applicants, without)
        case ToSpokenOf(without=without):
            return Recipients(_all_who_applied, without)
        case ToTeams(teams=teams):
            return Recipients(_teams_and_drafts if notice.occasion in _OF_KEYS else _teams, teams)
        case ToUnsent(stage=stage):
            return Recipients(_unsent, stage=stage)
        case ToPeople(people=people):
            return Recipients(_anybody if notice.occasion in NAMED_IN_A_MESSAGE else _people_of_round, people)
        case ToReaders():
            raise AssertionError("each reader gets a notice of their own")


def _applicants(number: int) -> Select[Any]:
    """Applicants who have not withdrawn, except those named."""
    return _all_who_applied(number).where(_applications.c.withdrawn.is_(None))


def _all_who_applied(number: int) -> Select[Any]:
    """Applicants except those named. Applicants who withdrew meanwhile get the feedback, too: it was kept for them."""
    return _applied().where(not_(_is_named(_applications.c.id, number)))


def _teams(number: int) -> Select[Any]:
    return _applied().where(_is_named(_applications.c.id, number))


def _teams_and_drafts(number: int) -> Select[Any]:
    begun = select(_drafts.c.application.label("recipient"), _drafts.c.email.label("address")).where(
        _drafts.c.challenge == bindparam("challenge"), _drafts.c.stage == "", _is_named(_drafts.c.application, number)
    )
    both = _teams(number).union(begun).subquery()
    return select(both.c.recipient, both.c.address)


def _unsent(_: int) -> Select[Any]:
    """Who may send the further proposal that a stage asks for, and has not sent it."""
    asked = exists().where(
        _invited.c.challenge == bindparam("challenge"),
        _invited.c.stage == bindparam("asking"),
        _invited.c.application == _applications.c.id,
    )
    sent = exists().where(_proposals.c.stage == bindparam("asking"), _proposals.c.application == _applications.c.id)
    return _applied().where(asked, not_(sent))


def _people_of_round(number: int) -> Select[Any]:
    return select(_people.c.id.label("recipient"), _people.c.email.label("address")).where(
        _people.c.round == bindparam("round"), _is_named(_people.c.id, number)
    )


def _anybody(number: int) -> Select[Any]:
    both = _people_of_round(number).union_all(_teams(number)).subquery()
    return select(both.c.recipient, both.c.address)


def _applied() -> Select[Any]:
    return select(_applications.c.id.label("recipient"), _applications.c.email.label("address")).where(
        _applications.c.challenge == bindparam("challenge")
    )


def _is_named(column: Column[Any], number: int) -> ColumnElement[bool]:
    return column.in_([bindparam(f"id_{each}") for each in range(number)]) if number else false()
