"""Drafts: begun, saved by question, and taken up again. Only those who write a draft ever read it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, case, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from whenever import Instant

from domain.announcements.occasions import Facts, Occasion
from domain.challenges.application import check_applicant
from domain.challenges.draft import (
    MOST_CHARACTERS,
    MOST_DRAFTS,
    Draft,
    DraftRow,
    KeptAnswer,
    Saved,
    Sent,
    Typed,
    check_keepable,
    placed,
)
from domain.forms import answers
from domain.forms.form import Form
from domain.values.addresses import mailbox_of, read_address
from domain.values.calendar import spoken
from domain.values.paging import Page, Paged
from domain.values.refusals import (
    ApplicationRefused,
    OnHold,
    Problem,
    TooEarly,
    UnknownChallenge,
    UnknownStage,
)
from domain.values.text import one_line
from store.database import tables
from store.database.database import Database
from store.database.instants import to_microsecond
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.database.tables import Found
from store.record.notices import Compose, tell_one

from . import draft_rows, forms, submissions, windows, writers

_drafts, _answers, _windows = tables.drafts, tables.draft_answers, tables.windows
_applications, _challenges, _proposals = tables.applications, tables.challenges, tables.proposals

_BY_APPLICATION = TotalOrder(_drafts.c.application, _drafts.c.stage)
_BY_VERSION = TotalOrder(_answers.c.application, _answers.c.stage, _answers.c.question, _answers.c.version)
_SHOWN = (
    *(_windows.c.opens, _windows.c.closes),
    *(_windows.c.held.label("is_held"), _windows.c.sealed_at.is_not(None).label("is_sealed")),
)
_AT = case(
    (_drafts.c.stage == "", func.coalesce(_applications.c.sent_at, _applications.c.received)),
    else_=_proposals.c.sent_at,
).label("sent_at")
_SENT = (
    *(
        case((_drafts.c.stage == "", _applications.c[name]), else_=_proposals.c[name]).label(name)
        for name in ("answers", "version")
    ),
    _AT,
)
"""What was sent of a draft, where its application and its further proposal are joined to it."""
_ATTEMPTS = 8


class OnPage(NamedTuple):
    """How a draft is begun on a page.

    Args:
        once: a secret of the page, different each time it is opened. A page that is sent twice begins one draft.
        typed: the first answers.
        browser: the secret of the browser, if whoever begins the draft is not signed in with its address. This browser
            can go on with the draft for a day, and the address gets a letter that leads back. Only its hash is kept.
    """

    once: str
    typed: Sequence[Typed] = ()
    browser: str = ""


_FOR_A_DAY = 24
"""Hours in which a browser goes on with a draft that was begun there."""


def begin(
    database: Database,
    challenge: str,
    organisation: str,
    email: str,
    clock: Callable[[], Instant],
    on_page: OnPage | None = None,
    compose: Compose | None = None,
) -> str:
    """Begins a draft. It can be begun before the window opens, and while the challenge is on hold.

    Args:
        database: where to.
        challenge: id of the challenge.
        organisation: who applies.
        email: where the receipt goes. Whoever has this address writes the draft.
        clock: the service's clock.
        on_page: how it is begun, if it is begun on a page.
        compose: finds the words of the letter; needed with a browser.

    Returns:
        The id that its application will have.

    Raises:
        ApplicationRefused: the organisation or the address cannot be taken, or the address has too many drafts, or an
            answer cannot be kept.
        TooLate: the window is closed, so the draft could never be sent.
        UnknownChallenge: there is no such challenge.
        Unavailable: the database cannot be written to.
    """
    check_applicant(organisation, email)
    whose = {"organisation": one_line(organisation), "email": read_address(email), "mailbox": mailbox_of(email)}
    for attempt in range(1, _ATTEMPTS + 1):
        with suppress(IntegrityError), database.writing() as connection:  # the id is taken
            return _begin(connection, challenge, whose, clock, on_page, compose)
        if attempt == _ATTEMPTS:
            break
    raise AssertionError("no id for the draft is free")


_BEGINS = Prepared(
    select(*(_challenges.c[name] for name in ("id", "slug", "question", "contact", "time_zone")), *windows.SHOWN)
    .join_from(_windows, _challenges)
    .where(_windows.c.challenge == bindparam("challenge"), _windows.c.stage == "")
)
_NOT_SENT = Prepared(
    select(_drafts.c.application).where(
        _drafts.c.challenge == bindparam("challenge"),
        _drafts.c.mailbox == bindparam("mailbox"),
        ~exists().where(_applications.c.id == _drafts.c.application),
    )
)


def _begin(
    connection: Connection,
    challenge: str,
    whose: Mapping[str, str],
    clock: Callable[[], Instant],
    on_page: OnPage | None,
    compose: Compose | None,
) -> str:
    window = _BEGINS.one_or_none(connection, {"challenge": challenge})
    if window is None:
        raise UnknownChallenge(f"No challenge {challenge!r} was opened: look it up in the list of challenges.")
    draft, mailbox = submissions.new_draft_id(window.slug), whose["mailbox"]
    if on_page is not None:
        draft = submissions.draft_id_for(window.slug, on_page.once, mailbox)
        begun = _DRAFT.one_or_none(connection, {"id": draft, "of_stage": ""})
        if begun is not None and begun.mailbox == mailbox:
            return draft  # the page was sent before
    now = to_microsecond(clock())
    with suppress(TooEarly, OnHold):
        windows.check_open(window, now)
    mine = _NOT_SENT.all(connection, {"challenge": challenge, "mailbox": mailbox})
    if len(mine) >= MOST_DRAFTS:
        text = f"This address has {MOST_DRAFTS} drafts for {challenge} that were not sent: go on with one of them."
        raise ApplicationRefused.for_problems([Problem(field="email", text=text)])
    form = forms.read(connection, challenge)
    new = {"application": draft, "stage": "", "challenge": challenge, "form": form.version, "begun_at": now}
    _BEGUN.execute(connection, {**new, **whose, "size": 0})
    if on_page is not None:
        check_keepable(form, on_page.typed)
        row = draft_rows.held(connection, draft, "", now)
        _check_room(
            connection, row, sum(more for _, more in [_save(connection, row, each, now) for each in on_page.typed])
        )
    if on_page is not None and on_page.browser and compose is not None:
        writers.let_browser_write(connection, draft, on_page.browser, now, now.add(hours=_FOR_A_DAY))
        facts: Facts = {"application": draft, "closes": spoken(window.closes, window.time_zone)}
        key = f"{challenge}/draft/{draft}"
        tell_one(connection, key, window, Occasion.DRAFT_BEGUN, draft, whose["email"], facts, now, compose)
    return draft


def save(
    database: Database,
    application: str,
    stage: str,
    typed: Sequence[Typed],
    clock: Callable[[], Instant],
    form: str = "",
) -> tuple[Saved, ...]:
    """Keeps what somebody typed for some questions, all of it or none.

    If another save of the same question came between, what was typed is kept beside it, and the other counts. The same
    save again keeps nothing twice. A draft can be saved after the closing, too: nothing that was typed is lost.

    Args:
        database: where to.
        application: id of the draft, or of an application that is changed.
        stage: the stage that asks for a further proposal; empty for the application itself.
        typed: what was typed.
        clock: the service's clock.
        form: the version of the form that was filled in, if the sender knows it.

    Returns:
        What became of each, in the same order.

    Raises:
        UnknownTeam: there is no such draft or application.
        UnknownStage: that stage asks for no proposal.
        NotAllowed: the application is not asked for one.
        ApplicationRefused: the database cannot keep something of it, or the draft is full. Nothing of it is kept.
        Unavailable: the database cannot be written to. Nothing of it is kept.
    """
    with database.writing() as connection:
        now = to_microsecond(clock())
        draft = draft_rows.held(connection, application, stage, now)
        check_keepable(forms.read_version(connection, draft.challenge, stage, draft.form), typed, form)
        saved = [_save(connection, draft, each, now) for each in typed]
        _check_room(connection, draft, sum(more for _, more in saved))
        return tuple(each for each, _ in saved)


def _save(connection: Connection, draft: Found, typed: Typed, now: Instant) -> tuple[Saved, int]:
    """What became of something that was typed, and how many characters more the draft keeps now."""
    whose = {"application": draft.application, "stage": draft.stage, "question": typed.question}
    text = answers.written_one(typed.answer)
    of_it = {"id": draft.application, "of_stage": draft.stage, "of": typed.question}
    last: int = _LAST.one_or_none(connection, of_it).version
    current = _first(connection, _COUNTING, of_it)
    before = _first(connection, _SAME, of_it | {"base": typed.builds_on, "text": text})
    saved = placed(typed, current, before, last, now)
    if saved.yours.version <= last:
        return saved, 0
    row = {"version": last + 1, "builds_on": typed.builds_on, "counts": saved.yours.counts}
    _KEPT.execute(connection, whose | row | {"answer": text, "saved_at": now})
    return saved, len(text)


def _check_room(connection: Connection, draft: Found, more: int) -> None:
    """Notes how much a draft keeps, and checks that this is not too much.

    Raises:
        ApplicationRefused: it is too much.
    """
    if draft.size + more > MOST_CHARACTERS:
        text = (
            f"The draft keeps {draft.size:,} characters in all versions of its answers, and there is room for "
            f"{MOST_CHARACTERS:,}: send it as it is, or begin another."
        )
        raise ApplicationRefused.for_problems([Problem(field="", text=text)])
    of_it = {"id": draft.application, "of_stage": draft.stage}
    _GROWN.execute(connection, of_it | {"new_size": draft.size + more})


def read(database: Database, application: str, stage: str, clock: Callable[[], Instant]) -> tuple[Draft, Form]:
    """A draft with the answers that count, and its form. What was handed in without a draft is taken up as one.

    Raises:
        UnknownTeam: there is no such draft or application.
        UnknownStage: that stage asks for no proposal.
        NotAllowed: the application is not asked for one.
        Unavailable: the database cannot be read, or, to take up an application, written to.
    """
    with database.reading() as connection:
        row = _DRAFT.one_or_none(connection, {"id": application, "of_stage": stage})
        if row is not None:
            return _draft(connection, row), forms.read_version(connection, row.challenge, stage, row.form)
    with database.writing() as connection:
        row = draft_rows.held(connection, application, stage, to_microsecond(clock()))
        return _draft(connection, row), forms.read_version(connection, row.challenge, stage, row.form)


def versions(database: Database, page: Page, application: str, stage: str, question: str) -> Paged[KeptAnswer]:
    """All that was ever typed for a question of a draft, in the order of saving.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    of_it = (_answers.c.application == application, _answers.c.stage == stage, _answers.c.question == question)
    with database.reading() as connection:
        return _BY_VERSION.read(connection, select(_answers).where(*of_it), page, draft_rows.kept_answer)


