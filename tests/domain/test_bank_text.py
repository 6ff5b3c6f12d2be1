"""What banks carry of a text: the characters of each scheme, no pictures, and nothing that begins a field."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payments.bank_text import BACS, BRITISH_IBAN, SEPA, Characters, bank_text


def test_a_text_for_a_british_iban_fits_bacs_and_sepa() -> None:
    """Fails when one of the two schemes lacks a sign: no bank says which of them it takes."""
    assert bank_text("Smith & Sons+Co (O'Brien), Ltd.", BRITISH_IBAN, 70) == "SMITH AND SONS AND CO OBRIEN LTD."


ALLOWED = {BACS: re.compile(r"[A-Z0-9./& -]*"), SEPA: re.compile(r"[A-Za-z0-9/?:().,'+ -]*")}


@pytest.mark.parametrize(
    ("text", "bacs", "sepa"),
    [
        ("Smith & Sons Ltd", "SMITH & SONS LTD", "Smith + Sons Ltd"),
        ("Smith + Sons Ltd", "SMITH & SONS LTD", "Smith + Sons Ltd"),
        ("Café Zoë", "CAFE ZOE", "Cafe Zoe"),
        ("Łódź & Søn", "LODZ & SON", "Lodz + Son"),
        ("O'Brien (Tay) Ltd.", "OBRIEN TAY LTD.", "O'Brien (Tay) Ltd."),
        ("Luft_über [Köln]", "LUFT-UBER KOLN", "Luft-uber (Koln)"),
        ("£5 for “air”", "GBP5 FOR AIR", "GBP5 for 'air'"),
        ("空気", "KONGQI", "KongQi"),
        ("a\t b\n\x85c", "A B C", "a b c"),
        ("//a// /b/", "A/B", "a/b"),
        ("x" * 69 + " yz", "X" * 69, "x" * 69),
        (": -Ada", "ADA", "Ada"),
        ("🚀 Rocket Ltd 🏴\u200d☠️", "ROCKET LTD", "Rocket Ltd"),
        ("Ada ❤️ Bob ↔ Co™", "ADA BOB CO", "Ada Bob Co"),
        ("Ada\u200b\u202eBob", "ADABOB", "AdaBob"),
    ],
)
def test_text_is_written_in_the_characters_of_the_scheme(text: str, bacs: str, sepa: str) -> None:
    assert (bank_text(text, BACS, 70), bank_text(text, SEPA, 70)) == (bacs, sepa)


@pytest.mark.parametrize(
    "text", ["", "#^%", "🚀", "👍🏽", "🇬🇧", "❤️", "↔", "◼", "&", "...", "-", ":", "\ue000", "\u0a72\u0a72"]
)
@pytest.mark.parametrize("characters", [BACS, SEPA])
def test_a_text_without_a_letter_or_a_digit_is_empty(text: str, characters: Characters) -> None:
    """Fails when the name of a picture stands for the picture."""
    assert bank_text(text, characters, 70) == ""


@given(st.text(max_size=200), st.sampled_from([BACS, SEPA]), st.sampled_from([18, 35, 70, 140]))
def test_no_text_leaves_the_characters_of_a_scheme_or_begins_a_field(
    text: str, characters: Characters, longest: int
) -> None:
    """Fails when a line of 35 characters begins with a hyphen or a colon."""
    words = bank_text(text, characters, longest)
    assert ALLOWED[characters].fullmatch(words)
    assert len(words) <= longest
    assert "//" not in words
    assert words == words.strip(" /")
    assert not any(line.startswith((":", "-")) for line in re.findall(".{1,35}", words))


@pytest.mark.parametrize("start", range(30, 40))
def test_a_hyphen_at_the_beginning_of_a_line_is_left_out(start: int) -> None:
    words = bank_text("a" * start + "-:b" * 30, SEPA, 140)
    assert not any(line.startswith((":", "-")) for line in re.findall(".{1,35}", words))
