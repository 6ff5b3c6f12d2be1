"""Every word of pages and letters goes through the catalogues, and a catalogue that lacks something is found."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import Environment

from domain.announcements.occasions import GLOSSARY, Occasion, facts_of
from domain.values.refusals import FileRefused
from gateways.messaging.letters import FOLDER, Letters
from service.languages import FOLDER as CATALOGUES
from service.languages import languages_of
from tests.pseudo import PSEUDO, bare_in_code, bare_in_page, bare_in_script, in_english
from tests.words import ROOT, renewed, texts, wrong

PAGES = sorted((ROOT / "console" / "pages").rglob("*.html"))
NOT_ON_PAGES = ("console/api/", "console/codec.py", "console/visitors.py")
"""What programs get, what staff read in Temporal's UI, and the names of browsers."""
CODE = sorted(
    path for path in (ROOT / "console").rglob("*.py") if not path.relative_to(ROOT).as_posix().startswith(NOT_ON_PAGES)
)
SCRIPTS = sorted((ROOT / "console" / "static").glob("*.js"))
ENVIRONMENT = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)


@pytest.fixture(scope="module")
def template() -> Catalog:
    """All texts."""
    return texts()


# --- What goes past the catalogues ---------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_has_no_words_that_cannot_be_translated(page: Path) -> None:
    assert bare_in_page(page.read_text(encoding="utf-8"), ENVIRONMENT) == []


@pytest.mark.parametrize("module", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_of_pages_has_no_words_that_cannot_be_translated(module: Path) -> None:
    assert bare_in_code(module.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_has_no_words_of_its_own(script: Path) -> None:
    assert bare_in_script(script.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("occasion", Occasion)
def test_a_letter_has_no_words_that_cannot_be_translated(occasion: Occasion) -> None:
    """Fails when a line of a letter is no text of the catalogue. Facts are left out: they are filled in."""
    facts = {name: f"<{name}>" for name in GLOSSARY if name in facts_of(occasion)}
    letter = Letters(words=PSEUDO.words).compose(occasion, facts)

    assert not re.search(r"[A-Za-z]", re.sub(r"<\w+>", "", f"{letter.subject}\n{letter.body}"))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Sign in</p>", ["Sign in"]),
        ("{% if a %}<p>{{ b }}</p>{% else %}Never{% endif %}", ["Never"]),
        ("{% macro m() %}{% call(x) other() %}Inside{% endcall %}{% endmacro %}", ["Inside"]),
        ('<a href="/x" title="More of {{ a }}">{{ b }}</a>', ["More of"]),
        ('<input type="submit" value="Send"><input type="text" value="{{ a }}">', ["Send"]),
        ("{{ field('name', 'Your name') }}", ["Your name"]),
        ("{{ 'Error' if a else b }}", ["Error"]),
        ("{{ field('name', _('Your name')) }}{% trans %}Sign in{% endtrans %} – 12", []),
        ("{% trans n=3 %}one{% pluralize %}{{ n }} many{% endtrans %}", []),
        ("{% if a == 'Other Thing' %}{% endif %}<script>const a = 1</script>", []),
    ],
)
def test_words_are_found_wherever_they_stand_in_a_page(source: str, found: list[str]) -> None:
    assert bare_in_page(source, ENVIRONMENT) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("heading = 'Sign in'", ["Sign in"]),
        ("text = f'You have {number}'", ["You have "]),
        ("raise HTTPException(403, 'This is too old.')", ["This is too old."]),
        ("gettext('Sign in'); ngettext('A day', 'Days of {n}', 3)", []),
        ("log.info('Something broke'); raise ValueError('This is a bug')", []),
        ("def f() -> None:\n    '''Says nothing.'''", []),
    ],
)
def test_words_are_found_wherever_they_stand_in_code(source: str, found: list[str]) -> None:
    assert bare_in_code(source) == found


def test_words_are_found_in_a_script() -> None:
    assert bare_in_script('// "Not this"\nstatus.textContent = "Not saved: try again";') == ["Not saved: try again"]
    assert bare_in_script('document.querySelector("[data-say]"); throw new Error(`x`)') == []


