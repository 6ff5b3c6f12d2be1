"""Who sees whose marks of an application, and when: one rule.

Each reader marks alone. A reader sees the others' marks of an application once their own marks for it are all in. Those
in charge who do not read the application see its marks once all its readers are done with it, or once something was
agreed on it. Whoever declared a conflict of interest with it never does.
"""

from __future__ import annotations

from domain.values.model import Value


class Sight(Value):
    """What decides whether somebody sees the marks of an application.

    Args:
        conflict: whether they declared a conflict of interest with it.
        reads: whether they are to mark it.
        own_missing: how many of their own marks are missing.
        missing: how many marks of all readers are missing.
        agreed: whether something was agreed on it.
    """

    conflict: bool = False
    reads: bool = False
    own_missing: int = 0
    missing: int = 0
    agreed: bool = False

    @property
    def hidden(self) -> str:
        """Why they do not see the marks, as a clause; empty if they see them."""
        if self.conflict:
            return "you declared a conflict of interest"
        if self.reads:
            return "your own marks come first" if self.own_missing else ""
        return "its readers are not done" if self.missing and not self.agreed else ""
