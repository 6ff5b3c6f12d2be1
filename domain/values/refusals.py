"""Why something that a person asked for is not done.

A refusal is an answer, not a fault: its text goes to the person who asked and into the record. It says what is
wrong, with which value, and what to do. One class for each kind, so that callers and tests can tell them apart.
"""

from __future__ import annotations


class Refused(Exception):
    """Base of all refusals. `str(refusal)` is one line for the person who asked."""


class NotReadable(Refused):
    """The message cannot be understood: a field is missing, unknown or of the wrong form."""


class UnknownMessage(Refused):
    """A signal came in under a name that nothing here listens to."""


class UnknownRound(Refused):
    """No round file of that name."""


class UnknownChallenge(Refused):
    """No challenge of that name was ever opened."""


class UnknownStage(Refused):
    """The programme has no stage of that name."""


class UnknownTeam(Refused):
    """No such application, or it answers another challenge, or it was not in the stage before."""


class UnknownPerson(Refused):
    """The round names no such person."""


class NotAllowed(Refused):
    """The person is known but has no say in this."""


class TooEarly(Refused):
    """The moment for this has not come: the window is open, or the stage before still runs."""


class TooLate(Refused):
    """The moment for this has passed: it was decided, sealed or closed already."""


class WrongNumber(Refused):
    """Too few or too many teams, in the stage or in reserve for it."""


class NamedTwice(Refused):
    """The same team stands twice in one selection."""


class ReasonMissing(Refused):
    """This needs a reason and none was given."""


class WrongAmount(Refused):
    """An award's amount is missing, not wanted, or over the stage's cap."""


class DeadlineRefused(Refused):
    """A deadline may not be moved to that instant."""


class OnHold(Refused):
    """The challenge is on hold; it must be resumed first."""


class ApplicationRefused(Refused):
    """An application is late, without a contact, empty or over the size limit."""


class WindowNotSealed(Refused):
    """Nobody reads applications before the window is sealed."""


class NotConfirmed(Refused):
    """The service took the message but did not answer in time; sending it again is harmless."""


class AnotherPayment(Refused):
    """The key is that of a payment which differs: the same key is asked for two things."""


class NotSubmitted(Refused):
    """A payment is called settled that no rail has taken."""


class RailRefused(Refused):
    """A payment rail will not make a payment as it was asked to."""


class UnknownPayment(Refused):
    """The ledger has no payment of that key."""


class UnknownNotice(Refused):
    """No notice of that key, or several."""


class NotSentAgain(Refused):
    """The notice did not fail, or says what is no longer so."""


class FileRefused(Refused):
    """A file or a setting is wrong: names it, the key, the value and the remedy; a line for each problem."""


class Unavailable(Refused):
    """Something that the service needs cannot be reached or has no room left."""
