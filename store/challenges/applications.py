"""Taking applications while the window is open, sealing it, and reading them from then on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, func, select
from sqlalchemy.exc import IntegrityError
from whenever import Instant

from domain.announcements.announcement import Entry
from domain.announcements.occasions import Occasion
from domain.challenges.application import (
    Application,
    Applying,
    Receipt,
    check_application,
    is_contact,
    problems_in,
    refuse_for,
)
from domain.forms import answers
from domain.forms.answers import written as written_answers
from domain.payments.destination import Twins
from domain.values.addresses import read_address
from domain.values.calendar import spoken
from domain.values.paging import Page, Paged, everything
from domain.values.refusals import (
    ApplicationRefused,
    OnHold,
    Problem,
    Refused,
    TooEarly,
    TooLate,
    UnknownChallenge,
    WindowNotSealed,
)
from store.database import tables
from store.database.database import Database
from store.database.inserts import Together
from store.database.instants import to_microsecond
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.judging.impartiality import readable, readable_as_declared
from store.payments.twins import twins_of
from store.record.lines import add, taken
from store.record.notices import Compose, tell_one, written

from . import forms, proposals, submissions, windows

_applications, _challenges, _windows = tables.applications, tables.challenges, tables.windows
_AS_RECEIVED = TotalOrder(_applications.c.received, _applications.c.id)

_READ = [_applications.c[name] for name in Application.model_fields if name not in ("twins", "further")]
"""The columns of an application as it is read."""

# Made once, because making a statement takes longer than running it.
_TAKEN = Together(_applications, tables.notices, also=submissions.ALSO)
_HELD_STILL = windows.held_still(
    select(
        _challenges.c.id,
        _challenges.c.slug,
        _challenges.c.question,
        _challenges.c.contact,
        _challenges.c.time_zone,
        tables.forms.c.version.label("form"),
        *windows.SHOWN,
        _applications.c.id.label("application"),
        _applications.c.received,
        _applications.c.withdrawn,
    )
    .join_from(_windows, _challenges)
    .join(tables.forms, and_(tables.forms.c.challenge == _windows.c.challenge, tables.forms.c.stage == ""))
    .join(_applications, _applications.c.submission == bindparam("submission"), isouter=True)
    .where(_windows.c.challenge == bindparam("challenge"), _windows.c.stage == "")
)

APPLICANT = "applicant"
"""The name in the record of a person who applies and has no application yet."""

_ATTEMPTS = 8


def accept(
    database: Database,
    challenge: str,
    applying: Applying,
    clock: Callable[[], Instant],
    compose: Compose,
    proof: str = "",
) -> Receipt:
    """Takes an application, if it is in time and complete. The application is committed before this returns.

    The same submission always gets the same receipt, even after the window has closed.

    Args:
        database: where to.
        challenge: id of the challenge.
        applying: the submitted application.
        clock: the service's clock. It is read after the window is locked, so no earlier time can slip in.
        compose: finds the words of the notices.
        proof: how whoever hands the application in was proven, for the record of a refusal.

    Raises:
        ApplicationRefused: the application is incomplete, too long or was withdrawn. Names every field that is wrong.
            The refusal goes on the record, and the applicant is told if there is an address.
        TooEarly, TooLate: the window is not open. Recorded and told likewise.
        OnHold: the challenge is on hold. Recorded and told likewise.
        UnknownChallenge: there is no such challenge.
        Unavailable: the database cannot be written to. Nothing was taken.
    """
    looked_at = _look_at(challenge, applying)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with database.writing() as connection:
                return _accept(connection, challenge, looked_at, clock, compose)
        except IntegrityError:  # the same submission came twice at once, or the id is taken
            if attempt == _ATTEMPTS:
                raise
        except (ApplicationRefused, OnHold, TooEarly, TooLate) as refusal:
            _note_refusal(database, challenge, applying, refusal, clock(), compose, proof)
            raise
    raise AssertionError("the last attempt returns or raises")


def read(database: Database, challenge: str) -> tuple[Application, ...]:
    """The applications to a challenge, including withdrawn ones, in the order in which they came.

    Args:
        database: where from.
        challenge: id of the challenge.

    Raises:
        WindowNotSealed: nobody reads them before the window is sealed.
        UnknownChallenge: there is no such challenge.
        Unavailable: the database cannot be read.
    """
    return tuple(everything(lambda page: page_of_applications(database, page, challenge)))


def page_of_applications(
    database: Database,
    page: Page,
    challenge: str,
    clock: Callable[[], Instant] = Instant.now,
    reader: str = "",
    *,
    assigned_only: bool = False,
    only: str = "",
) -> Paged[Application]:
    """A page of the applications to a challenge, including withdrawn ones, in the order in which they came.

    From the first page on that anybody reads, no late application is admitted. This is noted before anything is read.

    Args:
        database: where from.
        page: which one.
        challenge: id of the challenge.
        clock: the service's clock.
        reader: id of the person who reads. Those with which they have a conflict of interest are left out. Empty for
            the service itself.
        assigned_only: see `impartiality.readable`. Such a reader sees no answer that is marked personal.
        only: id of the only application that is wanted; all if left out.

    Raises:
        WindowNotSealed: nobody reads them before the window is sealed.
        InterestsMissing: the reader has not declared their interests yet.
        UnknownChallenge: there is no such challenge.
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        window = _window(connection, challenge)
        if window.sealed_at is None:
            closes = spoken(window.closes, window.time_zone)
            raise WindowNotSealed(
                f"Nobody reads the applications to {challenge} before its window is sealed. It closes: {closes}."
            )
        if reader and not page.after:  # before it is noted that somebody has read them
            readable(connection, challenge, reader, assigned_only=assigned_only)
    if window.read_at is None:
        with database.writing() as connection:
            windows.note_read(connection, challenge, clock())
    with database.reading() as connection:
        wanted = select(*_READ).where(_applications.c.challenge == challenge)
        if reader:
            wanted = wanted.where(readable_as_declared(connection, challenge, reader, assigned_only=assigned_only))
        if only:
            wanted = wanted.where(_applications.c.id == only)
        found = _AS_RECEIVED.read(connection, wanted, page, _application)
        items = _with_more(connection, found.items)
        if assigned_only:
            items = tuple(_for_readers(connection, each) for each in items)
        return Paged(items=items, next=found.next)


