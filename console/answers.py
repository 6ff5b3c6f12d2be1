"""What every request gets: an answer, also when something is wrong, and one line in the log."""

from __future__ import annotations

import time
import traceback
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.values.refusals import (
    KINDS,
    OthersUnavailable,
    Refused,
    SecondStepMissing,
    SignInOver,
    SignInRefused,
    TooOften,
    Unavailable,
)
from domain.values.words import gettext
from service import log

from .api.problems import is_for_machines, problem
from .forms import BUILDS_ON, TOKEN
from .front import NeedsSignIn
from .local import local_page
from .rendering import Pages

_logger = structlog.get_logger("web")
_SECRETS = frozenset({TOKEN, "secret", "answer", "id", "once", "seen", "question", "wanted", "code", "do", "remove"})
"""Fields of forms that nobody typed, or that are no use to anybody twice."""
_LEFT = 499
"""Stands in the log for a request that broke off, as proxies write it."""
_LATER = 30
"""Seconds after which it is worth while to ask again for what cannot be reached."""


class Answers:
    """Stands before all others: answers whatever they raise by a page, and writes one line for each request.

    The line has the route and not the address: the address of a link holds its secret.

    Args:
        app: what answers.
        pages: fills in the pages.
    """

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            status = _LEFT  # nobody is there to be answered
        except Exception as fault:  # whatever it is, the visitor gets a page
            request = Request(scope, receive)
            if status:  # too late for a page; the server closes the connection
                _say_broken(fault)
            else:
                response = self.page_for(request, fault)
                await response(scope, receive, noting)
        form = scope.get("state", {}).get("form")
        if form is not None:
            await form.close()  # files that came with it are gone then
        route = scope.get("root_path", "") + getattr(scope.get("route"), "path", "none")
        taken = round((time.perf_counter() - begun) * 1000, 1)
        log.tell(_logger, "answered", method=scope["method"], route=route, status=status, milliseconds=taken)

    def page_for(self, request: Request, fault: Exception) -> Response:
        """The answer to a request that went wrong.

        Args:
            request: the request.
            fault: what was raised.
        """
        match fault:
            case NeedsSignIn():
                return self._sign_in(request)
            case HTTPException():
                return self._of_http(request, fault, _typed(request))
            case SecondStepMissing():
                onward = {"onward": f"/passkeys/use?{_wanted(request)}", "onward_words": gettext("Use your passkey")}
                return self._page(request, 403, str(fault), _typed(request), **onward)
            case SignInRefused() | SignInOver():
                status = KINDS[fault.code].http_status
                heading = gettext("This sign-in did not work")
                onward = {"onward": "/sign-in", "onward_words": gettext("Sign in"), "heading": heading}
                return self._page(request, status, str(fault), _typed(request), **onward)
            case RequestValidationError():
                return self._page(request, 422, _wrong_parameters(fault), {})
            case Unavailable():
                return self._later(request, 503, _what_stays(request, fault), _LATER)
            case TooOften():
                return self._later(request, 429, str(fault), fault.seconds)
            case Refused():
                return self._page(request, KINDS[fault.code].http_status, str(fault), _typed(request))
        number = _say_broken(fault)
        text = gettext(
            "Something is wrong with this service: try again, or tell the programme office the number {number}."
        ).format(number=number)
        return self._page(request, 500, text, _typed(request))

    def _sign_in(self, request: Request) -> Response:
        """A page that was only looked at is shown after the sign-in. What was sent was not done, and is given back."""
        if request.method in ("GET", "HEAD"):
            return RedirectResponse(f"/sign-in?{_wanted(request)}", 303)
        text = gettext("You are not signed in any more, so nothing was done: sign in, then do it again.")
        return self._page(
            request, 401, text, _typed(request), onward=f"/sign-in?{_wanted(request)}", onward_words=gettext("Sign in")
        )

    def _of_http(self, request: Request, fault: HTTPException, typed: Mapping[str, str]) -> Response:
        text = fault.detail
        if text == HTTPStatus(fault.status_code).phrase:
            text = _in_words(fault.status_code, request.method)
        response = self._page(request, fault.status_code, text, typed)
        response.headers.update(fault.headers or {})
        return response

    def _later(self, request: Request, status: int, text: str, seconds: int) -> Response:
        response = self._page(request, status, text, _typed(request))
        response.headers["retry-after"] = str(seconds)
        return response

    def _page(
        self,
        request: Request,
        status: int,
        text: str,
        typed: Mapping[str, str],
        onward: str = "",
        onward_words: str = "",
        heading: str = "",
    ) -> Response:
        if is_for_machines(request.url.path):
            return problem(status, heading or _heading(status), text)
        onward, said = (onward, onward_words) if onward else ("/", gettext("Go to the first page"))
        heading = heading or _heading(status)
        return self._pages.show(
            request, "fault", status, heading=heading, text=text, typed=typed, onward=onward, onward_words=said
        )


