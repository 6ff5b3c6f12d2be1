"""An announcement whose activity does not answer until it may, though all of it is written."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime

import pytest

import worker
from activities.announcements import Announcing
from domain.challenges.steps import ToAnnounce
from tests.waiting import HANGS
from workflows.stubs import ANNOUNCE


class Held:
    """The first announcement of an action, which workers of this process hold.

    Args:
        monkeypatch: see pytest; workers that start from now on hold it.
        action: what the record calls it.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
        written, self._may_answer = threading.Event(), threading.Event()
        self._written, may_answer = written, self._may_answer

        class Late(Announcing):
            """Answers late."""

            @ANNOUNCE.does
            def announce(self, what: ToAnnounce) -> datetime:
                """See `Announcing`."""
                answer = super().announce(what)
                if what.announcement.entry.action == action and not written.is_set():
                    written.set()
                    may_answer.wait(HANGS)
                return answer

        monkeypatch.setattr(worker, "Announcing", Late)

    async def written(self) -> None:
        """Waits until it is held."""
        assert await asyncio.to_thread(self._written.wait, HANGS)

    def answers(self) -> None:
        """It may go on."""
        self._may_answer.set()
