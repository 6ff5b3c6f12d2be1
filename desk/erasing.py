"""Erasure of personal data: shown first, then carried out, with what must be kept and until when."""

from __future__ import annotations

from contextlib import suppress

from whenever import Date

from domain.announcements.announcement import Announcement, Entry
from domain.challenges.erasure import check_is_out
from domain.payments.retention import RULE, kept_until
from domain.permissions import Action, Actor, Role
from domain.values.model import Value
from domain.values.refusals import NotReadable, Refused, TooEarly, UnknownPerson, refuse_for_all
from domain.values.wording import counted
from gateways.banking.payment_folder import PaymentFolder
from service.files import place_of
from store import erasure
from store.challenges.rounds import ChallengeRow
from store.erasure import Found
from store.erasure import Trace as Trace
from store.files import sweeping

from .core import Core

_WHAT_STAYS = (
    "The record stays, with the reasons that people typed; Temporal has these reasons, too, until it deletes the runs.",
    "Copies elsewhere stay: backups, the mail server or GOV.UK Notify, the bank or payment provider.",
)


class Kept(Value):
    """Something that is not erased.

    Args:
        what: what it is, and why.
        until: the last day on which it must be kept; None if that is not a day.
        files: the paths of the files concerned.
    """

    what: str
    until: Date | None = None
    files: tuple[str, ...] = ()


class Erasure(Value):
    """What was erased, or would be.

    Args:
        done: whether it was erased.
        found: what was found.
        kept: what stays.
    """

    done: bool
    found: Found
    kept: tuple[Kept, ...]


