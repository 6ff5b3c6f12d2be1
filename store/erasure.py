"""Erasure: what the database has of a person or an application, and blanking all of this at once.

Ids, amounts, dates and the record stay. What is blanked stays blank: triggers see to the bank details.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, Text, and_, delete, exists, func, literal, or_, select, update
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.payments.payment import OVER
from domain.values.addresses import mailbox_of
from domain.values.model import Value
from store.challenges import evidence
from store.database import tables
from store.database.database import Database
from store.database.instants import Moment
from store.database.ordering import TotalOrder
from store.files import sweeping
from store.identity import forgetting
from store.payments.rows import hold
from store.record.notices import Compose
from store.record.record import put

_applications, _people, _notices, _feedback = tables.applications, tables.people, tables.notices, tables.feedback
_payees, _payments, _transfers, _filed = tables.payees, tables.payments, tables.transfers, tables.filed_transfers
_files, _challenges, _drafts, _proposals = tables.payment_files, tables.challenges, tables.drafts, tables.proposals

_APPLICATIONS, _LATE = TotalOrder(_applications.c.id), TotalOrder(tables.late_applications.c.id)
_PAYMENTS, _FILES = TotalOrder(_payments.c.key), TotalOrder(_files.c.id)
_DRAFTS, _PEOPLE = TotalOrder(_drafts.c.application, _drafts.c.stage), TotalOrder(_people.c.round, _people.c.id)

REWRITTEN = (
    *("applications", "proposals", "drafts", "draft_answers", "late_applications", "attachments", "files"),
    *("challenges", "people", "notices", "feedback", "payees", "interests", "scores", "agreed_marks"),
    *("questions", "evidence_sent", "evidence_drafts"),
    *forgetting.REMOVED,
)
"""The tables that personal data is blanked in."""

_ERASED = "erased"
"""What a notice says for its reason, and a declared interest for its words, once they are blanked."""


class Trace(Value):
    """What the database has of one application, of one person of a round, or of one address.

    Args:
        id: of the application or person; empty for an address that belongs to neither.
        challenge: id of the application's challenge; of the challenge whose notices went to the address; or the id of
            the round, for a person.
        name: whether name and address are there, and for an application the answers.
        withdrawn: whether the application was withdrawn.
        feedback, notices, bank_details, attachments: how many of each are there.
        open_payments: keys of payments that are neither settled nor cancelled. The bank details stay until they are.
        paid: when the last payment was made; None if none was.
        files: ids of the files for the bank that name the account.
        reasons: how many lines of the record tell what the application's contact did, in their own words.
    """

    id: str
    challenge: str
    name: bool = False
    withdrawn: bool = False
    feedback: int = 0
    notices: int = 0
    bank_details: int = 0
    attachments: int = 0
    open_payments: tuple[str, ...] = ()
    paid: Instant | None = None
    files: tuple[str, ...] = ()
    reasons: int = 0

    @property
    def keeps_bank_details(self) -> bool:
        """Whether the bank details stay for now, because money is on its way to them."""
        return bool(self.bank_details and self.open_payments)

    @property
    def is_blank(self) -> bool:
        """Whether nothing of this can be blanked now."""
        details = 0 if self.keeps_bank_details else self.bank_details
        return not (self.name or self.feedback or self.notices or self.attachments or details)


class Person(Value):
    """A person of a round whose address was found.

    Args:
        trace: what the database has of them.
        round: id of the round.
        goes_on: whether the round goes on, or has payments that are not over. Until then nobody may come back under
            another name, so the service must know the address.
    """

    trace: Trace
    round: str
    goes_on: bool


class Found(Value):
    """Everything that the database has of somebody.

    Args:
        applications: of which they are the contact.
        drafts: drafts that were begun for the address and never sent.
        late: applications that were handed in late and wait to be admitted.
        people: whom they are in rounds.
        elsewhere: notices that went to their address and to no such application or person, by challenge.
        sign_ins: how many sessions, links, passkeys and keys of terminals there are of an address.
    """

    applications: tuple[Trace, ...]
    drafts: tuple[Trace, ...] = ()
    late: tuple[Trace, ...] = ()
    people: tuple[Person, ...] = ()
    elsewhere: tuple[Trace, ...] = ()
    sign_ins: int = 0

    @property
    def traces(self) -> tuple[Trace, ...]:
        """All of it."""
        people = (each.trace for each in self.people)
        return (*self.applications, *self.drafts, *self.late, *people, *self.elsewhere)


def find(database: Database, *, email: str = "", team: str = "") -> Found:
    """What the database has of a person, by their address, or of an application, by its id.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return _find(connection, email, team)


