"""How somebody was shown to be who they are, and what becomes of a decision that nobody has proven."""

from __future__ import annotations

from enum import StrEnum

from whenever import Instant

from domain.values.model import Value
from domain.values.refusals import NotProven


class Way(StrEnum):
    """A way to show who somebody is, as the record names it."""

    NONE = "not proven"
    TERMINAL = "terminal"
    """They gave their name at a terminal of the machine that the service runs on, and showed nothing."""
    KEY = "terminal key"
    """They used a key file that an operator had made for them."""
    BROWSER = "browser"
    """They use the browser in which the draft was begun. Whose mailbox it names, nobody has shown."""
    LINK = "link"
    """They opened a link that was sent to their mailbox."""
    ORGANISATION = "organisation"
    """They signed in with their organisation."""
    SERVICE = "service"
    """The service itself acts, as in a rehearsal."""


class Proof(Value):
    """How somebody was shown to be who they are.

    Args:
        way: how.
        passkey: whether they also used a passkey.
        at: when they signed in; None where nobody signs in.
    """

    way: Way = Way.NONE
    passkey: bool = False
    at: Instant | None = None

    @property
    def shown(self) -> str:
        """The proof as the record names it, such as "organisation and passkey"."""
        return f"{self.way} and passkey" if self.passkey else str(self.way)

    @property
    def by_browser(self) -> bool:
        """Whether they signed in with a browser. A link that the terminal printed has the way of the terminal."""
        return self.way in (Way.LINK, Way.ORGANISATION) or (self.way is Way.TERMINAL and self.at is not None)

    @property
    def is_shown(self) -> bool:
        """Whether they have shown more than a name."""
        return self.way not in (Way.NONE, Way.TERMINAL)

    @property
    def on_record(self) -> Shown:
        """The proof for a line that the desk writes itself."""
        return Shown(proof=self.shown)


class Shown(Value):
    """How the person of a line of the record was proven, as the line keeps it.

    Args:
        proof: how, such as "organisation and passkey".
        signed: the desk's signed statement, as it came; empty if none came, or if the desk wrote the line itself.
        role: the role that the statement is for; empty if none came, or if it is for no role.
        principal: who has sent the message, as the Temporal server says, if no statement came; empty if nobody knows.
    """

    proof: str = str(Way.NONE)
    signed: str = ""
    role: str = ""
    principal: str = ""

    def check_role(self, kind: str, role: str) -> None:
        """Checks that the person acts in the role that was signed.

        Args:
            kind: what they ask for.
            role: in which role they act.

        Raises:
            NotProven: they act in another.
        """
        if self.role not in ("", role):
            raise NotProven(
                f"The {kind} was signed for the role {self.role}, and came in the role {role}: send it again."
            )


NOT_PROVEN = Proof()
AT_TERMINAL = Proof(way=Way.TERMINAL)
BY_SERVICE = Proof(way=Way.SERVICE)


class Unproven(StrEnum):
    """What becomes of a decision that comes without a proof, as a signal by hand does."""

    ACCEPT = "accept"
    """It is done, and marked as not proven."""
    CONFIRM = "confirm"
    """It is kept, and done once the person whom it names confirms it."""
    REFUSE = "refuse"

    @property
    def in_words(self) -> str:
        """What becomes of such a decision, as the end of a sentence."""
        return _BECOMES[self]


_BECOMES = {
    Unproven.ACCEPT: "is done, and marked as not proven",
    Unproven.CONFIRM: "waits until the person whom it names confirms it",
    Unproven.REFUSE: "is refused",
}
