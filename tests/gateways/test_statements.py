"""Statements and notices of entries: what they say moved, when, and under which names; and which are turned away."""

from __future__ import annotations

import pytest
from whenever import Date, Instant

from domain.payments.rails import Progress
from domain.payments.statements import Movement, Statement
from domain.values.money import Money
from domain.values.refusals import FileRefused
from gateways.banking.bank_files import read_bank_file
from tests.gateways.statement import VERSIONS, Entry, Part, end_to_end, statement
from tests.gateways.status_report import Said, many, status_report, written

ZONE = "Europe/London"
SETTLED, RETURNED = Progress.SETTLED, Progress.RETURNED
PAID = Part(end_to_end("R7-A"), "2400.00 GBP")
BACK = Part(end_to_end("R7-B"), "15000.00 GBP", returned="AC04", note="12345678 Ada")


def read(xml: bytes) -> Statement:
    [found] = read_bank_file(xml, ZONE).statements
    return found


def movement(*entries: Entry) -> Movement:
    [found] = read(statement(*entries)).movements
    return found


@pytest.mark.parametrize("name", VERSIONS)
def test_every_version_tells_what_left_what_came_back_and_what_is_not_booked(name: str) -> None:
    found = read(
        statement(
            Entry(parts=[PAID]),
            Entry("15000.00 GBP", [BACK], credit=True),
            Entry(parts=[PAID, PAID], status="PDNG"),
            Entry(status="INFO"),
            name=name,
        )
    )

    assert (found.id, found.made_at, found.pending) == ("ST-1", Instant.from_utc(2026, 2, 3, 6), 3)
    paid, back = found.movements
    assert (paid.progress, paid.ids, paid.amounts[0]) == (SETTLED, ("R7-A",), ("GBP", Money.parse("2400")))
    assert (back.progress, back.ids, back.amounts[0]) == (RETURNED, ("R7-B",), ("GBP", Money.parse("15000")))
    assert (paid.reason, back.reason) == ("", "the account is closed")
    assert {paid.booked_on, back.booked_on} == {Date(2026, 2, 2)}


@pytest.mark.parametrize(
    ("entry", "progress"),
    [
        (Entry(), SETTLED),
        (Entry(parts=[PAID]), SETTLED),
        (Entry(reverses="false"), SETTLED),
        (Entry(parts=[Part(end_to_end("A"), "1.00 GBP", credit=False)]), SETTLED),
        (Entry(credit=True), RETURNED),
        (Entry(credit=True, reverses="true"), RETURNED),
        (Entry(credit=True, reverses=" 1 "), RETURNED),
        (Entry(credit=True, code="RTN"), RETURNED),
        (Entry(credit=True, parts=[BACK]), RETURNED),
        (Entry(credit=True, parts=[Part(end_to_end("A"), "1.00 GBP", returned="")]), RETURNED),
        # Money that the bank takes back again is neither: a person finds out.
        (Entry(reverses="true"), None),
        (Entry(reverses=" 1 "), None),
        (Entry(parts=[BACK]), None),
        # A movement inside an entry has its own direction.
        (Entry(parts=[Part(end_to_end("A"), "1.00 GBP", credit=True)]), RETURNED),
    ],
)
def test_money_that_leaves_and_money_that_comes_in_are_told_apart(entry: Entry, progress: Progress | None) -> None:
    """Fails where a mark is waited for that not all banks make, or where a mark is passed over."""
    assert movement(entry).progress is progress


def test_a_batch_has_a_movement_for_each_payment_with_its_own_amount_and_name() -> None:
    """Fails where the sum of a batch, or its last payment, counts for all."""
    parts = [Part(end_to_end(name), amount) for name, amount in (("A", "1.00 GBP"), ("B", "2.50 GBP"))]
    one, other = read(statement(Entry("3.50 GBP", parts, note="B"))).movements

    assert (one.ids, one.amounts) == (("A",), (("GBP", Money.parse("1.00")),))
    assert (other.ids, other.amounts) == (("B",), (("GBP", Money.parse("2.50")),))
    assert one.texts == other.texts == ()


def test_what_an_entry_says_is_said_of_its_only_payment() -> None:
    [found] = read(
        statement(
            Entry("5.00 GBP", [Part(remittance="our text", note="more")], ref="N-1", note="the\n bank's"),
            name=VERSIONS[0],
        )
    ).movements

    assert found.texts == ("our text", "more", "N-1", "the bank's")
    assert found.amounts == (("GBP", Money.parse("5.00")),)


