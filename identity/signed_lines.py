"""Lines of the record beside what their people have signed: neither a database's password nor a worker makes one up."""

from __future__ import annotations

from collections.abc import Iterable

from domain.identity.statement import Statement
from domain.values.refusals import NotProven
from store.record.record import RecordLine

from .signatures import BY_THE_BOOKS, Verifier


def wrongly_signed(lines: Iterable[RecordLine], verifier: Verifier) -> frozenset[int]:
    """The ids of lines whose signature is not that of the person and the challenge that they name.

    A key that was retired since still shows that a signature is right.

    Args:
        lines: some of the record. A line without a signature cannot be wrong.
        verifier: has the public keys.

    Raises:
        Unavailable: the file of the keys cannot be read.
    """
    return frozenset(line.id for line in lines if line.signed and not _is_right(line, verifier))


def _is_right(line: RecordLine, verifier: Verifier) -> bool:
    try:
        said = verifier.was_signed(line.signed)
    except NotProven:
        return False
    is_there = said.workflow == line.challenge or said.workflow.startswith(f"{line.challenge}/")
    return is_there and (said.person, said.proof.shown) == (line.by, line.proof) and _is_in_role(line, said)


def _is_in_role(line: RecordLine, said: Statement) -> bool:
    """Nobody is refused twice: a line about a refusal has the role that the person had there, and no other reason."""
    return line.refused or said.role in (line.role, BY_THE_BOOKS)
