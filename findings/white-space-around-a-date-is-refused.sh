#!/usr/bin/env bash
# lxml 6.1.3 (libxml2 2.14), xmlschema 4.3.2.
#
# A document has white space around a date, as files have that were indented by hand or by a tool. XML Schema fixes
# whiteSpace="collapse" for all dates and times, so one would expect the document to be valid, as it is with white space
# around a number or a truth value.
#
# libxml2 takes white space around numbers and truth values, and refuses white space around dates, and before times.
#
# This service: gateways/banking/messages.py `check` removes such white space before a bank's message is checked. Held by
# tests/gateways/test_status_reports.py and tests/gateways/test_statements.py.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check lxml==6.1.3 xmlschema==4.3.2

cat > "$folder/seen.py" <<'PYTHON'
import sys

import xmlschema
from lxml import etree

VALUES = {"decimal": "1.50", "boolean": "true", "date": "2026-02-01", "dateTime": "2026-02-01T09:00:00Z"}
SCHEMA = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a" type="xs:{}"/></xs:schema>'


def verdicts(kind: str, value: str) -> tuple[bool, bool, bool]:
    """Whether libxml2 takes the value as it is, and with white space around; and whether xmlschema takes the latter."""
    schema, padded = SCHEMA.format(kind), f"<a>\n  {value}\n</a>"
    libxml2 = etree.XMLSchema(etree.XML(schema))
    return (
        libxml2.validate(etree.XML(f"<a>{value}</a>")),
        libxml2.validate(etree.XML(padded)),
        xmlschema.XMLSchema(schema).is_valid(padded),
    )


seen = {kind: verdicts(kind, value) for kind, value in VALUES.items()}
for kind, (plain, padded, by_xmlschema) in seen.items():
    print(f"{kind}: libxml2 {plain}, with white space {padded}; xmlschema, with white space {by_xmlschema}")
taken, refused = (True, True, True), (True, False, True)
if seen == {"decimal": taken, "boolean": taken, "date": refused, "dateTime": refused}:
    sys.exit(0)
print("This has changed: white space is no longer refused around dates only.")
sys.exit(1)
PYTHON

"$folder/venv/bin/python" "$folder/seen.py"
