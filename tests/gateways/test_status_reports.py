"""Status reports: what they say of payments, and which files are turned away."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from domain.payments.bank_reports import BankReport, BankWord, TransferWord
from domain.payments.rails import FAILED, Progress
from domain.values.refusals import FileRefused
from gateways.banking import messages
from gateways.banking.bank_files import read_bank_file
from gateways.banking.credit_transfers import Version
from gateways.banking.reasons import in_words
from tests.gateways.status_report import MADE_BY_BANK, NEWEST, Said, end_to_end_ids, many, status_report, written

VERSIONS = [f"pain.002.001.{number:02}" for number in range(3, 16)]
SETTLED, REJECTED = Progress.SETTLED, Progress.REJECTED
LONDON, AT = "Europe/London", Instant.parse_iso(MADE_BY_BANK)
MEANING = {
    "ACSC": SETTLED,
    "ACCC": SETTLED,
    "RJCT": REJECTED,
    "CANC": Progress.CANCELLED,
} | dict.fromkeys(["RCVD", "PDNG", "PART", "ACTC", "ACCP", "ACSP", "ACWC", "ACWP", "ACFC"])


def read(xml: bytes, zone: str = LONDON) -> BankReport:
    """The one report in a file."""
    [report] = read_bank_file(xml, zone).reports
    return report


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_tells_settled_rejected_and_in_process(version: str) -> None:
    report = read(
        status_report(
            {"A": Said("ACSC"), "B": Said("RJCT", "AC04", ("See branch.",)), "C": Said("ACSP")},
            version=version,
            group=Said("PART"),
        )
    )

    assert (report.message_id, report.file, report.made_at) == ("STATUS-1", "RUN-1", AT)
    assert report.whole == BankWord(progress=None, at=AT)
    closed = BankWord(
        progress=REJECTED,
        at=AT,
        reason="the account is closed",
        words="the account is closed: See branch.",
        explains=True,
    )
    assert report.transfers == (
        TransferWord(end_to_end="A", progress=SETTLED, at=AT),
        TransferWord(end_to_end="B", **dict(closed)),
        TransferWord(end_to_end="C", progress=None, at=AT),
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([*MEANING]), min_size=1, max_size=8), st.sampled_from(Version))
def test_what_a_bank_says_of_each_payment_of_a_file_comes_back(codes: list[str], version: Version) -> None:
    names = end_to_end_ids(written(many(len(codes)), version))
    xml = status_report(
        {name: Said(code, "MS03") for name, code in zip(names, codes, strict=True)}, of=version, group=Said("PART")
    )

    found = read(xml).said_of(names)

    assert [each.end_to_end for each in found] == [*names]
    assert [each.progress for each in found] == [MEANING.get(code) for code in codes]
    assert {each.reason for each in found if each.progress in FAILED} <= {"the bank did not say why"}


@pytest.mark.parametrize("level", ["group", "block"])
@pytest.mark.parametrize(
    ("code", "progress", "reason"),
    [("RJCT", REJECTED, "the format of the payment file is wrong"), ("ACSC", SETTLED, ""), ("ACCP", None, "")],
)
def test_what_is_said_of_the_whole_file_is_said_of_every_payment(
    level: str, code: str, progress: Progress | None, reason: str
) -> None:
    """Fails when only single payments are read."""
    said = Said(code, "FF01" if reason else "")
    xml = status_report({}, group=said) if level == "group" else status_report({}, block=said)
    report = read(xml)

    assert report.whole is not None
    assert report.whole.progress == progress
    assert [(each.progress, each.reason, each.whole) for each in report.said_of(("A", "B"))] == [
        (progress, reason, True)
    ] * 2


def test_a_payment_without_a_word_of_its_own_goes_as_the_file_does() -> None:
    """Fails when a level does not hand down what it says, or calls that the payment's own."""
    report = read(status_report({"A": Said(), "B": Said(code="RC01")}, group=Said("RJCT", "AM10", ("Sum is 1.00.",))))

    assert [(each.progress, each.words[:6], each.whole) for each in report.said_of(("A", "B", "C"))] == [
        (REJECTED, "the su", True),
        (REJECTED, "the ba", False),
        (REJECTED, "the su", True),
    ]


