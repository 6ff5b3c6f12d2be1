"""Every page of the web front in every state, as a browser without scripts gets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx2
import pytest
from whenever import Instant

from desk.own import OwnApplications
from tests.console.fronting import Fronted, Visitor, fronting, path_of
from tests.console.judging import pages_of_judging
from tests.console.states import ANN, CHALLENGES, DAY, NOW, ROUND, everything
from tests.console.test_files import attach
from tests.console.test_writing import hidden, send_long
from tests.gateways.documents import image, pdf
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Clock
from tests.store.kept import database_at
from tests.store.paying import Till, give_payee, to_make
from tests.store.showing import decided
from tests.store.sqlite import fresh_sqlite
from tests.store.test_unconfirmed import come, hold, waiting

AIR = f"/challenges/{ROUND}/air-quality"
PUBLIC = ("/", "/?shelf=open", "/catalogue", "/accessibility", "/privacy", "/sign-in")
OWN = (
    "/applications",
    "/data",
    "/calendar",
    "/account",
    "/signed-in",
    "/passkeys",
    "/passkeys/add",
    "/staff",
    "/decisions",
)
RECORD = f"/staff/challenges/{ROUND}/libraries/record"
OPERATING = (
    "/staff",
    "/staff/notices",
    "/staff/rounds",
    "/staff/rounds?search=nowhere",
    RECORD,
    f"{RECORD}?refused=only",
)
STANDING = {
    "team": ("", "/letters", "/payments", "/bank-details", "/withdraw"),
    "asked": ("", "/letters", "/payments", "/bank-details", "/withdraw"),
    "sent": ("", "/letters", "/payments", "/withdraw"),
    "withdrawn": ("", "/withdraw"),
    "building": ("", "/evidence/accelerator/2"),
    **dict.fromkeys(("late", "deciding", "left", "reserve", "refused", "finished", "cancelled"), ("",)),
}
"""Of what was sent, or came too late."""
WRITING = {
    "draft": (
        *("/write", "/sections/1", "/sections/2", "/sections/3", "/sections/4", "/check"),
        *("/writers", "/copy", "/files/picture", "/bank-details", "/payments"),
    ),
    "full": ("/write", "/check", "/writers"),
    "sent": ("/write", "/sections/2", "/check", "/receipt", "/writers", "/files/picture"),
    **dict.fromkeys(("held", "late", "withdrawn"), ("/write", "/sections/1", "/check", "/files/picture")),
}
"""Of a draft."""
PROPOSAL = ("/write", "/sections/1", "/sections/2", "/check", "/files/plan")
LONGEST = "x" * 200


class Shown(NamedTuple):
    """A page as somebody got it.

    Args:
        name: of the page and its state.
        path: at which it is shown.
        status: of the answer.
        html: of the page.
    """

    name: str
    path: str
    status: int
    html: str


class Crawled(NamedTuple):
    """A front that runs, and all of its pages."""

    front: Fronted
    pages: list[Shown]


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """See `crawling`."""
    with crawling(tmp_path_factory.mktemp("crawl")) as found:
        yield found


@contextmanager
def crawling(folder: Path) -> Iterator[Crawled]:
    """A front with challenges in every state, which runs until the block ends, and all of its pages.

    Args:
        folder: for its database, and that of another front that has nothing.
    """
    clock = Clock()
    clock.now = NOW
    files = {"files_place": str(folder / "files"), "files_key_file": folder / "files.key"}
    (folder / "none").mkdir()
    with ExitStack() as stack:
        empty = stack.enter_context(fronting(database_at(fresh_sqlite(folder / "none")), clock))
        front = stack.enter_context(fronting(database_at(fresh_sqlite(folder)), clock, **files))
        full, nothing = Crawl(front, everything(front.desk)), Crawl(empty, {})
        stack.callback(full.close)
        stack.callback(nothing.close)
        (folder / "judged").mkdir()
        judging = [Shown(*each) for each in pages_of_judging(folder / "judged")]
        yield Crawled(front, [*nothing.of_nothing(), *full.of_everything(), *judging])


class Crawl:
    """Goes through all pages.

    Args:
        front: which is visited.
        own: Ann's applications and drafts, by what they show.
    """

    def __init__(self, front: Fronted, own: Mapping[str, str]) -> None:
        self._front = front
        self._own = {name: f"/applications/{id_}" for name, id_ in own.items()}
        self._nobody, self._ann = Visitor(front), Visitor(front)
        self._shown: list[Shown] = []

    def close(self) -> None:
        """Closes its connections."""
        for each in (self._nobody, self._ann):
            each.close()

    def of_nothing(self) -> list[Shown]:
        """The pages of a front that has nothing."""
        self._ann.sign_in(ANN)
        for path in ("/", "/catalogue", "/applications", "/data", "/calendar", "/decisions", "/passkeys"):
            self._get(self._ann, path, f"nothing at {path}")
        return self._shown

    def of_everything(self) -> list[Shown]:
        """The pages of a front that has everything."""
        self._public()
        self._guest()
        self._signing_in()
        self._own_pages()
        self._passkeys()
        self._decisions()
        self._wrong()
        self._evidence()
        self._late()
        self._payments()
        self._faults()
        return self._shown

    def _public(self) -> None:
        for path in PUBLIC:
            self._get(self._nobody, path)
        for slug in CHALLENGES:
            self._get(self._nobody, f"/challenges/{ROUND}/{slug}")
            self._get(self._nobody, f"/challenges/{ROUND}/{slug}/questions")
        self._get(self._nobody, f"{AIR}/form")
        self._get(self._nobody, f"{AIR}/questions?asked=yes")
        for slug, status in (("air-quality", 200), ("icy-paths", 200), ("bus-stops", 200), ("late", 409)):
            self._get(self._nobody, f"/challenges/{ROUND}/{slug}/apply", status=status)

    def _guest(self) -> None:
        """Somebody who writes without an account."""
        guest, page = self._nobody, f"{AIR}/apply"
        begun = {**hidden(guest.get(page).text), "organisation": "Guest Ltd", "email": "guest@breathe.example"}
        draft = "/".join(path_of(send_long(guest, page, begun)).split("/")[:3])
        for path in ("/write", "/sections/1", "/check", "/writers"):
            self._get(guest, f"{draft}{path}", f"guest's {path}")
        self._get(guest, "/applications", "guest's applications", 200)
        wrong = {**hidden(guest.get(page).text), "organisation": "", "email": "nowhere", "q-people": "many"}
        self._keep("begun wrongly", page, send_long(guest, page, wrong), 422)

    def _signing_in(self) -> None:
        ann, asked = self._ann, {"address": "nowhere", "wanted": "/applications"}
        self._keep("signing in with a wrong address", "/sign-in", ann.fill_in("/sign-in", "/sign-in", **asked), 422)
        ann.ask(ANN)
        self._get(ann, "/sign-in/sent")
        link = self._front.letters()[ANN]
        self._get(ann, link, "a link")
        self._get(self._nobody, link, "a link in another browser")
        answer = self._nobody.follow(link, code="000000")
        self._keep("a wrong code", link, answer, 422)
        ann.follow(link)

    def _own_pages(self) -> None:
        ann = self._ann
        picture = f"{self._own['draft']}/files/picture"
        attach(ann, picture, f"{LONGEST}.png", image("png"))
        for path in OWN:
            self._get(ann, path)
        made = ann.fill_in("/calendar", "/calendar/make")
        self._keep("a calendar that was made", "/calendar", made, 200)
        for states in (STANDING, WRITING):
            for name, paths in states.items():
                for path in paths:
                    self._get(ann, f"{self._own[name]}{path}", f"{name}: {path}")
        letters = ann.get(f"{self._own['sent']}/letters").text
        letter = letters.partition(f'href="{self._own["sent"]}/letters/')[2].partition('"')[0]
        self._get(ann, f"{self._own['sent']}/letters/{letter}", "a letter")
        proposal = f"{self._own['asked']}/stages/accelerator"
        for path in PROPOSAL:
            self._get(ann, f"{proposal}{path}", f"proposal: {path}")
        attach(ann, f"{proposal}/files/plan", "plan.pdf", pdf())
        ann.post(f"{proposal}/send", hidden(ann.get(f"{proposal}/check").text))
        self._get(ann, f"{proposal}/receipt", "proposal: a receipt")

    def _evidence(self) -> None:
        """Evidence is written, sent, rejected, sent again and accepted."""
        ann, database, team = self._ann, self._front.database, self._own["building"]
        page, id_ = f"{team}/evidence/accelerator/2", team.rpartition("/")[2]
        where: dict[str, Any] = {"challenge": f"{ROUND}/ferries", "stage": "accelerator"}
        attach(ann, page, f"{LONGEST}.pdf", pdf())
        self._get(ann, page, "evidence with a file that waits")
        for once, state in (("one", "sent"), ("two", "rejected and sent again")):
            sent = ann.fill_in(page, page, statement=f"{LONGEST}\nIt runs.", once=once, do="send")
            assert sent.status_code == httpx2.codes.SEE_OTHER, sent.text
            self._get(ann, page, f"evidence that was {state}")
            if once == "one":
                decided(database, id_, self._later(), "It does not say how many people took part.", **where)
                self._get(ann, page, "evidence that was rejected")
                self._later()
        decided(database, id_, self._later(), **where)
        for path in ("", "/payments", "/evidence/accelerator/2"):
            self._get(ann, f"{team}{path}", f"evidence that was accepted: {path}")
        late = ann.fill_in("/applications", page, statement=LONGEST, do="send")
        self._keep("evidence after its acceptance", page, late, 409)

    def _later(self) -> Instant:
        """The time goes on."""
        self._front.clock.go_on(seconds=1)
        return self._front.clock.now

    def _passkeys(self) -> None:
        ann, page = self._ann, self._ann.get("/passkeys/add").text
        options = unescape(page.partition('data-options="')[2].partition('"')[0])
        made = Authenticator().make(options, said={"origin": self._front.address}, host="localhost")
        added = ann.post("/passkeys/add", {**hidden(page), "name": LONGEST[:60], "answer": made})
        assert added.status_code == httpx2.codes.SEE_OTHER, added.text
        self._get(ann, "/passkeys", "a passkey")
        self._get(ann, "/passkeys/use")

    def _decisions(self) -> None:
        """An operator, in whose name something was decided without a proof."""
        come(self._front.database, hold(reason=LONGEST), f"{ROUND}/libraries")
        [waits] = waiting(self._front.database, round_=ROUND)
        olivia = Visitor(self._front)
        olivia.sign_in("olivia@scheme.example")
        self._get(olivia, "/decisions", "a decision that waits")
        self._get(olivia, "/account", "an operator's account")
        for path in OPERATING:
            self._get(olivia, path)
        verified = olivia.fill_in(RECORD, RECORD, heads=LONGEST)
        self._keep("the record against no head", RECORD, verified, 422)
        self._keep("the record, verified", RECORD, olivia.fill_in(RECORD, RECORD), 200)
        dropped = olivia.fill_in("/decisions", "/decisions/drop", id=waits.id, reason="Not mine.")
        self._keep("a decision that was dropped", "/decisions", dropped, 200)
        olivia.close()

    def _wrong(self) -> None:
        """Forms that are filled in wrongly."""
        ann, draft, sent, team = self._ann, self._own["draft"], self._own["sent"], self._own["team"]
        section = {**hidden(ann.get(f"{draft}/sections/2").text), "q-summary": "Theirs"}
        send_long(ann, f"{draft}/sections/2", section)
        both = send_long(ann, f"{draft}/sections/2", {**section, "q-summary": "Mine"})
        self._keep("two texts", f"{draft}/sections/2", both, 409)
        page = f"{draft}/sections/1"
        unkept = {**hidden(ann.get(page).text), "q-contact": "\x00"}
        self._keep("an answer that nothing keeps", page, send_long(ann, page, unkept), 422)
        token = hidden(ann.get(f"{draft}/check").text)
        self._keep("what was changed since", f"{draft}/check", ann.post(f"{draft}/send", {**token, "seen": ""}), 409)
        copied = ann.fill_in(f"{draft}/copy", f"{draft}/copy", challenge=f"{ROUND}/icy-paths", once="once" * 8)
        self._keep("copied", f"{draft}/copy", copied, 200)
        for name, page in (
            ("a file too many", f"{draft}/files/picture"),
            ("a wrong file", f"{self._own['full']}/files/picture"),
        ):
            self._keep(name, page, attach(ann, page, "plan.png", b"no picture"), 422)
        for page, fields in (
            (f"{AIR}/questions", {"text": "", "email": "nowhere"}),
            (f"{draft}/writers", {"email": "nowhere"}),
            (f"{team}/bank-details", {"holder": "", "sort_code": "12", "number": "x" * 40}),
            (f"{sent}/withdraw", {"reason": ""}),
            (f"{self._own['building']}/evidence/accelerator/2", {"statement": "", "once": "once", "do": "send"}),
        ):
            self._keep(f"wrong at {page}", page, ann.fill_in(page, page, **fields), 422)

    def _late(self) -> None:
        ann, late = self._ann, self._own["late"]
        sent = ann.post(f"{late}/send", {"token": ann.token(f"{late}/sections/1"), "seen": self._seen(late)})
        self._keep("sent too late", f"{late}/check", sent, 409)

    def _payments(self) -> None:
        """A payment whose bank details one releaser has given, and another may release."""
        database, team = self._front.database, self._own["team"].rpartition("/")[2]
        till = Till(database, to_make(team, amount="5000", challenge=f"{ROUND}/flood-warnings"))
        page, ticked = f"/staff/payments/{till.key}", f"/staff/payments/release?{urlencode({'payment': till.key})}"
        fiona, frank = Visitor(self._front), Visitor(self._front)
        for visitor, who in ((fiona, "fiona"), (frank, "frank")):
            visitor.sign_in(f"{who}@scheme.example")
        self._get(fiona, "/staff/payments?show=details")
        give_payee(database, team, by="fiona", at=NOW - 40 * DAY, challenge=f"{ROUND}/flood-warnings")
        till.request(NOW - 40 * DAY)
        for path in ("/staff/payments", "/staff/payments?show=over", "/staff/payments?q=nowhere", page, ticked):
            self._get(fiona, path, f"{path}, not hers")
        self._get(fiona, "/staff/payments/release", status=422)
        for path in (page, ticked):
            self._get(frank, path)
        fields = {**hidden(frank.get(ticked).text), "seen": f"{till.key}|1|1|"}
        released = frank.post("/staff/payments/release", fields)
        self._keep("a payment that was not released", "/staff/payments/release", released, 200)
        wrong = frank.fill_in(page, page, do="cancel", seen="payee known/0")
        self._keep("a payment cancelled without a reason", page, wrong, 422)
        for visitor in (fiona, frank):
            visitor.close()

    def _faults(self) -> None:
        ann, sent, team = self._ann, self._own["sent"], self._own["team"]
        self._keep("no such page", "/nowhere", self._nobody.get("/nowhere"), 404)
        self._keep("no such application", "/applications/none", ann.get("/applications/none"), 404)
        self._keep("no token", f"{sent}/withdraw", ann.post(f"{sent}/withdraw", {"reason": LONGEST}), 403)
        self._keep("no such method", "/sign-out", ann.get("/sign-out"), 405)
        self._keep("another address", "/", ann.get("/", host="elsewhere.example"), 421)
        self._keep("too large", "/sign-in", ann.post("/sign-in", {"address": LONGEST * 400}), 413)
        account = {"holder": "Breathe Ltd", "sort_code": "60-16-13", "number": "31926819"}
        page = f"{team}/bank-details"
        self._keep("Temporal is down", page, ann.fill_in(page, page, **account), 503)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(OwnApplications, "list", _breaks)
            self._keep("a bug", "/applications", ann.get("/applications"), 500)
        answers = [ann.fill_in("/sign-in", "/sign-in", address=ANN, wanted="/account") for _ in range(6)]
        self._keep("too often", "/sign-in", answers[-1], 429)
        token = ann.token("/signed-in")
        self._keep("signed out", "/sign-out", ann.post("/sign-out", {"token": token}), 200)
        over = ann.post("/passkeys/add", {"token": ann.token("/sign-in"), "name": "My <laptop>", "answer": "{}"})
        self._keep("the sign-in is over", "/passkeys/add", over, 401)

    def _seen(self, draft: str) -> str:
        """What the page on which a draft is checked would have shown before it closed."""
        clock = self._front.clock
        now, clock.now = clock.now, NOW.subtract(seconds=30)
        found = hidden(self._ann.get(f"{draft}/check").text)["seen"]
        clock.now = now
        return found

    def _get(self, visitor: Visitor, path: str, name: str = "", status: int = 200) -> None:
        self._keep(name or path, path, visitor.get(path), status)

    def _keep(self, name: str, path: str, answer: httpx2.Response, status: int) -> None:
        assert answer.status_code == status, (name, answer.status_code, answer.text)
        self._shown.append(Shown(name, path, status, answer.text))


async def _breaks(*_: Any, **__: Any) -> None:
    raise RuntimeError("a bug")
