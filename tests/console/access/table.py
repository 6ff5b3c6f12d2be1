"""The table of routes: who is answered what, and when. `python tests/routes.py` prints it into docs/routes.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.console.access import filling
from tests.console.access.cells import Answer, Cells, Row, Who, by, for_all

SHOWN, LED, DONE, TOLD, LATE, PASSED_ON, SIGN_IN, REFUSED, NOT_FOUND, NOT_NOW = (
    *(Answer.SHOWN, Answer.LED, Answer.DONE, Answer.TOLD, Answer.LATE),
    *(Answer.PASSED_ON, Answer.SIGN_IN, Answer.REFUSED, Answer.NOT_FOUND, Answer.NOT_NOW),
)
_CLOSED = ("late", "closed", "working", "asked", "proposed", "not_selected", "cancelled", "finished")
"""The states in which applications are no longer taken."""
_OVER = ("late", "closed", "working", "not_selected", "cancelled", "finished")
"""The states in which nothing more can be sent."""
_CANNOT_LEAVE = ("coming", "draft", "held", "late", "not_selected", "cancelled", "finished", "rehearsed")
_NOT_SEALED = ("coming", "draft", "sent", "held", "withdrawn", "rehearsed")
_SENT = ("sent", *_CLOSED[1:], "withdrawn")
"""The states of an application that was sent."""


def each(answer: Answer, *states: str) -> Mapping[str, Answer]:
    """One answer in several states."""
    return dict.fromkeys(states, answer)


def public(answer: Answer = SHOWN, **instead: Answer) -> Cells:
    """What everybody is answered about a challenge. Nobody sees one that is only rehearsed."""
    return for_all(by(answer, **instead, rehearsed=NOT_FOUND))


def written(answer: Answer = SHOWN, **instead: Answer) -> Cells:
    """What those are answered who write an application, and nobody else. What was erased is nobody's any more."""
    mine = by(answer, **{**instead, "erased": NOT_FOUND})
    return for_all(
        NOT_FOUND, nobody=SIGN_IN, browser=by(answer, **{**instead, "erased": SIGN_IN}), team=mine, writer=mine
    )


def further(asked: Answer, proposed: Answer) -> Cells:
    """What those are answered who write a further proposal, while a stage asks for it, and nobody else."""
    states = {"asked": asked, "proposed": proposed}
    mine = by(NOT_FOUND, **states)
    return for_all(NOT_FOUND, nobody=SIGN_IN, browser=by(SIGN_IN, **states), team=mine, writer=mine)


def followed(answer: Answer = SHOWN, **instead: Answer) -> Cells:
    """What the contact of an application is answered, and nobody else."""
    team = by(answer, **{**instead, "erased": NOT_FOUND})
    return for_all(NOT_FOUND, nobody=SIGN_IN, browser=SIGN_IN, team=team)


def own(answer: Answer = SHOWN, **instead: Answer) -> Cells:
    """What whoever is signed in is answered about their own things."""
    return for_all(answer, **{"nobody": SIGN_IN, "browser": SIGN_IN, **instead})


def worked(answer: Answer, releaser: Answer = NOT_FOUND, **instead: Answer) -> Cells:
    """What those are answered who read, decide on or operate a challenge, once its window is sealed. Nobody else is.

    Args:
        answer: in all states after the seal.
        releaser: what whoever releases payments is answered then.
        instead: in some states, by their names.
    """
    states = {**each(NOT_NOW, *_NOT_SEALED), **instead}
    mine = by(answer, **states)
    theirs = NOT_FOUND if releaser is NOT_FOUND else by(releaser, **states)
    return for_all(
        NOT_FOUND, nobody=SIGN_IN, browser=SIGN_IN, reader=mine, decider=mine, operator=mine, releaser=theirs
    )


def _pair(method: str, path: str, words: str, cells: Cells, asked: Cells, **more: Any) -> tuple[Row, Row]:
    """The row of a page of an application, and that of the same page of a further proposal."""
    of_stage = more | ({"fields": filling.proposal_checked} if more.get("fields") is filling.checked else {})
    stage = f"{_ONE}/stages/{{stage}}"
    return Row(method, f"{_ONE}{path}", words, cells, **more), Row(method, f"{stage}{path}", words, asked, **of_stage)