def test_why_some_payments_failed_is_no_reason_of_those_that_did_not() -> None:
    """Fails when reasons are handed down whatever the status."""
    report = read(status_report({"A": Said("ACSC"), "B": Said("RJCT")}, group=Said("PART", "NARR", ("Two failed",))))

    settled, rejected = report.said_of(("A", "B"))
    assert (settled.progress, settled.reason, settled.words) == (SETTLED, "", "")
    assert (rejected.reason, rejected.words) == ("the bank gives no reason", "")


def test_a_report_without_any_status_changes_nothing() -> None:
    report = read(status_report({"A": Said()}))

    assert report.whole is None
    assert [each.progress for each in report.said_of(("A", "B"))] == [None, None]


def test_a_payment_that_is_not_in_the_file_is_refused() -> None:
    with pytest.raises(FileRefused, match="names B, which is not in payment file RUN-1: ask the bank"):
        read(status_report({"A": Said(), "B": Said()})).said_of(("A",))


@pytest.mark.parametrize(
    ("said", "reason", "words", "explains"),
    [
        (Said("RJCT"), "the bank gives no reason", "", False),
        (Said("CANC"), "the bank gives no reason", "", False),
        (Said("RJCT", "BE01"), "the name does not belong to the account", "", True),
        (Said("RJCT", "ZZ99"), "ZZ99", "ZZ99", False),
        (Said("RJCT", "NARR", ("Sent twice",)), "the bank gives the reason in a note", ": Sent twice", False),
        (Said("RJCT", "MS03"), "the bank did not say why", "", False),
        (Said("RJCT", "ZZ99", ("Ask\n for", "desk 3")), "ZZ99", "ZZ99: Ask for desk 3", False),
        (Said("RJCT", proprietary="LOCAL-7"), "the bank gave a reason of its own", "LOCAL-7", False),
        (Said("RJCT", note=("Closed.",)), "the bank gives no reason", "Closed.", False),
    ],
)
def test_a_reason_is_told_in_words_of_the_service_and_in_the_banks_own(
    said: Said, reason: str, words: str, explains: bool
) -> None:
    [transfer] = read(status_report({"A": said})).transfers

    assert (transfer.reason, transfer.explains) == (reason, explains)
    assert transfer.words.endswith(words)


@pytest.mark.parametrize("code", ["AM05", "DUPL", "RF01", "DU01", "DU02", "DU03", "DU04", "DU05"])
def test_what_the_bank_has_had_before_is_called_a_copy(code: str) -> None:
    """Invariant 1. Fails when a second copy that is turned away counts as money that is back."""
    said = Said("RJCT", code)
    for xml in (status_report({}, group=said), status_report({}, block=said)):
        whole = read(xml).whole
        assert whole is not None
        assert whole.is_duplicate
    for xml in (
        status_report({"A": Said("ACSC"), "B": said}, group=Said("PART")),
        status_report({"A": Said("ACSC"), "B": Said("RJCT")}, group=Said("PART", code)),
    ):
        assert [each.is_duplicate for each in read(xml).transfers] == [False, True]


def test_a_payment_with_a_reason_of_its_own_comes_back_whatever_was_had_before() -> None:
    [transfer] = read(status_report({"A": Said("RJCT", "AC04")}, group=Said("PART", "AM05"))).transfers
    assert (transfer.progress, transfer.reason, transfer.is_duplicate) == (REJECTED, "the account is closed", False)


def test_what_a_bank_adds_to_a_reason_is_cut() -> None:
    """Fails without the limit."""
    [transfer] = read(status_report({"A": Said("RJCT", "NARR", ("x" * 105,) * 50)})).transfers

    words, _, note = transfer.words.partition(": ")
    assert words == in_words("NARR")
    assert len(note) == 200
    assert note.endswith("…")


