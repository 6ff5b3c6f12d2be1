"""Who sees whose marks of an application, and when: one rule.

Each reader marks alone. A reader sees the others' marks of an application once their own marks for it are all in. Those
in charge who do not read the application see its marks once all its readers are done with it, or once something was
agreed on it. Whoever declared a conflict of interest with it never does, and a reader sees only what they read.
"""

from __future__ import annotations

from domain.values.model import Value

from .moderation import Agreed, Spread
from .ranking import Row


class Sight(Value):
    """What decides whether somebody sees the marks of an application.

    Args:
        conflict: whether they declared a conflict of interest with it.
        reads: whether they are to mark it.
        only_reads: whether they have a say here as a reader only.
        own_done: whether their own marks for it are all in.
        all_done: whether the marks of all its readers are in.
        agreed: whether something was agreed on it.
    """

    conflict: bool = False
    reads: bool = False
    only_reads: bool = False
    own_done: bool = False
    all_done: bool = False
    agreed: bool = False

    @property
    def may_read(self) -> bool:
        """Whether they read the application itself."""
        return not self.conflict and (self.reads or not self.only_reads)

    @property
    def hidden(self) -> str:
        """Why they do not see the marks, as a clause; empty if they see them."""
        if self.conflict:
            return "you declared a conflict of interest"
        if self.reads:
            return "" if self.own_done else "your own marks come first"
        if self.only_reads:
            return "it is assigned to others"
        return "" if self.all_done or self.agreed else "its readers are not done"


class Place(Value):
    """An application in the ranking as one person may see it.

    Args:
        application: its id.
        row: its place; None if this person does not see it.
        hidden: why not, as a clause.
        may_read: whether this person reads the application itself.
    """

    application: str
    row: Row | None = None
    hidden: str = ""
    may_read: bool = True


class Ranked(Value):
    """The ranking of a stage as one person may see it. What is hidden comes last, by id."""

    stage: str
    places: tuple[Place, ...]


class Judgement(Value):
    """The marks of one application in a stage: their spread by criterion, and what was agreed last."""

    application: str
    stage: str
    spreads: tuple[Spread, ...]
    agreed: tuple[Agreed, ...]
