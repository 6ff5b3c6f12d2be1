"""Interests: what the people who read, score, decide and release payments have to do with applicants.

Everybody declares, for each applicant by name, none or what. A conflict of interest shuts the person out of that
application: of reading it, scoring it, deciding on it, and releasing its payments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from domain.challenges.firm import firm_of
from domain.values.addresses import mailbox_of
from domain.values.model import Value
from domain.values.text import on_one_line
from domain.values.wording import counted, listed

_PROVIDERS = frozenset(
    {
        *("gmail", "googlemail", "outlook", "hotmail", "live", "msn", "yahoo", "ymail", "rocketmail", "icloud", "aol"),
        *("gmx", "proton", "protonmail", "tutanota", "tuta", "zoho", "fastmail", "yandex", "mail", "btinternet"),
        *("virginmedia", "talktalk", "ntlworld", "blueyonder", "t-online", "laposte", "wanadoo", "orange", "libero"),
    }
)
"""Providers of mail by the beginning of their domains. To share a domain at which anybody can have an address means
nothing."""
_MORE_PROVIDERS = frozenset({"me.com", "mac.com", "pm.me", "web.de", "free.fr", "sfr.fr", "sky.com", "hey.com"})
_ALIKE = 0.87
"""From how alike on two names can be one name with a slip: "Ann Orr" and "Anne Orr"."""
_LEAST_SURNAME = 4
"""A shorter surname is a word in too many names."""
_MOST_NAMED = 10
"""How many applications a line of the record names; it gives only the number of the others."""

What = Annotated[
    str,
    BeforeValidator(lambda value: on_one_line(value) if isinstance(value, str) else value),
    StringConstraints(max_length=2000),
    Field(description="what you have to do with the applicant, in at most 2000 characters; empty if nothing"),
]


class Declared(Value):
    """What somebody declares for one applicant.

    Args:
        application: id of the application.
        what: what they have to do with the applicant; empty if nothing.
        conflict: whether this shuts them out of the application.
    """

    application: str
    what: What = ""
    conflict: bool = False

    @model_validator(mode="after")
    def _a_conflict_is_named(self) -> Self:
        if self.conflict and not self.what:
            raise ValueError("a conflict of interest needs words: say what you have to do with the applicant")
        return self


class Interest(Value):
    """An applicant by name, and what somebody has declared for it. Nothing of the content.

    Args:
        application: id of the application.
        organisation: who applied.
        likely: why the person may have to do with the applicant; empty if nothing is alike.
        declared: whether the person has declared anything.
        what, conflict: what they declared last.
        withdrawn: whether the application was withdrawn.
    """

    application: str
    organisation: str
    likely: tuple[str, ...] = ()
    declared: bool = False
    what: str = ""
    conflict: bool = False
    withdrawn: bool = False


class Declarer(Value):
    """A person who declares, as far as applicants can be alike.

    Args:
        name: their name.
        addresses: their present and former addresses.
        bodies: the names of the sponsor for whom they decide, if they do.
    """

    name: str
    addresses: tuple[str, ...]
    bodies: tuple[str, ...] = ()

    def likely(self, organisation: str, email: str) -> tuple[str, ...]:
        """Why this person may have to do with an applicant, in words; empty if nothing is alike.

        Args:
            organisation: the applicant's name.
            email: the applicant's address.
        """
        return tuple(self._reasons(firm_of(organisation), mailbox_of(email)))

    def _reasons(self, firm: str, email: str) -> Iterator[str]:
        own, name, bodies = self._own
        domain = email.rpartition("@")[2]
        if email in own:
            yield "your own address"
        elif not _is_public(domain) and any(_within(domain, each.rpartition("@")[2]) for each in own):
            yield "the same domain of address"
        if _same_name(firm, name, with_surname=True):
            yield "a name like yours"
        if any(_same_name(firm, body) for body in bodies):
            yield "the name of your organisation"

    @cached_property
    def _own(self) -> tuple[frozenset[str], str, tuple[str, ...]]:
        """Their addresses, their name and the names of their bodies as applicants' are compared with them."""
        return frozenset(map(mailbox_of, self.addresses)), firm_of(self.name), tuple(map(firm_of, self.bodies))


def declared_in_words(person: str, declared: Sequence[Declared]) -> str:
    """What the record says: who declared for which applications. The words stay in the database.

    Args:
        person: id of the person.
        declared: at least one declaration.
    """
    groups = (
        ("no interest in", [each.application for each in declared if not each.what]),
        ("an interest in", [each.application for each in declared if each.what and not each.conflict]),
        ("a conflict of interest with", [each.application for each in declared if each.conflict]),
    )
    return f"{person} declares {listed([f'{how} {some_of(those)}' for how, those in groups if those])}"


def some_of(those: Sequence[str], most: int = _MOST_NAMED) -> str:
    """The first of many ids, and the number of the others: "a, b and 40 more"."""
    more = len(those) - most
    return listed(those) if more <= 0 else f"{', '.join(those[:most])} and {more:,} more"


def likely_in_words(person: str, challenge: str, likely: Sequence[str]) -> str:
    """Why somebody cannot declare "none" for all at once: some applicants may be known to them."""
    return (
        f"{person} may know {counted(len(likely), 'applicant')} to {challenge}, so --none alone does not do: declare "
        f"{some_of(likely)} by name first, with --of APPLICATION and --none or --what."
    )


def _is_public(domain: str) -> bool:
    return domain in _MORE_PROVIDERS or (domain.count(".") <= 2 and domain.partition(".")[0] in _PROVIDERS)


def _within(one: str, other: str) -> bool:
    """Whether two domains are one, or one lies within the other, as mail.tay.example lies within tay.example."""
    short, long = sorted((one, other), key=len)
    return "." in short and (short == long or long.endswith(f".{short}"))


def _same_name(firm: str, own: str, *, with_surname: bool = False) -> bool:
    """Whether an applicant's name is, has in it or is much like another name, or has a person's surname in it.

    Args:
        firm, own: see `firm_of`.
        with_surname: whether the other name is a person's, with the surname last.
    """
    words, names = set(firm.split()), own.split()
    if not words or not names:
        return False
    if words >= set(names) or (len(words) > 1 and words <= set(names)):
        return True
    if with_surname and len(names) > 1 and len(names[-1]) >= _LEAST_SURNAME and names[-1] in words:
        return True
    if 2 * min(len(firm), len(own)) < _ALIKE * (len(firm) + len(own)):  # spares most of the work
        return False
    alike = SequenceMatcher(None, firm, own)
    return alike.quick_ratio() >= _ALIKE and alike.ratio() >= _ALIKE
