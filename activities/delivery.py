"""The activity that sends the notices in the outbox through a channel, one by one, and asks what became of them."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from temporalio import activity
from temporalio.exceptions import ApplicationError
from whenever import Instant

from domain.announcements.occasions import Occasion
from domain.delivery.delivery import MOST_COPIES, Outbox, Sending
from domain.delivery.pacing import ChannelHealth, Pace
from domain.values.refusals import Unavailable
from gateways.messaging.channels import Channel, Delivery, Message, PermanentFailure, Progress, TemporaryFailure
from identity.link_letters import LinkLetter, LinkLetters
from store.database.database import Database
from store.outbox import outbox
from store.outbox.outbox import Claim
from store.record.notices import Compose
from workflows import stubs

_LOOK_EVERY = 1.0
"""Seconds between two looks into an empty outbox."""
_BEAT_EVERY = 5.0
_PUT_OFF = 600.0
"""Seconds for which other notices go first when the channel's refusal is doubtful."""
_LINK = str(Occasion.SIGN_IN)
_OF_ALL = "The channel took no other notice lately, so this may concern all notices."


class Delivering:
    """The activity that sends. Several of them at once, on any workers, send no notice twice.

    A notice is taken, sent and noted before the next one is taken. So if this process dies, there is at most one notice
    about which nobody knows whether it was sent. If the channel can tell, that notice is looked up before it is sent
    again. A channel that cannot tell gets the notice again, because twice is better than never; but not for ever.

    No database transaction is open while a channel is asked. Nothing personal goes to Temporal or into logs.

    Args:
        database: where the outbox is.
        channel: how notices leave. None if they stay in the outbox.
        rate: the most notices to send in a second.
        compose: finds the words that tell operators about notices that could not be delivered.
        clock: tells the present instant.
        seconds: a clock that only goes forward, for the pace of sending.
        links: the letters with links to sign in with, which go ahead of all notices. None if nobody signs in.
    """

    def __init__(
        self,
        database: Database,
        channel: Channel | None,
        rate: float,
        compose: Compose,
        clock: Callable[[], Instant] = Instant.now,
        seconds: Callable[[], float] = time.monotonic,
        links: LinkLetters | None = None,
    ) -> None:
        self._database = database
        self._channel = channel
        self._compose = compose
        self._clock = clock
        self._seconds = seconds
        self._links = links
        self._pace = Pace(rate)
        self._health = ChannelHealth()

    @stubs.DELIVER_NOTICES.does
    def deliver(self, sending: Sending) -> Outbox:
        """Sends the notices in the outbox, and new ones, until the time is over or the activity is told to stop.

        Returns:
            How many notices there are in each state; without the name of a channel if there is none.

        Raises:
            ApplicationError: nothing can be sent until a person repairs the channel.
            Unavailable: the database cannot be read or written.
        """
        if self._channel is None:
            return outbox.outbox(self._database, "", self._clock())
        if sending.at_once:
            self._pace.begins_anew(self._seconds())
        ends = time.monotonic() + sending.seconds
        try:
            with self._beating(self._channel):
                while True:
                    rest = self._step(self._channel)
                    self._complain()
                    if time.monotonic() >= ends or _is_to_stop():
                        break
                    if rest > 0:
                        activity.wait_for_worker_shutdown_sync(min(rest, _LOOK_EVERY))
        finally:
            self._channel.close()
        return self._outbox(self._channel)

    def _step(self, channel: Channel) -> float:
        """Deals with one letter or notice, if one is due and its turn has come. Returns for how many seconds to rest.

        Somebody waits for a link, so its letter goes ahead of all notices: of 200 about a decision, too.
        """
        rest = self._pace.rest(self._seconds())
        if rest > 0:
            return rest
        letter = self._links.take() if self._links else None
        if self._links and letter:
            self._send_link(channel, self._links, letter)
            return self._pace.rest(self._seconds())
        claim = outbox.claim(self._database, channel.name, self._clock(), self._compose, _is_to_stop)
        if claim is not None:
            self._deal_with(channel, claim)
        elif not self._ask(channel):
            return _LOOK_EVERY
        return self._pace.rest(self._seconds())

    def _deal_with(self, channel: Channel, claim: Claim) -> None:
        if not channel.asks_again and (claim.maybe_sent >= MOST_COPIES or claim.given_up):
            outbox.note_left_at_that(self._database, claim, self._clock())
        else:
            self._send(channel, claim)

    def _send_link(self, channel: Channel, links: LinkLetters, letter: LinkLetter) -> None:
        """Sends a letter with a link. A copy of it has another secret, so the channel is not asked for an earlier one.

        Anybody can ask for a link to any address. So what a channel says of such an address is no sign that the channel
        turns everybody away: otherwise strangers could stop all notices.
        """
        self._pace.count(self._seconds())
        message = Message(key=letter.key, address=letter.address, subject=letter.subject, body=letter.body)
        try:
            with _needing_a_person():
                delivery = channel.send(message)
        except TemporaryFailure as failure:
            activity.logger.warning("link not sent yet", extra={"occasion": _LINK, "fault": str(failure)})
            if failure.alone:
                self._pace.goes_well()
            else:
                self._is_away(failure)
            links.note_later(letter, str(failure), failure.after, unknown=failure.unknown)
        except PermanentFailure as failure:
            self._pace.goes_well()
            self._note_no_link(links, letter, str(failure))
        except ApplicationError as fault:
            links.note_later(letter, fault.message)
            raise
        else:
            self._pace.goes_well()
            self._health.takes()
            if delivery.progress is Progress.FAILED:
                self._note_no_link(links, letter, delivery.reason)
            else:
                links.note_sent(letter)

    def _note_no_link(self, links: LinkLetters, letter: LinkLetter, why: str) -> None:
        activity.logger.warning("link not delivered", extra={"occasion": _LINK, "fault": why})
        links.note_failed(letter, why)

    def _complain(self) -> None:
        """Ends the activity if the channel has been away for long, so that the workflow calls for a person."""
        complaint = self._health.complaint(self._seconds())
        if complaint:
            raise _needs_a_person(complaint)

    def _send(self, channel: Channel, claim: Claim) -> None:
        self._pace.count(self._seconds())
        try:
            with _needing_a_person():
                delivery = self._found(channel, claim)
                if delivery is None and not (claim.lapsed or claim.given_up):
                    message = Message(key=claim.key, address=claim.address, subject=claim.subject, body=claim.body)
                    delivery = channel.send(message)
        except TemporaryFailure as failure:
            self._note_temporary(claim, failure)
        except PermanentFailure as failure:
            self._note_permanent(claim, failure)
        except ApplicationError as fault:
            outbox.put_back(self._database, claim, fault.message, self._clock())
            raise
        else:
            if delivery is not None:
                self._pace.goes_well()
                self._health.takes()
                self._note(channel, claim, delivery)
            elif claim.lapsed:
                outbox.note_lapsed(self._database, claim, self._clock())
            else:
                self._note_failed(claim, claim.given_up)

    def _found(self, channel: Channel, claim: Claim) -> Delivery | None:
        """What the channel knows about a notice that it may have taken. None if the channel knows nothing."""
        if not (claim.unknown and channel.asks_again and claim.channel == channel.name):
            return None
        try:
            return channel.find(claim.key)
        except TemporaryFailure as failure:
            # Nobody knows yet what became of the notice. This try does not count against the notice.
            raise TemporaryFailure(str(failure), None if failure.unknown else failure.after) from None

    def _note(self, channel: Channel, claim: Claim, delivery: Delivery) -> None:
        now = self._clock()
        match delivery.progress:
            case Progress.SENT:
                outbox.note_sent(self._database, claim, delivery.reference, channel.asks_again, now)
            case Progress.DELIVERED:
                outbox.note_delivered(self._database, claim, delivery.reference, now)
            case Progress.FAILED:
                self._note_undelivered(claim, delivery)

    def _note_permanent(self, claim: Claim, failure: PermanentFailure) -> None:
        """A refusal concerns one notice, unless the channel refuses all. Then a person has to repair something."""
        self._pace.goes_well()
        if self._health.turns_away(claim.key, doubtful=failure.doubtful):
            self._note_failed(claim, str(failure))
        else:
            outbox.put_back(self._database, claim, str(failure), self._clock(), after=_PUT_OFF)
            raise _needs_a_person(f"{failure} {_OF_ALL}")

    def _note_temporary(self, claim: Claim, failure: TemporaryFailure) -> None:
        """A failure of one notice never holds up others. A failure of the channel does not count against a notice."""
        activity.logger.warning("notice not sent yet", extra={"occasion": claim.occasion, "fault": str(failure)})
        now = self._clock()
        if failure.alone:
            self._pace.goes_well()
        else:
            self._is_away(failure)
        if failure.unknown:
            outbox.note_later(self._database, claim, str(failure), now, after=failure.after, unknown=True)
        elif not failure.alone:
            outbox.put_back(self._database, claim, str(failure), now)
        elif self._health.turns_away(claim.key, doubtful=False):
            outbox.note_later(self._database, claim, str(failure), now, after=failure.after)
        else:
            self._health.is_away(self._seconds(), f"{failure} {_OF_ALL}")
            outbox.put_back(self._database, claim, str(failure), now, after=_PUT_OFF)

    def _is_away(self, failure: TemporaryFailure) -> None:
        """A channel that says when to try again is left alone until then, unless it means one notice only."""
        now = self._seconds()
        self._pace.goes_badly(now, None if failure.unknown else failure.after)
        self._health.is_away(now, str(failure))

    def _note_undelivered(self, notice: Claim | outbox.Question, delivery: Delivery) -> None:
        if not delivery.again:
            self._note_failed(notice, delivery.reason)
            return
        activity.logger.warning("notice sent again", extra={"occasion": notice.occasion, "fault": delivery.reason})
        outbox.note_undelivered(self._database, notice, delivery.reason, self._clock(), self._compose)

    def _note_failed(self, notice: Claim | outbox.Question, reason: str) -> None:
        activity.logger.warning("notice not delivered", extra={"occasion": notice.occasion, "fault": reason})
        outbox.note_failed(self._database, notice, reason, self._clock(), self._compose)

    def _ask(self, channel: Channel) -> bool:
        """Asks what became of one notice that the channel took. Returns whether there was such a notice."""
        if not channel.asks_again:
            return False
        question = outbox.question(self._database, channel.name, self._clock())
        if question is None:
            return False
        self._pace.count(self._seconds())
        try:
            with _needing_a_person():
                delivery = channel.progress(question.reference)
        except TemporaryFailure as failure:
            self._is_away(failure)
        except PermanentFailure as failure:
            activity.logger.warning("notice not known", extra={"occasion": question.occasion, "fault": str(failure)})
        else:
            self._pace.goes_well()
            self._health.answers()
            if delivery.progress is Progress.DELIVERED:
                outbox.note_delivered(self._database, question, delivery.reference, self._clock())
            elif delivery.progress is Progress.FAILED:
                self._note_undelivered(question, delivery)
        return True

    def _outbox(self, channel: Channel) -> Outbox:
        return outbox.outbox(self._database, channel.name, self._clock())

    @contextmanager
    def _beating(self, channel: Channel) -> Iterator[None]:
        """Shows Temporal that the activity is alive, and shows staff its progress, even while a channel is slow."""
        over = threading.Event()

        def beat() -> None:
            while True:
                # The next beat makes up for a missed one.
                with suppress(Unavailable, TimeoutError):
                    activity.heartbeat(self._outbox(channel))
                if over.wait(_BEAT_EVERY):
                    return

        thread = threading.Thread(target=contextvars.copy_context().run, args=(beat,), name="heartbeat of deliveries")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _is_to_stop() -> bool:
    return activity.is_worker_shutdown() or activity.is_cancelled()


@contextmanager
def _needing_a_person() -> Iterator[None]:
    """Ends the activity for good if only a person can help, so that the workflow calls for a person."""
    try:
        yield
    except Unavailable as fault:
        raise _needs_a_person(str(fault)) from None


def _needs_a_person(fault: str) -> ApplicationError:
    return ApplicationError(fault, type=Unavailable.code, non_retryable=True)
