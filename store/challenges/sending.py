"""Sending a draft: what makes an application of it, or puts it in the place of what was sent before."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update
from whenever import Instant

from domain.announcements.announcement import Entry
from domain.announcements.occasions import Facts, Occasion
from domain.challenges.application import Applying, Receipt, check_application
from domain.forms.answers import seen as seen_of
from domain.forms.answers import written
from domain.permissions import Action, Role
from domain.values.calendar import spoken
from domain.values.refusals import (
    ApplicationRefused,
    DraftChanged,
    NotAllowed,
    OnHold,
    Problem,
    Refused,
    TooEarly,
    TooLate,
    UnknownStage,
)
from store.database import tables
from store.database.database import Database
from store.database.inserts import Together
from store.database.instants import to_microsecond
from store.database.prepared import Prepared
from store.database.tables import Found
from store.record.lines import add, taken
from store.record.notices import Compose, tell_one
from store.record.notices import written as letter_of

from . import draft_rows, forms, submissions, windows

_applications, _challenges, _proposals = tables.applications, tables.challenges, tables.proposals

_DRAFT = "Your draft is kept as it is."
_SENT_BEFORE = "Your draft is kept as it is, and what you sent before still counts."

# Made once, because making a statement takes longer than running it.
_APPLIED = Together(_applications, tables.notices, also=submissions.ALSO)
_PROPOSED = Together(_proposals, tables.notices)
_WHOSE = tuple(_applications.c[name] for name in ("organisation", "email", "withdrawn"))
_APPLICATION = Prepared(
    select(
        *(*_WHOSE, _applications.c.answers, _applications.c.version),
        func.coalesce(_applications.c.sent_at, _applications.c.received).label("sent_at"),
    ).where(_applications.c.id == bindparam("draft"))
)
_PROPOSAL = Prepared(
    select(*_WHOSE, *(_proposals.c[name] for name in ("answers", "sent_at", "version")))
    .join_from(
        _applications,
        _proposals,
        and_(_proposals.c.application == _applications.c.id, _proposals.c.stage == bindparam("of_stage")),
        isouter=True,
    )
    .where(_applications.c.id == bindparam("draft"))
)
_HELD_STILL = windows.held_still(
    select(
        *(_challenges.c[name] for name in ("id", "slug", "question", "contact", "time_zone")),
        tables.forms.c.version.label("form"),
        *windows.SHOWN,
    )
    .join_from(tables.windows, _challenges)
    .join(
        tables.forms,
        and_(tables.forms.c.challenge == tables.windows.c.challenge, tables.forms.c.stage == tables.windows.c.stage),
    )
    .where(tables.windows.c.challenge == bindparam("challenge"), tables.windows.c.stage == bindparam("stage"))
)


def send(
    database: Database,
    application: str,
    stage: str,
    clock: Callable[[], Instant],
    compose: Compose,
    proof: str = "",
    seen: str | None = None,
) -> Receipt:
    """Sends a draft as it is now, if it is in time and complete. What was sent is committed before this returns.

    The same draft, sent again without a change, always gets the same receipt, even after the window has closed. A draft
    that has changed takes the place of what was sent before. What is refused changes nothing: the draft stays, and what
    was sent before counts.

    Args:
        database: where to.
        application: id of the draft.
        stage: the stage that asks for a further proposal; empty for the application itself.
        clock: the service's clock. It is read after the window is locked, so no earlier time can slip in.
        compose: finds the words of the notices.
        proof: how whoever sends the draft was proven, for the record of a refusal.
        seen: what `domain.forms.answers.seen` says of the answers that whoever sends has before them; None if they send
            the draft as it is, whatever it says.

    Raises:
        UnknownTeam: there is no such draft.
        UnknownStage: that stage asks for no proposal, or takes none yet.
        ApplicationRefused: the draft is incomplete or wrong, or the application was withdrawn. Names every question
            that is wrong. The refusal goes on the record, and whoever wrote the draft is told.
        NotAllowed: the application is not asked for a proposal for that stage. Recorded and told likewise.
        TooEarly, TooLate: the window is not open. Recorded and told likewise.
        OnHold: the challenge is on hold. Recorded and told likewise.
        DraftChanged: an answer was changed since it was seen.
        Unavailable: the database cannot be written to. Nothing was sent.
    """
    try:
        with database.writing() as connection:
            # Before the window, so that nobody who seals it waits for the check of a long form.
            draft = draft_rows.held(connection, application, stage, to_microsecond(clock()))
            return _send(connection, draft, clock, compose, seen)
    except (ApplicationRefused, NotAllowed, OnHold, TooEarly, TooLate) as refusal:
        _note_refusal(database, application, stage, refusal, clock(), compose, proof)
        raise


def _send(
    connection: Connection, draft: Found, clock: Callable[[], Instant], compose: Compose, seen: str | None
) -> Receipt:
    before = _sent_before(connection, draft)
    applying = _applying(connection, draft, before)
    wrong = _wrong(connection, draft, applying)
    window = _HELD_STILL.one_or_none(connection, {"challenge": draft.challenge, "stage": draft.stage})
    if window is None:
        raise UnknownStage(f"{draft.challenge} takes no proposals for {draft.stage!r} yet: wait until it does.")
    now = to_microsecond(clock())
    if before is not None and before.withdrawn is not None:
        raise _withdrawn(draft, before.withdrawn, window.time_zone)
    is_as_seen = seen is None or seen == seen_of(applying.answers)
    if before is not None and is_as_seen and before.answers == written(applying.answers):
        return _receipt(draft, before.sent_at, before.version, repeated=True)
    draft_rows.check_asked(connection, draft.challenge, draft.stage, draft.application)
    windows.check_open(window, now)
    if not is_as_seen:
        raise DraftChanged(f"An answer of {draft.application} was changed since it was seen: look at the draft again.")
    if wrong is not None:
        raise wrong
    receipt = _receipt(draft, now, before.version + 1 if before is not None and before.version else 1)
    _keep(connection, draft, applying, receipt, _letter(connection, draft, applying.email, receipt, window, compose))
    return receipt


def _applying(connection: Connection, draft: Found, before: Found | None) -> Applying:
    """What a draft says now. Whose it is, the application says once there is one: its contact may have changed."""
    whose = before or draft
    form = forms.read_version(connection, draft.challenge, draft.stage, draft.form)
    answers = draft_rows.answered(connection, draft.application, draft.stage, form)
    return Applying(organisation=whose.organisation, email=whose.email, answers=answers)


def _wrong(connection: Connection, draft: Found, applying: Applying) -> ApplicationRefused | None:
    try:
        form = forms.read_version(connection, draft.challenge, draft.stage, draft.form)
        check_application(applying, form, was_draft=True)
    except ApplicationRefused as refusal:
        return refusal
    return None


def _sent_before(connection: Connection, draft: Found) -> Found | None:
    """The application, with what was sent of this draft before, if anything was."""
    of_it = {"draft": draft.application, "of_stage": draft.stage}
    row: Found | None = (_PROPOSAL if draft.stage else _APPLICATION).one_or_none(connection, of_it)
    return row


def _withdrawn(draft: Found, at: Instant, zone: str) -> ApplicationRefused:
    text = f"{draft.application} was withdrawn ({spoken(at, zone)}), and that is final: begin another draft."
    return ApplicationRefused.for_problems([Problem(field="", text=text)])


def _receipt(draft: Found, at: Instant, version: int, *, repeated: bool = False) -> Receipt:
    return Receipt(
        application=draft.application, challenge=draft.challenge, received=at, repeated=repeated, version=version
    )


def _keep(
    connection: Connection, draft: Found, applying: Applying, receipt: Receipt, letter: dict[str, object]
) -> None:
    """Writes down what was sent: as an application, as a further proposal, or in the place of what was sent before."""
    sent = {"form": draft.form, "answers": written(applying.answers), "sent_at": receipt.received}
    key = {"application": draft.application, "stage": draft.stage}
    if receipt.version > 1:
        theirs = [_applications.c.id == draft.application]
        if draft.stage:
            theirs = [_proposals.c[name] == value for name, value in key.items()]
        changed = update(_proposals if draft.stage else _applications).where(*theirs)
        connection.execute(changed.values(**sent, version=receipt.version))
        connection.execute(insert(tables.notices).values(letter))
    elif draft.stage:
        _PROPOSED.put(connection, key | sent, letter)
    else:
        row = submissions.row_of(receipt, applying, submissions.name_of_draft(draft.application), draft.form)
        _APPLIED.put(connection, row, letter)


def _letter(
    connection: Connection, draft: Found, email: str, receipt: Receipt, window: Found, compose: Compose
) -> dict[str, object]:
    """The row of the letter with the receipt."""
    facts: Facts = {"application": draft.application, "received": spoken(receipt.received, window.time_zone)}
    again = receipt.version > 1
    if draft.stage:
        occasion = Occasion.PROPOSAL_RECEIVED
        facts |= {"proposal": _title(connection, draft), "again": "yes" if again else ""}
    else:
        occasion = Occasion.APPLICATION_CHANGED if again else Occasion.APPLICATION_RECEIVED
    key = f"{_key(draft)}/{receipt.version}"
    return letter_of(key, window, occasion, draft.application, email, facts, receipt.received, compose)


def _title(connection: Connection, draft: Found) -> str:
    """What people call a further proposal; empty for the application itself."""
    return forms.title_of(connection, draft.challenge, draft.stage) if draft.stage else ""


def _key(draft: Found) -> str:
    """The beginning of the keys of what becomes of a draft that is sent."""
    return f"{draft.challenge}/send/{draft.stage or 'application'}/{draft.application}"


def _note_refusal(
    database: Database, application: str, stage: str, refusal: Refused, at: Instant, compose: Compose, proof: str
) -> None:
    """Writes a refusal into the record, without anything of the draft, and tells whoever wrote it."""
    by = {"by": application, "role": str(Role.TEAM), "action": str(Action.SEND), "stage": stage or "window"}
    entry = Entry(at=at, text=str(refusal), refused=True, proof=proof, **by)
    with database.writing() as connection:
        # Before the draft: whoever erases it locks them in this order, too.
        challenge = taken(connection, draft_rows.challenge_of(connection, application))
        draft = draft_rows.held(connection, application, stage, at)
        sent = _sent_before(connection, draft)
        applying = _applying(connection, draft, sent)
        counts = sent is not None and sent.sent_at is not None and sent.withdrawn is None
        key = f"{_key(draft)}/refused-{submissions.random(12)}"
        add(connection, challenge, key, entry)
        kept, proposal = _SENT_BEFORE if counts else _DRAFT, _title(connection, draft)
        facts: Facts = {"reason": str(refusal), "kept": kept, "proposal": proposal}
        occasion = Occasion.APPLICATION_REFUSED
        tell_one(connection, key, challenge, occasion, application, applying.email, facts, at, compose)