def test_the_pseudo_language_keeps_what_is_filled_in() -> None:
    words = PSEUDO.words
    assert words.gettext("Signed in as <b>%(name)s</b>") == "Śíĝñéð íñ áś <b>%(name)s</b>"
    assert words.gettext("{{ stage }} ends: {% if a %}x{% endif %}") == "{{ stage }} éñðś: {% if a %}ẋ{% endif %}"
    assert words.ngettext("{number} day", "{number} days", 2) == "{number} ðáýś"
    assert words.gettext("EEEE d MMMM y") == "EEEE d MMMM y"
    assert in_english("<p title='Ĥáľƒ'>Half</p>") == ["Half"]


# --- Catalogues ------------------------------------------------------------------------------------------------------


def test_the_texts_of_pages_code_and_letters_are_found(template: Catalog) -> None:
    """Fails when one of the places is not looked at any more."""
    places = {location[0].partition("/")[0] for message in template for location in message.locations}

    assert {"console", "letters"} <= places
    assert template.get("EEEE d MMMM y").auto_comments  # type: ignore[union-attr]
    assert template.get("About: {{ question }} ({{ challenge }})") is not None
    assert template.get("On hold: {{ question }}") is not None


def test_every_catalogue_is_whole(template: Catalog) -> None:
    catalogues = {path: read_po(BytesIO(path.read_bytes())) for path in CATALOGUES.rglob("*.po")}

    assert {path: faults for path, each in catalogues.items() if (faults := list(wrong(each, template)))} == {}


def test_a_new_language_has_all_texts_and_speaks_once_they_are_translated(tmp_path: Path, template: Catalog) -> None:
    path = renewed("gd", template, tmp_path)
    text = path.read_text(encoding="utf-8")
    assert len(list(wrong(read_po(BytesIO(path.read_bytes())), template))) == len(template)

    for english, gaelic in (
        ("On hold: {{ question }}", "Air stad: {{ question }}"),
        ("About: {{ question }} ({{ challenge }})", "Mu: {{ question }} ({{ challenge }})"),
    ):
        assert f'msgid "{english}"\nmsgstr ""' in text
        text = text.replace(f'msgid "{english}"\nmsgstr ""', f'msgid "{english}"\nmsgstr "{gaelic}"')
    path.write_text(text, encoding="utf-8")
    (gaelic_,) = languages_of("gd", tmp_path)
    letter = Letters(words=gaelic_.words).preview(Occasion.HELD)

    assert letter.subject.startswith("Air stad: How can we")
    assert letter.body.splitlines()[:3] == [
        "Mu: How can we help improve air quality in urban areas? (pilot-2016/air-quality)",
        "",
        "The challenge is on hold.",
    ]
    assert renewed("gd", template, tmp_path).read_text(encoding="utf-8").count("Air stad") == 1


def test_a_translation_that_would_break_a_letter_is_refused_at_the_start(tmp_path: Path, template: Catalog) -> None:
    path = renewed("gd", template, tmp_path)
    text = path.read_text(encoding="utf-8").replace(
        'msgid "On hold: {{ question }}"\nmsgstr ""', 'msgid "On hold: {{ question }}"\nmsgstr "{{ ceist }}"'
    )
    path.write_text(text, encoding="utf-8")

    with pytest.raises(FileRefused, match=re.escape(f"{FOLDER / 'held.txt'}: line 1: ceist is not a fact")):
        Letters(words=languages_of("gd", tmp_path)[0].words)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda catalogue: catalogue.delete("Sign in as {name}"), "is not translated: Sign in as {name}"),
        (lambda catalogue: catalogue.add("Gone", "Away"), "is not used any more: Gone"),
        (lambda catalogue: setattr(catalogue.get("Sign in as {name}"), "string", "Toi"), "has no {name}: Toi"),
        (
            lambda catalogue: setattr(catalogue.get("Sign in as {name}"), "string", "{name} {nom}"),
            "has a placeholder that is none, {nom}: {name} {nom}",
        ),
        (lambda catalogue: catalogue.get("Sign in as {name}").flags.add("fuzzy"), "is not translated: Sign in as"),
    ],
)
def test_what_is_wrong_with_a_catalogue_is_said(spoil: object, said: str) -> None:
    template, catalogue = Catalog(), Catalog(locale="fr")
    template.add("Sign in as {name}")
    template.add(("one day", "{number} days"))
    catalogue.add("Sign in as {name}", "Signer comme {name}")
    catalogue.add(("one day", "{number} days"), ("{number} jour", "{number} jours"))
    assert list(wrong(catalogue, template)) == []

    assert callable(spoil)
    spoil(catalogue)
    (line,) = wrong(catalogue, template)
    assert line.startswith(said)