@pytest.mark.parametrize("own", ["A Lovelace 60161331926819", "Adam", "ADA LOVELACE"])
def test_words_of_the_banks_own_making_stay_out_of_logs_and_temporal(own: str) -> None:
    """Fails when a code that is not known is repeated whatever it is."""
    [transfer] = read(status_report({"A": Said("RJCT", proprietary=own)})).transfers

    assert transfer.words == own.replace("60161331926819", "••••")
    assert transfer.reason == "the bank gave a reason of its own"
    assert in_words("ZZ99") == "ZZ99"


def test_a_payment_named_only_by_its_instruction_is_found() -> None:
    """Fails when only the end-to-end id is read."""
    [transfer] = read(status_report({"A": Said("ACSC")}, named_by="OrgnlInstrId")).transfers

    assert transfer == TransferWord(end_to_end="A", progress=SETTLED, at=AT)


@pytest.mark.parametrize(
    ("written", "zone", "at"),
    [
        ("2026-07-01T09:00:00Z", LONDON, "2026-07-01T09:00:00Z"),
        ("2026-07-01T09:00:00+05:00", LONDON, "2026-07-01T04:00:00Z"),
        ("2026-07-01T09:00:00", LONDON, "2026-07-01T08:00:00Z"),
        ("\n  2026-07-01T09:00:00  ", LONDON, "2026-07-01T08:00:00Z"),
        ("2026-06-30T24:00:00Z", LONDON, "2026-07-01T00:00:00Z"),
        ("2026-07-01T09:00:00", "Europe/Berlin", "2026-07-01T07:00:00Z"),
        ("2026-10-25T01:30:00", LONDON, "2026-10-25T01:30:00Z"),  # exists twice: the later one
        ("2026-03-29T01:30:00", LONDON, "2026-03-29T01:30:00Z"),  # does not exist: an hour later by the clock
    ],
)
def test_a_time_without_an_offset_is_in_the_banks_zone(written: str, zone: str, at: str) -> None:
    """Fails when the zone is left aside, or when a report in the hour that comes twice is taken for too old."""
    report = read(status_report({"A": Said("ACSC")}, made=written), zone)

    assert report.made_at == Instant.parse_iso(at)
    assert [each.at for each in report.transfers] == [report.made_at]


@pytest.mark.parametrize("lost", ["NOTPROVIDED", "NotProvided", " not provided ", "NOTPROVIDED\n"])
def test_a_payment_whose_end_to_end_id_was_lost_is_found_by_its_instruction(lost: str) -> None:
    """Fails when what stands in the place of a lost id counts as an id."""
    named = status_report({"A": Said("ACSC")}, named_by="OrgnlInstrId").replace(
        b"</OrgnlInstrId>", f"</OrgnlInstrId><OrgnlEndToEndId>{lost}</OrgnlEndToEndId>".encode()
    )
    [transfer] = read(named).transfers

    assert transfer.end_to_end == "A"
    with pytest.raises(FileRefused, match="does not name a payment at line 2: ask the bank"):
        read(named.replace(b">A<", b">NOTPROVIDED<"))


OLD_PARTS = """
  <InitgPty><Nm>Bank</Nm><PstlAdr><AdrTp>ADDR</AdrTp></PstlAdr><CtctDtls><Othr>desk 3</Othr></CtctDtls></InitgPty>
"""
OLD_COPY = "<OrgnlTxRef><ReqdExctnDt>2026-02-01</ReqdExctnDt><PmtMtd>TRF</PmtMtd></OrgnlTxRef>"


