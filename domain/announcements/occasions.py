"""The occasions on which people are told something, and exactly which facts the text of each notice can use."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

Facts = dict[str, str]
"""The facts that fill in the text of a notice, by name; a fact that does not exist in a case is an empty text."""


class Occasion(StrEnum):
    """What a notice is about, in the order of a challenge's life. The text of each is in a file with its name."""

    WINDOW_OPENED = "window-opened"
    QUESTION_ASKED = "question-asked"
    QUESTION_ANSWERED = "question-answered"
    CLOSING_SOON = "closing-soon"
    DEADLINE_MOVED = "deadline-moved"
    DRAFT_BEGUN = "draft-begun"
    WRITER_INVITED = "writer-invited"
    APPLICATION_RECEIVED = "application-received"
    APPLICATION_CHANGED = "application-changed"
    APPLICATION_REFUSED = "application-refused"
    APPLICATION_ADMITTED = "application-admitted"
    CONTACT_CHANGED = "contact-changed"
    PROPOSAL_INVITED = "proposal-invited"
    PROPOSAL_RECEIVED = "proposal-received"
    PROPOSAL_DUE = "proposal-due"
    PROPOSAL_MISSING = "proposal-missing"
    SCORING_INVITED = "scoring-invited"
    SCORES_DUE = "scores-due"
    DECISION_INVITED = "decision-invited"
    DECISION_DUE = "decision-due"
    DECISION_OVERDUE = "decision-overdue"
    SHORTLISTED = "shortlisted"
    PRIZE_WON = "prize-won"
    STAGE_STARTED = "stage-started"
    FROM_RESERVE = "from-reserve"
    IN_RESERVE = "in-reserve"
    NOT_SELECTED = "not-selected"
    FEEDBACK = "feedback"
    EVIDENCE_DUE = "evidence-due"
    EVIDENCE_SENT = "evidence-sent"
    EVIDENCE_ACCEPTED = "evidence-accepted"
    EVIDENCE_REJECTED = "evidence-rejected"
    STAGE_EXTENDED = "stage-extended"
    STAGE_GOES_ON = "stage-goes-on"
    STAGE_ENDING = "stage-ending"
    AWARD_AMENDED = "award-amended"
    PAYEE_GIVEN = "payee-given"
    PAYMENT_REQUESTED = "payment-requested"
    PAYMENT_TO_RELEASE = "payment-to-release"
    PAYMENT_DUE = "payment-due"
    PAYMENT_OVERDUE = "payment-overdue"
    PAYMENT_NOT_HELD = "payment-not-held"
    PAYMENT_SENT = "payment-sent"
    PAYMENT_RETURNED = "payment-returned"
    PAYMENT_RETURN_UNDONE = "payment-return-undone"
    PAYMENT_CANCELLED = "payment-cancelled"
    WITHDRAWN = "withdrawn"
    TEAM_LEFT = "team-left"
    HELD = "held"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    NOT_CONTINUED = "not-continued"
    COMPLETED = "completed"
    HANDED_OVER = "handed-over"
    TERMINAL_KEY_MADE = "terminal-key-made"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    UNCONFIRMED = "unconfirmed"
    RECORD_HEADS = "record-heads"
    REFUSED = "refused"
    ATTENTION = "attention"
    SIGN_IN = "sign-in"


OUTSIDE = frozenset({Occasion.SIGN_IN})
"""The occasions that belong to no challenge: their letters are about the service itself."""


class Fact(NamedTuple):
    """What a name in the text of a notice stands for.

    Args:
        meaning: in a few words.
        example: an example, from the pilot.
    """

    meaning: str
    example: str


COMMON = frozenset({"question", "challenge", "contact"})
"""The facts that every occasion of a challenge has."""

_ASKED = {"stage", "proposal"}
_TERMS = {"intellectual_property", "equity"}
_PAYMENT = {"payment", "amount", "stage"}
_RELEASE = _PAYMENT | {"team", "status", "pay_by", "by_law"}

