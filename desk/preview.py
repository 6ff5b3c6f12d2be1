"""The facts for previews of notices: a challenge of the pilot, played through by the rules from the pilot's files."""

from __future__ import annotations

import json
from collections.abc import Mapping

from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.announcements.occasions import OUTSIDE, SAMPLES, Facts, Occasion
from domain.challenges import (
    answers,
    cancellation,
    deadlines,
    extension,
    holding,
    selection,
    stage_extension,
    withdrawal,
)
from domain.challenges.awards import payments_due
from domain.challenges.decisions import (
    Cancel,
    Decline,
    Extend,
    ExtendStage,
    Hold,
    PublishAnswer,
    Resume,
    Select,
    Withdraw,
)
from domain.challenges.feedback import feedback_given
from domain.challenges.messages import refusal_announced
from domain.challenges.state import State
from domain.payments import announcements, dates
from domain.payments.decisions import CancelPayment, UndoReturn
from domain.payments.payment import PaymentSnapshot, PaymentStatus, payment_to_make
from domain.payments.rails import Progress
from domain.programmes.round import challenges_of
from domain.values.refusals import Refused

from .programme_files import FOLDER, find_round

_PILOT = "pilot-2016"
_APPLICATIONS = 14
_FROM_THE_STORE = {"feedback", "left", "criteria"}
"""Facts that the store adds when it writes notices."""
_ENDINGS = ("7kx3qm", "p2v8rn", "0d4hwt", "m5z1ce", "q8t2hw")


def pilot_facts() -> Mapping[Occasion, Facts]:
    """The facts of every occasion, as they would be in the pilot's first challenge.

    Facts that no file contains, such as a reason, come from the samples. An occasion that never happens in the pilot's
    programme also has the facts of its sample.

    Raises:
        UnknownRound, FileRefused: the pilot's files are missing, or somebody changed the files and made a mistake.
    """
    round_, programme = find_round(_PILOT, FOLDER)
    challenge = challenges_of(round_, programme)[0]
    common = {
        "question": challenge.question,
        "challenge": challenge.id,
        "contact": " or ".join(person.email for person in round_.operators),
    }
    story = _Story(State.of(challenge, programme))
    story.play()
    of_challenges = {
        occasion: SAMPLES[occasion] | story.told.get(occasion, {}) | common for occasion in set(Occasion) - OUTSIDE
    }
    return {occasion: of_challenges.get(occasion, SAMPLES[occasion]) for occasion in Occasion}


