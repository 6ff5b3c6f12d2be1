"""The ISO 20022 messages in a file from a bank: one alone, or any number inside an envelope."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from domain.values.refusals import FileRefused

from .credit_transfers import first_fault, parsed

LARGEST = 50 * 1024 * 1024
"""The most bytes in a file. A report on ten thousand transfers has a few million bytes."""

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
_NAMED = re.compile(rf"{NAMESPACE}([a-z]{{4}}\.\d{{3}}\.\d{{3}}\.\d{{2}})", re.ASCII)
_PADDED = re.compile(r"\s+[-\d][-+:.\dTZ]*\s*|[-\d][-+:.\dTZ]*\s+", re.ASCII)


class Message(NamedTuple):
    """One message.

    Args:
        name: such as pain.002.001.12.
        root: the element `Document`.
    """

    name: str
    root: etree._Element

    @property
    def kind(self) -> str:
        """The name without variant and version, such as pain.002."""
        return self.name[: len("pain.002")]

    @property
    def names(self) -> dict[str | None, str]:
        """The namespace of elements without a prefix, in the form that lxml takes. `check` may change it."""
        return {None: etree.QName(self.root).namespace or ""}


def messages(xml: bytes) -> tuple[Message, ...]:
    """Takes the messages of a file out of their envelope.

    Banks send a message alone, beside a business application header (head.001), or inside a wrapper of their own.

    Returns:
        All messages, in their order; at least one.

    Raises:
        FileRefused: the file is too large or no XML, or has no message, or a header does not fit its message.
    """
    if len(xml) > LARGEST:
        raise FileRefused(f"The bank's file has {len(xml):,} bytes, more than {LARGEST:,}: ask the bank to split it.")
    found = list[Message]()
    header: etree._Element | None = None
    for element in _parts(parsed(xml, "bank's file")):
        if not _is_message(element):
            header = element
            continue
        found.append(Message(_name(element), element))
        if header is not None:
            _must_fit(header, found[-1])
            header = None
    if not found:
        raise FileRefused("The bank's file has no ISO 20022 message: choose a status report or a statement.")
    if header is not None:
        # Nothing follows the last header, so it stands behind its message, or its message is missing.
        _must_fit(header, found[-1])
    return tuple(found)


def check(message: Message, schema: Path, what: str) -> None:
    """Checks a message against the official schema of its version.

    Args:
        message: white space around its dates is removed: XML Schema allows it, and libxml2 does not.
        schema: the file.
        what: the kind of message, for the refusal.

    Raises:
        FileRefused: the message does not fit.
    """
    for element in message.root.iter(etree.Element):
        if element.text and _PADDED.fullmatch(element.text):
            element.text = element.text.strip()
    if fault := first_fault(message.root, etree.XMLSchema(file=str(schema))):
        raise FileRefused(f"The {what} does not fit {message.name}, see {fault}: fetch it from the bank again.")


def text_of(element: etree._Element, path: str, names: dict[str | None, str]) -> str:
    """The text of an element, on one line. Empty if there is none."""
    return " ".join((element.findtext(path, "", names) or "").split())


def _parts(root: etree._Element) -> Iterator[etree._Element]:
    """The headers and messages of a file, in their order. What is inside a message is a part of that message."""
    if _is_message(root):
        yield root
        return
    if etree.QName(root).localname == "AppHdr":
        yield root
    for element in root.iterchildren(etree.Element):
        yield from _parts(element)


def _is_message(element: etree._Element) -> bool:
    named = etree.QName(element)
    return named.localname == "Document" and (named.namespace or "").startswith(NAMESPACE)


def _name(message: etree._Element) -> str:
    named = _NAMED.fullmatch(etree.QName(message).namespace or "")
    if named is None:
        raise FileRefused(
            f"The message at line {message.sourceline} has no version that ISO 20022 knows: ask the bank for it again."
        )
    return named[1]


def _must_fit(header: etree._Element, message: Message) -> None:
    said = "".join(header.xpath("string(*[local-name()='MsgDefIdr'])")).strip()
    if said and said != message.name:
        raise FileRefused(
            f"The header at line {header.sourceline} announces {_shown(said)}, but the message is {message.name}: ask "
            "the bank which of them is right."
        )


def _shown(said: str) -> str:
    """A message's name as a header gives it, if it looks like one: a file from outside may say anything."""
    return said if re.fullmatch(r"[A-Za-z0-9._-]{1,35}", said) else "another message"
