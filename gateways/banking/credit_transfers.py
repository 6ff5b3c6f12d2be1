"""Payment files for a bank: ISO 20022 credit transfers (pain.001), checked against the official schema."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import distribution
from pathlib import Path

from lxml import etree
from lxml.builder import ElementMaker
from whenever import Date, Instant

from domain.payments.bank_account import BankAccount, crosses_border
from domain.payments.bank_text import bank_text
from domain.payments.rails import Instruction
from domain.values.model import Value
from domain.values.money import total
from domain.values.refusals import FileRefused


class Version(StrEnum):
    """The version of the message. The bank says which versions it takes."""

    V09 = "pain.001.001.09"
    V03 = "pain.001.001.03"


class Terms(Value):
    """What the bank of the paying account expects beside the payments; an empty text leaves the element out.

    Args:
        service_level: how fast payments within the country go, as a code of ISO 20022. A payment to another country has
            none: there the bank chooses the way.
        charge_bearer: who bears the charges. In the United Kingdom each side bears its own (Payment Services
            Regulations 2017, regulation 66).
        account_scheme: what the number of an account without an IBAN is, as a code of ISO 20022.
    """

    service_level: str = "NURG"
    charge_bearer: str = "SHAR"
    account_scheme: str = "BBAN"


USUAL = Terms()
"""What a bank in the United Kingdom expects."""


_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
_PACKAGE = "pain001"
"""The package that carries the official schemas. It is never imported: only its files are read."""

_MESSAGE_ID = re.compile(r"(?=.{1,35}$)[A-Za-z0-9]+([-.][A-Za-z0-9]+)*", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")
_TOO_MUCH = 10**18
"""Pence. The schemas allow amounts and sums of 18 digits."""

_NAME_LENGTH = 70
"""The schemas allow 140, but SEPA and the older formats into which banks convert these files allow only 70."""
_REFERENCE_LENGTH = 140
_TOWN_LENGTH = 35

_BIC = {
    Version.V09: ("BICFI", re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")),
    Version.V03: ("BIC", re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?")),
}
"""What each version calls a BIC, and which ones its schema allows."""

_TEAM_LENGTH = 14
_HASH_LENGTH = 20
"""In characters of base 32: a hundred bits, so that two transfers never get the same name by chance."""


def end_to_end_id(transfer_id: str) -> str:
    """The name of a transfer at banks: at most 35 capitals, digits and hyphens, always the same for the same transfer.

    Args:
        transfer_id: `round/challenge/stage/team/number/attempt`.

    Returns:
        The beginning of the team's id, which people recognise on a statement, and a hash that tells transfers apart.
    """
    parts = transfer_id.split("/")
    team = re.sub(r"[^A-Z0-9]+", "-", parts[max(len(parts) - 3, 0)].upper()).strip("-")[:_TEAM_LENGTH].strip("-")
    told_apart = base64.b32encode(hashlib.sha256(transfer_id.encode()).digest()).decode()[:_HASH_LENGTH]
    return f"{team}-{told_apart}" if team else told_apart


def credit_transfer_file(
    message_id: str,
    created: Instant,
    execute_on: Date,
    debtor: BankAccount,
    instructions: Sequence[Instruction],
    version: Version,
    terms: Terms = USUAL,
) -> bytes:
    """Writes one file for one run of payments from one account. The same input always gives the same bytes.

    Args:
        message_id: the name of the file at the bank: at most 35 letters and digits, single hyphens or dots between.
        created: when the run was made; written in UTC, to the second.
        execute_on: the day on which the bank should pay.
        debtor: the account that is charged.
        instructions: at least one payment. All payments are different and in one currency. Either all or none cross a
            border.
        version: the version of the message.
        terms: what the bank expects.

    Returns:
        XML that fits the official schema.

    Raises:
        FileRefused: these payments cannot be in one file.
        RuntimeError: the file does not fit the schema. This module has a bug.
    """
    _must_fit_one_file(message_id, instructions)
    make = _Maker(version, terms)
    e = make.e
    document = e.Document(
        e.CstmrCdtTrfInitn(
            e.GrpHdr(
                e.MsgId(message_id),
                e.CreDtTm(created.round("second", mode="floor").format_iso()),
                *make.sums(instructions),
                make.party("InitgPty", debtor),
            ),
            e.PmtInf(
                e.PmtInfId(message_id),
                e.PmtMtd("TRF"),
                # Each payment gets its own line on the statement, because the ledger settles each payment separately.
                e.BtchBookg("false"),
                *make.sums(instructions),
                *make.way(instructions),
                make.day("ReqdExctnDt", execute_on),
                make.party("Dbtr", debtor),
                make.account("DbtrAcct", debtor),
                make.agent_of(debtor),
                *make.charges(),
                *(make.transfer(instruction) for instruction in instructions),
            ),
        )
    )
    written: bytes = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    # The bank gets these bytes, so these bytes are read again and checked.
    if fault := first_fault(parsed(written, "payment file"), schema(version)):
        raise RuntimeError(f"the payment file {message_id} does not fit its schema, see {fault}")
    return written


def validate(xml: bytes, version: Version) -> None:
    """Checks a payment file against the official schema.

    Raises:
        FileRefused: the file is not XML or does not fit. The message names the place, but does not quote the file.
    """
    fault = first_fault(parsed(xml, "payment file"), schema(version))
    if fault:
        raise FileRefused(f"The payment file is not {version}: see {fault}, or check it against its own version.")


def schema_files() -> Path:
    """The folder of the package that carries the official schemas."""
    return Path(str(distribution(_PACKAGE).locate_file(_PACKAGE)))


def schema(version: Version) -> etree.XMLSchema:
    """The official schema for a version of the message."""
    return etree.XMLSchema(file=str(schema_files() / "templates" / version / f"{version}.xsd"))


def parsed(xml: bytes, what: str) -> etree._Element:
    """Reads XML from a source that is not trusted: loads nothing from elsewhere, and allows no declarations.

    Args:
        xml: the file.
        what: the kind of file, for the refusal.

    Raises:
        FileRefused: the file is not XML, or has a document type, which no ISO 20022 file has.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        # The parser's message may quote the file.
        raise FileRefused(
            f"The {what} cannot be read as XML at line {error.lineno}: fetch it from the bank again, unchanged."
        ) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise FileRefused(f"The {what} has a DOCTYPE, which no bank writes: do not use it, and find out who made it.")
    return root


