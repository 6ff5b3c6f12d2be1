# Longer than others: a class for each kind of refusal, and the one table of their codes.
"""Why the service does not do what a person asked for.

A refusal is an answer, not a fault: its text goes to the person who asked and into the record. It says what is
wrong, with which value, and what to do. There is one class for each kind, so that callers and tests can tell them
apart. Each class has a code for programs. A code never changes.

`KINDS`, at the end, is the one table of codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple, Self

from .model import Value


class Problem(Value):
    """One problem in what somebody sent or wrote.

    Args:
        field: the name of the field in the form, message, file or settings; empty if the problem is not in one field
            alone.
        text: what is wrong and what to do. The text never repeats personal data.
    """

    field: str
    text: str


class Refused(Exception):
    """The service does not do what was asked.

    `str(refusal)` is one line for the person who asked.

    Args:
        text: what is wrong, with which value, and what to do.
        problems: all fields that are wrong. If left out: the one field that refusals of this kind are always about, if
            there is such a field.
    """

    code: ClassVar[str] = "refused"
    _field: ClassVar[str] = ""
    _between: ClassVar[str] = " "

    def __init__(self, text: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(text)
        always = (Problem(field=self._field, text=text),) if self._field else ()
        self.problems = tuple(problems) or always

    @classmethod
    def for_problems(cls, problems: Sequence[Problem]) -> Self:
        """A refusal whose text is the texts of its problems, one after the other."""
        return cls(cls._between.join(problem.text for problem in problems), problems)

    @property
    def exit_status(self) -> int:
        """The exit status of a command that is refused for this reason."""
        return KINDS[self.code].exit_status


class NotReadable(Refused):
    """The message cannot be understood: its problems name every field that is missing, unknown or wrong."""

    code = "not-readable"


class UnknownSession(Refused):
    """The person has no such session that goes on."""

    code = "unknown-session"


class UnknownMessage(Refused):
    """No message has that name."""

    code = "unknown-message"


class UnknownRound(Refused):
    """No round has that name."""

    code = "unknown-round"


class UnknownChallenge(Refused):
    """No challenge with that name was opened."""

    code = "unknown-challenge"


class UnknownStage(Refused):
    """The programme has no stage with that name."""

    code = "unknown-stage"
    _field = "stage"


class UnknownTeam(Refused):
    """There is no such application or team here: it belongs to another challenge, or was not in the stage before."""

    code = "unknown-team"


class UnknownAttachment(Refused):
    """There is no such attachment here, or it was not sent."""

    code = "unknown-attachment"


class UnknownPerson(Refused):
    """The round names no such person."""

    code = "unknown-person"


class NotSignedIn(Refused):
    """Nobody is signed in here, or the session is over."""

    code = "not-signed-in"


class TooOften(Refused):
    """This was asked too often, from this address or this network.

    Args:
        text: what was asked, and when to try again.
        seconds: after how many it may be tried again.
    """

    code = "too-often"

    def __init__(self, text: str, problems: Iterable[Problem] = (), *, seconds: int = 0) -> None:
        super().__init__(text, problems)
        self.seconds = seconds


class UnknownPasskey(Refused):
    """The person has no such passkey, or none at all."""

    code = "unknown-passkey"


class NotAllowed(Refused):
    """This person may not do this."""

    code = "not-allowed"


class NotProven(Refused):
    """Nobody has shown that the person whom a message names has sent it, or what came as a proof is none."""

    code = "not-proven"


class AwaitsConfirmation(Refused):
    """It came without a proof, and nothing has changed: the person whom it names has to confirm it."""

    code = "awaits-confirmation"


class UnknownDecision(Refused):
    """No decision waits to be confirmed under that id."""

    code = "unknown-decision"


class SignInRefused(Refused):
    """What came back does not show who somebody is, or the service does not know this person by it."""

    code = "sign-in-refused"


class SignInOver(Refused):
    """The sign-in cannot go on: it is too old, was used, or was begun in another browser. Begin again."""

    code = "sign-in-over"


class SecondStepMissing(Refused):
    """Whoever decides or releases needs their passkey too, and has not used it since they signed in."""

    code = "second-step-missing"


class TooEarly(Refused):
    """It is too early for this: the window is still open, or the stage before still runs."""

    code = "too-early"


class TooLate(Refused):
    """It is too late for this: something was already decided, sealed or closed."""

    code = "too-late"


class WrongNumber(Refused):
    """Too few or too many teams are named, for the stage or for the reserve."""

    code = "wrong-number"
    _field = "teams"


class NamedTwice(Refused):
    """A selection names the same team twice."""

    code = "named-twice"
    _field = "teams"


class ReasonMissing(Refused):
    """This needs a reason, and no reason was given."""

    code = "reason-missing"
    _field = "reason"


class WrongAmount(Refused):
    """The amount of an award is missing, not allowed, or over the cap of the stage."""

    code = "wrong-amount"
    _field = "amounts"


class DeadlineRefused(Refused):
    """The deadline cannot be moved to that time."""

    code = "deadline-refused"
    _field = "closes"


class OnHold(Refused):
    """The challenge is on hold: it must be resumed first."""

    code = "on-hold"


class AttachmentRefused(Refused):
    """The file cannot be attached: it is of another kind, too large, empty, or has a password or a virus."""

    code = "attachment-refused"


class ApplicationRefused(Refused):
    """The application is incomplete or wrong: its problems name every field to correct."""

    code = "application-refused"


class DraftChanged(Refused):
    """An answer was changed since whoever sends the draft looked at it."""

    code = "draft-changed"


class ScoreRefused(Refused):
    """Marks are wrong or have no reason: its problems name everything to correct, and nothing was kept."""

    code = "score-refused"


class WindowNotSealed(Refused):
    """Nobody reads applications before their window is sealed."""

    code = "window-not-sealed"


class InterestsMissing(Refused):
    """Interests come first: this person has not declared theirs for every applicant concerned."""

    code = "interests-missing"


class ConflictOfInterest(Refused):
    """This person has declared a conflict of interest: somebody else has to do this."""

    code = "conflict-of-interest"


class NotConfirmed(Refused):
    """Nobody knows whether the message was taken: look at the status, then send it again with the same id."""

    code = "not-confirmed"


class AnotherDecision(Refused):
    """The id belongs to another decision: one id was used for two decisions."""

    code = "another-decision"


class AnotherPayment(Refused):
    """The key belongs to another payment: one key was used for two payments."""

    code = "another-payment"


class RailRefused(Refused):
    """The payment rail will not make the payment as asked."""

    code = "rail-refused"


class UnknownPayment(Refused):
    """No payment has that key."""

    code = "unknown-payment"


class UnknownTerminalKey(Refused):
    """No terminal key has that id."""

    code = "unknown-terminal-key"


class UnknownNotice(Refused):
    """No notice has that key, or several keys end with it."""

    code = "unknown-notice"


class UnknownQuestion(Refused):
    """No question with that id waits for an answer."""

    code = "unknown-question"


class NotSentAgain(Refused):
    """The notice did not fail, or what it says is no longer true."""

    code = "not-sent-again"


class RehearsalStopped(Refused):
    """The rehearsal could not be played to its end."""

    code = "rehearsal-stopped"


class FileRefused(Refused):
    """A file or a setting is wrong: the text has a line for each problem."""

    code = "file-refused"
    _between = "\n"


class RoundIsOpen(FileRefused):
    """The round is open, and parts of its edited files do not count: the text has a line for each."""

    code = "round-is-open"


class Unavailable(Refused):
    """Something that the service needs cannot be reached, or is full: try again later."""

    code = "unavailable"


class OthersUnavailable(Unavailable):
    """What another body runs does not answer. The text is for everybody, and names nothing of our own machines."""


def refuse_for_all(found: Iterable[Refused]) -> None:
    """Refuses for everything that is wrong at once, so that nobody mends one fault only to be told the next.

    Args:
        found: a refusal for each fault, in the order in which people are told.

    Raises:
        Refused: there is a fault. The kind is that of the first; the text and the problems are those of all.
    """
    faults = tuple(found)
    if not faults:
        return
    if len(faults) == 1:
        raise faults[0]
    problems = [problem for each in faults for problem in each.problems or (Problem(field="", text=str(each)),)]
    raise type(faults[0])(" ".join(map(str, faults)), problems)


class Kind(NamedTuple):
    """How the web and the command line answer one kind of refusal.

    Args:
        refusal: the class of the refusal.
        http_status: the status of the answer on the web.
        exit_status: the exit status of the command.
    """

    refusal: type[Refused]
    http_status: int
    exit_status: int = 1


KINDS = {
    kind.refusal.code: kind
    for kind in (
        Kind(NotReadable, 422),
        Kind(ApplicationRefused, 422),
        Kind(ScoreRefused, 422),
        Kind(AttachmentRefused, 422),
        Kind(FileRefused, 422),
        Kind(ReasonMissing, 422),
        Kind(NamedTwice, 422),
        Kind(WrongNumber, 422),
        Kind(WrongAmount, 422),
        Kind(DeadlineRefused, 422),
        Kind(NotSignedIn, 401),
        Kind(NotAllowed, 403),
        Kind(NotProven, 403),
        Kind(ConflictOfInterest, 403),
        Kind(SignInRefused, 403),
        Kind(SecondStepMissing, 403),
        Kind(UnknownMessage, 404),
        Kind(UnknownDecision, 404),
        Kind(UnknownSession, 404),
        Kind(UnknownRound, 404),
        Kind(UnknownChallenge, 404),
        Kind(UnknownStage, 404),
        Kind(UnknownTeam, 404),
        Kind(UnknownAttachment, 404),
        Kind(UnknownPerson, 404),
        Kind(UnknownPasskey, 404),
        Kind(UnknownPayment, 404),
        Kind(UnknownNotice, 404),
        Kind(UnknownQuestion, 404),
        Kind(UnknownTerminalKey, 404),
        Kind(SignInOver, 409),
        Kind(TooEarly, 409),
        Kind(TooLate, 409),
        Kind(OnHold, 409),
        Kind(WindowNotSealed, 409),
        Kind(InterestsMissing, 409),
        Kind(RoundIsOpen, 409),
        Kind(DraftChanged, 409),
        Kind(AwaitsConfirmation, 409),
        Kind(AnotherDecision, 409),
        Kind(AnotherPayment, 409),
        Kind(RailRefused, 409),
        Kind(NotSentAgain, 409),
        Kind(RehearsalStopped, 409),
        Kind(TooOften, 429),
        Kind(Unavailable, 503),
        Kind(NotConfirmed, 504),
        Kind(Refused, 500),
    )
}
"""Every kind of refusal by its code, as docs/operating.md shows it."""
