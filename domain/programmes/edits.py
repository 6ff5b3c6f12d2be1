"""What in the files of a round does not count any more: a round is frozen when it is opened.

The service keeps what the files said at that moment. If somebody edits the files and opens the round again, each
difference is named, with the command that would do what the edit is meant to do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from whenever import Instant

from domain.permissions import Role
from domain.values.model import Value, digest_of
from domain.values.refusals import Problem

from .programme import Programme
from .round import Challenge, Round

_AS = "--as PERSON --reason …"


class Frozen(Value):
    """What the files said of a challenge when it was opened.

    Args:
        facts: each key with its value, as people read them in the files.
        opens, closes: when the window was to open and to close, after `--opens` had moved the dates.
    """

    facts: Mapping[str, str]
    opens: Instant
    closes: Instant


class Known(Value):
    """What the service knows of a challenge that was opened.

    Args:
        id: of the challenge.
        frozen: what the files said then.
        opens, closes: when its window opens and closes now.
        sealed, ended: whether the window is closed for good; whether the challenge has ended.
    """

    id: str
    frozen: Frozen
    opens: Instant
    closes: Instant
    sealed: bool
    ended: bool


class Somebody(Value):
    """A person of a round as the service knows them.

    Args:
        id: of the person.
        role, sponsor: what they may do now; empty if they have handed over their role.
        email: their address.
        successor: whoever has taken over their role, if they have none now.
    """

    id: str
    role: str
    sponsor: str = ""
    email: str
    successor: str = ""


class _Edit(NamedTuple):
    """A key whose value in the file differs from what was opened, and what to do instead."""

    key: str
    was: str
    now: str
    instead: str


def frozen_of(round_: Round, programme: Programme, challenge: Challenge) -> Frozen:
    """What the files say of a challenge that is opened now."""
    facts = _facts_of(round_, programme, challenge.slug)
    return Frozen(facts=facts, opens=challenge.opens, closes=challenge.closes)


def edits_that_do_not_count(
    round_: Round,
    programme: Programme,
    challenges: Sequence[Challenge],
    known: Sequence[Known],
    people: Sequence[Somebody],
    *,
    moved: bool,
) -> tuple[Problem, ...]:
    """Everything in the files of an open round that does not count, one problem each, with what to do instead.

    Args:
        round_, programme: as the files say now.
        challenges: the challenges of the file, with their dates moved like those that are opened now.
        known: the challenges of the round that were opened.
        people: everybody who has or had a role in the round.
        moved: whether the dates were moved with `--opens`.
    """
    in_file = {each.id: each for each in challenges}
    open_ones = [each for each in known if not each.ended]
    found: dict[_Edit, list[str]] = {}
    for each in open_ones:
        if each.id in in_file:
            facts = _facts_of(round_, programme, in_file[each.id].slug)
            for edit in _edits(facts, in_file[each.id], each, moved=moved):
                found.setdefault(edit, []).append(each.id)
    return (
        *(_problem(edit, ids) for edit, ids in found.items()),
        *(_left_out(each.id) for each in open_ones if each.id not in in_file),
        *_people(round_, people),
    )


def _problem(edit: _Edit, ids: Sequence[str]) -> Problem:
    was = f", and {edit.was or 'nothing'} stays" if edit.was or edit.now else ""
    value = f" = {edit.now or 'nothing'}" if edit.was or edit.now else ""
    return Problem(field=edit.key, text=f"{edit.key}{value} does not count in {', '.join(ids)}{was}: {edit.instead}")


def _left_out(id: str) -> Problem:  # noqa: A002
    text = f"challenges: {id} is open and no longer in the file: `starter.py cancel {id} {_AS}` would end it"
    return Problem(field="challenges", text=text)


def _edits(facts: Mapping[str, str], challenge: Challenge, known: Known, *, moved: bool) -> Iterator[_Edit]:
    before = known.frozen.facts
    for key in dict.fromkeys((*before, *facts)):
        was, now = before.get(key, ""), facts.get(key, "")
        of_another = key == "sponsors.name" and before["sponsor"] != facts["sponsor"]
        if was == now or of_another or (moved and (key in _DATES or key.startswith(_WINDOWS))):
            continue
        if key == "closes" and challenge.closes != known.closes:
            yield _Edit(key, was, now, _instead_of_closing(challenge, known, now))
        elif key == "opens" and challenge.opens != known.opens:
            yield _Edit(key, was, now, "the window of a challenge that is open cannot open at another time")
        elif key in ("question", "sponsor"):
            yield _Edit(key, was, now, f"`starter.py cancel {known.id} {_AS}` ends it; pose the other under another id")
        elif key.startswith(_OF_TEXTS):
            yield _Edit(key, "", "", f"{_KEEPS}; {_edited(was, now)}")
        elif key.startswith(_WINDOWS):
            yield _Edit(key, was, now, f"an open challenge keeps its dates; once teams are asked, `extend` {_LATER}")
        elif key not in _DATES:
            yield _Edit(key, was, now, _instead_of_rules(key))
    if moved and (challenge.opens, challenge.closes) != (known.frozen.opens, known.frozen.closes):
        yield _Edit("--opens", "", "", f"challenges that are open keep their dates; `extend` {_LATER}")


_DATES = ("opens", "closes")
_WINDOWS = "windows."
_LATER = "moves the closing of a window to a later time"


def _instead_of_closing(challenge: Challenge, known: Known, written: str) -> str:
    if known.sealed:
        return "the window is closed for good"
    if challenge.closes < known.closes:
        return f"applicants rely on it; `extend` only {_LATER}"
    return f"use `starter.py extend {known.id} --closes {written} {_AS}`"


def _instead_of_rules(key: str) -> str:
    longer = "`extend-stage` makes a stage longer; else " if key.endswith(".duration") else ""
    return f"{longer}{_KEEPS}"


_KEEPS = "an open challenge keeps what it began with, and the file counts for those that open later"


def _edited(was: str, now: str) -> str:
    """What somebody has done to a text."""
    return "it was changed" if was and now else "it was added" if now else "it was taken out"


def _people(round_: Round, people: Sequence[Somebody]) -> Iterator[Problem]:
    """The people of the file who do not have the role that it gives them, and the people whom it leaves out."""
    known = {each.id: each for each in people}
    roles = [(Role.OPERATOR, "", round_.operators), (Role.RELEASER, "", round_.releasers)]
    roles.append((Role.READER, "", round_.readers))
    roles += [(Role.SPONSOR, sponsor.id, sponsor.deciders) for sponsor in round_.sponsors]
    for role, sponsor, named in roles:
        ids = [person.id for person in named]
        present = [each.id for each in people if (each.role, each.sponsor) == (role, sponsor)]
        heirs = [each.successor for each in people if each.id in ids]
        gone = [each for each in present if each not in ids and each not in heirs]
        for person in named:
            somebody = known.get(person.id)
            if person.id not in present:
                instead = gone.pop(0) if gone and not _left(somebody) else ""
                yield _no_role(round_.id, person.id, role, somebody, ids, instead)
            elif somebody is not None and somebody.email != person.email:
                text = (
                    f"people: the address of {person.id} in the file belongs or has belonged to somebody else in "
                    f"{round_.id}, and one mailbox is one person: give {person.id} another address"
                )
                yield Problem(field="people", text=text)
        for left_out in gone:
            text = (
                f"people: {left_out} is {role} in {round_.id}, and the file does not name {left_out}: "
                f"{_hand_over(round_.id, left_out, 'PERSON')} ends the role"
            )
            yield Problem(field="people", text=text)


def _left(somebody: Somebody | None) -> bool:
    return somebody is not None and bool(somebody.successor)


def _no_role(
    round_: str, person: str, role: Role, known: Somebody | None, named: Sequence[str], instead_of: str
) -> Problem:
    if known is not None and known.successor:
        take = f"name {known.successor} in the file"
        take = f"take {person} out of the file" if known.successor in named else take
        then = f"{person} has handed over to {known.successor}: {take}"
    else:
        then = f"{_hand_over(round_, instead_of or 'PERSON', person)} gives {person} the role of somebody who has it"
    return Problem(field="people", text=f"people: {person} is not {role} in {round_}, whatever the file says: {then}")


def _hand_over(round_: str, person: str, successor: str) -> str:
    return f"`starter.py hand-over {round_} --from {person} --to {successor} {_AS}`"


def _facts_of(round_: Round, programme: Programme, slug: str) -> dict[str, str]:
    """What the files say of one challenge, by keys. A round's dates are those of a challenge without its own."""
    question = next(each for each in round_.challenges if each.id == slug)
    sponsor = next(each for each in round_.sponsors if each.id == question.sponsor)
    rules = programme.rules.model_dump(mode="json", exclude={"holidays"}) | {"holidays": programme.holidays.code}
    return {
        "question": question.question,
        "sponsor": question.sponsor,
        "sponsors.name": sponsor.name,
        "opens": question.opens or round_.opens,
        "closes": question.closes or round_.closes,
        "unproven": round_.unproven or "",
        "contact": round_.contact or "",
        "background": _short_name(question.background or ""),
        "engagement": _short_name("\n".join(each.model_dump_json() for each in question.engagement)),
        **{f"windows.{each.stage}.opens": each.opens for each in round_.windows},
        **{f"windows.{each.stage}.closes": each.closes for each in round_.windows},
        **dict(_flat("programme", rules)),
        **dict(_names_of_texts(programme)),
    }


_OF_TEXTS = ("programme.forms", "programme.scorecards", "background", "engagement")


def _short_name(text: str) -> str:
    """The same for the same text; empty for none. Nobody reads long texts in a line that tells of an edit."""
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else ""


def _names_of_texts(programme: Programme) -> Iterator[tuple[str, str]]:
    """Forms and scorecards, each with a short name of exactly what it says: whoever edits one knows what."""
    for form in programme.forms:
        yield f"programme.forms ({form.id})", form.version
    for stage in programme.stages:
        if stage.scorecard:
            yield f"programme.scorecards ({stage.name})", digest_of(stage.scorecard)


def _flat(key: str, value: object) -> Iterable[tuple[str, str]]:
    """The values in a table of a file, each with its key; parts of a list are counted from 1."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(f"{key}.{name}", each)
    elif isinstance(value, list):
        for number, each in enumerate(value, start=1):
            yield from _flat(f"{key}[{number}]", each)
    elif value is not None:
        yield key, str(value)