FACTS: Mapping[Occasion, frozenset[str]] = {
    Occasion.WINDOW_OPENED: frozenset({"closes", *_ASKED}),
    Occasion.QUESTION_ASKED: frozenset({"asked", "number_asked", "late", "closes"}),
    Occasion.QUESTION_ANSWERED: frozenset({"asked", "answer"}),
    Occasion.CLOSING_SOON: frozenset({"until", *_ASKED}),
    Occasion.DEADLINE_MOVED: frozenset({"closes", "was", "reason", *_ASKED}),
    Occasion.DRAFT_BEGUN: frozenset({"application", "closes"}),
    Occasion.WRITER_INVITED: frozenset({"application", "closes", "inviter"}),
    Occasion.APPLICATION_RECEIVED: frozenset({"application", "received"}),
    Occasion.APPLICATION_CHANGED: frozenset({"application", "received"}),
    Occasion.APPLICATION_REFUSED: frozenset({"reason", "kept", "proposal"}),
    Occasion.APPLICATION_ADMITTED: frozenset({"application", "closes", "reason"}),
    Occasion.CONTACT_CHANGED: frozenset({"application", "changed", "old_address", "reason"}),
    Occasion.PROPOSAL_INVITED: frozenset({"opens", "until", "out", *_ASKED}),
    Occasion.PROPOSAL_RECEIVED: frozenset({"application", "received", "proposal", "again"}),
    Occasion.PROPOSAL_DUE: frozenset({"until", *_ASKED}),
    Occasion.PROPOSAL_MISSING: frozenset({"closes", "out", *_ASKED}),
    Occasion.SCORING_INVITED: frozenset({"stage", "until", "left", "criteria"}),
    Occasion.SCORES_DUE: frozenset({"stage", "until", "left"}),
    Occasion.DECISION_INVITED: frozenset({"stage", "field", "number", "amount", "until"}),
    Occasion.DECISION_DUE: frozenset({"stage", "until"}),
    Occasion.DECISION_OVERDUE: frozenset({"stage", "until", "waits_for"}),
    Occasion.SHORTLISTED: frozenset({"stage", "next"}),
    Occasion.PRIZE_WON: frozenset({"stage", "award", "paid", "next", *_TERMS}),
    Occasion.STAGE_STARTED: frozenset({"stage", "begins", "ends", "award", "paid", "sessions", *_TERMS}),
    Occasion.FROM_RESERVE: frozenset({"stage", "ends", "award", "paid", "sessions", *_TERMS}),
    Occasion.IN_RESERVE: frozenset({"stage", "begins", "ends"}),
    Occasion.NOT_SELECTED: frozenset({"stage", "feedback"}),
    Occasion.FEEDBACK: frozenset({"stage", "feedback"}),
    Occasion.EVIDENCE_DUE: frozenset({"stage", "evidence", "amount", "until"}),
    Occasion.EVIDENCE_SENT: frozenset({"stage", "team", "evidence", "instalment"}),
    Occasion.EVIDENCE_ACCEPTED: frozenset({"stage", "evidence", "amount"}),
    Occasion.EVIDENCE_REJECTED: frozenset({"stage", "evidence", "reason", "final"}),
    Occasion.STAGE_EXTENDED: frozenset({"stage", "team", "ends", "was", "reason"}),
    Occasion.STAGE_GOES_ON: frozenset({"stage", "until"}),
    Occasion.STAGE_ENDING: frozenset({"stage", "until"}),
    Occasion.AWARD_AMENDED: frozenset({"stage", "team", "award", "was", "paid", "reason"}),
    Occasion.PAYEE_GIVEN: frozenset({"by", "on_its_way"}),
    Occasion.PAYMENT_REQUESTED: frozenset({*_PAYMENT, "instalment", "payee", "pay_by"}),
    Occasion.PAYMENT_TO_RELEASE: frozenset({*_RELEASE, "account", "payee_version", "change", "warnings"}),
    Occasion.PAYMENT_DUE: frozenset(_RELEASE),
    Occasion.PAYMENT_OVERDUE: frozenset({*_RELEASE, "late_by_law"}),
    Occasion.PAYMENT_NOT_HELD: frozenset({*_PAYMENT, "team", "where"}),
    Occasion.PAYMENT_SENT: frozenset({*_PAYMENT, "reference", "pays_on"}),
    Occasion.PAYMENT_RETURNED: frozenset({*_PAYMENT, "reason", "never_left"}),
    Occasion.PAYMENT_RETURN_UNDONE: frozenset({*_PAYMENT, "reason"}),
    Occasion.PAYMENT_CANCELLED: frozenset({*_PAYMENT, "reason"}),
    Occasion.WITHDRAWN: frozenset({"by", "reason"}),
    Occasion.TEAM_LEFT: frozenset({"what", "reason"}),
    Occasion.HELD: frozenset({"waits_for", "reason"}),
    Occasion.RESUMED: frozenset({"turn", "until", "reason"}),
    Occasion.CANCELLED: frozenset({"reason"}),
    Occasion.NOT_CONTINUED: frozenset({"stage", "reason"}),
    Occasion.COMPLETED: frozenset({"stage"}),
    Occasion.HANDED_OVER: frozenset({"person", "successor", "role", "waits_for", "reason"}),
    Occasion.TERMINAL_KEY_MADE: frozenset({"key", "made_by"}),
    Occasion.PASSKEY_ADDED: frozenset({"passkey"}),
    Occasion.PASSKEY_REMOVED: frozenset({"passkey", "by"}),
    Occasion.UNCONFIRMED: frozenset({"action", "decision"}),
    Occasion.RECORD_HEADS: frozenset({"heads", "round"}),
    Occasion.REFUSED: frozenset({"action", "reason"}),
    Occasion.ATTENTION: frozenset({"what"}),
    Occasion.SIGN_IN: frozenset({"link", "organisations", "service", "valid"}),
}
"""Exactly which facts each occasion has, besides those that every occasion of a challenge has."""


