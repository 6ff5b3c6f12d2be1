"""Asks for the routes of the table over HTTP, and says in the words of the table what is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from urllib.parse import unquote

import httpx2

from tests.console.access.cells import Answer, Row, State, Who
from tests.console.access.world import NEVER, STAGE, World, send_file

_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
_TOKEN = re.compile(r'(name="(?:token|once|id|seen)" value=")[^"]*')
_DIFFERS = {"set-cookie"}  # a browser that we do not know gets its cookie
_SAID = {403: Answer.REFUSED, 404: Answer.NOT_FOUND, 401: Answer.SIGN_IN, 422: Answer.TOLD, 503: Answer.PASSED_ON}


def path_of(world: World, row: Row, state: State, **instead: str) -> str:
    """The address of a route: about the team's application, unless it is said otherwise.

    Args:
        world: with everything.
        row: of the table.
        state: of the challenge and the application.
        instead: parameters of the path that are others.
    """
    applied = world.applications[state]
    round_, slug = world.challenge(state).split("/")
    found = {
        "application": applied.id,
        "attachment": applied.further if "{stage}" in row.path else applied.attachment,
        "key": applied.letter if "{application}" in row.path else "nobody",
        "secret": world.feed if row.path.startswith("/calendar") else world.link,
        "name": world.style,
        "round": round_,
        "slug": slug,
        "stage": STAGE,
        "number": "1",
        "question": "plans",
        **instead,
    }
    if "/evidence/" in row.path:
        found = {**found, "stage": "exploration", "number": "2", "attachment": applied.evidence, **instead}
    return _PARAMETER.sub(lambda match: found[match[1]], row.path)


def ask(
    world: World,
    row: Row,
    who: Who,
    state: State,
    *,
    fields: Mapping[str, str] | None = None,
    token: bool = True,
    **instead: str,
) -> httpx2.Response:
    """Somebody asks for a route.

    Args:
        world, row, state, instead: as in `path_of`.
        who: who asks.
        fields: of the form that are others.
        token: whether the form has its token.
    """
    path, visitor = path_of(world, row, state, **instead), world.visitors[who]
    if row.method == "GET":
        return visitor.get(path)
    held = dict(visitor.cookies)
    said = {**row.fields(world, who, state), **(fields or {})}
    if token:
        said = {"token": world.token(who), **said}
    answer = send_file(visitor, path, said) if row.has_file else visitor.post(path, said)
    visitor.cookies = held  # somebody who was signed out has their session again when the database has it
    return answer


def answered(row: Row, answer: httpx2.Response) -> Answer:
    """What was answered, in a word.

    Raises:
        AssertionError: nobody should be answered so.
    """
    code, location = answer.status_code, answer.headers.get("location", "")
    if code == httpx2.codes.SEE_OTHER:
        if location.split("?")[0] == "/sign-in":
            return Answer.SIGN_IN
        return Answer.LED if row.method == "GET" else Answer.DONE
    if code == httpx2.codes.OK:
        return Answer.SHOWN if row.method == "GET" else Answer.DONE
    if code == httpx2.codes.CONFLICT:
        return Answer.LATE if "Too late" in answer.text else Answer.NOT_NOW
    assert code in _SAID, f"{row.route}: {code} {answer.text[:2000]}"
    return _SAID[code]


def looks(answer: httpx2.Response, *ids: str) -> tuple[object, ...]:
    """An answer without what is different each time: the ids that were asked for, and tokens.

    Args:
        answer: of the front.
        ids: that the address or the form had.
    """
    text, location = unescape(answer.text), unquote(answer.headers.get("location", ""))
    for each in ids:
        text, location = unquote(text).replace(each, "ID"), location.replace(each, "ID")
    return answer.status_code, location, _TOKEN.sub(r"\1", text), sorted(set(answer.headers) - _DIFFERS)


def wrong(world: World, row: Row) -> list[str]:
    """Tries all cells of a row, each with the true id, and once with one that never was.

    Returns:
        What is not as the table says; where somebody could see that there is something which is not theirs; and where
        an attempt on it is not on the record.
    """
    found = []
    for who in row.asking:
        never = _never(world, row, who)
        for state in row.states:
            before, expected = world.refusals(), row.answer(who, state)
            answer = ask(world, row, who, state)
            said = answered(row, answer)
            if said is not expected:
                found.append(f"{who}, {state}: {said}, and not {expected}")
            is_theirs = who in _OWN
            if expected in _HIDDEN and not is_theirs and looks(answer, *_ids(world, row, state)) != never:
                found.append(f"{who}, {state}: another page than for what never was")
            if expected is Answer.NOT_FOUND and not is_theirs and _is_noted(row) and world.refusals() == before:
                found.append(f"{who}, {state}: not on the record")
            if row.method != "GET" and said in (Answer.DONE, Answer.TOLD):
                world.restore()
    return found


_HIDDEN = (Answer.NOT_FOUND, Answer.REFUSED, Answer.SIGN_IN)
_OWN = (Who.BROWSER, Who.TEAM, Who.WRITER, Who.UNSTEPPED)
"""Whoever knows that there is what they ask for."""


def _never(world: World, row: Row, who: Who) -> tuple[object, ...]:
    """What somebody sees who asks for what never was."""
    fields = {row.guessed: NEVER} if row.guessed else {}
    answer = ask(world, row, who, State.DRAFT, fields=fields, slug=NEVER, application=NEVER)
    looked = looks(answer, f"test-2016/{NEVER}", NEVER, *_ids(world, row, State.DRAFT))
    if row.method != "GET":
        world.restore()
    return looked


def _ids(world: World, row: Row, state: State) -> tuple[str, ...]:
    """The ids that a request about something has."""
    said = row.fields(world, Who.PERSON, state).get(row.guessed, "") if row.guessed else ""
    applied = world.applications[state]
    challenge = world.challenge(state) if "{slug}" in row.path else ""
    known = (said, applied.letter, applied.attachment, applied.further, applied.evidence, applied.id, challenge)
    return tuple(filter(None, known))


def _is_noted(row: Row) -> bool:
    """Whether a refusal is on a challenge's record: the attempts of people who are signed in are, on what there is."""
    return "{application}" in row.path or row.guessed == "application"
