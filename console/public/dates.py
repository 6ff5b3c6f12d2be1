"""The dates of a challenge as everybody may know them: for pages, timelines and calendars alike."""

from __future__ import annotations

from collections.abc import Iterator

from whenever import Instant

from domain.publishing.challenge import PublicChallenge
from domain.values.model import Value
from domain.values.words import gettext


class Date(Value):
    """Something that happens at a moment.

    Args:
        name: what it is called in addresses and calendars; it stays the same if the moment moves.
        title: in words.
        at: when it happens, as it is enforced.
        ends: when it is over, if it lasts.
        where: where it takes place, if it does anywhere.
        is_enforced: whether something is no longer taken at this moment.
        is_off: whether it does not happen, because the challenge ended before.
    """

    name: str
    title: str
    at: Instant
    ends: Instant | None = None
    where: str = ""
    is_enforced: bool = False
    is_off: bool = False


def dates_of(challenge: PublicChallenge) -> tuple[Date, ...]:
    """All dates of a challenge that are known, by their time."""
    ended = challenge.snapshot.ended
    dates = (each.model_copy(update={"is_off": ended is not None and each.at > ended}) for each in _dates(challenge))
    return tuple(sorted(dates, key=lambda each: (each.at, each.name)))


def _dates(challenge: PublicChallenge) -> Iterator[Date]:
    posed, snapshot = challenge.posed, challenge.snapshot
    titles = {stage.name: stage.title for stage in posed.stages}
    yield Date(name="opens", title=gettext("Applications open"), at=challenge.opens)
    yield Date(name="closes", title=gettext("Applications close"), at=challenge.closes, is_enforced=True)
    if challenge.questions_close < challenge.closes:
        title = gettext("Last moment for questions")
        yield Date(name="questions", title=title, at=challenge.questions_close, is_enforced=True)
    for number, session in enumerate(posed.engagement, start=1):
        ends = session.at.add(minutes=session.minutes) if session.minutes else None
        yield Date(name=f"session-{number}", title=session.title, at=session.at, ends=ends, where=session.where)
    for window in snapshot.windows:
        if window.stage:
            title = titles.get(window.stage, window.stage)
            opened = gettext("Further proposals open: {stage}").format(stage=title)
            closed = gettext("Further proposals close: {stage}").format(stage=title)
            yield Date(name=f"{window.stage}-opens", title=opened, at=window.opens)
            yield Date(name=f"{window.stage}-closes", title=closed, at=window.closes, is_enforced=True)
    if snapshot.decide_by is not None and not snapshot.outcome:
        title = gettext("The sponsor decides by: {stage}").format(stage=titles.get(snapshot.stage, snapshot.stage))
        yield Date(name=f"{snapshot.stage or 'first'}-decision", title=title, at=snapshot.decide_by)
    for stage in snapshot.stages:
        title = titles.get(stage.stage, stage.stage)
        if stage.ends > stage.begins:
            begins = gettext("{stage} begins").format(stage=title)
            yield Date(name=f"{stage.stage}-begins", title=begins, at=stage.begins)
            ends = stage.ended or stage.ends
            yield Date(name=f"{stage.stage}-ends", title=gettext("{stage} ends").format(stage=title), at=ends)
    if snapshot.ended is not None:
        yield Date(name="ended", title=gettext("The challenge has ended"), at=snapshot.ended)