def erase(
    database: Database, announcements: Sequence[Announcement], found: Found, email: str, at: Instant, compose: Compose
) -> None:
    """Blanks what was found, in one transaction, with its lines of the record.

    Whatever came meanwhile, such as a new application from the same address, stays.

    Args:
        database: where to.
        announcements: a line of the record for each challenge concerned.
        found: what `find` found; for each part it was checked that nobody takes part any more.
        email: the address that was looked for; empty if an application was looked for.
        at: when.
        compose: finds the words of notices.

    Raises:
        Unavailable: the database cannot be written to. Nothing was blanked.
    """
    with database.writing() as connection:
        for challenge in sorted({each.challenge for each in announcements}):
            hold(connection, challenge)  # nothing is paid, and nobody is told, meanwhile
        for announcement in announcements:
            put(connection, announcement, compose)
        people = [(each.round, each.trace.id) for each in found.people]
        ids = [each.id for each in (*found.applications, *found.drafts)]
        mailboxes = {mailbox_of(email), *forgetting.mailboxes(connection, ids, people)}
        for trace in found.applications:
            _blank_application(connection, trace, at)
            _blank_notices(connection, _to_application(trace), at)
        for trace in found.drafts:
            _remove_draft(connection, trace, at)
            _blank_notices(connection, _to_application(trace), at)
        for trace in found.late:
            connection.execute(delete(tables.late_applications).where(tables.late_applications.c.id == trace.id))
        for person in found.people:
            _blank_person(connection, person)
            _blank_notices(connection, _to_person(person), at)
        if found.elsewhere:
            _blank_notices(connection, _elsewhere(email, _find(connection, email, "")), at)
        forgetting.forget(connection, mailboxes)
        _blank_questions(connection, mailboxes)


def _blank_questions(connection: Connection, mailboxes: Collection[str]) -> None:
    """Nobody learns any more who has asked. What was answered for all stays; what was not goes, too."""
    asked = update(tables.questions).where(tables.questions.c.mailbox.in_(sorted(set(mailboxes) - {""})))
    connection.execute(asked.where(tables.questions.c.answered_at.is_(None)).values(text=""))
    connection.execute(asked.values(mailbox=""))


def _find(connection: Connection, email: str, team: str) -> Found:
    which = _applications.c.id == team if team else _applications.c.mailbox == mailbox_of(email)
    rows = connection.execute(select(_applications).where(which).order_by(*_APPLICATIONS)).all()
    applications = tuple(_trace(connection, row) for row in rows)
    drafts, late = tuple(_written(connection, email, team)), tuple(_waiting(connection, email, team))
    if not email:
        return Found(applications=applications, drafts=drafts, late=late)
    people = tuple(_people_at(connection, email))
    found = Found(applications=applications, drafts=drafts, late=late, people=people)
    counted = select(_notices.c.challenge, func.count().label("number")).where(_elsewhere(email, found))
    numbers = sorted((row.challenge, row.number) for row in connection.execute(counted.group_by(_notices.c.challenge)))
    elsewhere = tuple(Trace(id="", challenge=challenge, notices=number) for challenge, number in numbers)
    sign_ins = forgetting.count(connection, mailbox_of(email))
    return found.model_copy(update={"elsewhere": elsewhere, "sign_ins": sign_ins})


def _trace(connection: Connection, row: Any) -> Trace:
    of_team = _payments.c.team == row.id
    over = [str(each) for each in OVER]
    still = select(_payments.c.key).where(of_team, _payments.c.status.not_in(over)).order_by(*_PAYMENTS)
    trace = Trace(
        id=row.id,
        challenge=row.challenge,
        name=row.erased is None,
        withdrawn=row.withdrawn is not None,
        feedback=_count(connection, and_(_feedback.c.team == row.id, _feedback.c.text != "")),
        bank_details=_count(connection, and_(_payees.c.team == row.id, _payees.c.sealed != "")),
        open_payments=tuple(connection.scalars(still)),
        paid=connection.scalar(select(func.max(_transfers.c.settled_at)).where(_transfers.c.team == row.id)),
        attachments=sweeping.count(connection, row.id),
        files=_files_of(connection, row.id),
        reasons=_count(connection, and_(tables.record.c.by == row.id, tables.record.c.reason != "")),
    )
    return trace.model_copy(update={"notices": _count(connection, _to_application(trace))})


