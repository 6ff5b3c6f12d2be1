"""What has happened to challenges as an Atom feed (RFC 4287)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lxml import etree
from whenever import Instant

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
    posed, snapshot = challenge.posed, challenge.snapshot
    titles = {stage.name: stage.title for stage in posed.stages}
    if challenge.at >= challenge.opens:
        yield _Entry(
            "opened", challenge.opens, gettext("Open: {question}").format(question=posed.question), posed.question
        )
    for answered in challenge.answered:
        title = gettext("Answered: {question}").format(question=posed.question)
        yield _Entry(f"answer-{answered.id}", answered.at, title, f"{answered.question}\n\n{answered.answer}")
    for stage in snapshot.stages:
        title = gettext("Selected for {stage}: {question}").format(
            stage=titles.get(stage.stage, stage.stage), question=posed.question
        )
        names = [challenge.selected[team.id].organisation for team in stage.teams if team.id in challenge.selected]
        yield _Entry(f"{stage.stage}-selected", stage.begins, title, ", ".join(filter(None, names)))
    if snapshot.ended is not None:
        title = gettext("Ended: {question}").format(question=posed.question)
        yield _Entry("ended", snapshot.ended, title, f"{snapshot.outcome}. {snapshot.outcome_reason}".strip())
