"""Public pages are made once for each version of what they show, and kept for everybody."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from whenever import Instant

from domain.values.refusals import Unavailable
from domain.values.words import spoken

_MOST_PAGES = 500
_LOOKS_AGAIN = 1.0
"""Seconds for which a version that was looked up is taken for the present one. A page is at most that old."""
_ASKED = ("after", "limit", "shelf", "state")
"""The parts of a query that an answer depends on."""
_HEADERS = {
    "cache-control": "public, max-age=5, must-revalidate",
    "referrer-policy": "same-origin",
    "x-robots-tag": "all",
}


class Made(NamedTuple):
    """What was made for everybody.

    Args:
        content: its bytes.
        kind: its media type.
        until: from when on it says something that is no longer so, such as that a window is open; None if never.
    """

    content: bytes
    kind: str
    until: Instant | None = None


class _Kept(NamedTuple):
    """What is kept, with both answers to whoever asks for it: they are made once, and given again and again."""

    tag: str
    version: str
    made: Made
    since: Instant
    whole: Response
    unchanged: Response

    def is_of(self, version: str, now: Instant) -> bool:
        return self.version == version and (self.made.until is None or now < self.made.until)


class Cache:
    """Keeps what was made for everybody: pages, feeds, calendars. Nothing in it may depend on who asks.

    Args:
        now: the service's clock.
        clock: seconds that only go on.
    """

    def __init__(self, now: Callable[[], Instant], clock: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._versions: dict[str, tuple[float, str]] = {}

    async def answer(
        self,
        request: Request,
        of: str,
        version: Callable[[], Awaitable[str]],
        make: Callable[[], Awaitable[Made]],
        more: Mapping[str, str] | None = None,
    ) -> Response:
        """What was made for this address, made anew if what it shows has changed; or that the browser has it already.

        If the database cannot be reached, what was made last is still shown: it says as of when it is.

        Args:
            request: who asks.
            of: whose version it is: of a challenge, or of all.
            version: looks the present version up.
            make: makes the content.
            more: further headers.

        Raises:
            Unavailable: the database cannot be reached, and nothing is kept.
        """
        key = _key(request)
        kept = self._kept.get(key)
        try:
            present = await self._version(of, version)
            if kept is None or not kept.is_of(present, self._now()):
                made = await make()
                tag = f'"{hashlib.sha256(made.content).hexdigest()[:20]}"'
                since = kept.since if kept is not None and kept.tag == tag else self._now()
                kept = _kept(tag, present, made, since, more or {})
        except Unavailable:
            if kept is None:
                raise
        self._keep(key, kept)
        return kept.unchanged if _has(request, kept.tag) else kept.whole

    def _keep(self, key: str, kept: _Kept) -> None:
        """Keeps what was asked for last: nobody drives the pages that everybody reads out by asking for rare ones."""
        self._kept[key] = kept
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST_PAGES:
            self._kept.popitem(last=False)

    async def _version(self, of: str, version: Callable[[], Awaitable[str]]) -> str:
        looked, found = self._versions.get(of, (-_LOOKS_AGAIN, ""))
        if self._clock() - looked < _LOOKS_AGAIN:
            return found
        found = await version()
        if len(self._versions) > _MOST_PAGES:
            self._versions.clear()
        self._versions[of] = (self._clock(), found)
        return found


def _kept(tag: str, version: str, made: Made, since: Instant, more: Mapping[str, str]) -> _Kept:
    # Conditions are answered by the tag alone: two contents can be of one second.
    headers = {**_HEADERS, "etag": tag, "last-modified": format_datetime(since.to_stdlib(), usegmt=True), **more}
    whole = Response(made.content, media_type=made.kind, headers=headers)
    return _Kept(tag, version, made, since, whole, Response(status_code=304, headers=headers))


def _key(request: Request) -> str:
    """What an answer depends on. Whatever else stands in the query changes nothing, so it makes no other answer."""
    asked = {name: request.query_params[name] for name in _ASKED if name in request.query_params}
    return f"{spoken().code} {request.scope['path']}?{urlencode(asked) if asked else ''}"


def _has(request: Request, tag: str) -> bool:
    """Whether the browser says that it has this content."""
    held = request.headers.get("if-none-match", "")
    return held.strip() == "*" or tag in {each.strip().removeprefix("W/") for each in held.split(",")}
