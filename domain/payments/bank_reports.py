"""What a bank says about transfers, whatever the form of its file: a status report, a statement, an advice."""

from __future__ import annotations

from collections.abc import Sequence

from whenever import Date, Instant

from domain.values.model import Value
from domain.values.money import Money
from domain.values.refusals import FileRefused

from .rails import Progress


class BankWord(Value):
    """What a bank says at one moment, about a whole file or about one transfer.

    Args:
        progress: settled, rejected, cancelled or returned. None while the bank has not decided.
        at: when the bank said so, by the bank's own clock.
        reason: why, for rejected, cancelled and returned: in words of this service, without personal data.
        words: the bank's own words on one line, with account numbers masked. They may name people, so callers show
            them to the person who brings the file, and keep them out of Temporal, logs and the record.
        explains: whether the reason is a code with a known meaning. A whole file that is turned away for another reason
            may be a second copy of a file that the bank goes on with.
        is_duplicate: the bank rejects a second copy, and goes on with the first.
    """

    progress: Progress | None
    at: Instant
    reason: str = ""
    words: str = ""
    explains: bool = False
    is_duplicate: bool = False


class TransferWord(BankWord):
    """What a bank says about one transfer.

    Args:
        end_to_end: the id by which the bank knows the transfer; empty if it was lost on the way.
        reference: another name by which the transfer can be found if the end-to-end id is none of this service's: the
            instruction id, or the reference in the payment file.
        whole: whether the bank says so about the whole file, and nothing of this transfer's own.
        arrived_on: for a settled transfer, the day by the bank's books.
        booked_on, by_day: as in `positions.Said`.
        amount, currency: what moved, if the bank says so.
    """

    end_to_end: str
    reference: str = ""
    whole: bool = False
    arrived_on: Date | None = None
    booked_on: Date | None = None
    by_day: bool = False
    amount: Money | None = None
    currency: str = ""


class BankReport(Value):
    """A file of a bank, as it was read.

    Args:
        message_id: the bank's id of the file.
        made_at: when the bank made the file, by the bank's own clock.
        file: id of the one payment file that the bank reports on; empty if the bank's file names transfers of any.
        whole: what the bank says about that whole payment file, or about the batch in it; None if nothing.
        transfers: the transfers that the bank names, in its order.
        ignored: what else is in the bank's file and why it does not count, a line each, for the person who brings it.
    """

    message_id: str
    made_at: Instant
    file: str = ""
    whole: BankWord | None = None
    transfers: tuple[TransferWord, ...] = ()
    ignored: tuple[str, ...] = ()

    def said_of(self, names: Sequence[str]) -> tuple[TransferWord, ...]:
        """What the bank says about each transfer in the payment file, named or not, in the order given.

        Args:
            names: the end-to-end ids of the transfers in the payment file.

        Raises:
            FileRefused: the bank names a transfer that is not in the payment file.
        """
        named = {each.end_to_end: each for each in self.transfers}
        unknown = sorted(named.keys() - set(names))
        if unknown:
            raise FileRefused(
                f"The report {self.message_id} names {unknown[0]}, which is not in payment file {self.file}: ask the "
                "bank which file it means."
            )
        whole = self.whole or BankWord(progress=None, at=self.made_at)
        return tuple(named.get(name) or TransferWord(end_to_end=name, whole=True, **dict(whole)) for name in names)