def _heading(status: int) -> str:
    """The heading of a page that says what went wrong."""
    return {
        401: gettext("Sign in"),
        403: gettext("You may not do this"),
        404: gettext("There is no such page"),
        405: gettext("This cannot be done"),
        413: gettext("This is too large"),
        421: gettext("This is another address"),
        429: gettext("Too many times"),
        500: gettext("Something is wrong"),
        503: gettext("This does not work at the moment"),
    }.get(status, gettext("This cannot be done"))


def _in_words(status: int, method: str) -> str:
    """What to say of a fault that nobody has put in words."""
    if status == 404:
        return gettext("There is no page at this address: check how it is written, or begin at the first page.")
    if status == 405:
        text = gettext("This address takes no {method}: go back, and use the buttons of the page.")
        return text.format(method=method)
    return f"{HTTPStatus(status).phrase}."


def _what_stays(request: Request, fault: Unavailable) -> str:
    """What becomes of a request while something is down. What is down goes into the log, for those who mend it."""
    if isinstance(fault, OthersUnavailable):
        return str(fault)
    _logger.warning("something does not answer", reason=str(fault))
    if request.method in ("GET", "HEAD"):
        return gettext(
            "A part of this service does not answer. What you saved or sent before is kept: wait a minute, then open "
            "this page again."
        )
    return gettext(
        "A part of this service does not answer, so what you did just now was not saved, as far as it can tell. What "
        "you saved or sent before is kept. Wait a minute, then go back in your browser and do it again: an application "
        "that is sent again stays one application."
    )


def _wrong_parameters(fault: RequestValidationError) -> str:
    """What is wrong with the parameters of an address, all at once."""
    said = []
    for each in fault.errors():
        is_unknown = each["type"] == "extra_forbidden"
        wrong = gettext("this address has no such parameter: leave it out") if is_unknown else each["msg"]
        said.append(f"{each['loc'][-1]}={each.get('input')!s:.60}: {wrong}.")
    return " ".join(said)


def _wanted(request: Request) -> str:
    """The page to come back to, as a query. What was sent by a form was sent from a page at its own path, or above."""
    asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    if request.method not in ("GET", "HEAD"):
        is_page = request.scope.get("is_page", False)
        asked = request.url.path if is_page else request.url.path.rpartition("/")[0] or request.url.path
    return urlencode({"wanted": local_page(asked)})


def _typed(request: Request) -> Mapping[str, str]:
    """What somebody typed into the form that they sent, so that it is not lost: it is shown on the page of the fault.

    Only forms of our own pages come this far: `guards.OurForms` turns others away before they are read.
    """
    fields: Mapping[str, str] = getattr(request.state, "fields", {})
    return {
        name: value
        for name, value in fields.items()
        if value and name not in _SECRETS and not name.startswith(BUILDS_ON)
    }


def _say_broken(fault: Exception) -> str:
    """Logs a bug, with a number that the visitor can tell. Not its message, which can hold what somebody typed."""
    number = uuid.uuid4().hex[:8]
    places = [f"{each.filename}:{each.lineno} {each.name}" for each in traceback.extract_tb(fault.__traceback__)]
    _logger.error("a page broke", number=number, fault=type(fault).__name__, places=places)
    return number