def page_of_drafts(database: Database, page: Page, applications: Collection[str]) -> Paged[DraftRow]:
    """The drafts with these ids, sent or not, by their ids.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = (
        select(_drafts.c.application, _drafts.c.challenge, _drafts.c.stage, _AT)
        .add_columns(_applications.c.withdrawn, *_SHOWN)
        .join_from(_drafts, _windows, _same(_drafts, _windows, "challenge"))
        .join(_applications, _applications.c.id == _drafts.c.application, isouter=True)
        .join(_proposals, _same(_drafts, _proposals, "application"), isouter=True)
        .where(_drafts.c.application.in_(applications))
    )
    with database.reading() as connection:
        return _BY_APPLICATION.read(connection, wanted, page, lambda row: DraftRow.model_validate(dict(row._mapping)))


def _draft(connection: Connection, draft: Found) -> Draft:
    row = _AS_SENT.one_or_none(connection, {"id": draft.application, "of_stage": draft.stage})
    if row is None:
        raise UnknownStage(f"{draft.challenge} takes no proposals for {draft.stage!r} yet: wait until it does.")
    kept = tuple(draft_rows.that_count(connection, draft.application, draft.stage))
    sent = None
    if row.sent_at is not None:
        changed = answers.read(row.answers) != {each.question: each.answer for each in kept}
        sent = Sent(at=row.sent_at, version=row.version, withdrawn=row.withdrawn, changed=changed)
    return Draft(
        application=draft.application,
        challenge=draft.challenge,
        stage=draft.stage,
        organisation=row.organisation or draft.organisation,
        email=row.email or draft.email,
        form=draft.form,
        answers=kept,
        sent=sent,
        opens=row.opens,
        closes=row.closes,
        is_held=row.is_held,
        is_sealed=row.is_sealed,
    )


def _first(connection: Connection, wanted: Prepared, values: Mapping[str, object]) -> KeptAnswer | None:
    row = wanted.one_or_none(connection, values)
    return None if row is None else draft_rows.kept_answer(row)


def _same(one: Table, other: Table, name: str) -> ColumnElement[bool]:
    """Whether two rows belong to the same challenge or application, and to the same stage."""
    return and_(one.c[name] == other.c[name], one.c.stage == other.c.stage)


_OF_DRAFT = (_drafts.c.application == bindparam("id"), _drafts.c.stage == bindparam("of_stage"))
_DRAFT = Prepared(select(_drafts).where(*_OF_DRAFT))
_BEGUN = Prepared(insert(_drafts))
_GROWN = Prepared(update(_drafts).where(*_OF_DRAFT).values(size=bindparam("new_size")))
_AS_SENT = Prepared(
    select(_applications.c.withdrawn, _applications.c.organisation, _applications.c.email, *_SENT, *_SHOWN)
    .join_from(_drafts, _windows, _same(_drafts, _windows, "challenge"))
    .join(_applications, _applications.c.id == _drafts.c.application, isouter=True)
    .join(_proposals, _same(_drafts, _proposals, "application"), isouter=True)
    .where(*_OF_DRAFT)
)
_OF_QUESTION = (
    _answers.c.application == bindparam("id"),
    _answers.c.stage == bindparam("of_stage"),
    _answers.c.question == bindparam("of"),
)
_LAST = Prepared(select(func.coalesce(func.max(_answers.c.version), 0).label("version")).where(*_OF_QUESTION))
_NEWEST = select(func.max(_answers.c.version)).where(*_OF_QUESTION, _answers.c.counts).scalar_subquery()
_COUNTING = Prepared(select(_answers).where(*_OF_QUESTION, _answers.c.version == _NEWEST))
_SAME = Prepared(
    select(_answers)
    .where(*_OF_QUESTION, _answers.c.builds_on == bindparam("base"), _answers.c.answer == bindparam("text"))
    .order_by(*_BY_VERSION)
    .limit(1)
)
_KEPT = Prepared(insert(_answers))
