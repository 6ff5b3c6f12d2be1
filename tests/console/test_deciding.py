"""A decider selects and declines on pages, with a real workflow behind them: what is shown beforehand happens."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any

import httpx2

from console import cookies
from domain.challenges.state import Phase
from domain.identity.proof import Way
from identity.sessions import Sessions
from store.record.record import read_record
from tests.console.crawl import Shown
from tests.console.fronting import Fronted, Visitor, fronting_here
from tests.console.test_valid_html import faults_of
from tests.identity.conftest import Clock
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import OPERATOR, SPONSOR
from tests.store.postgres import postgres_server
from tests.store.roles import database_with_roles

SAM, OFFICE = "challenge.lead@sepa.example", "programme.office@digital-directorate.example"
EVIL = "<script>alert(1)</script>"
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Somebody:
    """Somebody who is signed in, with their passkey, in a browser of their own."""

    def __init__(self, visitor: Visitor, base: str) -> None:
        self._visitor = visitor
        self.base = base

    async def get(self, path: str = "") -> httpx2.Response:
        """Opens a page of the challenge."""
        return await asyncio.to_thread(self._visitor.get, f"{self.base}{path}")

    async def post(self, path: str, fields: Mapping[str, str]) -> httpx2.Response:
        """Sends a form to a page of the challenge."""
        return await asyncio.to_thread(self._visitor.post, f"{self.base}{path}", fields)

    async def check(self, kind: str = "select", **fields: str) -> httpx2.Response:
        """Fills in the form, and opens the check."""
        said = {name.replace("__", "-"): value for name, value in fields.items()}
        return await self.post(f"/{kind}/check", held(await self.get(f"/{kind}")) | said)

    async def select(self, teams: Mapping[str, str], **fields: str) -> httpx2.Response:
        """Opens the check of a selection: what becomes of each application, by its id."""
        return await self.check(**{f"take-{team}": said for team, said in teams.items()}, **fields)

    async def confirm(self, check: httpx2.Response, kind: str = "select", **fields: str) -> httpx2.Response:
        """Confirms what a check has shown."""
        return await self.post(f"/{kind}/confirm", held(check) | {"do": "confirm"} | fields)


def held(page: httpx2.Response) -> dict[str, str]:
    """The hidden fields of the last form of a page."""
    assert "<form" in page.text, page.text
    form = page.text.rpartition('<form method="post" action="/staff')[2]
    return {name: unescape(value) for name, value in _FIELD.findall(form)}


@asynccontextmanager
async def deciding(folder: Path, **more: Any) -> AsyncIterator[tuple[Play, Any]]:
    """A challenge, and what gives somebody a browser who is signed in."""
    place = socket.create_server(("127.0.0.1", 0))
    address = f"http://localhost:{place.getsockname()[1]}"
    async with months() as environment, AsyncExitStack() as stack:
        options = {"web_address": address, "web_limit": 0, "second_step": True}
        play = await stack.enter_async_context(playing(folder, environment, options=options, **more))
        await stack.enter_async_context(fronting_here(play.desk, place))

        def somebody(mailbox: str = SAM, *, passkey: bool = True) -> Somebody:
            database = play.desk.core.database
            visitor = Visitor(Fronted(address, play.desk, Clock()))
            stack.callback(visitor.close)
            _, visitor.cookies[cookies.SESSION] = Sessions(database, play.desk.now).begin(
                mailbox, Way.LINK, passkey=passkey
            )
            return Somebody(visitor, f"/staff/challenges/{play.challenge.id}")

        yield play, somebody


def letters(play: Play) -> set[tuple[str, str, str]]:
    """All letters of the challenge: to whom, and what."""
    return {(each.recipient, each.subject, each.body) for each in play.books.notices(play.challenge.id)}


async def test_what_a_selection_does_is_shown_beforehand_and_then_done(tmp_path: Path) -> None:
    """Fails when the check is made by another rule than the decision, or when a form that comes twice decides twice."""
    async with deciding(tmp_path) as (play, somebody):
        good, spare, weak = await play.applied(3)
        sam = somebody()
        early = await sam.get()
        assert "3 so far" not in early.text
        assert good not in early.text
        assert "There is nothing to decide yet" in (await sam.get("/select")).text
        await play.sealed()
        sam = somebody()  # weeks have gone by
        assert f"{sam.base}/interests" in (await sam.get()).text
        await play.declare(SPONSOR)
        assert f'href="{sam.base}/applications/{good}"' in (await sam.get()).text

        fields = {f"feedback-{weak}": f"Too dear. {EVIL}"}
        check = await sam.select({good: "selected", spare: "1"}, **fields)
        assert check.status_code == httpx2.codes.OK, check.text
        text = unescape(check.text)
        for said in ("Company 0", "Company 1", "Company 2", "£2,000", "Exploration ends", "4 letters", "Too dear."):
            assert said in text, said
        assert EVIL not in check.text
        assert (await play.state()).phase is Phase.DECIDING
        assert not [line for line in read_record(play.desk.core.database, play.challenge.id) if line.action == "select"]
        shown = set(re.findall(r'<p class="said">(.*?)</p>', text, re.DOTALL))

        before = letters(play)
        done, again = await asyncio.gather(sam.confirm(check), sam.confirm(check))
        assert {done.status_code, again.status_code} == {httpx2.codes.SEE_OTHER}, again.text
        later = await sam.confirm(check)
        assert later.status_code == httpx2.codes.SEE_OTHER
        assert "Your decision was taken" in (await sam.get("?decided=yes")).text
        state = await play.state()
        assert (state.run.active, state.run.reserve, state.run.selected_by) == ((good,), (spare,), SPONSOR)
        [line] = [each for each in read_record(play.desk.core.database, play.challenge.id) if each.action == "select"]
        assert line.proof == "link and passkey"
        await play.in_the_ledger([f"{play.challenge.id}/exploration/{good}/1"])
        came = {body.strip() for who, _, body in letters(play) - before if who in (good, spare, weak)}
        assert _to_the_minute(came) <= _to_the_minute(shown)
        assert any("Too dear." in body for body in came)

        told, feedback = letters(play), play.desk.applications.give_feedback
        late = (await play.actor(SPONSOR), play.challenge.id, "exploration", weak, "Too dear.")
        assert await feedback(*late, with_decision=True) == ""
        assert letters(play) == told

        second = await somebody().get("/select")
        assert "Exploration is decided" in second.text
        assert good in second.text


def _to_the_minute(texts: set[str]) -> set[str]:
    """Letters without their times: the decision may be taken in the minute after the check."""
    return {re.sub(r"\d{1,2}:\d{2}(:\d{2})?|\s+", " ", each) for each in texts}


async def test_every_page_of_a_decision_is_valid_html(tmp_path: Path) -> None:
    async with deciding(tmp_path) as (play, somebody):
        good, weak = await play.applied(2)
        sam = somebody()
        pages = {"open": await sam.get(), "early": await sam.get("/select")}
        await play.sealed()
        sam = somebody()
        pages["interests"] = await sam.get()
        await play.declare(SPONSOR)
        pages |= {"sealed": await sam.get(), "select": await sam.get("/select"), "decline": await sam.get("/decline")}
        pages["check"] = await sam.select({good: "selected"}, **{f"feedback-{weak}": "Too dear."})
        pages["changed"] = await sam.confirm(pages["check"], seen="")
        pages["faulty"] = await sam.select({good: "1", weak: "1"})
        await sam.confirm(pages["check"])
        pages |= {"done": await sam.get("?decided=yes"), "decided": await sam.get("/select")}
        shown = [Shown(name, "", each.status_code, each.text) for name, each in pages.items()]
        assert faults_of(shown, tmp_path) == []
        assert {each.status for each in shown} == {200, 409, 422}
        assert [each.name for each in shown if 'href="/staff"' not in each.html] == []


async def test_what_has_changed_meanwhile_is_shown_and_nothing_is_decided(tmp_path: Path) -> None:
    """Fails when a confirmation is not bound to what was seen."""
    async with deciding(tmp_path) as (play, somebody):
        good, other = await play.applied(2)
        await play.sealed()
        await play.declare(SPONSOR)
        sam = somebody()
        check = await sam.select({good: "selected"})
        await play.decide("withdraw", OPERATOR, team=other, reason="They asked for it.")
        changed = await sam.confirm(check)
        assert changed.status_code == httpx2.codes.CONFLICT, changed.text
        main = changed.text.partition("<main")[2]
        for said in (
            "Something has changed",
            "from which you choose have changed",
            "withdrew its application",
            f"({OPERATOR})",
        ):
            assert said in main, main
        assert (await play.state()).phase is Phase.DECIDING
        assert (await sam.confirm(check, at="yesterday")).status_code == 422
        done = await sam.confirm(changed)
        assert done.status_code == httpx2.codes.SEE_OTHER, done.text
        assert (await play.state()).run.active == (good,)


async def test_the_second_decider_sees_the_decision_of_the_first(tmp_path: Path) -> None:
    async with deciding(tmp_path) as (play, somebody):
        one, two = await play.applied(2)
        await play.sealed()
        await play.declare(SPONSOR)
        first, second = somebody(), somebody()
        check = await second.select({two: "selected"})
        assert (await first.confirm(await first.select({one: "selected"}))).status_code == httpx2.codes.SEE_OTHER
        answer = await second.confirm(check)
        assert (answer.status_code, "Exploration is decided" in answer.text) == (httpx2.codes.CONFLICT, True)
        assert (await play.state()).run.active == (one,)


async def test_all_faults_of_a_form_are_named_at_once_and_what_was_typed_stays(tmp_path: Path) -> None:
    async with deciding(tmp_path) as (play, somebody):
        teams = await play.applied(4)
        await play.sealed()
        await play.declare(SPONSOR)
        sam = somebody()
        check = await sam.select(dict.fromkeys(teams, "selected"), reason="All are good.")
        assert (check.status_code, "takes 1 to 3 teams: 4 were named" in check.text) == (422, True)
        assert "All are good." in check.text
        twice = await sam.select({teams[0]: "selected", teams[1]: "1", teams[2]: "1"})
        assert (twice.status_code, twice.text.count("a place of its own")) == (422, 4)
        praised = await sam.select({teams[0]: "selected"}, **{f"feedback-{teams[0]}": "Well done."})
        assert (praised.status_code, "feedback is for those who are not" in praised.text) == (422, True)
        assert (await play.state()).phase is Phase.DECIDING


async def test_a_decider_takes_nobody_with_a_reason_that_the_applicants_read(tmp_path: Path) -> None:
    async with deciding(tmp_path) as (play, somebody):
        (only,) = await play.applied(1)
        await play.sealed()
        await play.declare(SPONSOR)
        sam = somebody()
        without = await sam.check("decline")
        assert (without.status_code, "needs a reason" in without.text) == (422, True)
        check = await sam.check("decline", reason="None can be built.", **{f"feedback-{only}": "Too early."})
        assert check.status_code == httpx2.codes.OK, check.text
        assert check.text.count("None can be built.") >= 2
        assert (await sam.confirm(check, "decline")).status_code == httpx2.codes.SEE_OTHER
        assert (await play.state()).phase is Phase.ENDED
        assert any(who == only and "Too early." in body for who, _, body in letters(play))
        assert "The challenge has ended" in (await sam.get("/select")).text


async def test_only_a_decider_with_their_passkey_comes_to_the_form(tmp_path: Path) -> None:
    async with deciding(tmp_path) as (play, somebody):
        await play.applied(1)
        await play.sealed()
        assert (await somebody(OFFICE).get("/select")).status_code == httpx2.codes.NOT_FOUND
        assert (await somebody(OFFICE).get()).status_code == httpx2.codes.OK
        without = await somebody(passkey=False).get("/select")
        assert (without.status_code, "use your passkey" in without.text) == (403, True)


async def test_an_amount_that_is_agreed_is_shown_as_it_will_be_paid(tmp_path: Path) -> None:
    async with deciding(tmp_path) as (play, somebody):
        winner = await play.accelerating()
        await play.stage_over()
        await play.declare(SPONSOR)
        sam = somebody()
        without = await sam.select({winner: "selected"})
        assert (without.status_code, f"name the amount for {winner}" in without.text) == (422, True)
        check = await sam.select({winner: "selected"}, **{f"amount-{winner}": "40,000"})
        assert (check.status_code, "£40,000" in check.text) == (httpx2.codes.OK, True), check.text
        assert (await sam.confirm(check)).status_code == httpx2.codes.SEE_OTHER
        award = (await play.state()).run.teams[0].award
        assert award is not None
        assert award.gross.pence == 4_000_000


async def test_a_check_needs_no_more_than_the_login_of_the_desk(tmp_path: Path) -> None:
    """Fails when the check does what only the worker may, as to enter a payment; and shows whom finance is told of."""
    passwords = tmp_path / "passwords"
    passwords.mkdir()
    with postgres_server() as url:
        logins = database_with_roles(url, passwords)
        async with deciding(tmp_path, database_url=logins.worker, desk_url=logins.desk) as (play, somebody):
            winner, *_ = await play.exploring()
            await play.stage_over()
            await play.declare(SPONSOR)
            sam = somebody()
            check = await sam.select({winner: "selected"})
            assert check.status_code == httpx2.codes.OK, check.text
            assert "A payment is to be released" in check.text
            assert (await sam.confirm(check)).status_code == httpx2.codes.SEE_OTHER
            assert (await play.state()).run.active == (winner,)