_OPERATORS: Mapping[str, Answer] = {"operator": SHOWN, "unstepped": SHOWN}
_IN_CHARGE: Mapping[str, Answer] = {"decider": SHOWN, "releaser": SHOWN, **_OPERATORS}
_DONE_BY_THEM: Mapping[str, Answer] = dict.fromkeys(_IN_CHARGE, DONE)
_WORK = "/staff/challenges/{round}/{slug}"
_READ = f"{_WORK}/applications/{{application}}"
_at_work = for_all(
    NOT_FOUND, nobody=SIGN_IN, browser=SIGN_IN, **dict.fromkeys(("reader", "decider", "operator", "releaser"), SHOWN)
)
_decides = for_all(NOT_FOUND, nobody=SIGN_IN, browser=SIGN_IN, decider=PASSED_ON)
_CHALLENGE, _ONE = "/challenges/{round}/{slug}", "/applications/{application}"
_FILE = "/files/{question}/{attachment}"
_IN_STAGE = ("working", "asked", "proposed", "finished")
_EVIDENCE = f"{_ONE}/evidence/{{stage}}/{{number:int}}"
_SHOWS = followed(NOT_FOUND, **each(SHOWN, *_IN_STAGE))
_SENDS = followed(NOT_FOUND, **each(DONE, *_IN_STAGE))
_ATTACHES = written(DONE, **each(LATE, *_CLOSED))

_PAYING = own(NOT_FOUND, decider=SHOWN, operator=SHOWN, releaser=SHOWN, unstepped=SHOWN)
_PAYS = own(NOT_FOUND, decider=TOLD, operator=TOLD, releaser=TOLD, unstepped=TOLD)

_WRITING = (
    _pair("GET", "/write", "what is done and what is left", written(), further(SHOWN, SHOWN)),
    _pair("GET", "/sections/{number:int}", "a section", written(), further(SHOWN, SHOWN)),
    _pair(
        *("POST", "/sections/{number:int}", "save a section", written(DONE), further(DONE, DONE)),
        fields=filling.answers,
    ),
    _pair(
        *("POST", "/answers", "save what is typed, by script", written(DONE), further(DONE, DONE)),
        fields=filling.answers,
    ),
    _pair("GET", "/files/{question}", "files that answer a question", written(), further(SHOWN, SHOWN)),
    _pair("POST", "/files/{question}", "attach a file", _ATTACHES, further(DONE, DONE), has_file=True),
    _pair("GET", _FILE, "a file", written(), further(SHOWN, SHOWN)),
    _pair("POST", f"{_FILE}/remove", "take a file away", _ATTACHES, further(DONE, DONE)),
    _pair("GET", "/check", "check the answers", written(), further(SHOWN, SHOWN)),
    _pair(
        *("POST", "/send", "send"),
        written(DONE, coming=NOT_NOW, held=NOT_NOW, late=LATE, withdrawn=TOLD),
        further(DONE, DONE),
        fields=filling.checked,
    ),
    _pair("GET", "/receipt", "the receipt", written(LED, **each(SHOWN, *_SENT)), further(LED, SHOWN)),
)