class _Story:
    """A challenge in which nearly every occasion for a notice happens. Keeps the first facts of each occasion."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.told: dict[Occasion, Facts] = {}
        self._decider, self._operator = state.challenge.deciders[0], state.challenge.operators[0]
        self._teams = tuple(f"{state.challenge.slug}-{ending}" for ending in _ENDINGS)

    def play(self) -> None:
        """Plays from the opening to the end. Events that would end the challenge early are only announced."""
        self._happens(deadlines.opened(self.state, self.state.opens))
        self._take_applications(self.state.opens.add(hours=24 * 14))
        self._happens(deadlines.sealed(self.state, _APPLICATIONS, self.state.closes))
        undecided = self.state
        for _ in (*self.state.programme.reminders.decision, "due"):
            self._reminded()
        self.state = undecided
        self._explore(self.state.closes.add(hours=8 * 24 + 11, minutes=30))
        self._happens(deadlines.stage_ended(self.state, self.state.run.ends))
        self._end(self.state.reminded.add(hours=24))

    def _take_applications(self, now: Instant) -> None:
        asked = SAMPLES[Occasion.QUESTION_ANSWERED]
        answer = PublishAnswer(by=self._decider, question=asked["asked"], answer=asked["answer"])
        self._happens(answers.publish(self.state, answer, now))
        held, announcement = holding.hold(self.state, Hold(by=self._operator, reason=_why(Occasion.HELD)), now)
        self._hear(announcement)
        resume = Resume(by=self._operator, reason=_why(Occasion.RESUMED))
        self._hear(holding.resume(held, resume, now.add(hours=24 * 7))[1])
        closes = self.state.closes.add(hours=24 * 7)
        extend = Extend(by=self._operator, closes=closes, reason=_why(Occasion.DEADLINE_MOVED))
        self._hear(extension.extend(self.state, extend, now)[1])
        self._reminded()

    def _explore(self, now: Instant) -> None:
        stage, (one, two, three, first, other) = self.state.filling, self._teams
        try:
            selection.select(self.state, Select(by=self._decider, stage=stage.name, teams=self._teams), now)
        except Refused as refusal:
            said = json.dumps({"by": self._decider}).encode()
            self._hear(refusal_announced(self.state, Select.kind, [said], refusal, now, "1")[1])
        select = Select(by=self._decider, stage=stage.name, teams=(one, two, three), reserve=(first,))
        self._happens(selection.select(self.state, select, now))
        words = SAMPLES[Occasion.FEEDBACK]["feedback"]
        self._hear(feedback_given(self.state, stage.name, other, self._decider, words, now, "1"))
        self._pay(now)
        ends, why = self.state.run.ends.add(hours=24 * 14), _why(Occasion.STAGE_EXTENDED)
        extend = ExtendStage(by=self._operator, stage=stage.name, team=two, ends=ends, reason=why)
        self._hear(stage_extension.extend_stage(self.state, extend, now.add(hours=24))[1])
        leave = Withdraw(by=one, team=one, reason=_why(Occasion.WITHDRAWN))
        self._hear(withdrawal.withdraw(self.state, leave, now.add(hours=24))[1])
        self._reminded()

    def _pay(self, now: Instant) -> None:
        payment = payment_to_make(self.state, payments_due(self.state)[0])
        by, reason = payment.releasers[0], _why(Occasion.PAYMENT_RETURNED)
        promised, by_law = dates.due_dates(payment, now)
        known = PaymentSnapshot(
            at=now,
            version=1,
            status=PaymentStatus.PAYEE_KNOWN,
            attempt=0,
            requested=now,
            pay_by=promised,
            pay_by_law=by_law,
        )
        first = dates.next_reminder(payment, known, now)
        assert first is not None, "an unpaid payment has a next reminder"
        for announcement in (
            announcements.requested(payment, known),
            announcements.payee_known(payment, known, SAMPLES[Occasion.PAYMENT_TO_RELEASE]["account"]),
            announcements.reminded(payment, known, first, first),
            announcements.reminded(payment, known, promised, promised),
            announcements.submitted(payment, 1, SAMPLES[Occasion.PAYMENT_SENT]["reference"], now),
            announcements.failed(payment, 1, Progress.RETURNED, reason, now),
            announcements.decided(
                payment, UndoReturn(by=by, attempt=1, reason=_why(Occasion.PAYMENT_RETURN_UNDONE)), now
            ),
            announcements.decided(payment, CancelPayment(by=by, reason=_why(Occasion.PAYMENT_CANCELLED)), now),
        ):
            self._hear(announcement)

    def _end(self, now: Instant) -> None:
        decline = Decline(by=self._decider, stage=self.state.filling.name, reason=_why(Occasion.NOT_CONTINUED))
        self._hear(selection.decline(self.state, decline, now)[1])
        self._hear(cancellation.cancel(self.state, Cancel(by=self._operator, reason=_why(Occasion.CANCELLED)), now)[1])
        last = self.state.having(stage=len(self.state.programme.stages) - 1)
        self._hear(deadlines.stage_ended(last, now)[1])

    def _reminded(self) -> None:
        rung = deadlines.next_reminder(self.state)
        if rung is not None:  # a programme may have no reminders
            self._happens(deadlines.reminded(self.state, rung))

    def _happens(self, what: tuple[State, Announcement]) -> None:
        self.state, announcement = what
        self._hear(announcement)

    def _hear(self, announcement: Announcement) -> None:
        for notice in announcement.notices:
            words = {name: SAMPLES[notice.occasion][name] for name in _FROM_THE_STORE & notice.facts.keys()}
            self.told.setdefault(notice.occasion, notice.facts | words)


def _why(occasion: Occasion) -> str:
    return SAMPLES[occasion]["reason"]
