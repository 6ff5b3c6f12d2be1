"""Who may do what: one table of roles, actions and periods of a challenge, for reading and for writing.

Nothing else decides about rights. The workflows ask the table when a message comes, and the desk asks the table before
it reads or writes anything. docs/rights.md shows the table; a test prints it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from domain.identity.proof import NOT_PROVEN, Proof
from domain.values.model import Value
from domain.values.refusals import NotAllowed
from domain.values.wording import either


class Role(StrEnum):
    """The role in which somebody acts, in the order in which roles are named."""

    ANYONE = "anyone"
    TEAM = "team"
    """The contact of an application, selected or not; or whoever has the address of a draft."""
    WRITER = "writer"
    """Whom they have invited to write the draft with them; and whoever uses the browser in which it was begun."""
    SPONSOR = "sponsor"
    """A decider of the body that poses the challenge."""
    OPERATOR = "operator"
    RELEASER = "releaser"
    READER = "reader"
    """Somebody who reads and scores the applications to a challenge, and need not decide anything."""


class Period(StrEnum):
    """How far a challenge has come, as far as rights depend on it."""

    OPEN = "before the seal"
    SEALED = "sealed"
    ENDED = "ended"


STAFF = frozenset({Role.SPONSOR, Role.READER, Role.OPERATOR, Role.RELEASER})
"""The roles of those who work on challenges, and do not apply."""


class Action(StrEnum):
    """What somebody can ask for. The action of a decision has the name of its message."""

    # Rounds and challenges
    PLAN = "plan"
    OPEN_ROUND = "open"
    HAND_OVER = "hand-over"
    TERMINAL_KEYS = "terminal-keys"
    OWN_PASSKEYS = "own-passkeys"
    PASSKEYS = "passkeys"
    SIGNING_KEYS = "keys"
    SIGN_IN = "sign-in"
    PRINT_LINK = "print-link"
    SESSIONS = "sessions"
    REHEARSE = "rehearse"
    RENEW = "renew"
    RETRY = "retry"
    READ_BOARD = "read-board"
    READ_CHALLENGE = "read-challenge"
    READ_RECORD = "read-record"
    TELL_HEADS = "tell-heads"
    EXTEND = "extend"
    EXTEND_STAGE = "extend-stage"
    HOLD = "hold"
    RESUME = "resume"
    CANCEL = "cancel"
    READ_UNCONFIRMED = "unconfirmed"
    CONFIRM = "confirm"
    PARTICIPATION = "participation"
    # Applications and selections
    READ_FORM = "read-form"
    APPLY = "apply"
    BEGIN_DRAFT = "draft"
    READ_DRAFT = "read-draft"
    SAVE = "save"
    SEND = "send"
    ATTACH = "attach"
    READ_WRITERS = "read-writers"
    INVITE_WRITER = "invite-writer"
    READ_OWN = "read-own"
    SEND_EVIDENCE = "send-evidence"
    READ_EVIDENCE = "read-evidence"
    OWN_DATA = "own-data"
    OWN_CALENDAR = "own-calendar"
    ADMIT = "admit"
    WITHDRAW = "withdraw"
    CHANGE_CONTACT = "contact"
    DECLARE_INTERESTS = "interests"
    COUNT_APPLICATIONS = "count-applications"
    READ_READERS = "read-readers"
    ASSIGN = "assign"
    READ_APPLICATIONS = "read-applications"
    SCORE = "score"
    MODERATE = "moderate"
    READ_SCORES = "read-scores"
    ASK = "ask"
    READ_QUESTIONS = "read-questions"
    DROP_QUESTION = "drop-question"
    ANSWER = "answer"
    SELECT = "select"
    DECLINE = "decline"
    AMEND = "amend"
    FEEDBACK = "feedback"
    EVIDENCE = "evidence"
    ERASE = "erase"
    # Payments
    READ_PAYMENTS = "read-payments"
    GIVE_PAYEE = "payee"
    RELEASE = "payment-release"
    RETURN = "payment-return"
    UNDO_RETURN = "payment-undo-return"
    CANCEL_PAYMENT = "payment-cancel"
    MAKE_PAYMENT_FILES = "payment-file"
    READ_PAYMENT_FILES = "read-payment-files"
    BRING_REPORT = "bank-report"
    CONFIRM_SETTLED = "confirm-settled"
    RECONCILE = "reconcile"
    RESEAL = "reseal"
    # Notices
    READ_NOTICES = "read-notices"
    RESEND = "resend"
    PREVIEW = "preview"


class Right(Value):
    """A row of the table.

    Args:
        words: the action as a verb, such as "hold". The name of the challenge or payment follows it.
        roles: who may do it.
        during: in which periods of the challenge.
        second_step: whether it decides, releases or changes something, so that `lacks_second_step` asks for a passkey.
    """

    words: str
    roles: tuple[Role, ...]
    during: frozenset[Period] = frozenset(Period)
    second_step: bool = False


_ONCE_SEALED = frozenset({Period.SEALED, Period.ENDED})
_ANYONE = (Role.ANYONE,)
_TEAM = (Role.TEAM,)
_WRITERS = (Role.TEAM, Role.WRITER)
_OPERATOR = (Role.OPERATOR,)
_SPONSOR = (Role.SPONSOR,)
_BOTH = (Role.SPONSOR, Role.OPERATOR)
_MONEY = (Role.OPERATOR, Role.RELEASER)
_IN_CHARGE = (Role.SPONSOR, Role.OPERATOR, Role.RELEASER)
_TEAM_OR_OPERATOR = (Role.TEAM, Role.OPERATOR)

RIGHTS: Mapping[Action, Right] = {
    Action.PLAN: Right(words="look at the plan of", roles=_ANYONE),
    Action.OPEN_ROUND: Right(words="open", roles=_OPERATOR, second_step=True),
    Action.HAND_OVER: Right(words="hand over roles of", roles=_OPERATOR, second_step=True),
    Action.TERMINAL_KEYS: Right(words="make or end terminal keys for people of", roles=_OPERATOR, second_step=True),
    Action.OWN_PASSKEYS: Right(words="add or remove passkeys of their own for", roles=_ANYONE),
    Action.PASSKEYS: Right(words="list or remove passkeys of people of", roles=_OPERATOR, second_step=True),
    Action.SIGNING_KEYS: Right(words="make or retire signing keys for", roles=_OPERATOR, second_step=True),
    Action.SIGN_IN: Right(words="sign in to", roles=_ANYONE),
    Action.PRINT_LINK: Right(words="print links for people of", roles=_OPERATOR, second_step=True),
    Action.SESSIONS: Right(words="look at or end sessions of people of", roles=_OPERATOR, second_step=True),
    Action.REHEARSE: Right(words="rehearse", roles=_OPERATOR, second_step=True),
    Action.RENEW: Right(words="renew", roles=_OPERATOR, second_step=True),
    Action.RETRY: Right(words="retry", roles=_MONEY, second_step=True),
    Action.READ_BOARD: Right(words="look at the board of", roles=_OPERATOR),
    Action.READ_CHALLENGE: Right(words="look at", roles=_ANYONE),
    Action.READ_RECORD: Right(words="read the record of", roles=_IN_CHARGE),
    Action.TELL_HEADS: Right(words="tell people the head of the record of", roles=_OPERATOR, second_step=True),
    Action.EXTEND: Right(words="move the deadline of", roles=_BOTH, second_step=True),
    Action.EXTEND_STAGE: Right(words="move the end of a stage of", roles=_BOTH, second_step=True),
    Action.HOLD: Right(words="hold", roles=_BOTH, second_step=True),
    Action.RESUME: Right(words="resume", roles=_BOTH, second_step=True),
    Action.CANCEL: Right(words="cancel", roles=_BOTH, second_step=True),
    Action.READ_UNCONFIRMED: Right(words="look at decisions to confirm on", roles=(Role.TEAM, *_IN_CHARGE)),
    Action.CONFIRM: Right(words="confirm decisions on", roles=(Role.TEAM, *_IN_CHARGE), second_step=True),
    Action.PARTICIPATION: Right(words="report a session of", roles=(Role.TEAM, *_BOTH), second_step=True),
    Action.READ_FORM: Right(words="read the form of", roles=_ANYONE),
    Action.APPLY: Right(words="apply to", roles=_ANYONE),
    Action.BEGIN_DRAFT: Right(words="begin a draft for", roles=_ANYONE),
    Action.READ_DRAFT: Right(words="read a draft for", roles=_WRITERS),
    Action.SAVE: Right(words="save a draft for", roles=_WRITERS),
    Action.SEND: Right(words="send a draft for", roles=_WRITERS),
    Action.ATTACH: Right(words="attach files to an application to", roles=_WRITERS),
    Action.READ_WRITERS: Right(words="see who writes a draft for", roles=_WRITERS),
    Action.INVITE_WRITER: Right(words="invite people to write a draft for", roles=_TEAM),
    Action.READ_OWN: Right(words="follow an application of their own to", roles=_TEAM),
    Action.SEND_EVIDENCE: Right(words="send evidence to", roles=_TEAM),
    Action.READ_EVIDENCE: Right(words="read the evidence of", roles=_BOTH, during=_ONCE_SEALED),
    Action.OWN_DATA: Right(words="see or erase their own data in", roles=_ANYONE),
    Action.OWN_CALENDAR: Right(words="have a calendar of their own from", roles=_ANYONE),
    Action.ADMIT: Right(words="admit a late application to", roles=_OPERATOR, during=_ONCE_SEALED, second_step=True),
    Action.WITHDRAW: Right(words="withdraw a team of", roles=_TEAM_OR_OPERATOR, second_step=True),
    Action.CHANGE_CONTACT: Right(words="change the contact of a team of", roles=_OPERATOR, second_step=True),
    Action.DECLARE_INTERESTS: Right(
        words="declare interests in the applicants to", roles=(*_IN_CHARGE, Role.READER), during=_ONCE_SEALED
    ),
    Action.COUNT_APPLICATIONS: Right(words="count the applications to", roles=_BOTH),
    Action.READ_READERS: Right(words="look at the readers of", roles=(*_IN_CHARGE, Role.READER)),
    Action.ASSIGN: Right(words="assign the applications to", roles=_BOTH, during=_ONCE_SEALED, second_step=True),
    Action.READ_APPLICATIONS: Right(words="read the applications to", roles=(*_BOTH, Role.READER), during=_ONCE_SEALED),
    Action.SCORE: Right(words="mark applications to", roles=(Role.READER,), during=_ONCE_SEALED),
    Action.MODERATE: Right(words="moderate the marks of", roles=_SPONSOR, during=_ONCE_SEALED, second_step=True),
    Action.READ_SCORES: Right(words="look at the marks of", roles=(*_BOTH, Role.READER), during=_ONCE_SEALED),
    Action.ASK: Right(words="ask a question about", roles=_ANYONE),
    Action.READ_QUESTIONS: Right(words="read the questions about", roles=_BOTH),
    Action.DROP_QUESTION: Right(words="drop a question about", roles=_BOTH, second_step=True),
    Action.ANSWER: Right(words="answer questions about", roles=_BOTH, second_step=True),
    Action.SELECT: Right(words="select teams for", roles=_SPONSOR, second_step=True),
    Action.DECLINE: Right(words="decline for", roles=_SPONSOR, second_step=True),
    Action.AMEND: Right(words="amend an agreed amount of", roles=_SPONSOR, second_step=True),
    Action.FEEDBACK: Right(words="give feedback for", roles=_BOTH, second_step=True),
    Action.EVIDENCE: Right(words="judge evidence of", roles=_BOTH, second_step=True),
    Action.ERASE: Right(words="erase people of", roles=_OPERATOR, second_step=True),
    Action.READ_PAYMENTS: Right(words="read the payments of", roles=_IN_CHARGE),
    Action.GIVE_PAYEE: Right(words="give the bank details of a team of", roles=_TEAM_OR_OPERATOR, second_step=True),
    Action.RELEASE: Right(words="release", roles=(Role.RELEASER,), second_step=True),
    Action.RETURN: Right(words="say that the money came back of", roles=_MONEY, second_step=True),
    Action.UNDO_RETURN: Right(words="undo a return of", roles=_MONEY, second_step=True),
    Action.CANCEL_PAYMENT: Right(words="cancel", roles=_MONEY, second_step=True),
    Action.MAKE_PAYMENT_FILES: Right(words="make payment files for", roles=_MONEY, second_step=True),
    Action.READ_PAYMENT_FILES: Right(words="list the payment files of", roles=_MONEY),
    Action.BRING_REPORT: Right(words="bring reports on payment files of", roles=_MONEY, second_step=True),
    Action.CONFIRM_SETTLED: Right(words="confirm payments of", roles=_MONEY, second_step=True),
    Action.RECONCILE: Right(words="reconcile", roles=_MONEY),
    Action.RESEAL: Right(words="reseal the bank details of", roles=_OPERATOR, second_step=True),
    Action.READ_NOTICES: Right(words="read the notices of", roles=_OPERATOR),
    Action.RESEND: Right(words="resend notices of", roles=_OPERATOR, second_step=True),
    Action.PREVIEW: Right(words="preview notices of", roles=_ANYONE),
}


class Grant(Value):
    """A role that a person has in one round.

    Args:
        round: id of the round.
        role: the role.
        person: what the record calls the person there: an id of the round's file, or the id of an application.
        sponsor: of a sponsor's decider: id of the sponsor.
        challenge: of a team: id of the challenge.
    """

    round: str
    role: Role
    person: str
    sponsor: str = ""
    challenge: str = ""


class Actor(Value):
    """Somebody who asks for something, at one moment.

    Args:
        name: a person's id or an e-mail address; empty if no name was given.
        proof: how they proved who they are.
        grants: the roles that they have in the rounds that were opened.
    """

    name: str = ""
    proof: Proof = NOT_PROVEN
    grants: tuple[Grant, ...] = ()

    def roles(self, place: Place) -> tuple[Grant, ...]:
        """The roles that they have at one challenge."""
        return tuple(
            grant
            for grant in self.grants
            if grant.round == place.round
            and grant.sponsor in ("", place.sponsor)
            and grant.challenge in ("", place.challenge)
        )


class Place(Value):
    """Where something is asked for.

    Args:
        round, challenge, sponsor: ids of a challenge, its round and its sponsor.
        period: how far the challenge has come.
    """

    round: str
    challenge: str
    sponsor: str
    period: Period


def grant_for(actor: Actor, action: Action, place: Place) -> Grant | None:
    """The first role that allows an actor to do something at a challenge; None if no role allows it.

    An action that anyone may do needs no role. The grant is then the actor's first role there, or one without a person.
    """
    right = RIGHTS[action]
    roles = actor.roles(place)
    for grant in roles:
        if grant.role in right.roles:
            return grant
    if Role.ANYONE in right.roles:
        return roles[0] if roles else Grant(round=place.round, role=Role.ANYONE, person="")
    return None


def lacks_second_step(actor: Actor, action: Action, role: Role) -> bool:
    """Whether somebody who signed in with a browser has to use a passkey too before they do something in a role.

    Without the second step, whoever reads the mailbox of an operator, a decider or a releaser could act for them.
    Teams and readers need none.
    """
    return (
        RIGHTS[action].second_step
        and role in (Role.SPONSOR, Role.OPERATOR, Role.RELEASER)
        and actor.proof.by_browser
        and not actor.proof.passkey
    )


def check_may(action: Action, person: str, role: str, to_what: str, people: Mapping[Role, Sequence[str]]) -> None:
    """Checks that a person's role allows an action, in whatever period.

    Args:
        action: what they want to do.
        person: who asks, as the refusal names them.
        role: their role. An unknown role has only the rights that anyone has.
        to_what: id of the challenge or payment.
        people: who has which role there: ids, or words such as "its teams".

    Raises:
        NotAllowed: they may not; the message says who may.
    """
    right = RIGHTS[action]
    if role in right.roles or Role.ANYONE in right.roles:
        return
    allowed = either(each for role in right.roles for each in people.get(role, ()))
    raise NotAllowed(f"{person or 'Somebody unnamed'} may not {right.words} {to_what}: {allowed} may.")
