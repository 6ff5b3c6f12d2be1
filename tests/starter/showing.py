"""A team sends evidence, as it does on its page, to a service that commands are tried on."""

from __future__ import annotations

import asyncio

import pytest

from desk.open import open_desk
from domain.identity.proof import AT_TERMINAL
from service import settings
from tests.starter.commands import Commands
from tests.store.showing import pieces


def sends_evidence(starter: Commands, team: str, stage: str, number: int, statement: str, content: bytes) -> str:
    """Sends a statement with a file, and gives the id of the file."""
    mailbox = starter.mailbox(team)

    async def send() -> str:
        async with open_desk(settings.load()) as desk:
            actor = await desk.actor(mailbox, AT_TERMINAL)
            file = await desk.evidence.attach(actor, team, stage, number, "proof.txt", pieces(content))
            await desk.evidence.send(actor, team, stage, number, statement, "once")
            return file.id

    with pytest.MonkeyPatch.context() as patch:
        for name, value in starter.environment.items():
            patch.setenv(name, value)
        return asyncio.run(send())
