"""Evidence for instalments: a team writes and sends it, and those who judge it read it. Temporal never has it."""

from __future__ import annotations

from collections.abc import AsyncIterable

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry, to_people
from domain.announcements.occasions import Occasion
from domain.challenges.sent_evidence import FILES, EvidenceOf, check_statement, find, place_of
from domain.forms.attachments import Attachment
from domain.permissions import Action, Actor, Role
from domain.values.model import Value
from domain.values.refusals import UnknownStage
from store.challenges import evidence, people
from store.challenges.attachments import Place
from store.challenges.evidence import Written as Written
from store.challenges.rounds import ChallengeRow
from store.database.instants import to_microsecond
from store.judging.impartiality import check_may_read
from store.payments.rows import hold
from store.record import record

from .core import Core
from .keeping import Keeping, Opened
from .own import row_of_own


class Showing(Value):
    """An instalment as its team sees it.

    Args:
        asked: what is to be shown, what was sent and what was decided.
        written: what was written since, and not sent.
        time_zone, currency: of the challenge.
    """

    asked: EvidenceOf
    written: Written
    time_zone: str
    currency: str


class Sent(Value):
    """That evidence was sent.

    Args:
        version: its number.
        is_repeated: whether the same form was sent before, as this version.
    """

    version: int
    is_repeated: bool = False


