"""Files from a bank: the messages in them, alone or in envelopes, and the dates and times in the messages."""

from __future__ import annotations

import pytest
from whenever import Date, Instant

from domain.values.refusals import FileRefused
from gateways.banking.bank_files import read_bank_file
from gateways.banking.moments import day_of, instant_of
from tests.gateways.status_report import NEWEST, Said, status_report

ONE, OTHER = (
    status_report({"A": Said("ACSC")}, original=file, version=version).partition(b"\n")[2].decode()
    for file, version in (("RUN-1", NEWEST), ("RUN-2", "pain.002.001.03"))
)


def header(announces: str = NEWEST, version: str = "02") -> str:
    return (
        f'<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.{version}"><BizMsgIdr>B-1</BizMsgIdr>'
        f"<MsgDefIdr>{announces}</MsgDefIdr><Rltd><MsgDefIdr>pain.001.001.09</MsgDefIdr></Rltd></AppHdr>"
    )


@pytest.mark.parametrize(
    ("file", "about"),
    [
        (ONE, ["RUN-1"]),
        (f"<BizMsg>{header()}{ONE}</BizMsg>", ["RUN-1"]),
        (f"<BizMsg>{header(version='04')}\n{ONE}\n</BizMsg>", ["RUN-1"]),
        (f"<BizMsg>{header(f' {NEWEST} ')}<Body>{ONE}</Body></BizMsg>", ["RUN-1"]),
        (header().replace("</AppHdr>", f"{ONE}</AppHdr>"), ["RUN-1"]),
        (f"<BizMsg>{ONE}{header()}</BizMsg>", ["RUN-1"]),
        (f'<b:Out xmlns:b="urn:bank"><b:Head/><b:Part>{ONE}</b:Part></b:Out>', ["RUN-1"]),
        (f"<Out>{ONE}{OTHER}</Out>", ["RUN-1", "RUN-2"]),
        (f"<Out><In>{header()}{ONE}</In><In>{header('pain.002.001.03')}{OTHER}</In></Out>", ["RUN-1", "RUN-2"]),
        (f"<Document><Part>{ONE}</Part></Document>", ["RUN-1"]),
        (f"<!-- kept -->\n<Out><?a b?>{ONE}</Out>", ["RUN-1"]),
    ],
)
def test_every_message_is_taken_out_of_its_envelope(file: str, about: list[str]) -> None:
    """Fails when only the root is looked at, or only the first message."""
    assert [each.file for each in read_bank_file(file.encode(), "Europe/London").reports] == about


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("<Out/>", "has no ISO 20022 message: choose a status report"),
        (header(), "has no ISO 20022 message"),
        ("<Out><Document/></Out>", "has no ISO 20022 message"),
        ("<Out><![CDATA[" + ONE + "]]></Out>", "has no ISO 20022 message"),
        (
            f"<Out>{header('pain.002.001.03')}{ONE}</Out>",
            r"line 1 announces pain\.002\.001\.03, but .* pain\.002\.001\.12",
        ),
        (f"<Out>{header()}{ONE}{header()}{OTHER}</Out>", r"announces pain\.002\.001\.12, but .* pain\.002\.001\.03"),
        (f"<Out>{ONE}{header('camt.053.001.08')}</Out>", r"announces camt\.053\.001\.08"),
        (f"<Out>{header('Mr A Person, 12345678')}{ONE}</Out>", "announces another message, but"),
        (f"<Out>{ONE}{OTHER.replace('RUN-2', 'R' * 36)}</Out>", r"does not fit pain\.002\.001\.03"),
        (f"<Out>{ONE}{OTHER.replace('001.03', '001.3')}</Out>", "has no version that ISO 20022 knows"),
        (f"<Out>{ONE}{OTHER.replace('ACSC', 'ACSX')}</Out>", r"does not fit pain\.002\.001\.03"),
    ],
)
def test_an_envelope_is_read_as_a_whole_or_turned_away(file: str, says: str) -> None:
    """Fails when a part that cannot be read is passed over."""
    with pytest.raises(FileRefused, match=says) as refused:
        read_bank_file(file.encode(), "Europe/London")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-02-01T09:00:00Z", "2026-02-01T09:00:00Z"),
        (" \n2026-02-01T09:00:00Z\t", "2026-02-01T09:00:00Z"),
        ("2026-02-01T09:00:00.1234567891234Z", "2026-02-01T09:00:00.123456789Z"),
        ("2026-02-01T09:00:00-00:00", "2026-02-01T09:00:00Z"),
        ("2026-02-28T24:00:00Z", "2026-03-01T00:00:00Z"),
        ("2026-12-31T24:00:00.000+01:00", "2026-12-31T23:00:00Z"),
        ("2026-07-01T24:00:00", "2026-07-01T23:00:00Z"),
        ("2026-07-01T09:00:00", "2026-07-01T08:00:00Z"),
        # The clock shows 1:30 twice in October and never in March.
        ("2026-10-25T01:30:00", "2026-10-25T01:30:00Z"),
        ("2026-03-29T01:30:00", "2026-03-29T01:30:00Z"),
    ],
)
def test_a_time_is_read_as_the_schema_means_it(text: str, instant: str) -> None:
    assert instant_of(text, "Europe/London") == Instant.parse_iso(instant)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-02-01", "2026-02-01T09:00Z", "2026-02-01T09:00:00+99:00", "2026-02-30T09:00:00Z"),
        *("2026-02-01T23:59:60Z", "2026-02-01T23:59:60", "2026-02-01T24:00:01", "2026-02-01T24:00:00.5Z"),
        *("12026-02-01T09:00:00Z", "٢٠٢٦-02-01T09:00:00Z"),
    ],
)
def test_what_is_no_time_is_not_made_one(text: str) -> None:
    """Fails when second 60 becomes 59, as the library would have it."""
    with pytest.raises(ValueError, match="is not a time"):
        instant_of(text, "Europe/London")


def test_a_day_may_have_an_offset_and_white_space_around() -> None:
    assert {day_of(text) for text in ("2026-02-01", " 2026-02-01Z\n", "2026-02-01+01:00")} == {Date(2026, 2, 1)}
    for text in ("", "2026-02-30", "2026-02-01T09:00:00", "12026-02-01"):
        with pytest.raises(ValueError, match="is not a day"):
            day_of(text)
