"""E-mail addresses that every channel takes. Whoever gives an address hears at once if letters cannot go there.

The rules are those that mail servers (RFC 5321) and GOV.UK Notify have in common. The part before the @ is a dot-atom
in ASCII, because servers that take other letters there are rare. The domain has at least two labels of letters, digits
and hyphens, or is written in letters that IDNA turns into such labels.
"""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 254
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_LAST_LABEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}", re.IGNORECASE)
_EXAMPLE = "such as name@company.example"


def read_address(text: str) -> str:
    """The address as it is kept: without spaces around it.

    Raises:
        ValueError: letters cannot go there. The text says why, as a clause that follows "the address", and does not
            repeat the address.
    """
    address = text.strip()
    in_ascii(address)
    return address


def in_ascii(address: str) -> str:
    """The address as mail servers take it, with its domain in ASCII.

    Raises:
        ValueError: see `read_address`.
    """
    if not address.isprintable():
        raise ValueError("has an invisible character: type the address instead of copying it")
    if len(address) > _LONGEST:
        raise ValueError(f"has {len(address):,} characters: give one of {_LONGEST} at most")
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise ValueError(f"is not an e-mail address: give one {_EXAMPLE}")
    if re.search(r"[\s<>,;\"()@]", local):
        raise ValueError(f"is not an e-mail address alone: give one address without a name or brackets, {_EXAMPLE}")
    if not local.isascii():
        raise ValueError(
            "has a letter before the @ that most mail servers do not take: give an address in plain letters"
        )
    if len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise ValueError(f"cannot stand before an @ like this: check dots and signs, and give an address {_EXAMPLE}")
    plain = f"{local}@{_domain_in_ascii(domain)}"
    if len(plain) > _LONGEST:
        raise ValueError(f"has {len(plain):,} characters in the form that mail servers take: give a shorter one")
    return plain


def mailbox_of(address: str) -> str:
    """The one form in which an address is compared with others: two spellings of one mailbox are the same person.

    The domain is in ASCII, and all letters are small. Servers may tell "Ann" from "ann" before the @, and none that
    people use does; if two such mailboxes were two persons, either could pass for the other with the same letters.

    Args:
        address: in whatever spelling. What is no address has a form, too, which is no mailbox's.
    """
    stripped = address.strip()
    try:
        return in_ascii(stripped).casefold()
    except ValueError:
        return stripped.casefold()


def _domain_in_ascii(domain: str) -> str:
    try:
        plain = domain.encode("idna").decode()
        # Some letters, such as the German sharp s, belong to one domain in the old standard and to another in the new.
        back = plain.encode().decode("idna").lower()  # it leaves labels in ASCII as they were written
        certain = back == unicodedata.normalize("NFC", domain).lower() or domain.isascii()
    except UnicodeError:
        plain, certain = "", False
    labels = plain.split(".")
    usable = len(labels) >= 2 and all(map(_LABEL.fullmatch, labels)) and _LAST_LABEL.fullmatch(labels[-1])
    if not usable or not certain:
        raise ValueError(f"has no usable domain after the @: check dots and signs, and give an address {_EXAMPLE}")
    return plain