def _written(connection: Connection, email: str, team: str) -> Iterator[Trace]:
    """Drafts that were never sent. Nothing hangs on them, so they are removed."""
    which = _drafts.c.application == team if team else _drafts.c.mailbox == mailbox_of(email)
    for row in connection.execute(select(_drafts).where(which, _not_sent()).order_by(*_DRAFTS)):
        attached = sweeping.count(connection, row.application)
        trace = Trace(id=row.application, challenge=row.challenge, name=True, attachments=attached)
        yield trace.model_copy(update={"notices": _count(connection, _to_application(trace))})


def _not_sent() -> ColumnElement[bool]:
    return ~exists().where(_applications.c.id == _drafts.c.application)


def _waiting(connection: Connection, email: str, team: str) -> Iterator[Trace]:
    """Late applications that were not admitted. Nothing hangs on them, so they are removed."""
    late = tables.late_applications
    which = late.c.id == team if team else func.lower(late.c.email) == email.lower()
    for row in connection.execute(select(late.c.id, late.c.challenge).where(which).order_by(*_LATE)):
        yield Trace(id=row.id, challenge=row.challenge, name=True)


def _files_of(connection: Connection, team: str) -> tuple[str, ...]:
    wanted = (
        select(_files.c.id)
        .distinct()
        .join(_filed, _filed.c.file == _files.c.id)
        .join(_transfers, _transfers.c.id == _filed.c.transfer)
        .where(_transfers.c.team == team, _files.c.written_at.is_not(None))
        .order_by(*_FILES)
    )
    return tuple(connection.scalars(wanted))


def _people_at(connection: Connection, email: str) -> Sequence[Person]:
    """The people of rounds at an address, or at one of whose former addresses, each on a line, it is."""
    formerly = func.lower(literal("\n", String).concat(_people.c.former).concat("\n")).contains(
        f"\n{email.lower()}\n", autoescape=True
    )
    rows = connection.execute(
        select(_people).where(or_(_people.c.mailbox == mailbox_of(email), formerly)).order_by(*_PEOPLE)
    ).all()
    found = []
    for row in rows:
        person = Person(
            trace=Trace(id=row.id, challenge=row.round, name=bool(row.name or row.email or row.former)),
            round=row.round,
            goes_on=_goes_on(connection, row.round),
        )
        notices = _count(connection, _to_person(person))
        found.append(person.model_copy(update={"trace": person.trace.model_copy(update={"notices": notices})}))
    return found


def _goes_on(connection: Connection, round_: str) -> bool:
    theirs = select(_challenges.c.id).where(_challenges.c.round == round_)
    unpaid = and_(_payments.c.challenge.in_(theirs), _payments.c.status.not_in([str(each) for each in OVER]))
    open_ones = and_(_challenges.c.round == round_, _challenges.c.outcome == "")
    return _count(connection, open_ones) + _count(connection, unpaid) > 0


def _count(connection: Connection, which: ColumnElement[bool]) -> int:
    return connection.scalars(select(func.count()).where(which)).one()


# Which notices have something to blank.

_HAS_TEXT = or_(_notices.c.address != "", _notices.c.body != "")


def _to_application(trace: Trace) -> ColumnElement[bool]:
    return and_(_HAS_TEXT, _notices.c.challenge == trace.challenge, _notices.c.recipient == trace.id)


def _to_person(person: Person) -> ColumnElement[bool]:
    theirs = select(_challenges.c.id).where(_challenges.c.round == person.round)
    return and_(_HAS_TEXT, _notices.c.challenge.in_(theirs), _notices.c.recipient == person.trace.id)


def _elsewhere(email: str, found: Found) -> ColumnElement[bool]:
    """Notices that went to an address and to no application or person at this address, such as a refusal."""
    theirs = (*map(_to_application, (*found.applications, *found.drafts)), *map(_to_person, found.people))
    return and_(_HAS_TEXT, func.lower(_notices.c.address) == email.lower(), *(~to for to in theirs))


# Blanking.


