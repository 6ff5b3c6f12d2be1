"""What the desk signs: every message that it sends to a workflow for somebody."""

from __future__ import annotations

import uuid

from domain.challenges.decisions import Decision
from domain.identity.asked import Asked
from domain.identity.proof import Proof
from domain.identity.statement import content_of
from domain.permissions import RIGHTS, Action, Actor, Place
from domain.values.refusals import NotAllowed
from identity.signatures import BY_THE_BOOKS, Signer
from service.settings import Settings
from service.threads import Threads


class Signing:
    """Signs for people who act at the desk.

    Args:
        options: name the files of the keys.
        threads: where the keys are read.
    """

    def __init__(self, options: Settings, threads: Threads) -> None:
        self._signer = Signer(options.signing_key_file, options.public_key_file)
        self._threads = threads
        self._has_keys = False

    async def signed(
        self, actor: Actor, place: Place | None, workflow: str, kind: str, message: Decision | None = None
    ) -> str:
        """The proof that goes with a message: who sends it, in which role, and how the person was proven.

        Args:
            actor: who sends the message.
            place: the challenge concerned; None for what concerns no challenge.
            workflow: id of the challenge or payment to which the message goes.
            kind: name of the message.
            message: the decision in the message, if there is one.

        Raises:
            NotAllowed: the message names somebody else, or the actor has no role for it. Otherwise a front that passes
                on what people type could have a decision signed in another's name.
            Unavailable: the keys that sign cannot be read.
        """
        grants = actor.grants if place is None else actor.roles(place)
        if message is None:
            asked = Asked(kind=kind, content=content_of(None), decision_id=uuid.uuid4().hex)
            able = [each for each in grants if each.role in RIGHTS[Action(kind)].roles]
        else:
            asked = Asked.of(message, "")
            able = [each for each in grants if each.person == message.by]
        if not able:
            raise NotAllowed(f"{actor.name or 'Nobody in particular'} cannot send {kind} to {workflow} in this name.")
        return await self._sign(workflow, asked, able[0].person, str(able[0].role), actor.proof)

    async def by_the_books(self, workflow: str, message: Decision, proof: Proof) -> str:
        """The proof of what the service's books say that somebody has decided. Nobody need have the role any more.

        Args:
            workflow: id of the challenge to which the message goes.
            message: the decision.
            proof: how the person was proven; that of the service, if the books do not say it.

        Raises:
            Unavailable: the keys that sign cannot be read.
        """
        return await self._sign(workflow, Asked.of(message, ""), message.by, BY_THE_BOOKS, proof)

    async def _sign(self, workflow: str, asked: Asked, person: str, role: str, proof: Proof) -> str:
        if not self._has_keys:  # to make the first key takes as long as a disk does
            await self._threads.write(self._signer.make_ready)
            self._has_keys = True
        # Not in a thread: to sign takes less time than the way there and back.
        return self._signer.sign(workflow, asked, person, role, proof)