def test_ids_come_in_the_order_in_which_they_are_looked_at_and_lost_ones_are_left_out() -> None:
    refs = "<MsgId>RUN-1</MsgId><InstrId>I-1</InstrId><EndToEndId>E-1</EndToEndId><TxId>T-1</TxId>"
    lost = refs.replace("E-1", " Not provided ")

    assert movement(Entry(parts=[Part(refs, "1.00 GBP")])).ids == ("E-1", "I-1", "T-1")
    assert movement(Entry(parts=[Part(lost, "1.00 GBP")])).ids == ("I-1", "T-1")


def test_an_entry_without_ids_may_name_a_whole_file() -> None:
    booked = "<MsgId>RUN-1</MsgId><PmtInfId>RUN-1</PmtInfId>"

    assert movement(Entry(parts=[Part(booked, "1.00 GBP")])).files == ("RUN-1",)
    assert movement(Entry(parts=[Part(booked + end_to_end("A"), "1.00 GBP")])).files == ()


@pytest.mark.parametrize(
    ("amounts", "is_it"),
    [
        (Part(end_to_end("A"), "2400.00 GBP"), True),
        (Part(end_to_end("A"), " 2400.00000 GBP"), True),
        (Part(end_to_end("A"), "2400.00 EUR"), False),
        (Part(end_to_end("A"), "2400.005 GBP"), False),
        # The bank converts, or adds its charges, and says what it was asked to pay.
        (Part(end_to_end("A"), "2800.00 EUR", instructed="2400.00 GBP"), True),
        (Part(end_to_end("A"), "2405.00 GBP", instructed="2400.00 GBP"), True),
    ],
)
def test_the_amount_is_the_one_that_was_asked_for_in_its_currency(amounts: Part, is_it: bool) -> None:
    """Fails where pence without their currency are compared."""
    assert movement(Entry("9.99 EUR", [amounts])).is_of(Money.parse("2400"), "GBP") is is_it


def test_a_part_that_came_back_is_not_the_payment_that_came_back() -> None:
    """Fails where what was asked for counts as what came in."""
    back = Part(end_to_end("A"), "2390.00 GBP", instructed="2400.00 GBP", returned="AC04")

    assert not movement(Entry("2390.00 GBP", [back], credit=True)).is_of(Money.parse("2400"), "GBP")
    [old] = read(statement(Entry("2390.00 GBP", [back], credit=True), name=VERSIONS[0])).movements
    assert not old.is_of(Money.parse("2400"), "GBP")


@pytest.mark.parametrize(
    ("booked", "made", "on", "at"),
    [
        ("2026-02-02T10:11:12Z", "2026-02-03T06:00:00Z", Date(2026, 2, 2), "2026-02-02T10:11:12Z"),
        ("2026-07-01T23:30:00Z", "2026-07-03T06:00:00Z", Date(2026, 7, 2), "2026-07-01T23:30:00Z"),
        ("2026-07-01T10:00:00", "2026-07-03T06:00:00Z", Date(2026, 7, 1), "2026-07-01T09:00:00Z"),
        # A day alone has passed by its end, or by the moment on it at which the bank made the statement.
        ("2026-07-01", "2026-07-02T06:00:00Z", Date(2026, 7, 1), "2026-07-01T22:59:59Z"),
        (" 2026-07-01+01:00 ", "2026-07-02T06:00:00Z", Date(2026, 7, 1), "2026-07-01T22:59:59Z"),
        ("2026-07-01", "2026-07-01T14:00:00Z", Date(2026, 7, 1), "2026-07-01T14:00:00Z"),
        ("2026-07-01", "2026-07-01T00:00:00+01:00", Date(2026, 7, 1), "2026-07-01T22:59:59Z"),
        ("2026-07-01T00:00:00", "2026-07-02T06:00:00Z", Date(2026, 7, 1), "2026-07-01T22:59:59Z"),
        ("2026-06-30T24:00:00", "2026-07-02T06:00:00Z", Date(2026, 6, 30), "2026-06-30T22:59:59Z"),
        ("", "2026-07-01T23:30:00Z", Date(2026, 7, 2), "2026-07-01T23:30:00Z"),
    ],
)
def test_an_entry_has_the_time_at_which_it_was_booked(booked: str, made: str, on: Date, at: str) -> None:
    [found] = read(statement(Entry(booked=booked), made=made)).movements

    assert (found.booked_on, found.at) == (on, Instant.parse_iso(at))