def _blank_application(connection: Connection, trace: Trace, at: Instant) -> None:
    if trace.name:
        blank = dict.fromkeys(("organisation", "firm", "email", "mailbox", "former", "answers"), "")
        blank["submission"] = f"{_ERASED}/{trace.id}"
        connection.execute(update(_applications).where(_applications.c.id == trace.id).values(**blank, erased=at))
        connection.execute(update(_proposals).where(_proposals.c.application == trace.id).values(answers=""))
        _delete_drafts(connection, trace.id)
        evidence.forget(connection, trace.id)
    for marks in (tables.scores, tables.agreed_marks):  # the marks stay: decisions were taken by them
        connection.execute(update(marks).where(marks.c.application == trace.id).values(reason=""))
    _blank_interests(connection, tables.interests.c.application == trace.id)
    sweeping.forget(connection, trace.id, at)
    # What waits for a decision is never told.
    told = func.coalesce(_feedback.c.told_at, literal(at, Moment))
    connection.execute(update(_feedback).where(_feedback.c.team == trace.id).values(text="", told_at=told))
    if trace.bank_details and not trace.open_payments:
        _blank_bank_details(connection, trace)


def _blank_interests(connection: Connection, which: ColumnElement[bool]) -> None:
    """Blanks what people have to do with applicants. That they declared it, and whether it shuts them out, stays."""
    with_words = (which, tables.interests.c.what != "")
    connection.execute(update(tables.interests).where(*with_words).values(what=_ERASED))


def _remove_draft(connection: Connection, trace: Trace, at: Instant) -> None:
    """Removes a draft, unless it was sent meanwhile: then it is an application, which stays."""
    _hold_drafts(connection, trace.id)
    not_sent = select(_drafts.c.application).where(_drafts.c.application == trace.id, _not_sent())
    if connection.execute(not_sent).first() is not None:
        _delete_drafts(connection, trace.id)
        sweeping.forget(connection, trace.id, at)


def _hold_drafts(connection: Connection, application: str) -> None:
    """Locks drafts: nobody saves or sends them until the transaction ends."""
    connection.execute(select(_drafts.c.stage).where(_drafts.c.application == application).with_for_update())


def _delete_drafts(connection: Connection, application: str) -> None:
    _hold_drafts(connection, application)
    for table in (tables.draft_answers, tables.writers, _drafts):
        connection.execute(delete(table).where(table.c.application == application))


def _blank_bank_details(connection: Connection, trace: Trace) -> None:
    """Blanks all versions, and the masked accounts in the letters to those who released payments to them."""
    of_team = _payees.c.team == trace.id
    about_team = and_(
        _notices.c.challenge == trace.challenge, _notices.c.key.contains(f"/{trace.id}/", autoescape=True)
    )
    for masked in connection.scalars(select(_payees.c.masked).distinct().where(of_team, _payees.c.masked != "")).all():
        _hide_in_letters(connection, about_team, masked)
    blank = dict.fromkeys(("sealed", "masked", "country", "fingerprint"), "")
    connection.execute(update(_payees).where(of_team).values(blank))


def _hide_in_letters(connection: Connection, letters: ColumnElement[bool], text: str) -> None:
    """Puts a word in the place of a text in the letters to others."""
    named = and_(letters, _notices.c.body.contains(text, autoescape=True))
    hidden = func.replace(_notices.c.body, text, f"({_ERASED})", type_=Text)
    connection.execute(update(_notices).where(named).values(body=hidden))


def _blank_person(connection: Connection, person: Person) -> None:
    """Blanks a person, also where all letters of the round name them as the one to write to."""
    whom = and_(_people.c.round == person.round, _people.c.id == person.trace.id)
    row = connection.execute(select(_people.c.email, _people.c.former).where(whom)).one()
    of_round = _challenges.c.round == person.round
    for address in filter(None, (row.email, *row.former.split("\n"))):
        named = func.lower(_challenges.c.contact) == address.lower()
        connection.execute(update(_challenges).where(of_round, named).values(contact=""))
        _hide_in_letters(connection, _notices.c.challenge.in_(select(_challenges.c.id).where(of_round)), address)
    blank = dict.fromkeys(("name", "email", "mailbox", "former", "issuer", "subject"), "")
    connection.execute(update(_people).where(whom).values(blank))
    here = select(_applications.c.id).join(_challenges, _challenges.c.id == _applications.c.challenge).where(of_round)
    said = and_(tables.interests.c.person == person.trace.id, tables.interests.c.application.in_(here))
    _blank_interests(connection, said)


def _blank_notices(connection: Connection, which: ColumnElement[bool], at: Instant) -> None:
    """Blanks notices. What was not sent yet is never sent."""
    waiting = and_(which, _notices.c.status.in_(("created", "sending")))
    lapsed = {"status": "lapsed", "status_at": at, "next_try": None}
    connection.execute(update(_notices).where(waiting).values(lapsed))
    blank = {"address": "", "subject": "", "body": "", "reason": f"the recipient was {_ERASED}"}
    connection.execute(update(_notices).where(which).values(blank))
