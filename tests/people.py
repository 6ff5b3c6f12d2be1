"""The people of a challenge that a test plays, with the tables of the service open to the test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from desk.desk import Desk
from desk.player import Player
from domain.challenges.application import Applying, Receipt
from domain.challenges.draft import Typed
from domain.forms.answers import only_text
from domain.forms.form import PROPOSAL
from domain.identity.proof import AT_TERMINAL
from domain.payments.payment import PaymentStatus
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge
from store.payments.reading import Payment
from tests import waiting
from tests.books import Books


class People(Player):
    """Everybody who has a part in one challenge, each of them at a terminal.

    Args:
        desk: of a running service.
        challenge: whose people they are.
        programme: what the challenge runs under.
    """

    def __init__(self, desk: Desk, challenge: Challenge, programme: Programme) -> None:
        super().__init__(desk, challenge, programme, AT_TERMINAL)
        self.books = Books(desk.core.database)

    def mailbox(self, person: str) -> str:
        """See `Player`; also of whoever applied in another way."""
        return self.books.mailbox(person)

    def account(self, team: str) -> Mapping[str, str]:
        """See `Player`; `known_by` finds it in what a test reads."""
        return {**super().account(team), "holder": f"Company of {team}"[:70], "number": "31926819"}

    async def eventually(self, came: Callable[[], Awaitable[bool]]) -> None:
        """See `Player`; not without end.

        Raises:
            TimeoutError: it was not for minutes.
        """
        await waiting.eventually(came)

    async def apply(self, number: int) -> Receipt:
        """One more application, told from the others by its number."""
        return await self.hand_in(
            Applying(
                organisation=f"Company {number}",
                email=f"team{number}@company.example",
                answers=only_text(f"Answer number {number}."),
            )
        )

    async def applied(self, count: int) -> list[str]:
        """The ids of so many new applications."""
        return [(await self.apply(number)).application for number in range(count)]

    async def propose(self, team: str, stage: str, text: str) -> Receipt:
        """A team sends the further proposal that a stage asks for: the text of the form's one question."""
        actor = await self.actor(team)
        kept = (await self.desk.drafts.read(actor, team, stage)).draft.answers
        typed = Typed(question=PROPOSAL, answer=text, builds_on=max((each.version for each in kept), default=0))
        await self.desk.drafts.save(actor, team, [typed], stage)
        return await self.desk.drafts.send(actor, team, stage)

    # What becomes of the payments.

    def payments(self) -> dict[str, Payment]:
        """The challenge's part of the ledger, by keys."""
        return {payment.key: payment for payment in self.books.payments(self.challenge.id)}

    def payment(self, key: str) -> Payment:
        """A payment as the ledger has it."""
        return self.payments()[key]

    async def requested(self, stage: str, teams: Iterable[str]) -> list[str]:
        """The keys of the first payments of a stage, in the order of the teams, once the ledger has them."""
        keys = [f"{self.challenge.id}/{stage}/{team}/1" for team in teams]
        await self.in_the_ledger(keys)
        return keys

    async def in_the_ledger(self, keys: Iterable[str]) -> None:
        """Waits until the ledger has all of these payments."""
        await waiting.until(lambda: self.payments().keys() >= set(keys))

    async def stands(self, key: str, *statuses: PaymentStatus) -> Payment:
        """Waits, in real time, until the ledger has a payment in one of these states.

        Raises:
            TimeoutError: it has not for minutes; says how every payment stands.
        """
        try:
            await waiting.until(lambda: key in self.payments() and self.payment(key).status in statuses)
        except TimeoutError:
            stand = {each.key: str(each.status) for each in self.payments().values()}
            raise TimeoutError(f"{key} is not {' or '.join(statuses)}: {stand}") from None
        return self.payment(key)