@pytest.mark.parametrize(
    ("booked", "by_day"),
    [
        *((day, True) for day in ("2026-02-02", "2026-02-02T00:00:00Z", "2026-02-02T24:00:00", "")),
        *((moment, False) for moment in ("2026-02-02T00:00:01Z", "2026-02-02T15:00:00")),
    ],
)
def test_an_entry_tells_whether_the_bank_gives_only_its_day(booked: str, by_day: bool) -> None:
    assert movement(Entry(booked=booked)).by_day is by_day


@pytest.mark.parametrize("booked", ["2026-02-02", "2026-02-02T10:00:00Z", ""])
def test_what_left_and_came_back_on_one_day_came_back_later(booked: str) -> None:
    """Fails where the two have one moment, and nobody can tell which of them counts."""
    back, left = read(statement(Entry(booked=booked, credit=True), Entry(booked=booked))).movements

    assert left.at < back.at
    assert left.booked_on == back.booked_on


def test_the_account_is_the_one_that_the_bank_names() -> None:
    found = read(statement(account="<Othr><Id>55779911</Id></Othr>", bank="200000"))
    assert (found.account, found.bank) == ("55779911", "200000")
    assert read(statement()).account == "GB16LOYD20000055779911"


def test_an_id_that_holds_the_account_number_is_masked() -> None:
    """People who see no account numbers see the id of a statement."""
    ids = ("ST-20260202", "55779911-20260202", "GB16LOYD20000055779911/7")
    assert [read(statement(id=each)).id for each in ids] == ["ST-20260202", "••••", "••••/7"]


def test_words_of_the_bank_are_masked() -> None:
    """Account numbers stay out of whatever shows these words."""
    noted = statement(Entry(parts=[BACK], credit=True)).replace(
        b"</Rsn>", b"</Rsn><AddtlInf>12345678 is closed</AddtlInf>"
    )
    [found] = read(noted).movements
    assert "is closed" in found.words
    assert "12345678" not in found.words


GOOD = statement(Entry(parts=[PAID]))


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        (
            GOOD.replace(b"053.001.08", b"053.001.01"),
            r"is camt\.053\.001\.01, .* camt\.053\.001\.02 to camt\.053\.001\.14",
        ),
        (GOOD.replace(b"053.001.08", b"053.001.99"), r"is camt\.053\.001\.99, which this service cannot read"),
        (GOOD.replace(b"053.001.08", b"052.001.08"), r"is camt\.052\.001\.08: choose a status report \(pain\.002\)"),
        (written(many(1)), r"is pain\.001\.001\.09: choose a status report"),
        (GOOD.replace(b"<Id>ST-1</Id>", b""), r"does not fit camt\.053\.001\.08, see line 2, CreDtTm"),
        (GOOD.replace(b">DBIT<", b">BOTH<"), r"does not fit camt\.053\.001\.08, see line 3, CdtDbtInd"),
        (GOOD.replace(b"2400.00<", b"-2400.00<"), r"does not fit camt\.053\.001\.08, see line 3, Amt"),
        (GOOD.replace(b"06:00:00Z", b"06:00:60Z"), r"does not fit camt\.053\.001\.08, see line 2, CreDtTm"),
        (
            GOOD.replace(b"<Dt>2026-02-02</Dt></BookgDt>", b"<Dt>12026-02-02</Dt></BookgDt>"),
            "ST-1 has the time '12026-",
        ),
        (GOOD.replace(b"2026-02-03T", b"12026-02-03T"), "ST-1 has the time '12026-.*nobody can place: ask the bank"),
    ],
)
def test_what_is_no_such_statement_is_turned_away_with_what_to_do(xml: bytes, says: str) -> None:
    with pytest.raises(FileRefused, match=says) as refused:
        read_bank_file(xml, ZONE)
    assert "\n" not in str(refused.value)


def test_reports_and_statements_in_one_envelope_are_all_read_and_the_rest_is_said() -> None:
    inside = [
        status_report({"A": Said("ACSC")}),
        GOOD,
        statement(Entry(), name="camt.054.001.04"),
        written(many(1)),
    ]
    found = read_bank_file(b"<Out>" + b"".join(each.partition(b"\n")[2] for each in inside) + b"</Out>", ZONE)

    assert [each.file for each in found.reports] == ["RUN-1"]
    assert len(found.statements) == 2
    assert found.ignored == ("1 message of pain.001.001.09",)
