"""How far a transfer has come, by all that a bank and people have said about it.

The time of each word decides, never the order in which people bring the bank's files: whatever that order, a transfer
comes to the same position. A person's word is said at the time at which the service hears it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from whenever import Date, Instant

from domain.values.model import Value

from .rails import Progress


class Doubt(StrEnum):
    """Why a person has to find out what became of a transfer. Until then its payment does not leave again."""

    CONTRADICTION = "contradiction"
    """It was said to be settled, and before that, or at the same moment, to have failed."""
    COPY = "copy"
    """The bank rejects it as a copy of a payment that it has, and has not said what became of that payment."""
    FILE = "file"
    """It was turned away with its whole file, and another transfer of that file is settled."""


class Said(Value):
    """One word about a transfer, as it is kept.

    Args:
        progress: settled, rejected, cancelled or returned.
        at: when it was said.
        reason: why, for a transfer that failed, without personal data.
        whole: whether it was said about the whole payment file. Such a word never outweighs the word that one transfer
            in the file is settled: a file of which something was paid was not turned away, but a copy of it was.
        is_copy: whether the bank rejects a copy of a transfer that it has.
        person: who says so; empty for the bank. A person who believes the bank is named, too.
        arrived_on: for a settled transfer, the day by the bank's books or by the person, if known.
        booked_on: the day on which the bank booked it; None if this is not from a statement of the account.
        by_day: whether the statement gives only that day. `at` is then the last moment that is possible.
    """

    progress: Progress
    at: Instant
    reason: str = ""
    whole: bool = False
    is_copy: bool = False
    person: str = ""
    arrived_on: Date | None = None
    booked_on: Date | None = None
    by_day: bool = False


class Position(Value):
    """How far a transfer has come.

    Args:
        progress: by the latest word.
        news_at: when that was said; None before the first word.
        reason: why it failed; empty otherwise.
        person: who said that it failed; empty if the bank said so.
        arrived_on: the day on which it was settled, if known.
        doubt: what a person has to find out; None for nothing.
    """

    progress: Progress = Progress.TAKEN
    news_at: Instant | None = None
    reason: str = ""
    person: str = ""
    arrived_on: Date | None = None
    doubt: Doubt | None = None


def position(words: Sequence[Said], doubt: Doubt | None = None) -> Position:
    """How far a transfer has come.

    Args:
        words: all that was said, in the order in which the service heard it.
        doubt: what a person has to find out; see `doubt_after`.
    """
    words = _placed(words)
    progress, counting = _progress(words), _counting(words)
    failed = _failed(words) if progress.has_failed else None
    return Position(
        progress=progress,
        news_at=max((each.at for each in counting), default=None),
        reason=failed.reason if failed else "",
        person=failed.person if failed else "",
        arrived_on=_arrived_on(words) if progress is Progress.SETTLED else None,
        doubt=doubt,
    )


def doubt_after(doubt: Doubt | None, before: Sequence[Said], word: Said) -> Doubt | None:
    """What a person has to find out after one more word.

    A doubt stays until a person has settled it, even if the bank goes back to what it said first.

    Args:
        doubt: what a person had to find out before.
        before: the words before, in the order in which the service heard them.
        word: the new word.
    """
    was = _progress(_placed(before))
    *before, word = _placed([*before, word])
    now = _progress([*before, word])
    if word.person:
        return None
    if word.is_copy:
        return Doubt.COPY if now is Progress.TAKEN else doubt
    if _contradicts(word, before, was, now):
        return Doubt.CONTRADICTION
    return None if doubt is Doubt.COPY else doubt


def _contradicts(word: Said, before: Sequence[Said], was: Progress, now: Progress) -> bool:
    """Whether a bank's word contradicts one that people have acted on, or may act on."""
    latest = _latest(before)
    # A person who did not know what the bank says now may have been wrong, whenever the bank said so.
    unknown = bool(latest and latest.person) and not any(_alike(each, word) for each in before)
    if now is Progress.SETTLED and not word.progress.has_failed:
        return was.has_failed
    if now is Progress.SETTLED:
        return unknown or (latest is not None and latest.at == word.at)
    return (unknown and not word.progress.has_failed) or _goes_back_and_forth([*before, word])


