"""Pages from templates: every page is filled in here, with what all pages share."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from domain.permissions import STAFF
from domain.values.refusals import Problem
from domain.values.words import ENGLISH, Language, gettext, ngettext, spoken

from . import cookies
from .forms import TOKEN, token_for
from .language import switches
from .showing import FILTERS
from .static_files import Static

_HERE = Path(__file__).parent
_FAULTS: ContextVar[Sequence[Problem]] = ContextVar("faults", default=())
"""What is wrong in the form of the page that is filled in now. Parts of pages are then made once, and not for each."""


class Pages:
    """Fills in pages. What people typed comes out as text: nothing of it is ever markup.

    Args:
        languages: which the service speaks. With more than one, every page has a switch.
        brand: the name of the service.
        logo: the file with its logo, if it has one.

    Raises:
        Unavailable: a file that pages load cannot be read.
    """

    def __init__(self, languages: Sequence[Language] = (ENGLISH,), brand: str = "", logo: Path | None = None) -> None:
        self.static = Static(logo)
        self._languages = switches(languages)
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
        self._environment.filters.update(FILTERS)
        shared = self._environment.globals
        shared |= {"static": self.static.address, "brand_name": brand, "faults_at": _faults_at}
        shared["brand_logo"] = self.static.address(f"logo{logo.suffix.lower()}") if logo else ""

    def for_everybody(self, page: str, **facts: object) -> bytes:
        """A page that is the same for all who open it: it knows nobody, and has no form.

        Args:
            page: the template, without its ending.
            facts: what the template names.
        """
        template = self._environment.get_template(f"{page}.html")
        shared = {
            "session": None,
            "works": False,
            "faults": (),
            "language": spoken().code,
            "languages": self._languages,
        }
        return template.render(**shared, **facts).encode()

    def show(
        self, request: Request, page: str, status: int = 200, faults: Sequence[Problem] = (), **facts: object
    ) -> Response:
        """A page.

        Args:
            request: who asks. A browser that we do not know gets its cookie with the page.
            page: the template, without its ending.
            status: of the answer.
            faults: what is wrong in the form that was sent; they stand at the top of the page.
            facts: what the template names.
        """
        session, actor = getattr(request.state, "session", None), getattr(request.state, "actor", None)
        works = actor is not None and any(each.role in STAFF for each in actor.grants)

        def token() -> Markup:
            held = cookies.read(request, cookies.SESSION) or browser_of(request)
            return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN, token_for(held))

        template = self._environment.get_template(f"{page}.html")
        before = _FAULTS.set(faults)
        try:
            text = template.render(
                session=session,
                works=works,
                token=token,
                faults=faults,
                language=spoken().code,
                languages=self._languages,
                **facts,
            )
        finally:
            _FAULTS.reset(before)
        return with_browser(request, HTMLResponse(text, status))


def _faults_at(field: str) -> list[Problem]:
    """What is wrong with a field of the form."""
    return [each for each in _FAULTS.get() if each.field == field]


def browser_of(request: Request) -> str:
    """The secret of the visitor's browser: from its cookie, or a new one that goes with the answer."""
    held = cookies.read(request, cookies.BROWSER) or getattr(request.state, "browser", "")
    if not held:
        held = request.state.browser = cookies.new_secret()
    return held


def with_browser(request: Request, response: Response) -> Response:
    """Gives the browser its cookie with an answer, if a new secret was made for it."""
    made = getattr(request.state, "browser", "")
    if made:
        cookies.put(response, cookies.BROWSER, made)
    return response
