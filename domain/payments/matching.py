"""Which payments a statement of the account is about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from whenever import Instant

from domain.values.model import Value
from domain.values.money import Money
from domain.values.wording import counted

from .bank_reports import BankReport, BankWord, TransferWord
from .rails import Progress
from .statements import Movement, Statement

_SHORT = 16
"""The length of a plain reference; see `reference.plain_reference`."""

_ID = re.compile(r"[A-Z0-9][A-Z0-9-]{18,}[A-Z0-9]", re.ASCII)
"""What may hold an end-to-end id, inside other text."""

_ID_LENGTH = range(20, 36)
_LEFT, _CAME_BACK = "left the account", "came back"


class Filed(Value):
    """A transfer in a payment file, or a whole file.

    Args:
        file: id of the payment file.
        made_at: when the file was made.
        amount, currency: of the transfer, or of the whole file.
        transfer: the transfer's id. Empty for a whole file.
        end_to_end: the id by which the bank knows the transfer. Empty for a whole file.
    """

    file: str
    made_at: Instant
    amount: Money
    currency: str
    transfer: str = ""
    end_to_end: str = ""

    @property
    def shown(self) -> str:
        """For people."""
        return self.transfer or f"payment file {self.file}"


class Unclear(Value):
    """A movement of which nothing is noted, because a person has to find out what it means.

    Args:
        text: what has to be found out, in one line. It names nobody.
        transfers: the ids of the transfers that the movement names. Empty if it names a whole file.
    """

    text: str
    transfers: tuple[str, ...] = ()


class Matched(Value):
    """What statements say about payments.

    Args:
        reports: what to note: first what is said of single transfers, then of whole payment files, a report for each.
        unclear: what a person has to look at, in the bank's order.
    """

    reports: tuple[BankReport, ...] = ()
    unclear: tuple[Unclear, ...] = ()


def names_in(statements: Sequence[Statement]) -> frozenset[str]:
    """All names in statements by which a transfer or a payment file may be meant: see `matched`."""
    return frozenset(
        name
        for statement in statements
        for movement in statement.movements
        for names in _named_by(movement)
        for name in names
    )


def matched(statements: Sequence[Statement], filed: Mapping[str, Filed]) -> Matched:
    """Finds the payments that statements are about.

    Money that left under the name of a transfer settles the transfer; money that came in returns it. Amount and
    currency must be those in the payment file. Where a statement says both of a transfer, the later word counts.

    Args:
        statements: of the paying account, at least one.
        filed: the transfers and files among `names_in`, by end-to-end id, by plain reference, and by the id of a
            payment file.
    """
    words, wholes = dict[str, TransferWord](), dict[str, BankWord]()
    unclear, ignored = list[Unclear](), Counter[str]()
    for statement in statements:
        ignored["not booked yet, or only announced"] += statement.pending
        seen = Counter[tuple[Filed, Progress | None]]()
        for movement in statement.movements:
            found = _found(movement, filed)
            if not found:
                ignored["about no payment in a payment file"] += 1
                continue
            meant = found[0]
            seen[meant, movement.progress] += 1
            if why := _why_unclear(movement, found, again=seen[meant, movement.progress] > 1):
                unclear.append(_unclear(f"Statement {statement.id}, line {movement.line}: {why}", found))
            elif not meant.end_to_end:
                wholes[meant.file] = BankWord(progress=movement.progress, at=movement.at)
            elif (before := words.get(meant.end_to_end)) is None or before.at < movement.at:
                words[meant.end_to_end] = _word(movement, meant)
    of_statements = BankReport(
        message_id=", ".join(dict.fromkeys(each.id for each in statements)),
        made_at=max(each.made_at for each in statements),
        transfers=tuple(words.values()),
        ignored=tuple(f"{counted(number, 'movement')} {why}" for why, number in ignored.items() if number),
    )
    of_files = (
        of_statements.model_copy(update={"file": file, "whole": whole, "transfers": (), "ignored": ()})
        for file, whole in sorted(wholes.items())
    )
    return Matched(reports=(of_statements, *of_files), unclear=tuple(unclear))


def _word(movement: Movement, meant: Filed) -> TransferWord:
    return TransferWord(
        end_to_end=meant.end_to_end,
        progress=movement.progress,
        at=movement.at,
        arrived_on=movement.booked_on if movement.progress is Progress.SETTLED else None,
        booked_on=movement.booked_on,
        by_day=movement.by_day,
        amount=meant.amount,
        currency=meant.currency,
        reason=movement.reason,
        words=movement.words,
        # Money that is booked as back is back, whatever the reason.
        explains=movement.progress is Progress.RETURNED,
    )


def _found(movement: Movement, filed: Mapping[str, Filed]) -> list[Filed]:
    """What a movement may be about: what its surest names name. Several, if they name different things."""
    for names in _named_by(movement):
        if found := list(dict.fromkeys(filed[name] for name in names if name in filed)):
            return found
    return []


def _named_by(movement: Movement) -> Iterator[list[str]]:
    """The names in a movement: ids first, then ids inside other text, then short references, then payment files."""
    yield [each.upper() for each in movement.ids]
    text = [each.upper() for each in (*movement.ids, *movement.texts)]
    yield [name for each in text for name in _ids_inside(each)]
    yield [name for each in text for name in _short_inside(each)]
    yield list(movement.files)


def _ids_inside(text: str) -> Iterator[str]:
    """Whatever may be an end-to-end id inside a text. Banks put words such as `REF-` before it."""
    for found in _ID.findall(text):
        parts = found.split("-")
        for first in range(len(parts)):
            if len(name := "-".join(parts[first:])) in _ID_LENGTH:
                yield name


def _short_inside(text: str) -> Iterator[str]:
    """Whatever may be a short reference inside a text, with hyphens, other signs or nothing between its parts."""
    parts = re.findall("[A-Z0-9]+", text, re.ASCII)
    for first in range(len(parts)):
        joined = ""
        for part in parts[first:]:
            joined += part
            if len(joined) >= _SHORT:
                break
        if len(joined) == _SHORT:
            yield joined


def _unclear(text: str, found: Sequence[Filed]) -> Unclear:
    return Unclear(text=text, transfers=tuple(each.transfer for each in found if each.transfer))


def _why_unclear(movement: Movement, found: Sequence[Filed], *, again: bool) -> str:
    """Why a person has to look at a movement. Empty if the movement can be noted."""
    meant = found[0]
    name = meant.shown
    if len(found) > 1:
        return f"names both {name} and {found[1].shown}: find out which payment is meant."
    if movement.progress is None:
        return f"the bank takes back money that had come in for {name}: find out whether the payee has the money."
    done = _LEFT if movement.progress is Progress.SETTLED else _CAME_BACK
    if not movement.amounts:
        return f"money {done} for {name}, but the bank gives no amount for it: ask the bank how much it was."
    if not movement.is_of(meant.amount, meant.currency):
        currency, amount = movement.amounts[0]
        moved, asked = amount.shown(currency), meant.amount.shown(meant.currency)
        return f"{moved} {done} for {name}, but the payment file asks for {asked}: ask the bank about the difference."
    if again:
        return f"{name} {done} a second time in one statement: ask the bank whether it was paid twice."
    if movement.at < meant.made_at:
        return f"{name} {done} on {movement.booked_on}, before its payment file was made: ask the bank what was booked."
    if not meant.end_to_end and movement.progress is Progress.RETURNED:
        return f"the whole {name} came back: note the return of each payment with `return`."
    return ""
