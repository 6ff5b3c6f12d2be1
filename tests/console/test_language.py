"""In which language a page speaks, and that what stands between it and browsers can tell."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from console.language import Speaking, switches
from domain.values.refusals import FileRefused
from domain.values.words import ENGLISH, AsWritten, Language, gettext, ngettext, spoken
from service.languages import languages_of, place_of


class Gaelic(AsWritten):
    """Two words."""

    def gettext(self, message: str, /) -> str:
        return {"Sign in": "Clàraich a-steach"}.get(message, message)


LANGUAGES = (ENGLISH, Language("gd", Gaelic()))


async def says(request: Request) -> Response:
    return PlainTextResponse(f"{spoken().code}: {gettext('Sign in')}")


async def asked(path: str = "/", languages: tuple[Language, ...] = LANGUAGES, **headers: str) -> httpx2.Response:
    app = Speaking(Starlette(routes=[Route("/", says)]), languages)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as client:
        return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ("", "en"),
        ("gd", "gd"),
        ("gd-GB, en;q=0.8", "gd"),
        ("en;q=0.5, gd;q=0.9", "gd"),
        ("fr, de;q=0.7", "en"),
        ("gd;q=0, en", "en"),
        ("gd;q=x", "en"),
        (", ;q=;;, " * 50, "en"),
    ],
)
async def test_a_page_speaks_as_the_browser_asks(wishes: str, code: str) -> None:
    answer = await asked(accept_language=wishes)

    assert answer.text.startswith(f"{code}: ")
    assert answer.headers["content-language"] == code
    assert "set-cookie" not in answer.headers


async def test_a_language_that_was_chosen_stays_chosen() -> None:
    """Fails when the choice is not remembered, or counts less than what the browser asks for."""
    answer = await asked("/?lang=gd", accept_language="en")
    assert answer.text == "gd: Clàraich a-steach"

    kept = answer.headers["set-cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(kept.split("; "))
    assert (await asked(accept_language="en", cookie=kept.partition(";")[0])).text.startswith("gd: ")
    assert (await asked("/?lang=en", cookie=kept.partition(";")[0])).text == "en: Sign in"


@pytest.mark.parametrize("choice", ["xx", "", "%00%ff", "gd%0d%0aset-cookie:a=b"])
async def test_a_choice_that_is_none_changes_nothing(choice: str) -> None:
    answer = await asked(f"/?lang={choice}")

    assert answer.text == "en: Sign in"
    assert "set-cookie" not in answer.headers


async def test_copies_are_told_apart_only_where_there_are_several_languages() -> None:
    """Fails when a copy in one language would be given to all, or when one language is kept in many copies."""
    assert (await asked()).headers["vary"] == "accept-language, cookie"

    alone = await asked("/?lang=gd", (ENGLISH,), accept_language="gd")
    assert (alone.text, alone.headers.get("vary"), alone.headers.get("set-cookie")) == ("en: Sign in", None, None)


def test_a_language_names_itself() -> None:
    assert switches(LANGUAGES) == {"en": "English", "gd": "Gàidhlig"}
    assert switches((ENGLISH,)) == {}


PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "Sign in"
msgstr "Se connecter"

msgid "{number} day"
msgid_plural "{number} days"
msgstr[0] "{number} jour"
msgstr[1] "{number} jours"
"""


def test_a_catalogue_is_read_with_its_plural_forms(tmp_path: Path) -> None:
    place_of("fr", tmp_path).parent.mkdir(parents=True)
    place_of("fr", tmp_path).write_text(PO, encoding="utf-8")

    french, english = languages_of("fr, en,fr", tmp_path)

    assert (french.code, english.code) == ("fr", "en")
    assert french.words.gettext("Sign in") == "Se connecter"
    assert french.words.gettext("Sign out") == "Sign out"
    assert french.words.ngettext("{number} day", "{number} days", 0) == "{number} jour"
    assert english.words.gettext("Sign in") == "Sign in"
    assert ngettext("one", "many", 0) == "many"


@pytest.mark.parametrize(("text", "said"), [(None, "names gd, and there is no file"), ("msgid x\n", "cannot be read")])
def test_a_language_without_a_catalogue_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        place_of("gd", tmp_path).parent.mkdir(parents=True)
        place_of("gd", tmp_path).write_text(text, encoding="utf-8")

    with pytest.raises(FileRefused, match=said):
        languages_of("en,gd", tmp_path)