def first_fault(root: etree._Element, by: etree.XMLSchema) -> str:
    """Where a document does not fit a schema: the line and the element, but never their text. Empty if it fits."""
    if by.validate(root):
        return ""
    error = by.error_log[0]
    element = re.match(r"Element '(?:\{[^}]*\})?(\w+)'", error.message)
    return f"line {error.line}" + (f", {element[1]}" if element else "")


def _must_fit_one_file(message_id: str, instructions: Sequence[Instruction]) -> None:
    if not _MESSAGE_ID.fullmatch(message_id):
        raise FileRefused(
            f"{message_id!r} cannot name a payment file: write at most 35 letters and digits, such as RUN-2026-01-31-1."
        )
    if not instructions:
        raise FileRefused(f"The payment file {message_id} would be empty: write it when there is a payment to make.")
    currencies = sorted({instruction.currency for instruction in instructions})
    if len(currencies) > 1:
        raise FileRefused(
            f"The payment file {message_id} would have payments in {' and '.join(currencies)}: write one for each."
        )
    if not _CURRENCY.fullmatch(currencies[0]):
        raise FileRefused(
            f"{currencies[0]!r} is not a currency for payment file {message_id}: write a code such as GBP."
        )
    named: dict[str, str] = {}
    for instruction in instructions:
        if not instruction.amount.pence:
            raise FileRefused(f"The payment {instruction.id} is zero: leave it out of payment file {message_id}.")
        try:
            check_can_be_filed(instruction.payee, instruction.currency)
        except FileRefused as refusal:
            raise FileRefused(
                f"The payment {instruction.id} cannot be in payment file {message_id}: {refusal}."
            ) from None
        name = end_to_end_id(instruction.id)
        if name in named:
            raise FileRefused(f"The payment {instruction.id} is in payment file {message_id} twice: leave one out.")
        named[name] = instruction.id
    if len(set(map(_is_abroad, instructions))) > 1:
        raise FileRefused(
            f"The payment file {message_id} would have payments to this country and to others: write one for each."
        )
    if total(instruction.amount for instruction in instructions).pence >= _TOO_MUCH:
        raise FileRefused(f"The payments in file {message_id} add up to more than a file can carry: split them.")