def _placed(words: Sequence[Said]) -> list[Said]:
    """The words, with the moments at which entries on the account were booked.

    A bank tells of one entry in a notice and again in statements, and gives a time in some of them and only the day in
    others. An entry of which one of them gives only the day was booked when the first of them says so; and a debit was
    booked before the return of the same day.
    """
    first = dict[tuple[Date, Progress], Instant]()
    for each in words:
        if each.booked_on is not None:
            key = (each.booked_on, each.progress)
            first[key] = min(each.at, first.get(key, each.at))

    def booked_at(word: Said) -> Instant:
        if word.booked_on is None:
            return word.at
        at, back = first[word.booked_on, word.progress], first.get((word.booked_on, Progress.RETURNED))
        return min(at, back.subtract(milliseconds=1)) if back and word.progress is Progress.SETTLED else at

    return [each.model_copy(update={"at": booked_at(each)}) if each.by_day else each for each in words]


def _alike(one: Said, other: Said) -> bool:
    return not one.is_copy and one.progress.has_failed == other.progress.has_failed


def _goes_back_and_forth(words: Sequence[Said]) -> bool:
    """Whether a transfer is said to have failed and then to be settled, after the last word of a person."""
    final = [each for each in words if not each.is_copy]
    last = max((n for n, each in enumerate(final) if each.person), default=None)
    if last is not None:
        person = final[last]
        final = [each for each in final if each is person or each.at > person.at]
    failed = min((each.at for each in final if each.progress.has_failed), default=None)
    return failed is not None and any(each.progress is Progress.SETTLED and each.at >= failed for each in final)


def _counting(words: Sequence[Said]) -> list[Said]:
    final = [each for each in words if not each.is_copy]
    is_settled = any(each.progress is Progress.SETTLED for each in final)
    return [each for each in final if not (is_settled and each.whole and each.progress.has_failed)]


def _latest(words: Sequence[Said]) -> Said | None:
    """The latest word. A settled transfer is not paid again, so of two words of one moment this one counts."""
    return max(_counting(words), key=lambda each: (each.at, each.progress is Progress.SETTLED), default=None)


def _progress(words: Sequence[Said]) -> Progress:
    latest = _latest(words)
    if latest is None or latest.progress is Progress.SETTLED:
        return latest.progress if latest else Progress.TAKEN
    came_back = (Progress.SETTLED, Progress.RETURNED)
    if any(each.progress in came_back for each in _counting(words)):
        return Progress.RETURNED
    return min((each.at, each.progress) for each in _counting(words))[1]


def _failed(words: Sequence[Said]) -> Said:
    """The word that tells why a transfer failed: the latest one if a person says it, else the bank's first."""
    latest, counting = _latest(words), _counting(words)
    if latest is not None and latest.person:
        return latest
    return min((each for each in counting if each.progress.has_failed), key=lambda each: (each.at, each.reason))


def _arrived_on(words: Sequence[Said]) -> Date | None:
    """The last day that a person has named, or else the first that the bank has."""
    settled = [each for each in words if each.progress is Progress.SETTLED and each.arrived_on]
    named = [each.arrived_on for each in settled if each.person]
    first = min(settled, key=lambda each: (each.at, str(each.arrived_on)), default=None)
    return named[-1] if named else first.arrived_on if first else None


def what_to_do(transfer: str, doubt: Doubt, *, came_back: bool, followed: bool) -> str:
    """What a person has to do about a transfer, in one line, without personal data.

    Args:
        transfer: the transfer's id.
        doubt: what has to be found out.
        came_back: whether the ledger has it as failed.
        followed: whether a later attempt of the same payment may have left.
    """
    payment = transfer.rpartition("/")[0]
    if doubt is Doubt.COPY:
        return (
            f"{transfer} was rejected by the bank as a copy of a payment that the bank has: find out whether the bank "
            f"has paid it. If it has, run `starter.py settle {payment} --as PERSON`. If it never will, run "
            f"`starter.py return {payment} --as PERSON --reason WHY`."
        )
    if doubt is Doubt.FILE and not followed:
        return (
            f"{transfer} was turned away with its whole payment file, but another payment of that file is settled: "
            f"find out whether the bank has paid this one, too. {_UNTIL_THEN.format(transfer)}"
        )
    twice = f"{transfer} came back according to the ledger, but is settled according to the bank"
    if followed:
        return (
            f"{twice}, and a later attempt may have left: ask the bank to stop one of the two attempts, or ask the "
            f"team to pay one of them back. Once the money of {transfer} is back, run `starter.py return {transfer} "
            "--as PERSON --reason WHY`."
        )
    what = twice if came_back else f"The bank has said that {transfer} is settled, and that it failed"
    return f"{what}: find out which is true. {_UNTIL_THEN.format(transfer)}"


_UNTIL_THEN = (
    "Until then the payment does not leave again. If the team has its money, run `starter.py undo-return {0} "
    "--as PERSON --reason WHY`. If the money is back, or never left, run `starter.py return {0} --as PERSON "
    "--reason WHY`."
)
