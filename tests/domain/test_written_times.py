"""Every part of a written date or time counts or is refused, and what the service shows can be typed back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import Date, Instant

from commands.terminal import when
from domain.challenges.decisions import Extend
from domain.challenges.messages import make
from domain.values.calendar import moment, opening, spoken
from domain.values.refusals import NotReadable
from domain.values.written_times import read_day
from tests.domain.moments import instants, zones

EDINBURGH = "Europe/London"
ARABIC, DEVANAGARI, FULL_WIDTH = "٢٠٢٧-٠٧-٠٦", "२०२७-०७-०६", "２０２７-07-06"


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2027-07-06T14:00[Europe/London]", "2027-07-06T13:00Z"),
        ("2027-07-06T14:00[Asia/Tokyo]", "2027-07-06T05:00Z"),
        ("2027-07-06T14:00+01:00[Europe/London]", "2027-07-06T13:00Z"),
        ("2027-07-06T14:00Z[Asia/Tokyo]", "2027-07-06T14:00Z"),  # RFC 9557: Z says nothing of the local clock
        ("2027-07-06[Asia/Tokyo]", "2027-07-06T15:00Z"),
        ("2027-07-06T24:00", "2027-07-06T23:00Z"),
        ("2027-07-06 24:00:00", "2027-07-06T23:00Z"),
        ("2027-07-06T24:00+02:00", "2027-07-06T22:00Z"),
        ("2027-07-06 24:00 BST", "2027-07-06T23:00Z"),
        ("end of 2027-07-06 BST", "2027-07-06T23:00Z"),
        ("Tuesday 6 July 2027, 24:00 BST", "2027-07-06T23:00Z"),
        ("6 July 2027", "2027-07-06T23:00Z"),
        ("2016-10-30 01:30 BST", "2016-10-30T00:30Z"),
        ("2016-10-30 01:30 GMT", "2016-10-30T01:30Z"),
    ],
)
def test_every_part_that_is_written_counts(written: str, instant: str) -> None:
    assert moment(written, EDINBURGH) == Instant(instant)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("2027-07-06T14:00+05:00[Europe/London]", r"Europe/London does not have then.*the offset there is \+01:00"),
        ("2027-07-06T14:00[Nowhere/Atall]", "Nowhere/Atall is not a time zone: write one"),
        ("2027-07-06T14:00[]", "empty brackets: write"),
        ("2027-07-06T14:00[u-ca=japanese]", "is not a time zone: write"),
        ("2027-07-06T14:00[Europe/London][u-ca=japanese]", "is not a date or time: write"),
        ("2027-07-06 14:00 GMT", "whose clock is BST then: write"),
        ("2027-07-06T14:00+02:00 BST", "BST is another: write"),
        ("2027-07-06T14:00:60", "second 60: write second 59"),
        ("2027-07-06T23:59:60Z", "second 60: write second 59"),
        ("2027-07-06T24:00:01", "no time of day that exists: write"),
        ("2027-07-06T14:00+30:00", "offset that no clock has: write"),
        ("Monday 6 July 2027, 14:00", "2027-07-06 is a Tuesday: write"),
        (ARABIC, "is not a date or time: write"),
        (DEVANAGARI, "is not a date or time: write"),
        (FULL_WIDTH, "is not a date or time: write"),
        ("2027-07-06T1４:00", "is not a date or time: write"),
        ("2" * 100_000, "is not a date or time: write"),
    ],
)
def test_a_part_that_means_nothing_is_refused_and_never_dropped(written: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as refused:
        moment(written, EDINBURGH)
    assert len(str(refused.value)) < 400
    with pytest.raises(ValueError, match=": write"):
        opening(written, EDINBURGH)


@given(instants(), zones(), st.booleans())
def test_what_the_service_shows_can_be_typed_back(instant: Instant, zone: str, begins: bool) -> None:
    """Fails when midnight is read as another day than it is shown."""
    whole = instant.round("minute", mode="floor")
    assert moment(spoken(whole, zone, begins=begins), zone) == whole
    assert moment(when(whole, zone, begins=begins), zone) == whole


def test_an_opening_on_a_date_alone_is_shown_on_that_date() -> None:
    opens = opening("2027-04-09", EDINBURGH)
    assert spoken(opens, EDINBURGH, begins=True) == "Friday 9 April 2027, 00:00 BST"
    assert when(opens, EDINBURGH, begins=True) == "2027-04-09 00:00 BST"
    assert spoken(moment("2027-04-09", EDINBURGH), EDINBURGH) == "Friday 9 April 2027, 24:00 BST"
    assert opening("2027-04-09T24:00", EDINBURGH) == moment("2027-04-09", EDINBURGH)


@pytest.mark.parametrize("written", ["2027-07-06T14:00", ARABIC, "2027-07-06[Europe/London]", "end of 2027-07-06 BST"])
def test_a_day_is_only_a_day(written: str) -> None:
    assert read_day(" 2027-07-06 ") == Date(2027, 7, 6)
    with pytest.raises(ValueError, match=": write"):
        read_day(written)


@pytest.mark.parametrize(
    "closes",
    [
        "2027-08-09T23:00:60Z",
        "2027-08-09T23:00+05:00[Europe/London]",
        "2027-08-09T23:00Z[Nowhere/Atall]",
        "2027-08-09T23:00",
        "2027-08-09",
        f"{ARABIC}T23:00Z",
    ],
)
def test_an_instant_in_a_message_is_read_by_the_same_reader(closes: str) -> None:
    """Fails when the library reads the message: it makes second 60 into 59."""
    with pytest.raises(NotReadable, match="closes"):
        make("extend", {"by": "sepa", "closes": closes})
    good = Extend.model_validate_json('{"by": "sepa", "closes": "2027-08-09T24:00+01:00[Europe/London]"}')
    assert good.closes == Instant("2027-08-09T23:00Z")