def check_can_be_filed(payee: BankAccount, currency: str) -> None:
    """Checks that a payment to an account can stand in a file. An older release may have taken other bank details.

    Raises:
        FileRefused: it cannot. The message repeats nothing of the details.
    """
    if not bank_text(payee.holder, payee.characters, _NAME_LENGTH):
        raise FileRefused("the holder's name has no letter that banks can write: give the bank details again")
    if crosses_border(payee.bank_country, currency) and not (payee.town and payee.country):
        raise FileRefused(
            "a payment in pounds to another country needs the payee's town and country: give the bank details again"
        )


def _is_abroad(instruction: Instruction) -> bool:
    return crosses_border(instruction.payee.bank_country, instruction.currency)


class _Maker:
    """Makes the parts of a file of one version."""

    def __init__(self, version: Version, terms: Terms) -> None:
        self.terms = terms
        self.e = ElementMaker(namespace=f"{_NAMESPACE}{version}", nsmap={None: f"{_NAMESPACE}{version}"})
        self.version = version

    def day(self, tag: str, day: Date) -> etree._Element:
        iso = day.format_iso()
        return self.e(tag, iso if self.version is Version.V03 else self.e.Dt(iso))

    def sums(self, instructions: Sequence[Instruction]) -> list[etree._Element]:
        """Number and sum of the transfers. Both levels carry them, so that the bank notices a file cut short."""
        control_sum = str(total(instruction.amount for instruction in instructions))
        return [self.e.NbOfTxs(str(len(instructions))), self.e.CtrlSum(control_sum)]

    def agent_of(self, debtor: BankAccount) -> etree._Element:
        """The debtor's bank. The schema requires one, even if nobody knows it."""
        unknown = self.e.DbtrAgt(self.e.FinInstnId(self.e.Othr(self.e.Id("NOTPROVIDED"))))
        return next(iter(self.agent("DbtrAgt", debtor)), unknown)

    def way(self, instructions: Sequence[Instruction]) -> list[etree._Element]:
        """How the payments go, if the bank is to know."""
        e, level = self.e, self.terms.service_level
        return [e.PmtTpInf(e.SvcLvl(e.Cd(level)))] if level and not _is_abroad(instructions[0]) else []

    def charges(self) -> list[etree._Element]:
        """Who bears the charges, if the bank is to know."""
        return [self.e.ChrgBr(self.terms.charge_bearer)] if self.terms.charge_bearer else []

    def party(self, tag: str, account: BankAccount) -> etree._Element:
        """A party by its name, and by town and country if they are known."""
        e = self.e
        name = e.Nm(bank_text(account.holder, account.characters, _NAME_LENGTH))
        if not account.town:
            return e(tag, name)
        town = bank_text(account.town, account.characters, _TOWN_LENGTH)
        return e(tag, name, e.PstlAdr(e.TwnNm(town), e.Ctry(account.country)))

    def account(self, tag: str, account: BankAccount) -> etree._Element:
        e = self.e
        if account.iban:
            return e(tag, e.Id(e.IBAN(account.iban)))
        scheme = [e.SchmeNm(e.Cd(self.terms.account_scheme))] if self.terms.account_scheme else []
        return e(tag, e.Id(e.Othr(e.Id(account.number), *scheme)))

    def agent(self, tag: str, account: BankAccount) -> list[etree._Element]:
        """The bank, by sort code or BIC. Empty if only the IBAN says which bank it is."""
        e = self.e
        name, allowed = _BIC[self.version]
        if account.sort_code:
            # GBDSC: the code list's name for sort codes of the United Kingdom.
            bank = e.ClrSysMmbId(e.ClrSysId(e.Cd("GBDSC")), e.MmbId(account.sort_code))
        elif allowed.fullmatch(account.bank_code):
            bank = e(name, account.bank_code)
        else:
            return []
        return [e(tag, e.FinInstnId(bank))]

    def transfer(self, instruction: Instruction) -> etree._Element:
        e = self.e
        name = end_to_end_id(instruction.id)
        reference = bank_text(instruction.reference, instruction.payee.characters, _REFERENCE_LENGTH)
        return e.CdtTrfTxInf(
            e.PmtId(e.InstrId(name), e.EndToEndId(name)),
            e.Amt(e.InstdAmt(str(instruction.amount), Ccy=instruction.currency)),
            *self.agent("CdtrAgt", instruction.payee),
            self.party("Cdtr", instruction.payee),
            self.account("CdtrAcct", instruction.payee),
            e.RmtInf(e.Ustrd(reference or name)),
        )