def facts_of(occasion: Occasion) -> frozenset[str]:
    """All facts of an occasion."""
    return FACTS[occasion] if occasion in OUTSIDE else FACTS[occasion] | COMMON


MAY_BE_EMPTY: Mapping[Occasion, frozenset[str]] = {
    **dict.fromkeys((Occasion.WINDOW_OPENED, Occasion.CLOSING_SOON, Occasion.DEADLINE_MOVED), frozenset(_ASKED)),
    Occasion.QUESTION_ASKED: frozenset({"late"}),
    Occasion.PROPOSAL_INVITED: frozenset({"opens", "out"}),
    Occasion.PROPOSAL_MISSING: frozenset({"out"}),
    Occasion.APPLICATION_REFUSED: frozenset({"kept", "proposal"}),
    Occasion.PROPOSAL_RECEIVED: frozenset({"again"}),
    Occasion.CONTACT_CHANGED: frozenset({"old_address"}),
    Occasion.DECISION_INVITED: frozenset({"amount"}),
    Occasion.SCORES_DUE: frozenset({"until"}),
    Occasion.SHORTLISTED: frozenset({"next"}),
    Occasion.PRIZE_WON: frozenset({"next"}),
    Occasion.STAGE_STARTED: frozenset({"award", "paid", "sessions"}),
    Occasion.FROM_RESERVE: frozenset({"award", "paid", "sessions"}),
    Occasion.NOT_SELECTED: frozenset({"feedback"}),
    Occasion.EVIDENCE_DUE: frozenset({"until"}),
    Occasion.EVIDENCE_REJECTED: frozenset({"final"}),
    Occasion.PAYEE_GIVEN: frozenset({"on_its_way"}),
    Occasion.PAYMENT_REQUESTED: frozenset({"instalment", "payee", "pay_by"}),
    Occasion.PAYMENT_TO_RELEASE: frozenset({"by_law", "change", "warnings"}),
    Occasion.PAYMENT_DUE: frozenset({"by_law"}),
    Occasion.PAYMENT_OVERDUE: frozenset({"by_law", "late_by_law"}),
    Occasion.PAYMENT_SENT: frozenset({"pays_on"}),
    Occasion.PAYMENT_RETURNED: frozenset({"never_left"}),
    Occasion.STAGE_EXTENDED: frozenset({"team"}),
    Occasion.AWARD_AMENDED: frozenset({"team"}),
    Occasion.RESUMED: frozenset({"reason"}),
    Occasion.SIGN_IN: frozenset({"link", "organisations"}),
}
"""Which facts of an occasion may be an empty text."""

