"""Challenges: where each stands, what was done, and what people decide."""

from __future__ import annotations

import uuid
from typing import TypedDict

from domain.challenges.messages import make
from domain.challenges.state import State
from domain.permissions import Action, Actor, Grant, Role
from domain.values.paging import Page, Paged
from domain.values.refusals import NotAllowed
from identity.signatures import Verifier
from identity.signed_lines import wrongly_signed
from store.challenges import rounds
from store.challenges.rounds import ChallengeRow
from store.record import record
from store.record.record import RecordLine
from workflows import interface

from .core import Core


class ShownLine(RecordLine):
    """A line of the record, as people see it.

    Args:
        wrongly_signed: whether the line has a signature, and the signature is not that of the person whom it names.
    """

    wrongly_signed: bool = False


class _Narrowed(TypedDict):
    refused_only: bool
    by: str
    action: str


class Challenges:
    """What people see and decide about challenges."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, actor: Actor, page: Page, *, round_: str | None = None) -> Paged[ChallengeRow]:
        """Where the challenges stand, by round and in the order of the round's file.

        Args:
            actor: who asks.
            page: which part of the list.
            round_: only the challenges of this round.
        """
        await self._core.reach(actor, Action.READ_CHALLENGE, await self._core.challenges(round_))
        return await self._core.threads.read(rounds.page_of_challenges, self._core.database, page, round_=round_)

    async def at_work(self, actor: Actor) -> tuple[ChallengeRow, ...]:
        """The challenges that somebody decides on, reads, operates or pays for.

        Raises:
            NotAllowed: there is none.
        """
        return await self._core.reach(actor, Action.READ_READERS, await self._core.challenges())

    async def find(self, actor: Actor, name: str) -> ChallengeRow:
        """One challenge, by "round/challenge" or by its own name if only one round has it.

        Raises:
            UnknownChallenge: no challenge has that name, or several have it.
        """
        row = await self._core.find(name)
        await self._core.allow(actor, Action.READ_CHALLENGE, row)
        return row

    async def state(self, actor: Actor, name: str, within: float = 0) -> State:
        """All that the workflow of a challenge knows. The workflow has no personal data.

        Args:
            actor: who asks.
            name: of the challenge.
            within: how many seconds to wait for the answer, if not as long as usual.

        Raises:
            UnknownChallenge: there is no such challenge.
            Unavailable: Temporal does not have the workflow, or no worker runs.
        """
        row = await self._core.find(name)
        await self._core.allow(actor, Action.READ_CHALLENGE, row)
        return await self._core.state(row, within)

    async def record(
        self,
        actor: Actor,
        page: Page,
        challenge: str,
        *,
        refused_only: bool = False,
        by: str = "",
        action: str = "",
    ) -> Paged[ShownLine]:
        """What was done on a challenge, by whom, when and why, refusals included; in the order of writing.

        Signatures are checked again, also those of keys that were retired since.

        Args:
            actor: who asks.
            page: which part of the list.
            challenge: its name.
            refused_only: whether to list only refusals.
            by, action: only what this person did, or only what is called this; empty for all.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not read the record.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.READ_RECORD, row)
        narrowed: _Narrowed = {"refused_only": refused_only, "by": by, "action": action}
        return await self._core.threads.read(self._record, page, row.id, narrowed)

    def _record(self, page: Page, challenge: str, narrowed: _Narrowed) -> Paged[ShownLine]:
        found = record.page_of_record(self._core.database, page, challenge, **narrowed)
        wrong = wrongly_signed(found.items, Verifier(self._core.options.public_key_file))
        items = tuple(ShownLine(**dict(line), wrongly_signed=line.id in wrong) for line in found.items)
        return Paged(items=items, next=found.next)

    async def record_actions(self, actor: Actor, challenge: str) -> tuple[str, ...]:
        """What the record of a challenge calls that which was done there, for whoever narrows the record to it.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not read the record.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.READ_RECORD, row)
        return await self._core.threads.read(record.actions_of, self._core.database, row.id)

    async def decide(self, actor: Actor, challenge: str, kind: str, **fields: object) -> str:
        """Sends a person's decision to a challenge and gives its answer.

        Args:
            actor: who decides.
            challenge: its name.
            kind: which decision, as in `domain.challenges.decisions.DECISIONS`.
            fields: the decision's other fields. A decision without a `decision_id` gets one.

        Returns:
            What happened, in words.

        Raises:
            Refused: the decision was not carried out. The refusal is on the record.
            NotConfirmed: no answer came in time. You can safely send the decision again.
        """
        row = await self._core.find(challenge)
        async with self._core.refusals_on_record(actor, kind, row):
            # Checked before reading anything of the challenge: which decisions exist is no secret.
            make(kind, {"by": "nobody", "decision_id": "none", **fields})
        grant = await self._core.allow(actor, Action(kind), row)
        async with self._core.refusals_on_record(actor, kind, row):
            by = _own_team(actor, grant, row, fields) if kind == Action.WITHDRAW else grant.person
            decision = make(kind, {"by": by, "decision_id": uuid.uuid4().hex, **fields})
        return await self._core.update(actor, row, kind, decision)

    async def retry(self, actor: Actor, challenge: str) -> str:
        """Lets a challenge try again the step that needs attention.

        Returns:
            What needed attention.

        Raises:
            UnknownChallenge, NotAllowed, TooLate, NotConfirmed: the challenge could not be asked.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.RETRY, row)
        return await self._core.update(actor, row, interface.RETRY, None)


def _own_team(actor: Actor, grant: Grant, row: ChallengeRow, fields: dict[str, object]) -> str:
    """The person who withdraws a team: an operator, or its own contact, who may be the contact of other teams too.

    Raises:
        NotAllowed: the actor is neither.
    """
    own = [each.person for each in actor.roles(row.place) if each.role is Role.TEAM]
    if fields["team"] in own:
        return str(fields["team"])
    if grant.role is Role.TEAM:
        raise NotAllowed(f"{grant.person} may not withdraw {fields['team']}: its own contact may.")
    return grant.person