class Erasing:
    """What is done for people who ask to be forgotten."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._folder = PaymentFolder(core.options.payment_files)

    async def erase(self, actor: Actor, *, email: str = "", team: str = "", confirmed: bool = False) -> Erasure:
        """Blanks names, addresses, proposals, drafts, feedback, notices, bank details and sign-ins, and keeps all else.

        You can safely call this again: what is blank stays blank, and what had to wait is blanked then.

        Args:
            actor: who erases: an operator of every round concerned.
            email: the address of an applicant, or of somebody who acted in a round that is over.
            team: instead of an address: the id of an application or a draft.
            confirmed: whether to do it. Otherwise it is only shown what would be done.

        Raises:
            NotReadable: not exactly one of `email` and `team` is given.
            NotAllowed: the actor is not an operator of a round concerned.
            UnknownPerson: nothing of this person or application is kept.
            TooEarly: the person still takes part. The message says what to do first. Nothing was erased.
            Unavailable: the database is too busy. Perhaps all is blank, but the database's files may still have it.
        """
        if bool(email.strip()) == bool(team.strip()):
            raise NotReadable("Say whose data to erase: give either an e-mail address or the id of an application.")
        email, team = email.strip(), team.strip()
        await self._core.reach(actor, Action.ERASE, await self._core.challenges())
        found = await self._core.threads.read(erasure.find, self._core.database, email=email, team=team)
        if not found.traces and not found.sign_ins:
            if confirmed:  # an erasure before may have been interrupted after it had blanked all
                await self._core.threads.write(self._core.database.rewrite, erasure.REWRITTEN)
            whose = team if team else "this address"
            raise UnknownPerson(f"Nothing is kept of {whose}: check how it is written.")
        rows = await self._concerned(found)
        for row in rows:
            await self._core.allow(actor, Action.ERASE, row)
        async with self._core.refusals_on_record(actor, Action.ERASE, *rows):
            refuse_for_all([each for each in [*await self._still_there(found), *_who_act(found)] if each])
        if confirmed:
            await self._core.threads.write(self._blank, actor, found, email, rows)
            await self._core.threads.write(self._core.database.rewrite, erasure.REWRITTEN)
            await self._core.threads.carry(self._sweep)
        return Erasure(done=confirmed, found=found, kept=tuple(self._kept(found)))

    async def _concerned(self, found: Found) -> tuple[ChallengeRow, ...]:
        """The challenges concerned. The rounds of people without applications are concerned with all challenges."""
        places = {each.challenge for each in (*found.applications, *found.drafts, *found.late, *found.elsewhere)}
        rounds = {each.round for each in found.people}
        return tuple(row for row in await self._core.challenges() if row.id in places or row.round in rounds)

    async def _still_there(self, found: Found) -> list[Refused | None]:
        return [await self._takes_part(each) for each in found.applications]

    async def _takes_part(self, trace: Trace) -> Refused | None:
        """Why an application cannot be erased yet. The workflow knows what was decided, while the challenge goes on."""
        row = await self._core.find(trace.challenge)
        if trace.withdrawn or (row.outcome and row.waits_for != "evidence"):
            return None
        if row.applications is None:
            return TooEarly(f"{trace.id} is an application in an open window: withdraw the application first.")
        try:
            check_is_out(await self._core.state(row), trace.id)
        except TooEarly as refusal:
            return refusal
        return None

    def _blank(self, actor: Actor, found: Found, email: str, rows: tuple[ChallengeRow, ...]) -> None:
        lines = []
        for row in rows:
            of_it = [each for each in found.traces if each.challenge in (row.id, row.round) and not each.is_blank]
            if of_it:
                lines.append(self._line(actor, row, of_it))
        erasure.erase(self._core.database, lines, found, email, self._core.now(), self._core.letters.compose)

    def _sweep(self) -> None:
        """Removes the content of attached files. Nobody can read it any more: what stays now goes with the worker."""
        if sweeping.is_needed(self._core.database):
            with suppress(Refused):
                sweeping.sweep(self._core.database, self._core.clock, place_of(self._core.options).remove)

    def _line(self, actor: Actor, row: ChallengeRow, traces: list[Trace]) -> Announcement:
        """The line of the record: what was erased and by whom, without the address."""
        now = self._core.now()
        grant = next(each for each in actor.roles(row.place) if each.role is Role.OPERATOR)
        text = f"Erased: {'; '.join(map(_erased, traces))}"
        announcement = Announcement(
            key=f"{row.id}/erase/{now.format_iso()}/{'+'.join(each.id for each in traces)[:100]}",
            challenge=row.id,
            entry=Entry(at=now, by=grant.person, role=str(grant.role), action="erase", text=text),
        )
        return announcement.proven(actor.proof.on_record)

    def _kept(self, found: Found) -> list[Kept]:
        kept = [_bank_details(each) for each in found.applications if each.keeps_bank_details]
        for each in found.applications:
            if each.paid is not None:
                until = kept_until(each.paid.to_tz(_PAYMENTS_ZONE).date())
                kept.append(Kept(what=f"Amounts and dates of the payments to {each.id}: {RULE}", until=until))
                paths = tuple(str(self._folder.path_of(file)) for file in each.files if self._folder.has(file))
                if paths:
                    what = f"Files for the bank with the name and account of {each.id}: {RULE}. Delete them after that"
                    kept.append(Kept(what=what, until=until, files=paths))
        return [*kept, *(Kept(what=each) for each in _WHAT_STAYS)]


_PAYMENTS_ZONE = "Europe/London"
"""Where the financial year is counted."""


def _who_act(found: Found) -> list[Refused]:
    return [
        TooEarly(
            f"{each.trace.id} acts or acted in {each.round}, which goes on: hand the role over if there is one, and "
            "erase after the last challenge has ended and the last payment is made."
        )
        for each in found.people
        if each.goes_on
    ]


def _erased(trace: Trace) -> str:
    """What is erased of one application, person or address, in words."""
    parts = [
        "name and address" if trace.name else "",
        counted(trace.feedback, "feedback", "feedbacks") if trace.feedback else "",
        counted(trace.attachments, "file") if trace.attachments else "",
        counted(trace.notices, "notice") if trace.notices else "",
        f"bank details in {counted(trace.bank_details, 'version')}"
        if trace.bank_details and not trace.keeps_bank_details
        else "",
    ]
    return f"{trace.id or 'somebody who applied in vain'} ({', '.join(filter(None, parts))})"


def _bank_details(trace: Trace) -> Kept:
    return Kept(
        what=f"The bank details of {trace.id}, because money is on its way to them ({', '.join(trace.open_payments)}): "
        "erase again once these payments are settled or cancelled"
    )
