"""Interests: which applicants are pointed out as likely to be known, and what the record says of declarations."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from domain.judging.interests import Declared, Declarer, declared_in_words, likely_in_words

ANN = Declarer(
    name="Ann Orr-Taylor",
    addresses=("ann.orr@Sepa.example", "ann@gmail.com"),
    bodies=("Scottish Environment Protection Agency",),
)
DOMAIN, NAME, BODY = "the same domain of address", "a name like yours", "the name of your organisation"


@pytest.mark.parametrize(
    ("organisation", "email", "reasons"),
    [
        ("Tay Sensors", "team@tay.example", ()),
        ("Tay Sensors", "team@sepa.example", (DOMAIN,)),
        ("Tay Sensors", "team@SEPA.EXAMPLE", (DOMAIN,)),
        ("Tay Sensors", "team@labs.sepa.example", (DOMAIN,)),
        ("Tay Sensors", "team@notsepa.example", ()),
        ("Tay Sensors", "team@example", ()),
        ("Tay Sensors", "team@gmail.com", ()),
        ("Tay Sensors", "ANN@gmail.com", ("your own address",)),
        ("Ann Orr-Taylor", "ann@private.example", (NAME,)),
        ("ANN ORR TAYLOR LTD", "ann@private.example", (NAME,)),
        ("Ann Orr-Tayler", "ann@private.example", (NAME,)),
        ("Taylor & Sons", "info@sons.example", (NAME,)),
        ("Taylorson", "info@sons.example", ()),
        ("The Scottish Environment Protection Agency", "x@other.example", (BODY,)),
        ("Scotish Environment Protection Agency Ltd", "x@other.example", (BODY,)),
        ("SEPA Labs", "ann@sepa.example", (DOMAIN,)),
        ("", "team@tay.example", ()),
        ("🏴", "not an address", ()),
    ],
)
def test_applicants_are_pointed_out_by_address_and_name(
    organisation: str, email: str, reasons: tuple[str, ...]
) -> None:
    assert ANN.likely(organisation, email) == reasons


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "Googlemail.com", "yahoo.co.uk", "hotmail.fr", "outlook.com", "gmx.net", "me.com", "proton.me"],
)
def test_a_public_mail_provider_says_nothing(domain: str) -> None:
    assert Declarer(name="Bo", addresses=(f"bo@{domain}",)).likely("Tay Sensors", f"tay@{domain}") == ()


def test_a_former_address_counts() -> None:
    assert Declarer(name="Bo", addresses=("bo@new.example", "bo@old.example")).likely("T", "t@old.example") == (DOMAIN,)


@pytest.mark.parametrize("name", ["Ng", "Bo Ng", "Programme office"])
def test_a_short_or_general_word_of_a_name_points_at_nobody(name: str) -> None:
    assert Declarer(name=name, addresses=("bo@body.example",)).likely("Ng Sensors", "t@tay.example") == (
        (NAME,) if name == "Ng" else ()
    )


def test_the_record_says_for_whom_and_never_what() -> None:
    declared = [
        Declared(application="a-1"),
        Declared(application="a-2", what="My sister works there.", conflict=True),
        Declared(application="a-3", what="I met them."),
        Declared(application="a-4"),
    ]
    text = declared_in_words("ann", declared)
    assert text == "ann declares no interest in a-1 and a-4, an interest in a-3 and a conflict of interest with a-2"


def test_the_record_names_ten_of_many() -> None:
    text = declared_in_words("ann", [Declared(application=f"a-{number}") for number in range(1_011)])
    assert text.endswith("a-9 and 1,001 more")
    assert len(text) < 200
    assert "a-9 and 5 more" in likely_in_words("ann", "r/c", [f"a-{number}" for number in range(15)])


def test_a_conflict_needs_words_and_words_are_kept_on_one_line() -> None:
    with pytest.raises(ValidationError, match="needs words"):
        Declared(application="a-1", what=" \n", conflict=True)
    assert Declared(application="a-1", what="My\nsister.\0", conflict=True).what == "My sister."
