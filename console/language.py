"""In which language a page speaks: as the visitor has chosen, else as their browser asks, else the usual one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from babel import Locale
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.values.words import Language, speaking

COOKIE = "__Host-language"
"""Holds the code of the language that was chosen, and nothing else."""
CHOICE = "lang"
"""Names the language in the query of any page."""
_A_YEAR = 365 * 24 * 60 * 60
_MOST_WISHES = 20


class Speaking:
    """Has each request answered in one of the languages.

    A service with one language answers all alike, so that what is between it and browsers can keep one copy for all.

    Args:
        app: what answers.
        languages: the first is spoken to whoever asks for none of them.
    """

    def __init__(self, app: ASGIApp, languages: Sequence[Language]) -> None:
        self._app = app
        self._usual = languages[0]
        self._by_code = {each.code.lower(): each for each in languages}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        several = len(self._by_code) > 1
        chosen = self._chosen(scope) if several else None
        language = chosen or (self._asked_for(Headers(scope=scope)) if several else self._usual)
        its_code = (b"content-language", language.code.encode())

        async def said(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], its_code]}
                if several:
                    headers = MutableHeaders(scope=message)
                    headers.add_vary_header("accept-language, cookie")
                if several and chosen:
                    kept = f"{COOKIE}={chosen.code}; Path=/; Max-Age={_A_YEAR}; Secure; HttpOnly; SameSite=Lax"
                    headers.append("set-cookie", kept)
            await send(message)

        with speaking(language):
            await self._app(scope, receive, said)

    def _chosen(self, scope: Scope) -> Language | None:
        """The language that the address of the page names."""
        if not scope["query_string"]:
            return None
        named = parse_qs(scope["query_string"].decode("latin-1")).get(CHOICE, [""])
        return self._by_code.get(named[0].lower())

    def _asked_for(self, headers: Headers) -> Language:
        try:
            held = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            held = None
        if held and held.value.lower() in self._by_code:
            return self._by_code[held.value.lower()]
        for wish in _wishes(headers.get("accept-language", "")):
            for code in (wish, wish.partition("-")[0]):
                if code in self._by_code:
                    return self._by_code[code]
        return self._usual


def switches(languages: Sequence[Language]) -> dict[str, str]:
    """What a page offers to switch to: the code of each language, and its name for itself. Empty if there is one."""
    if len(languages) < 2:
        return {}
    return {each.code: (Locale.parse(each.code, sep="-").display_name or each.code).capitalize() for each in languages}


def _wishes(header: str) -> list[str]:
    """The languages that a browser asks for, dearest first (RFC 9110, section 12.5.4)."""

    def weighed() -> Iterator[tuple[float, str]]:
        for part in header.split(",")[:_MOST_WISHES]:
            code, _, weight = part.strip().lower().partition(";q=")
            try:
                dear = float(weight or 1)
            except ValueError:
                continue
            if dear > 0:
                yield -dear, code.strip()

    return [code for _, code in sorted(weighed(), key=lambda each: each[0])]
