"""The store of files, the mail server or Temporal is down: what does not need it goes on, and what does says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest

from activities.delivery import Delivering
from domain.delivery.delivery import Sending
from gateways.messaging.letters import Letters
from gateways.messaging.smtp import SmtpChannel
from identity.link_letters import LinkLetters
from store.database.database import Database
from tests.activities.running import environment
from tests.console.fronting import Fronted, Visitor, fronting, path_of
from tests.console.test_down import ready, says_what_is_kept
from tests.console.test_files import attach, question_of
from tests.console.test_files import begin as begin_with_files
from tests.console.test_following import BREATHE
from tests.console.test_money_and_leaving import GOOD, team  # noqa: F401
from tests.console.test_writing import ANN, begin, hidden, rows, send, send_long
from tests.gateways.documents import pdf
from tests.gateways.mailbox import Mailbox
from tests.identity.conftest import Clock
from tests.store.conftest import form_round, round_with_files  # noqa: F401
from tests.store.said import AIR, MIDWAY, compose
from tests.waiting import SOON, until

Visit = Callable[..., Visitor]


@pytest.fixture
def midway(clock: Clock) -> Clock:
    """The window of the applications is open."""
    clock.now = MIDWAY
    return clock


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The folder in which files are kept."""
    return tmp_path / "files"


@pytest.fixture
def ann(round_with_files: Database, midway: Clock, files: Path) -> Iterator[Visitor]:  # noqa: F811
    """Somebody whose application has files."""
    settings = {"files_place": str(files), "files_key_file": files.with_name("files.key")}
    with fronting(round_with_files, midway, **settings) as front:
        ann = Visitor(front)
        yield ann
        ann.close()


@contextmanager
def gone(files: Path, instead: str) -> Iterator[None]:
    """The folder of files is away, until the block ends, and something else is in its place."""
    files.rename(files.with_name("away"))
    if instead == "a file":
        files.write_text("no folder", encoding="ascii")
    elif instead == "an empty folder":
        files.mkdir()
    yield
    if instead == "a file":
        files.unlink()
    elif files.exists():
        files.rmdir()
    files.with_name("away").rename(files)


@pytest.mark.parametrize("instead", ["a file", "an empty folder", "nothing"])
async def test_while_the_store_of_files_is_down_all_but_files_goes_on(ann: Visitor, files: Path, instead: str) -> None:
    """Fails where a page breaks off in the middle of a file, or a file is attached that nobody finds again.

    An empty folder is what is there while a disk is not mounted.
    """
    draft = begin_with_files(ann)
    page, content = f"{draft}/files/{question_of(ann, draft)}", pdf()
    assert path_of(attach(ann, page, "plan.pdf", content)) == page
    found = re.search(rf'href="({page}/[^"/]+)"', ann.get(page).text)
    assert found

    with gone(files, instead):
        assert says_what_is_kept(ann.get(found[1]))
        assert "plan.pdf" in ann.get(page).text
        section = hidden(ann.get(f"{draft}/sections/1").text)
        saved = send_long(ann, f"{draft}/sections/1", {**section, "q-idea": "Trams"})
        assert saved.status_code == httpx2.codes.SEE_OTHER
        refused = attach(ann, page, "more.pdf", content + b"\n")
        assert says_what_is_kept(refused)
        assert "was not saved" in refused.text
        assert "more.pdf" not in ann.get(page).text
        assert ready(ann) == {"database": "ok", "files": "does not answer"}

    assert ann.get(found[1]).content == content
    assert path_of(attach(ann, page, "more.pdf", content + b"\n")) == page
    await until(lambda: ready(ann) == {"database": "ok", "files": "ok"})


def test_while_the_mail_server_is_down_sending_waits_for_nothing_and_the_letters_come_afterwards(
    form_round: Database,  # noqa: F811
    midway: Clock,
) -> None:
    def seconds() -> float:
        return (midway.now - MIDWAY).total("seconds") + 1

    with Mailbox() as mailbox, fronting(form_round, midway) as front:
        channel = SmtpChannel("127.0.0.1", mailbox.port, "post@scheme.example", security="none", timeout=SOON)
        letters = LinkLetters(form_round, Letters().compose, front.address, midway)
        post = Delivering(form_round, channel, 1000, compose, midway, seconds, links=letters)

        def deliver() -> None:
            midway.go_on(minutes=2)
            environment(midway.now).run(post.deliver, Sending(seconds=0))

        with closing(channel):
            mailbox.stop()
            ann = Visitor(front)
            draft = begin(ann)
            assert path_of(send(ann, draft)) == f"{draft}/receipt"
            assert "We have your application" in ann.get(f"{draft}/receipt").text
            for _ in range(3):
                deliver()
            assert [len(rows(front.database)), mailbox.received] == [1, []]

            ann.ask(ANN)  # for a link to sign in
            deliver()
            mailbox.start()
            while len(mailbox.received) < 3:
                before = midway.now
                deliver()
                assert before < MIDWAY.add(hours=8), "all letters come within hours"
            ann.close()
        subjects = sorted(str(each.letter["subject"]) for each in mailbox.received)
        assert [each.recipients for each in mailbox.received] == [(ANN,)] * 3
        assert len(set(subjects)) == 3


def test_while_temporal_is_down_only_what_it_decides_waits_and_nothing_typed_is_lost(
    front: Fronted,
    visit: Visit,
    team: str,  # noqa: F811
) -> None:
    """No test of pages has a Temporal server: here is what needs one."""
    breathe = visit()
    breathe.sign_in(BREATHE)
    own = f"/applications/{team}"
    for path in ("/", f"/challenges/{AIR}", "/applications", own, f"{own}/payments", f"{own}/letters", "/data"):
        assert breathe.get(path).status_code == httpx2.codes.OK, path

    paid = breathe.fill_in(f"{own}/bank-details", f"{own}/bank-details", **GOOD)
    left = breathe.fill_in(f"{own}/withdraw", f"{own}/withdraw", reason="We have merged.", id="one")

    for answer, typed in ((paid, GOOD["number"]), (left, "We have merged.")):
        assert says_what_is_kept(answer)
        assert "was not saved" in answer.text
        assert f">\n{typed}</textarea>" in answer.text
    assert breathe.get(f"{own}/bank-details").status_code == httpx2.codes.OK