GROUPS: Mapping[str, Sequence[Row]] = {
    "For everybody": (
        Row("GET", "/", "challenges by their deadlines", for_all(SHOWN)),
        Row("GET", "/catalogue", "solutions that came through", for_all(SHOWN)),
        Row("GET", "/calendar.ics", "the dates of all challenges", for_all(SHOWN)),
        Row("GET", "/feed.atom", "what has happened", for_all(SHOWN)),
        Row("GET", "/accessibility", "the accessibility statement", for_all(SHOWN)),
        Row("GET", "/privacy", "what is kept of people, and cookies", for_all(SHOWN)),
        Row("GET", "/static/{name}", "styles, scripts and pictures", for_all(SHOWN)),
        Row("GET", "/health", "that the front runs", for_all(SHOWN)),
        Row("GET", "/ready", "that what the front needs answers", for_all(SHOWN)),
        Row("GET", "/api/openapi.json", "the interface for programs", for_all(SHOWN)),
        Row("GET", "/api/challenges", "challenges, for programs", for_all(SHOWN)),
        Row("GET", "/api/catalogue", "solutions, for programs", for_all(SHOWN)),
    ),
    "A challenge": (
        Row("GET", _CHALLENGE, "the challenge", public()),
        Row("GET", f"{_CHALLENGE}/form", "its form and scorecards", public()),
        Row("GET", f"{_CHALLENGE}/dates.ics", "its dates", public()),
        Row("GET", f"{_CHALLENGE}/questions", "questions and answers", public()),
        Row(
            *("POST", f"{_CHALLENGE}/questions", "ask a question"),
            public(DONE, **each(TOLD, *_CLOSED, "erased")),
            filling.question,
        ),
        Row("GET", f"{_CHALLENGE}/apply", "begin an application", public(SHOWN, **each(LATE, *_CLOSED, "erased"))),
        Row(
            *("POST", f"{_CHALLENGE}/apply", "save the first section"),
            public(DONE, **each(LATE, *_CLOSED, "erased")),
            filling.beginning,
        ),
        Row("GET", "/api/challenges/{round}/{slug}", "the challenge, for programs", public()),
        Row("GET", "/api/ocds/{round}/{slug}", "the challenge as open contracting data", public()),
    ),
    "Writing an application": tuple(row for row, _ in _WRITING),
    "Writing a further proposal": tuple(row for _, row in _WRITING),
    "Writing together, and copying": (
        Row("GET", f"{_ONE}/writers", "who writes it", written()),
        Row(
            *("POST", f"{_ONE}/writers", "invite somebody to write"),
            {**written(TOLD), Who.TEAM: followed(DONE, **each(TOLD, *_OVER, "withdrawn"))[Who.TEAM]},
            filling.invited,
        ),
        Row(
            *("POST", f"{_ONE}/writers/take-away", "let somebody write no more"),
            {**followed(DONE), Who.BROWSER: written(NOT_FOUND)[Who.BROWSER]},
            filling.no_more,
        ),
        Row("GET", f"{_ONE}/copy", "copy it into another challenge", written()),
        Row("POST", f"{_ONE}/copy", "copy it", written(DONE), filling.copied),
    ),
    "Following an application": (
        Row(
            *("GET", _ONE, "where it stands"),
            followed(SHOWN, **each(LED, "coming", "draft", "held", "rehearsed")),
        ),
        Row("GET", f"{_ONE}/letters", "letters", followed()),
        Row("GET", f"{_ONE}/letters/{{key:path}}", "a letter", followed()),
        Row("GET", f"{_ONE}/payments", "payments", followed()),
        Row("GET", f"{_ONE}/bank-details", "bank details, masked", followed()),
        Row(
            "POST",
            f"{_ONE}/bank-details",
            "give bank details",
            followed(TOLD, **each(PASSED_ON, "working", "asked", "proposed", "finished")),
            filling.account,
        ),
        Row("GET", _EVIDENCE, "evidence for an instalment", _SHOWS),
        Row(*("POST", _EVIDENCE, "send evidence, with a file"), _SENDS, filling.evidence, has_file=True),
        Row("GET", f"{_EVIDENCE}/{{attachment}}", "a file of it", _SHOWS),
        Row("GET", f"{_ONE}/withdraw", "what it means to withdraw", followed()),
        Row(
            "POST",
            f"{_ONE}/withdraw",
            "withdraw, or leave",
            followed(PASSED_ON, **each(TOLD, *_CANNOT_LEAVE)),
            filling.reason,
        ),
    ),
    "One's own things": (
        Row("GET", "/applications", "one's own applications, or those begun in this browser", own(browser=SHOWN)),
        Row("GET", "/calendar", "one's own calendar", own()),
        Row("POST", "/calendar/make", "make its address", own(DONE)),
        Row("POST", "/calendar/end", "take its address back", own(DONE)),
        Row("GET", "/calendar/{secret}.ics", "the calendar, by its secret address", for_all(SHOWN)),
        Row("GET", "/data", "one's own data", own()),
        Row("GET", "/data/download", "download them", own()),
        Row(
            *("POST", "/data/erase", "erase a draft"),
            followed(DONE, **each(NOT_NOW, *_SENT)),
            filling.erased,
            guessed="application",
        ),
        Row("GET", "/account", "who is signed in", own()),
        Row("GET", "/signed-in", "where one is signed in", own()),
        Row("POST", "/signed-in/end", "end a sign-in", own(DONE), filling.session, guessed="id"),
        Row("POST", "/signed-in/end-all", "end all sign-ins", own(DONE)),
        Row("POST", "/sign-out", "sign out", for_all(DONE)),
        Row("GET", "/passkeys", "one's own passkeys", own()),
        Row("GET", "/passkeys/add", "add a passkey", own()),
        Row("POST", "/passkeys/add", "add a passkey that is none", own(REFUSED), filling.passkey),
        Row("GET", "/passkeys/use", "use a passkey; without one, add one", own(LED)),
        Row("POST", "/passkeys/use", "use a passkey that is none", own(REFUSED), filling.passkey),
        Row(
            *("POST", "/passkeys/remove", "remove a passkey that is not one's own"),
            own(REFUSED, decider=NOT_FOUND, operator=NOT_FOUND, releaser=NOT_FOUND),
            filling.passkey,
            guessed="id",
        ),
    ),
    "The board": (
        Row("GET", "/staff/rounds", "all challenges of an operator's rounds", own(NOT_FOUND, **_OPERATORS)),
        Row("GET", f"{_WORK}/record", "the record of a challenge", own(NOT_FOUND, **_IN_CHARGE)),
        Row("POST", f"{_WORK}/record", "verify the record", own(NOT_FOUND, **_DONE_BY_THEM)),
        Row("GET", "/staff/notices", "letters that did not arrive", own(NOT_FOUND, **_OPERATORS)),
        Row(
            *("POST", "/staff/notices/send-again", "send again a letter that did not fail"),
            own(NOT_FOUND, operator=NOT_NOW, unstepped=REFUSED),
            filling.letter,
            guessed="id",
        ),
    ),
    "Signing in": (
        Row("GET", "/sign-in", "the ways to sign in", for_all(SHOWN)),
        Row("POST", "/sign-in", "have a link sent", for_all(DONE), filling.address),
        Row("GET", "/sign-in/sent", "that a link was sent to the team", for_all(SIGN_IN, team=SHOWN)),
        Row("GET", "/link/{secret}", "what a link is for", for_all(SHOWN)),
        Row(
            *("POST", "/link", "sign in by the team's link; another browser needs its code"),
            for_all(TOLD, team=DONE),
            filling.link,
        ),
        Row("GET", "/sign-in/with/{key}", "go to an organisation that is unknown", for_all(REFUSED)),
        Row("GET", "/sign-in/with/{key}/back", "come back from one", for_all(REFUSED)),
    ),
    "Reading and marking": (
        Row("GET", f"{_WORK}/interests", "what one has to do with applicants", worked(SHOWN, releaser=SHOWN)),
        Row(
            *("POST", f"{_WORK}/interests", "declare it"),
            worked(DONE, releaser=DONE, late=NOT_FOUND, erased=NOT_FOUND),
            filling.interest,
        ),
        Row("GET", _READ, "an application; interests come first", worked(LED, late=NOT_FOUND)),
        Row("POST", _READ, "mark it; interests come first", worked(NOT_NOW, late=NOT_FOUND), filling.marks),
        Row("POST", f"{_READ}/agreed", "record what was agreed; interests come first", worked(NOT_NOW, late=NOT_FOUND)),
        Row(
            "GET",
            f"{_READ}/files/{{attachment}}",
            "a file of it; interests come first",
            worked(NOT_NOW, late=NOT_FOUND, erased=NOT_FOUND),
        ),
        Row("GET", f"{_WORK}/ranking", "the ranking, which the workflow is asked for", worked(PASSED_ON)),
    ),
    "Payments": (
        Row("GET", "/staff/payments", "payments by what has to happen next", _PAYING),
        Row("GET", "/staff/payments/release", "check a release of payments, with none ticked", _PAYS),
        Row("POST", "/staff/payments/release", "release payments, with none ticked", _PAYS),
        Row("GET", "/staff/payments/{key:path}", "a payment that never was", own(NOT_FOUND)),
        Row("POST", "/staff/payments/{key:path}", "decide on a payment that never was", own(NOT_FOUND)),
    ),
    "Working on a challenge": (
        Row("GET", "/staff/challenges", "the challenges that one works on", own()),
        Row("GET", _WORK, "where the challenge stands", _at_work),
        *(
            row
            for kind in ("select", "decline")
            for row in (
                Row("GET", f"{_WORK}/{kind}", f"{kind}: the form", _decides),
                Row("POST", f"{_WORK}/{kind}/check", f"{kind}: what it will do", _decides, filling.selected),
                Row("POST", f"{_WORK}/{kind}/confirm", f"{kind}: decide", _decides, filling.selected),
            )
        ),
    ),
    "Decisions without a proof": (
        Row("GET", "/staff", "what one works on", own()),
        Row("GET", "/decisions", "decisions that came in one's name", own()),
        Row(
            *("POST", "/decisions/confirm", "confirm the operator's"),
            own(NOT_FOUND, operator=PASSED_ON, unstepped=REFUSED),
            filling.decision,
            guessed="id",
        ),
        Row(
            "POST",
            "/decisions/drop",
            "drop the operator's",
            own(NOT_FOUND, operator=DONE, unstepped=REFUSED),
            filling.decision,
            guessed="id",
        ),
    ),
}
"""The rows, by kinds of pages."""

ROWS: Sequence[Row] = [row for rows in GROUPS.values() for row in rows]