GLOSSARY: Mapping[str, Fact] = {
    "account": Fact("the bank details that the payment goes to, masked", "sort code ••••, account ••••911"),
    "action": Fact("what was sent", "select"),
    "again": Fact('"yes" if it takes the place of what was sent before; else empty', "yes"),
    "amount": Fact(
        "what is paid, with its currency and its VAT; if the amount is not agreed yet, the most it can be", "£2,000"
    ),
    "answer": Fact("the sponsor's answer, as published", "Yes, if its data can be used by others."),
    "application": Fact("the application's id, which its receipt shows", "air-quality-7kx3qm"),
    "asked": Fact("a question about the challenge, as published", "May a sensor that is on the market take part?"),
    "award": Fact("what the team is due for the stage; empty if nothing", "£2,000"),
    "begins": Fact("when the stage begins", "Wednesday 10 August 2016, 11:30 BST"),
    "by": Fact('who did it: "you" or "the programme office"', "the programme office"),
    "by_law": Fact(
        "the day after which the payment is late by law; empty if not known", "Friday 9 September 2016, 24:00 BST"
    ),
    "challenge": Fact("the challenge's id", "pilot-2016/air-quality"),
    "change": Fact(
        "what has changed since the last request to release; empty if nothing",
        "The team's bank details were changed, and the release to the old details is void.",
    ),
    "changed": Fact("which of a team's contact details were changed", "the e-mail address"),
    "closes": Fact("when the window closes, or closed", "Monday 1 August 2016, 24:00 BST"),
    "contact": Fact(
        "the programme office's e-mail addresses, for questions", "programme.office@digital-directorate.example"
    ),
    "criteria": Fact(
        "what is judged: a line for each criterion of the scorecard, with its weight",
        "How much do citizens gain? (weight 3)\nWhat does it cost? (weight 1)",
    ),
    "decision": Fact("the id of a decision that waits until the person whom it names confirms it", "3f9a0c21d7e4"),
    "ends": Fact("when the stage ends", "Wednesday 24 August 2016, 11:30 BST"),
    "equity": Fact("the programme's terms on the company's shares", "The company keeps its equity."),
    "evidence": Fact(
        "what the team must show before an instalment is paid", "a trial with citizens, and a report on it"
    ),
    "feedback": Fact(
        "what the sponsor says about the application; may have several lines",
        "A strong idea for busy streets. We missed a plan for villages.",
    ),
    "field": Fact("the applications or teams that the sponsor can select from, as a clause", "14 applications came in"),
    "final": Fact('"yes" if the evidence cannot be shown again; else empty', "yes"),
    "heads": Fact("the heads of the records, each on a line", f"pilot-2016/air-quality:7:{'5f' * 32}"),
    "instalment": Fact(
        "the number of the instalment, and how many there are; empty if the award is paid at once", "instalment 1 of 2"
    ),
    "intellectual_property": Fact(
        "the programme's terms on intellectual property", "The company keeps its intellectual property."
    ),
    "kept": Fact(
        "what is kept of an application that was not taken, as a sentence; empty if nothing is",
        "Your draft is kept as it is.",
    ),
    "key": Fact("the id of a terminal key", "3f9c0a7d51e2"),
    "late": Fact('"yes" if a question came after the last moment for questions; else empty', "yes"),
    "late_by_law": Fact('"yes" if the day after which the payment is late by law has passed; else empty', "yes"),
    "left": Fact("how many applications the reader has still to mark", "12 applications"),
    "link": Fact(
        "the link to sign in with; empty if the person signs in with their organisation",
        "https://challenges.example/link/ZGVtbyBsaW5rLCB3aGljaCBvcGVucyBub3RoaW5nLg",
    ),
    "inviter": Fact("the address of whoever invites somebody to write an application with them", "ann@breathe.example"),
    "made_by": Fact("who made a terminal key", "programme-office"),
    "never_left": Fact('"yes" if the payment was rejected or cancelled and never left; empty if it came back', "yes"),
    "next": Fact("the stage that the selected teams can enter next; empty if there is none", "Exploration"),
    "number_asked": Fact("the number of a question that somebody has asked", "q-7kx3qm9"),
    "number": Fact("how many teams are expected", "3"),
    "old_address": Fact('"yes" if the notice goes to the address before the change; else empty', "yes"),
    "on_its_way": Fact(
        "the keys of the payments that still go to the old bank details; empty if none",
        "pilot-2016/air-quality/exploration/air-quality-7kx3qm/1",
    ),
    "opens": Fact("when the window opens; empty if it is open", "Monday 3 October 2016, 00:00 BST"),
    "organisations": Fact(
        "the organisations with which the person signs in; empty if they sign in with a link",
        "https://login.digital-directorate.example",
    ),
    "out": Fact('"yes" if a team that sends no proposal is out; else empty', "yes"),
    "paid": Fact("how the award is paid; empty if there is none", "all of it at the start"),
    "passkey": Fact("the name that a person has given to a passkey", "My laptop"),
    "pay_by": Fact(
        "the day by which payment is promised; empty while the payee is not known",
        "Wednesday 24 August 2016, 24:00 BST",
    ),
    "payee": Fact('"known" if the team has given its bank details; else empty', "known"),
    "round": Fact("the round's id", "pilot-2016"),
    "warnings": Fact(
        "what to look at twice before the payment is released: another country, another team with the same account",
        "The same bank account as air-quality-p2v8rn.",
    ),
    "payee_version": Fact("the version of the team's bank details that the payment goes to, counted from 1", "2"),
    "payment": Fact("the payment's key", "pilot-2016/air-quality/exploration/air-quality-7kx3qm/1"),
    "person": Fact("the id of somebody who hands over a role", "finance"),
    "pays_on": Fact("the day on which the bank pays; empty if the bank pays at once", "Monday 5 September 2016"),
    "proposal": Fact("what a stage asks teams for, by its title; empty for applications", "Full application"),
    "question": Fact("the challenge's question", "How can we help improve air quality in urban areas?"),
    "reason": Fact("why, as given", "The site could not be reached on Friday."),
    "received": Fact("when the application was received", "Thursday 28 July 2016, 16:05:12 BST"),
    "reference": Fact("the name by which the bank knows the transfer", "PAY-2016-0817-0042"),
    "role": Fact("a role in the round: sponsor, operator or releaser", "releaser"),
    "service": Fact("the address of the web front", "https://challenges.example"),
    "sessions": Fact("how many sessions with citizens the stage needs; empty if none", "3"),
    "stage": Fact("the stage's title", "Exploration"),
    "status": Fact("how far the payment has come", "payee known"),
    "successor": Fact("the id of whoever takes over a role", "finance-2"),
    "team": Fact("the team's id; empty if the notice is to the team itself, or about all teams", "air-quality-7kx3qm"),
    "turn": Fact("what happens at the next deadline", "the selection for Exploration is due"),
    "until": Fact(
        "the deadline that the notice is about; empty if the deadline has passed", "Monday 15 August 2016, 24:00 BST"
    ),
    "valid": Fact("for how long a link can be used after its letter was sent", "15 minutes"),
    "waits_for": Fact("what the challenge waits for", "selection for Exploration"),
    "was": Fact(
        "what was so before: when the window would have closed, when the stage would have ended, or the award",
        "Monday 1 August 2016, 24:00 BST",
    ),
    "what": Fact("what happened, or what is wrong", "air-quality-7kx3qm left Exploration"),
    "where": Fact("where a payment is that cannot be held", "in the payment file CH201608178D1F0A2B3C4D"),
}
"""Every fact by its name. A fact means the same on every occasion."""