@pytest.mark.parametrize("version", [f"pain.002.001.{number:02}" for number in range(4, 8)])
def test_parts_that_changed_between_versions_do_not_keep_a_report_from_being_read(version: str) -> None:
    """Fails when the schema of another version checks what nobody reads."""
    xml = status_report({"A": Said("RJCT", "AC04")}, version=version).decode()
    xml = xml.replace("</CreDtTm>", f"</CreDtTm>{OLD_PARTS}").replace("</TxInfAndSts>", f"{OLD_COPY}</TxInfAndSts>")
    [transfer] = read(xml.encode()).transfers

    assert (transfer.end_to_end, transfer.progress, transfer.reason) == ("A", REJECTED, "the account is closed")


@pytest.mark.parametrize("version", [f"pain.002.001.{number:02}" for number in (3, 4, 9, 13, 14)])
def test_what_is_read_of_a_report_is_checked_in_every_version(version: str) -> None:
    """Fails when a version without a schema of its own is not checked."""
    xml = status_report({"A": Said("ACSC")}, version=version)

    for wrong in (xml.replace(b"OrgnlMsgNmId", b"Extra"), xml.replace(b"STATUS-1", b"S" * 36)):
        with pytest.raises(FileRefused, match=rf"does not fit {version}|does not fit pain\.002\.001\.1[24]"):
            read(wrong)


def laughs(by: str = "ten") -> bytes:
    """A file that grows to gigabytes in a careless reader."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<!DOCTYPE Document [<!ENTITY l0 "{by}">{entities}]>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{NEWEST}">&l9;</Document>'
    ).encode()


GOOD = status_report({"A": Said("ACSC")})


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        (b"", "cannot be read as XML at line"),
        (b"status: fine", "cannot be read as XML at line 1: fetch it from the bank again"),
        (GOOD[:-20], "cannot be read as XML"),
        (b"PK\x03\x04" + b"\x00" * 100, "cannot be read as XML"),
        (b"<html/>", "has no ISO 20022 message: choose"),
        (written(many(1)), r"is pain\.001\.001\.09: choose a status report"),
        (
            GOOD.replace(b"002.001.12", b"002.001.99"),
            r"is pain\.002\.001\.99, which this service cannot read: .*one of pain\.002",
        ),
        (GOOD.replace(b"pain.002.001.12", b"pain.002.../../x"), "has no version that ISO 20022 knows"),
        (GOOD.replace(b"OrgnlMsgNmId", b"Extra"), r"does not fit pain\.002\.001\.12, see line 2, Extra: fetch"),
        (status_report({"A": Said("ACCC")}, version=VERSIONS[0]), r"does not fit pain\.002\.001\.03"),
        (status_report({"A": Said()}, named_by="StsId"), "does not name a payment at line 2: ask the bank"),
        (status_report({"A": Said("WHAT")}), "STATUS-1 has the unknown status WHAT"),
        (status_report({}, group=Said("WHAT")), "has the unknown status WHAT"),
        (status_report({"A": Said("ACSC")}, of="pain.008.001.08"), r"answers a file of pain\.008\.001\.08"),
        (laughs(), "cannot be read as XML|has a DOCTYPE"),
        (b"<a>" * 1000 + b"</a>" * 1000, "cannot be read as XML"),
    ],
)
def test_what_is_no_such_report_is_turned_away_with_what_to_do(xml: bytes, says: str) -> None:
    with pytest.raises(FileRefused, match=says) as refused:
        read(xml)

    assert "\n" not in str(refused.value)


def test_a_doctype_alone_is_turned_away() -> None:
    """Fails when the parser's own limits are relied on: this one is a good report otherwise."""
    head, _, rest = GOOD.partition(b"\n")
    read(head + b"\n" + rest)

    with pytest.raises(FileRefused, match="has a DOCTYPE"):
        read(head + b'\n<!DOCTYPE Document [<!ENTITY a "b">]>\n' + rest)


