"""Browsers that cost little: a connection that stays open, cookies, and the forms of pages."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import NamedTuple, Self
from urllib.parse import urlencode, urlsplit

_ANSWER_WITHIN = 90
"""Seconds."""
_MOST_STEPS = 5
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL | re.IGNORECASE)
_FIELD = re.compile(r"<(input|textarea|select)\b([^>]*)>(?:([^<]*)</textarea>)?", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?', re.IGNORECASE)


class Surprise(Exception):
    """A page is not what somebody expects who does what the page before said."""


class Answer(NamedTuple):
    """What came back.

    Args:
        status: of the answer.
        headers: with small letters; of several with one name, the last.
        body: as it was sent.
        seconds: from the first byte sent to the last byte read.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        """The page."""
        return self.body.decode()


class Form(NamedTuple):
    """A form of a page, with what it holds before anybody fills it in."""

    action: str
    """Where it is sent; empty for the address of its page."""
    is_multipart: bool
    fields: dict[str, str]
    texts: tuple[str, ...]
    """The fields in which people write."""


def forms_of(page: str) -> list[Form]:
    """The forms of a page."""
    return [_form(dict(_ATTRIBUTE.findall(told)), inside) for told, inside in _FORM.findall(page)]


def _form(of: Mapping[str, str], inside: str) -> Form:
    fields, texts = {}, []
    for tag, told, text in _FIELD.findall(inside):
        held = dict(_ATTRIBUTE.findall(told))
        name, kind = held.get("name", ""), held.get("type", "text")
        if not name or kind in ("file", "submit") or (kind in ("radio", "checkbox") and "checked" not in held):
            continue
        fields[name] = html.unescape(text if tag.lower() == "textarea" else held.get("value", ""))
        if tag.lower() == "textarea":
            texts.append(name)
    is_multipart = of.get("enctype") == "multipart/form-data"
    return Form(html.unescape(of.get("action", "")), is_multipart, fields, tuple(texts))


def _as_multipart(fields: Mapping[str, str]) -> tuple[bytes, str]:
    mark = "----------------------------7e10a7c49d2f"
    head = f"--{mark}\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    return f"{''.join(parts)}--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


class Browser:
    """One visitor.

    Args:
        port: of the front, on this machine.
        network: the address that the visitor comes from, as the proxy before the front says it.
    """

    def __init__(self, port: int, network: str) -> None:
        self._port = port
        self._usual = (
            f"Host: localhost:{port}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0\r\n"
            f"Accept: text/html\r\nAccept-Language: en-GB,en;q=0.8\r\nAccept-Encoding: gzip\r\n"
            f"X-Forwarded-For: {network}\r\nConnection: keep-alive\r\n"
        )
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._at = "/"
        self.cookies: dict[str, str] = {}
        self.taken: list[tuple[str, float]] = []
        """What was asked for, and how many seconds it took."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connection."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    async def get(self, path: str) -> Answer:
        """Opens a page, and goes where it leads.

        Raises:
            Surprise: there is no page.
        """
        for _ in range(_MOST_STEPS):
            answer = await self.ask("GET", path)
            if answer.status == 200:
                self._at = path
                return answer
            if answer.status not in (302, 303):
                raise Surprise(f"{answer.status} for GET {path}")
            path = path_in(answer)
        raise Surprise(f"{path} leads round in circles")

    async def send(self, form: Form, **filled: str) -> str:
        """Sends a form.

        Returns:
            Where its answer leads.

        Raises:
            Surprise: the form came back.
        """
        fields = form.fields | filled
        kind = "application/x-www-form-urlencoded"
        body, kind = _as_multipart(fields) if form.is_multipart else (urlencode(fields).encode(), kind)
        answer = await self.ask("POST", form.action or self._at, body, kind)
        if answer.status != 303:
            raise Surprise(f"{answer.status} for POST {form.action or self._at}: {_said(answer)}")
        return path_in(answer)

    async def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Answer:
        """One request.

        Raises:
            OSError: the connection broke.
            TimeoutError: no answer came.
        """
        head = f"{method} {path} HTTP/1.1\r\n{self._usual}"
        if self.cookies:
            head += f"Cookie: {'; '.join(f'{name}={value}' for name, value in self.cookies.items())}\r\n"
        if body is not None:
            head += (
                f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                f"Origin: http://localhost:{self._port}\r\nSec-Fetch-Site: same-origin\r\n"
            )
        begun = time.perf_counter()
        async with asyncio.timeout(_ANSWER_WITHIN):
            answer = await self._exchange(f"{head}\r\n".encode() + (body or b""), begun)
        self.taken.append((f"{method} {path}", answer.seconds))
        return answer

    async def _exchange(self, request: bytes, begun: float) -> Answer:
        if self._open is None:
            self._open = await asyncio.open_connection("localhost", self._port)
        reader, writer = self._open
        writer.write(request)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                self._keep(value)
            headers[name.lower()] = value
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split()[1]), headers, body, time.perf_counter() - begun)

    def _keep(self, cookie: str) -> None:
        for name, morsel in SimpleCookie(cookie).items():
            self.cookies.pop(name, None)
            if morsel.value:
                self.cookies[name] = morsel.value


def path_in(answer: Answer) -> str:
    """Where an answer leads."""
    parts = urlsplit(answer.headers["location"])
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _said(answer: Answer) -> str:
    if answer.headers.get("content-encoding"):
        return ""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2]).split())[:300]
