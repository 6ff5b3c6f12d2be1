"""Whatever people do with a draft, in whatever order: it holds what a model of a few lines says."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.paging import Page
from domain.values.refusals import ApplicationRefused, TooLate
from store.challenges import drafts
from store.challenges.applications import read
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.record.record import announce, read_notices
from tests.chained import KEYS
from tests.store.said import AIR, CLOSES, MIDWAY, OPENS, announcing, compose, opened, seal
from tests.store.sqlite import fresh_sqlite
from tests.store.writing import begun, look_at, save, send, with_form

QUESTIONS = ("summary", "idea")
TEXTS = ("", "Buses.", "Trams.", "Bikes.")


class Drafting(RuleBasedStateMachine):
    """One draft. The model keeps, for each question, every text with whether it took the place of the one before."""

    database: Database

    @initialize()
    def begin(self) -> None:
        self.draft = begun(self.database, email=f"{id(self)}@applicants.example")
        save(self.database, self.draft, "tried", True)
        self.kept: dict[str, list[tuple[int, str, bool]]] = {question: [(0, "Buses.", True)] for question in QUESTIONS}
        for question in QUESTIONS:
            save(self.database, self.draft, question, "Buses.")
        self.sent: list[dict[str, str]] = []
        self.withdrawn = self.closed = False

    def counting(self) -> dict[str, tuple[int, str]]:
        """The last version that counts, and its text, of each question that has one."""
        last = {
            question: [(version, text) for version, (_, text, counts) in enumerate(kept, start=1) if counts][-1:]
            for question, kept in self.kept.items()
        }
        return {question: found[0] for question, found in last.items() if found}

    @rule(question=st.sampled_from(QUESTIONS), text=st.sampled_from(TEXTS), back=st.integers(0, 3))
    def save(self, question: str, text: str, back: int) -> None:
        """Somebody saves, with a page that is perhaps some versions old."""
        kept = self.kept[question]
        version, present = self.counting().get(question, (0, None))
        builds_on = max(0, version - back)
        saved = save(self.database, self.draft, question, text, builds_on)
        again = [number for number, each in enumerate(kept, start=1) if each[:2] == (builds_on, text)]
        if text == present:
            assert (saved.yours.version, saved.other) == (version, None)
            return
        if not again:
            kept.append((builds_on, text, builds_on == version))
        counts = not again and builds_on == version
        assert saved.yours.version == (again[0] if again else len(kept))
        assert (saved.other is None) == counts
        if saved.other is not None:
            assert (saved.other.version, saved.other.answer) == (version, present)

    @rule()
    def send(self) -> None:
        """Somebody sends the draft as it is."""
        now = {question: text for question, (_, text) in self.counting().items()}
        at = CLOSES if self.closed else MIDWAY
        if self.sent and self.sent[-1] == now and not self.withdrawn:
            receipt = send(self.database, self.draft, at)
            assert (receipt.repeated, receipt.version) == (True, len(self.sent))
        elif self.withdrawn or self.closed or not all(now.get(question) for question in QUESTIONS):
            with pytest.raises((ApplicationRefused, TooLate)):
                send(self.database, self.draft, at)
        else:
            self.sent.append(now)
            assert send(self.database, self.draft, at).version == len(self.sent)

    @precondition(lambda self: self.sent and not self.withdrawn)
    @rule()
    def withdraw(self) -> None:
        """The application is withdrawn."""
        announce(self.database, announcing(f"withdraw/{self.draft}", withdrawn=self.draft), compose)
        self.withdrawn = True

    @precondition(lambda self: not self.closed)
    @rule()
    def close(self) -> None:
        """The window is sealed."""
        assert seal(self.database) == int(bool(self.sent) and not self.withdrawn)
        self.closed = True

    @invariant()
    def everything_is_kept_as_the_model_says(self) -> None:
        """All that was typed, what counts, what was sent last, and a receipt for each time."""
        found = look_at(self.database, self.draft)
        answers = {question: text for question, (_, text) in self.counting().items()}
        assert found.answered() == answers | {"tried": True}
        for question, kept in self.kept.items():
            history = drafts.versions(self.database, Page(), self.draft, "", question).items
            assert [(each.answer, each.counts) for each in history] == [(text, counts) for _, text, counts in kept]
        assert (found.sent.version if found.sent else 0) == len(self.sent)
        assert found.sent is None or found.sent.changed == (answers != self.sent[-1])
        receipts = [each for each in read_notices(self.database, AIR) if "refused" not in each.occasion]
        assert len([each for each in receipts if each.recipient == self.draft]) == len(self.sent)
        if self.closed and self.sent:
            assert [each.answers for each in read(self.database, AIR)] == [self.sent[-1] | {"tried": True}]


def test_a_draft_does_what_a_model_of_a_few_lines_says(round_: Round, programme: Programme) -> None:
    formed = with_form(programme)

    class OnSqlite(Drafting):
        def __init__(self) -> None:
            super().__init__()
            self.folder = tempfile.TemporaryDirectory()
            self.database = Database(fresh_sqlite(Path(self.folder.name)), KEYS)
            keep_round(self.database, round_, formed, challenges_of(round_, formed), OPENS)
            announce(self.database, opened(), compose)

        def teardown(self) -> None:
            self.database.close()
            self.folder.cleanup()

    run_state_machine_as_test(
        OnSqlite,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