@pytest.mark.parametrize(
    ("doctype", "inside"), [('Document [<!ENTITY x SYSTEM "{}">]', "&x;"), ('Document SYSTEM "{}"', "")]
)
def test_nothing_outside_the_file_is_read(tmp_path: Path, doctype: str, inside: str) -> None:
    """Fails when the parser follows: it then stumbles over the other file before the DOCTYPE is refused."""
    other = tmp_path / "other"
    other.write_text("<no XML")
    xml = f"<!DOCTYPE {doctype.format(other.as_uri())}><Document>{inside}</Document>"

    with pytest.raises(FileRefused, match="has a DOCTYPE, which no bank writes: do not use it"):
        read(xml.encode())


def test_a_comment_does_not_cut_what_it_stands_in() -> None:
    """Fails when comments are kept: only what stands before one is found then."""
    report = read(GOOD.replace(b"STATUS-1", b"STATUS<!-- new -->-1"))

    assert report.message_id == "STATUS-1"


def test_a_report_that_is_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails without the limit: the file is no XML, and is turned away for its size."""
    monkeypatch.setattr(messages, "LARGEST", 1000)

    with pytest.raises(FileRefused, match="has 1,001 bytes, more than 1,000: ask the bank to split it"):
        read(b"x" * 1001)


@pytest.mark.parametrize(
    "xml",
    [
        status_report({"A": Said("ACSC")}, group=Said("RJCT")),
        status_report({"A": Said("ACSP")}, block=Said("RJCT")),
        status_report({"A": Said("RJCT")}, group=Said("ACSC")),
        status_report({}, group=Said("RJCT"), block=Said("ACSC")),
    ],
)
def test_a_report_that_says_a_thing_of_all_and_another_of_some_is_turned_away(xml: bytes) -> None:
    """Fails when the inner word simply counts."""
    with pytest.raises(FileRefused, match=r"about everything but .* about a part: ask the bank which"):
        read(xml)


def test_a_report_that_says_two_things_of_a_payment_is_turned_away() -> None:
    """Fails when the last word counts."""
    again = GOOD.replace(b"</OrgnlPmtInfAndSts>", b"TX</OrgnlPmtInfAndSts>")
    said = b"<TxInfAndSts><OrgnlEndToEndId>A</OrgnlEndToEndId><TxSts>%s</TxSts></TxInfAndSts>"

    assert len(read(again.replace(b"TX", said % b"ACSC")).transfers) == 1
    with pytest.raises(FileRefused, match="says two different things about A"):
        read(again.replace(b"TX<", said % b"RJCT" + b"<"))


@pytest.mark.parametrize("moment", [b"2026-02-01T23:59:60Z", b"2026-02-01T24:00:01Z", b"2026-02-01 09:00:00"])
def test_a_report_of_a_time_that_does_not_exist_is_turned_away(moment: bytes) -> None:
    with pytest.raises(FileRefused, match=r"does not fit pain\.002\.001\.12, see line 2, CreDtTm") as refused:
        read(GOOD.replace(b"2026-02-01T09:00:00Z", moment))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("moment", [b"12026-02-01T09:00:00Z", b"-2026-02-01T09:00:00Z"])
def test_a_report_of_a_time_that_nobody_can_place_is_turned_away(moment: bytes) -> None:
    """The schema allows it."""
    with pytest.raises(FileRefused, match="which is not a time: ask the bank for it again"):
        read(GOOD.replace(b"2026-02-01T09:00:00Z", moment))


def test_what_is_said_of_one_block_among_several_is_not_said_of_the_file() -> None:
    """Fails when the first block counts for all."""
    block = b"<OrgnlPmtInfAndSts><OrgnlPmtInfId>%d</OrgnlPmtInfId><PmtInfSts>%s</PmtInfSts></OrgnlPmtInfAndSts>"
    both = block % (1, b"RJCT") + block % (2, b"ACSC")
    report = read(status_report({}, group=Said("PART")).replace(b"</CstmrPmtStsRpt>", both + b"</CstmrPmtStsRpt>"))

    assert report.whole == BankWord(progress=None, at=AT)
    assert [each.progress for each in report.said_of(("A",))] == [None]
