"""The web front is killed while many people begin, save and send: whatever a page acknowledged is kept, once."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from sqlalchemy import select
from whenever import Instant, TimeDelta

import web
from bench.browsers import Browser, Form, forms_of
from bench.databases import RECORD_KEY, RECORD_KEYS, keep
from bench.fronts import Front
from bench.pilot import pilot
from bench.submissions import TEXT, written
from domain.announcements.occasions import Occasion
from service.ports import free_ports
from store.database import tables
from store.database.database import Database
from tests.processes import Program
from tests.store.postgres import postgres_server
from tests.waiting import eventually

SENDERS, SAVERS, BEGINNERS = 40, 6, 6
KILLED_AFTER = 12
"""Applications that were acknowledged."""
URLENCODED = "application/x-www-form-urlencoded"


class Service(NamedTuple):
    """What stays while the web front dies and comes back.

    Args:
        front: its port, its database and the challenge.
        environment: of its processes.
        log: of all of them.
    """

    front: Front
    environment: dict[str, str]
    log: Path

    @asynccontextmanager
    async def runs(self) -> AsyncIterator[Program]:
        """The web front, as production starts it, once it listens."""

        async def listens() -> bool:
            assert program.poll() is None, self.log.read_text()
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.front.port), 1):
                return True
            return False

        with Program(web.main, [], self.environment, self.log) as program:
            await eventually(listens)
            yield program

    def sent(self) -> dict[str, tuple[Instant, str]]:
        """What came in: when, and its answers, by the ids of the applications."""
        rows = tables.applications
        with self.front.kept.reading() as connection:
            found = connection.execute(select(rows.c.id, rows.c.received, rows.c.answers)).all()
        return {each.id: (each.received, each.answers) for each in found}

    def letters(self, occasion: Occasion) -> Counter[str]:
        """How many letters of a kind there are about each draft or application."""
        rows = tables.notices
        with self.front.kept.reading() as connection:
            return Counter(connection.scalars(select(rows.c.recipient).where(rows.c.occasion == occasion)))

    def drafts(self) -> dict[str, dict[str, str]]:
        """The answers of each draft that count, as they are written down."""
        drafts, answers = tables.drafts, tables.draft_answers
        joined = select(drafts.c.application, answers.c.question, answers.c.answer).join_from(
            drafts, answers, answers.c.application == drafts.c.application, isouter=True
        )
        found: dict[str, dict[str, str]] = {}
        with self.front.kept.reading() as connection:
            for row in connection.execute(joined.order_by(answers.c.version)):
                found.setdefault(row.application, {})[row.question] = row.answer
        return found


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'service.db'}"
        if request.param == "postgresql":
            url = stack.enter_context(postgres_server())
        kept = Database(url, RECORD_KEYS)
        stack.callback(kept.close)
        kept.migrate()
        round_, programme, challenges = pilot()
        now = Instant.now()
        times = {"opens": now, "closes": now + TimeDelta(hours=24)}
        challenge = challenges[0].model_copy(update=times)
        keep(kept, round_, programme, (challenge,))
        (port,) = free_ports()[:1]
        (tmp_path / "record.key").write_text(f"{RECORD_KEY}\n", encoding="ascii")
        (tmp_path / "record.key").chmod(0o600)
        ours = {
            "DATABASE_URL": url,
            "WEB_PORT": str(port),
            "WEB_ADDRESS": f"http://localhost:{port}",
            "WEB_PROXY": "127.0.0.1",
            "RECORD_KEY_FILE": str(tmp_path / "record.key"),
            "FILES_PLACE": str(tmp_path / "files"),
        }
        environment = dict(os.environ) | {f"CHALLENGES_{name}": value for name, value in ours.items()}
        here = psutil.Process()
        yield Service(Front(port, kept, challenge, here, here), environment, tmp_path / "log")


class Sender:
    """Somebody who has written an application, and presses the button until there is a receipt."""

    def __init__(self, browser: Browser, form: Form) -> None:
        self.draft = form.action.split("/")[2]
        self.browser, self._form = browser, form

    async def send(self) -> bool:
        """Whether it was acknowledged."""
        return await _led_on(self.browser, self._form)


class Saver:
    """Somebody who types, and whose page saves by itself."""

    def __init__(self, browser: Browser, section: Form) -> None:
        self.draft = section.action.split("/")[2]
        self.browser, self._section = browser, section
        (self.field,) = section.texts
        self._version = int(section.fields[f"builds-on-{self.field.removeprefix('q-')}"])
        self.saved = self.typed = TEXT

    async def save(self) -> None:
        """Until the connection breaks."""
        while True:
            self.typed = f"{TEXT} {self._version}"
            fields = {"token": self._section.fields["token"], "question": self.field, self.field: self.typed}
            fields[f"builds-on-{self.field.removeprefix('q-')}"] = str(self._version)
            body = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in fields.items()).encode()
            answer = await self.browser.ask("POST", f"/applications/{self.draft}/answers", body, URLENCODED)
            assert answer.status == 200, answer.text
            self.saved, self._version = self.typed, self._version + 1


class Beginner:
    """Somebody without an account who begins one application after the other, in one browser."""

    def __init__(self, browser: Browser, begin: str, number: int) -> None:
        self.browser, self._begin, self._number = browser, begin, number
        self.begun: list[str] = []
        self._form: Form | None = None

    async def begin(self, most: int) -> None:
        """So many more, or until the connection breaks. What was not acknowledged is sent again first."""
        for _ in range(most):
            if self._form is None:
                page = await self.browser.get(self._begin)
                self._form = next(each for each in forms_of(page.text) if each.texts)
            address = f"begins-{self._number}-{len(self.begun)}@companies.example"
            texts = dict.fromkeys(self._form.texts, TEXT)
            onward = await self.browser.send(self._form, organisation="Tay Ltd", email=address, **texts)
            self.begun.append(onward.split("/")[2])
            self._form = None


async def _led_on(browser: Browser, form: Form) -> bool:
    """Whether a form was taken."""
    try:
        return (await browser.send(form)).endswith("/receipt")
    except (OSError, EOFError):
        return False
    finally:
        await browser.close()


async def _until_broken(doing: Awaitable[None], browser: Browser) -> None:
    with suppress(OSError, EOFError):
        await doing
    await browser.close()


async def _people(front: Front) -> tuple[list[Sender], list[Saver], list[Beginner]]:
    """They have come as far as everybody comes in the minutes before the closing."""
    begin = f"/challenges/{front.challenge.id}/apply"

    async def sender(number: int) -> Sender:
        mailbox = f"sends-{number}@companies.example"
        browser = front.signed_in(number, mailbox)
        return Sender(browser, await written(browser, front, mailbox))

    async def saver(number: int) -> Saver:
        mailbox = f"saves-{number}@companies.example"
        browser = front.signed_in(1_000 + number, mailbox)
        draft = (await written(browser, front, mailbox)).action.split("/")[2]
        page = await browser.get(f"/applications/{draft}/sections/1")
        return Saver(browser, next(each for each in forms_of(page.text) if each.texts))

    return (
        [await sender(number) for number in range(SENDERS)],
        [await saver(number) for number in range(SAVERS)],
        [Beginner(front.browser(2_000 + number), begin, number) for number in range(BEGINNERS)],
    )


async def test_what_was_acknowledged_before_the_web_front_was_killed_is_kept_and_all_else_can_be_done_again(
    service: Service,
) -> None:
    """Fails where an answer goes out before its transaction, or a transaction has only a part of what was sent."""
    acknowledged: list[str] = []
    async with service.runs() as program:
        senders, savers, beginners = await _people(service.front)

        async def sends(sender: Sender) -> None:
            if await sender.send():
                acknowledged.append(sender.draft)
                if len(acknowledged) == KILLED_AFTER:
                    program.kill()

        async def all_are_busy() -> bool:
            return all(each.saved != TEXT for each in savers) and all(each.begun for each in beginners)

        busy = asyncio.gather(
            *(_until_broken(each.save(), each.browser) for each in savers),
            *(_until_broken(each.begin(1_000), each.browser) for each in beginners),
        )
        await eventually(all_are_busy)
        await asyncio.gather(*map(sends, senders))
        await busy
        program.wait()

    assert KILLED_AFTER <= len(acknowledged) < SENDERS, "it was killed in the midst of it"
    before, drafts = service.sent(), service.drafts()
    assert set(acknowledged) <= before.keys() <= {each.draft for each in senders}
    assert all(answers.count(TEXT) == 1 for _, answers in before.values())
    assert service.letters(Occasion.APPLICATION_RECEIVED) == Counter(before.keys())
    for sender in senders:
        assert list(drafts[sender.draft].values()) == [f'"{TEXT}"']
    for saver in savers:
        assert drafts[saver.draft][saver.field.removeprefix("q-")] in (f'"{saver.saved}"', f'"{saver.typed}"')
    for beginner in beginners:
        assert all(list(drafts[each].values()) == [f'"{TEXT}"'] for each in beginner.begun)

    async with service.runs():
        assert await asyncio.gather(*(each.send() for each in senders)) == [True] * SENDERS
        for beginner in beginners:
            await beginner.begin(1)
            await beginner.browser.close()

    after, began = service.sent(), [each for beginner in beginners for each in beginner.begun]
    assert after.keys() == {each.draft for each in senders}
    assert {each: after[each] for each in before} == before
    assert service.letters(Occasion.APPLICATION_RECEIVED) == Counter(after.keys())
    assert len(began) == len(set(began))
    assert service.drafts().keys() == after.keys() | {each.draft for each in savers} | set(began)
    assert service.letters(Occasion.DRAFT_BEGUN) == Counter(began)