class Evidence:
    """What teams and those who judge do with evidence."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._keeping = Keeping(core)

    async def find(self, actor: Actor, team: str, stage: str, number: int) -> Showing:
        """An instalment of the actor's team.

        Args:
            actor: who asks: the contact of the team.
            team: its id.
            stage, number: which instalment.

        Raises:
            UnknownTeam: there is no such team, or it has no such instalment. This is on the record.
            NotAllowed: it is somebody else's. This is on the record. Fronts show the same for both.
            Unavailable: the database cannot be read.
        """
        row = await row_of_own(self._core, actor, Action.READ_OWN, team)
        async with self._core.refusals_on_record(actor, Action.READ_OWN, row):
            return await self._core.threads.read(self._showing, row, team, stage, number)

    async def save(self, actor: Actor, team: str, stage: str, number: int, statement: str) -> None:
        """Keeps what the team writes, and sends nothing.

        Args:
            actor, team, stage, number: see `find`.
            statement: the text, whatever it is by now.

        Raises:
            UnknownTeam, NotAllowed, Unavailable: see `find`.
            TooLate, OnHold: nothing is taken for this instalment.
        """
        row = await row_of_own(self._core, actor, Action.SEND_EVIDENCE, team)
        async with self._core.refusals_on_record(actor, Action.SEND_EVIDENCE, row):
            await self._core.threads.write(self._save, team, stage, number, statement)

    async def attach(
        self,
        actor: Actor,
        team: str,
        stage: str,
        number: int,
        name: str,
        content: AsyncIterable[bytes],
        *,
        size: int | None = None,
    ) -> Attachment:
        """Attaches a file to what is sent next; see `Attachments.attach`.

        Args:
            actor, team, stage, number: see `find`.
            name, content, size: of the file.

        Raises:
            UnknownTeam, NotAllowed, Unavailable: see `find`.
            TooLate, OnHold: nothing is taken for this instalment.
            NotReadable: there are as many files as are taken.
            AttachmentRefused: the file is of another kind, too large, empty, incomplete, and so on.
        """
        row = await row_of_own(self._core, actor, Action.SEND_EVIDENCE, team)
        async with self._core.refusals_on_record(actor, Action.SEND_EVIDENCE, row):
            place = Place(challenge=row.id, application=team, stage=place_of(stage, number), question=FILES.id)
            return await self._keeping.take(place, name, content, size)

    async def detach(self, actor: Actor, team: str, stage: str, number: int, attachment: str) -> None:
        """Takes a file away that waits to be sent. What was sent stays as it was sent.

        Args:
            actor, team, stage, number: see `find`.
            attachment: id of the file.

        Raises:
            UnknownTeam, NotAllowed, Unavailable: see `find`.
            UnknownAttachment: no such file waits there. This is on the record.
        """
        row = await row_of_own(self._core, actor, Action.SEND_EVIDENCE, team)
        async with self._core.refusals_on_record(actor, Action.SEND_EVIDENCE, row):
            await self._core.threads.write(self._detach, team, stage, number, attachment)

    async def send(self, actor: Actor, team: str, stage: str, number: int, statement: str, submission: str) -> Sent:
        """Sends evidence, with the files that wait. Those who judge it are told, without what it says.

        Args:
            actor, team, stage, number: see `find`.
            statement: what the team writes about it.
            submission: names the form. The same form sent twice is one version.

        Raises:
            UnknownTeam, NotAllowed, Unavailable: see `find`.
            NotReadable: there is no statement, or it is too long.
            TooLate, OnHold: nothing is taken for this instalment.
            DraftChanged: the form was sent before, with other words.
        """
        row = await row_of_own(self._core, actor, Action.SEND_EVIDENCE, team)
        async with self._core.refusals_on_record(actor, Action.SEND_EVIDENCE, row):
            text = check_statement(statement)
            return await self._core.threads.write(self._send, actor, row, team, stage, number, text, submission)

    async def open(self, actor: Actor, team: str, attachment: str) -> Opened:
        """Opens a file of the team's own evidence, sent or not.

        Args:
            actor, team: see `find`.
            attachment: id of the file.

        Raises:
            UnknownTeam, NotAllowed, Unavailable: see `find`.
            UnknownAttachment: there is no such file. This is on the record.
            AttachmentRefused: a scanner has found a virus since.
        """
        row = await row_of_own(self._core, actor, Action.READ_OWN, team)
        async with self._core.refusals_on_record(actor, Action.READ_OWN, row):
            database = self._core.database
            found = await self._core.threads.read(evidence.open_file, database, team, attachment, sent_only=False)
            return await self._keeping.open(found.attachment, found.kept)

    async def read(self, actor: Actor, challenge: str, stage: str, team: str) -> tuple[EvidenceOf, ...]:
        """What a team has sent for the instalments of a stage, for those who judge it.

        Args:
            actor: who reads.
            challenge: its name.
            stage, team: whose evidence.

        Raises:
            UnknownChallenge, UnknownTeam, UnknownStage: there is no such thing.
            NotAllowed: the actor may not.
            WindowNotSealed: nobody may yet.
            InterestsMissing, ConflictOfInterest: the actor has to declare their interests, or is shut out.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.READ_EVIDENCE, row)
        async with self._core.refusals_on_record(actor, Action.READ_EVIDENCE, row):
            return await self._core.threads.read(self._read, row, grant.person, stage, team)

    async def open_sent(self, actor: Actor, challenge: str, attachment: str) -> Opened:
        """Opens a file that a team has sent as evidence, for those who judge it.

        Args:
            actor: who reads.
            challenge: its name.
            attachment: id of the file.

        Raises:
            UnknownChallenge, UnknownAttachment: there is no such challenge, or no such file was sent.
            NotAllowed, WindowNotSealed, InterestsMissing, ConflictOfInterest: see `read`.
            AttachmentRefused: a scanner has found a virus since.
            Unavailable: the store does not give the file.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.READ_EVIDENCE, row)
        async with self._core.refusals_on_record(actor, Action.READ_EVIDENCE, row):
            found = await self._core.threads.read(self._open_sent, row, grant.person, attachment)
            return await self._keeping.open(found.attachment, found.kept)

    def _showing(self, row: ChallengeRow, team: str, stage: str, number: int) -> Showing:
        database = self._core.database
        asked = find(evidence.read(database, team), stage, number)
        if asked is None:
            raise evidence.unknown(team)
        written = evidence.written(database, team, stage, number)
        return Showing(asked=asked, written=written, time_zone=row.time_zone, currency=row.currency)

    def _save(self, team: str, stage: str, number: int, statement: str) -> None:
        with self._core.database.writing() as connection:
            evidence.taking(connection, team, place_of(stage, number))
            evidence.save(connection, team, stage, number, statement, self._core.now())

    def _detach(self, team: str, stage: str, number: int, attachment: str) -> None:
        with self._core.database.writing() as connection:
            evidence.detach(connection, team, stage, number, attachment, to_microsecond(self._core.now()))

    def _send(
        self, actor: Actor, row: ChallengeRow, team: str, stage: str, number: int, statement: str, submission: str
    ) -> Sent:
        those = people.people_of(self._core.database, row.round, row.sponsor)
        judges = (*those.get(Role.OPERATOR, ()), *those.get(Role.SPONSOR, ()))
        with self._core.database.writing() as connection:
            hold(connection, row.id)  # nobody decides meanwhile
            version = evidence.was_sent(connection, team, stage, number, submission, statement)
            if version:
                return Sent(version=version, is_repeated=True)
            asked = evidence.taking(connection, team, place_of(stage, number))
            now = to_microsecond(self._core.now())
            version = evidence.send(connection, row.id, team, asked, submission, statement, now)
            line = _announcement(row, team, asked, version, now, judges).proven(actor.proof.on_record)
            record.put(connection, line, self._core.letters.compose)
            return Sent(version=version)

    def _read(self, row: ChallengeRow, person: str, stage: str, team: str) -> tuple[EvidenceOf, ...]:
        self._check_may_read(row, person, team)
        found = tuple(each for each in evidence.read(self._core.database, team) if each.stage == stage)
        if not found:
            raise UnknownStage(f"{team} is paid for nothing on evidence in a stage {stage!r}: see `status {row.id}`.")
        return found

    def _open_sent(self, row: ChallengeRow, person: str, attachment: str) -> evidence.Opened:
        team = evidence.team_of(self._core.database, row.id, attachment)
        self._check_may_read(row, person, team)
        return evidence.open_file(self._core.database, team, attachment, sent_only=True)

    def _check_may_read(self, row: ChallengeRow, person: str, team: str) -> None:
        with self._core.database.reading() as connection:
            check_may_read(connection, row.id, person, team)


def _announcement(
    row: ChallengeRow, team: str, asked: EvidenceOf, version: int, now: Instant, judges: tuple[str, ...]
) -> Announcement:
    """What the record says, and who is told: never what was sent."""
    instalment = f"instalment {asked.number} of {asked.instalments}"
    facts = {"stage": asked.title, "team": team, "evidence": asked.what, "instalment": instalment}
    entry = Entry(
        at=now,
        by=team,
        role=str(Role.TEAM),
        action=str(Action.SEND_EVIDENCE),
        stage=asked.stage,
        text=f"Evidence sent by {team} for {asked.title}, {instalment}: version {version}",
    )
    return Announcement(
        key=f"{row.id}/evidence-sent/{team}/{asked.stage}/{asked.number}/{version}",
        challenge=row.id,
        entry=entry,
        notices=(to_people(judges, Occasion.EVIDENCE_SENT, facts),),
    )