_ACCELERATOR = {
    "stage": "Accelerator",
    "amount": "£7,500",
    "payment": "pilot-2016/air-quality/accelerator/air-quality-7kx3qm/1",
    "until": "Wednesday 30 November 2016, 24:00 GMT",
}
_ASKING = dict.fromkeys(("until", "closes"), "Monday 17 October 2016, 24:00 BST") | {"stage": "Accelerator"}
_EXAMPLES: Mapping[Occasion, Facts] = {
    Occasion.CLOSING_SOON: {"until": "Monday 1 August 2016, 24:00 BST"},
    Occasion.DEADLINE_MOVED: {"closes": "Monday 8 August 2016, 24:00 BST"},
    Occasion.APPLICATION_REFUSED: {
        "reason": "Too late for pilot-2016/air-quality: its window closed (Monday 1 August 2016, 24:00 BST), "
        "and the application came 2 minutes after that."
    },
    Occasion.PROPOSAL_INVITED: _ASKING,
    Occasion.PROPOSAL_DUE: _ASKING,
    Occasion.PROPOSAL_MISSING: _ASKING,
    Occasion.CONTACT_CHANGED: {"reason": "Their engineer has left, who was the contact."},
    Occasion.APPLICATION_ADMITTED: {"reason": "The service could not be reached in the last hour."},
    Occasion.SCORING_INVITED: {"until": "Monday 15 August 2016, 24:00 BST"},
    Occasion.SCORES_DUE: {"until": "Monday 15 August 2016, 24:00 BST"},
    Occasion.DECISION_INVITED: {
        "stage": "Commercialisation",
        "field": "Pre-commercial development has ended with 1 team: air-quality-7kx3qm",
        "number": "1",
        "amount": "up to £20,000",
        "until": "Wednesday 14 June 2017, 24:00 BST",
    },
    Occasion.SHORTLISTED: {"stage": "Interview"},
    Occasion.PRIZE_WON: {"stage": "Prize", "award": "£20,000", "paid": "all of it now", "next": "Accelerator"},
    Occasion.EVIDENCE_DUE: _ACCELERATOR,
    Occasion.EVIDENCE_SENT: _ACCELERATOR | {"instalment": "instalment 2 of 2"},
    Occasion.EVIDENCE_ACCEPTED: _ACCELERATOR,
    Occasion.EVIDENCE_REJECTED: _ACCELERATOR | {"reason": "The report does not say how many citizens took part."},
    Occasion.STAGE_EXTENDED: {
        "ends": "Wednesday 7 September 2016, 11:30 BST",
        "was": "Wednesday 24 August 2016, 11:30 BST",
        "reason": "The sensors came two weeks late.",
    },
    Occasion.STAGE_GOES_ON: {"until": "Wednesday 7 September 2016, 11:30 BST"},
    Occasion.STAGE_ENDING: {"until": "Wednesday 24 August 2016, 11:30 BST"},
    Occasion.AWARD_AMENDED: {
        "stage": "Pre-commercial development",
        "award": "£30,000",
        "was": "£40,000",
        "reason": "The trial takes place at one site only.",
    },
    Occasion.PAYMENT_REQUESTED: _ACCELERATOR | {"pay_by": "Wednesday 14 September 2016, 24:00 BST"},
    Occasion.PAYMENT_RETURNED: {"reason": "The account is closed."},
    Occasion.PAYMENT_RETURN_UNDONE: {"reason": "The bank has corrected its report."},
    Occasion.PAYMENT_CANCELLED: {"reason": "The team left before it began."},
    Occasion.WITHDRAWN: {"reason": "We cannot spare the people."},
    Occasion.TEAM_LEFT: {
        "what": "air-quality-7kx3qm left Exploration; air-quality-m5z1ce takes its place from the reserve",
        "reason": "We cannot spare the people.",
    },
    Occasion.HELD: {"reason": "The sponsor waits for its new budget."},
    Occasion.RESUMED: {"reason": "The sponsor has its new budget."},
    Occasion.CANCELLED: {"reason": "The sponsor has no money for it any more."},
    Occasion.NOT_CONTINUED: {"stage": "Pre-commercial development", "reason": "No budget this year."},
    Occasion.COMPLETED: {"stage": "Commercialisation"},
    Occasion.HANDED_OVER: {"reason": "She has gone to another office."},
    Occasion.REFUSED: {"reason": "Exploration takes 1 to 3 teams: 4 were named."},
    Occasion.ATTENTION: {"what": "The window cannot be sealed: the database cannot be reached"},
}

SAMPLES: Mapping[Occasion, Facts] = {
    occasion: {
        name: _EXAMPLES.get(occasion, {}).get(name, GLOSSARY[name].example) for name in sorted(facts_of(occasion))
    }
    for occasion in Occasion
}
"""For every occasion, the facts of a case from the pilot, with no fact empty. Texts are checked and shown with them."""
