"""What has happened to challenges as an Atom feed (RFC 4287)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lxml import etree
from whenever import Instant

from console.showing import deadline, outcome
from domain.challenges.state import Outcome
from domain.permissions import Action
from domain.publishing.challenge import PublicChallenge
from domain.values.words import gettext

KIND = "application/atom+xml; charset=utf-8"
_ATOM = "http://www.w3.org/2005/Atom"
_MOST = 100


class _Entry(NamedTuple):
    name: str
    at: Instant
    title: str
    text: str


def feed_of(challenges: Iterable[PublicChallenge], origin: str, name: str) -> bytes:
    """A feed of the newest entries, the newest first.

    Args:
        challenges: of which.
        origin: of the web front.
        name: of the service.
    """
    found = [(challenge, entry) for challenge in challenges for entry in _entries(challenge)]
    found.sort(key=lambda each: (each[1].at, each[0].id, each[1].name), reverse=True)
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})
    _add(root, "id", f"{origin}/feed.atom")
    _add(root, "title", name)
    _add(root, "updated", (found[0][1].at if found else Instant.from_utc(2016, 1, 1)).format_iso())
    _add(root, "link", rel="self", href=f"{origin}/feed.atom")
    _add(root, "link", rel="alternate", href=f"{origin}/")
    _add(_add(root, "author"), "name", name)
    for challenge, entry in found[:_MOST]:
        element = _add(root, "entry")
        _add(element, "id", f"{origin}/challenges/{challenge.id}#{entry.name}")
        _add(element, "title", entry.title)
        _add(element, "updated", entry.at.format_iso())
        _add(element, "link", rel="alternate", href=f"{origin}/challenges/{challenge.id}")
        _add(element, "summary", entry.text)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _add(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    if text:
        element.text = text
    return element


def _entries(challenge: PublicChallenge) -> Iterator[_Entry]:
    question = challenge.posed.question
    if challenge.at >= challenge.opens:
        title = gettext("Open: {question}").format(question=question)
        until = deadline(challenge.closes, challenge.posed.time_zone)
        yield _Entry("opened", challenge.opens, title, gettext("Closes: {until}").format(until=until))
    for moved in challenge.moved:
        yield _Entry(f"moved-{moved.number}", moved.at, _titled(moved.kind, question), f"{moved.text}.")
    for answered in challenge.answered:
        title = gettext("Answered: {question}").format(question=question)
        yield _Entry(f"answer-{answered.id}", answered.at, title, f"{answered.question}\n\n{answered.answer}")
    yield from _selections(challenge)
    snapshot = challenge.snapshot
    if snapshot.ended is not None:
        is_cancelled = snapshot.outcome == Outcome.CANCELLED
        title = gettext("Cancelled: {question}") if is_cancelled else gettext("Ended: {question}")
        text = f"{outcome(snapshot.outcome)}. {snapshot.outcome_reason}".strip()
        yield _Entry("ended", snapshot.ended, title.format(question=question), text)


def _titled(kind: str, question: str) -> str:
    title = {
        Action.EXTEND: gettext("More time to send: {question}"),
        Action.EXTEND_STAGE: gettext("A stage ends later: {question}"),
        Action.HOLD: gettext("On hold: {question}"),
        Action.RESUME: gettext("Goes on: {question}"),
    }[Action(kind)]
    return title.format(question=question)


def _selections(challenge: PublicChallenge) -> Iterator[_Entry]:
    """Who was selected for each stage. The entry is changed when another team comes in."""
    titles = {stage.name: stage.title for stage in challenge.posed.stages}
    for stage in challenge.snapshot.stages:
        stage_title = titles.get(stage.stage, stage.stage)
        title = gettext("Selected for {stage}: {question}")
        names = [challenge.selected[team.id].organisation for team in stage.teams if team.id in challenge.selected]
        yield _Entry(
            f"{stage.stage}-selected",
            max((stage.begins, *(team.since for team in stage.teams))),
            title.format(stage=stage_title, question=challenge.posed.question),
            ", ".join(filter(None, names)),
        )