def _with_more(connection: Connection, rows: Sequence[Application]) -> tuple[Application, ...]:
    """Applications with their twins, and with the further proposals that can be read."""
    ids = [each.id for each in rows]
    twins, further = twins_of(connection, ids, paid=False), proposals.further(connection, ids)
    return tuple(
        each.model_copy(update={"twins": twins.get(each.id, Twins()), "further": further.get(each.id, ())})
        for each in rows
    )


def _for_readers(connection: Connection, application: Application) -> Application:
    """The application without what is marked personal."""

    def seen(stage: str, form: str, said: answers.Answers) -> answers.Answers:
        return forms.without_personal(connection, application.challenge, stage, form, said)

    further = tuple(
        each.model_copy(update={"answers": seen(each.stage, each.form, each.answers)}) for each in application.further
    )
    return application.model_copy(
        update={"answers": seen("", application.form, application.answers), "further": further}
    )


def _application(row: Found) -> Application:
    return Application.model_validate({**row._mapping, "answers": answers.read(row.answers)})


def count(database: Database, challenge: str) -> int:
    """How many applications to a challenge there are now, without the withdrawn ones.

    Args:
        database: where from.
        challenge: id of the challenge.

    Raises:
        UnknownChallenge: there is no such challenge.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        _window(connection, challenge)
        counted = select(func.count()).where(
            _applications.c.challenge == challenge, _applications.c.withdrawn.is_(None)
        )
        return connection.scalars(counted).one()


class _LookedAt(NamedTuple):
    """An application about which everything is known that can be known before its window is locked.

    Args:
        applying: what was handed in.
        answers: its answers as they are kept.
        submission: the name of the submission.
        form: the version of the form that it was checked against; empty if no form was known.
        problems: what is wrong with it by that form.
        fields: what its row says, if nothing is wrong.
    """

    applying: Applying
    answers: str
    submission: str
    form: str
    problems: tuple[Problem, ...]
    fields: Mapping[str, str]


def _look_at(challenge: str, applying: Applying) -> _LookedAt:
    text = written_answers(applying.answers)
    submission = submissions.name_of(challenge, applying, text)
    version, form = forms.read_before(challenge) or ("", None)
    problems = () if form is None else problems_in(applying, form)
    fields = {} if form is None or problems else submissions.fields_of(applying)
    return _LookedAt(applying, text, submission, version, problems, fields)


def _accept(
    connection: Connection,
    challenge: str,
    looked_at: _LookedAt,
    clock: Callable[[], Instant],
    compose: Compose,
) -> Receipt:
    applying, submission = looked_at.applying, looked_at.submission
    window = _window_held_still(connection, challenge, submission)
    now = to_microsecond(clock())
    if window.application is not None:
        return _receipt_again(window)
    windows.check_open(window, now)
    fields = looked_at.fields
    if looked_at.form == window.form:
        refuse_for(looked_at.problems)
    else:
        check_application(applying, forms.read_version(connection, challenge, "", window.form))
        fields = submissions.fields_of(applying)
    receipt = Receipt(application=submissions.new_id(window.slug), challenge=challenge, received=now)
    application = submissions.row_with(receipt, fields, submission, window.form, looked_at.answers)
    notice = written(
        f"{challenge}/apply/{receipt.application}",
        window,
        Occasion.APPLICATION_RECEIVED,
        receipt.application,
        fields["email"],
        {"application": receipt.application, "received": spoken(now, window.time_zone)},
        now,
        compose,
    )
    _TAKEN.put(connection, application, notice)
    return receipt


def _window_held_still(connection: Connection, challenge: str, submission: str) -> Found:
    """The window with its challenge, and the application of this submission if there is one."""
    row: Found | None = _HELD_STILL.one_or_none(connection, {"challenge": challenge, "submission": submission})
    if row is None:
        raise _unknown(challenge)
    return row


def _window(connection: Connection, challenge: str) -> Found:
    wanted = select(_challenges.c.time_zone, _windows.c.closes, _windows.c.sealed_at, _windows.c.read_at)
    row = connection.execute(
        wanted.join_from(_challenges, _windows).where(_challenges.c.id == challenge, _windows.c.stage == "")
    ).one_or_none()
    if row is None:
        raise _unknown(challenge)
    return row


def _unknown(challenge: str) -> UnknownChallenge:
    return UnknownChallenge(f"No challenge {challenge!r} was opened: look it up in the list of challenges.")


def _receipt_again(window: Found) -> Receipt:
    if window.withdrawn is not None:
        withdrawn = spoken(window.withdrawn, window.time_zone)
        text = f"{window.application} was withdrawn ({withdrawn}): hand in an application that differs from it."
        raise ApplicationRefused.for_problems([Problem(field="submission", text=text)])
    return Receipt(application=window.application, challenge=window.id, received=window.received, repeated=True)


def _note_refusal(
    database: Database,
    challenge: str,
    applying: Applying,
    refusal: Refused,
    at: Instant,
    compose: Compose,
    proof: str,
) -> None:
    """Writes a refusal into the record, without the application, and tells the applicant if there is an address."""
    key = f"{challenge}/apply/refused-{submissions.random(12)}"
    text = str(refusal)
    entry = Entry(at=at, by=APPLICANT, role=APPLICANT, action="apply", stage="window", text=text, refused=True)
    entry = entry.model_copy(update={"proof": proof})
    with database.writing() as connection:
        window = taken(connection, challenge)
        add(connection, window, key, entry)
        if is_contact(applying.email):
            facts = {"reason": text, "kept": "", "proposal": ""}
            address = read_address(applying.email)
            tell_one(connection, key, window, Occasion.APPLICATION_REFUSED, APPLICANT, address, facts, at, compose)
