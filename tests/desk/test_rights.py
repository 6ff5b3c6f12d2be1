# Longer than others: a line for each method of the desk.
"""Every method of the desk takes an actor first, asks the table of rights, and refuses whom the table does not name."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from desk import rehearsal
from desk.deciding import Wanted
from desk.desk import Desk
from desk.drafts import OnPage
from domain.challenges.application import Applying
from domain.challenges.decisions import DECISIONS
from domain.challenges.draft import Typed
from domain.forms.answers import only_text
from domain.identity.proof import AT_TERMINAL
from domain.payments.decisions import PAYMENT_DECISIONS
from domain.payments.payment import PaymentStatus
from domain.permissions import RIGHTS, Action, Actor, Period, Role
from domain.programmes.programme import Programme
from domain.programmes.round import Round
from domain.values.paging import Page, all_of
from domain.values.refusals import FileRefused, NotAllowed, WindowNotSealed
from service.settings import Settings
from store.challenges import applications
from store.challenges.people import keep_people
from store.database.database import Database
from store.payments import reading
from store.record.record import read_record
from tests.desk.asking import nobodys_session
from tests.gateways.status_report import status_report
from tests.rights import GUIDE, printed
from tests.store.paying import Till, to_make
from tests.store.said import AIR, CLOSES, applied, compose, seal

ALL = Page()
WANTED = Wanted(kind="decline", stage="exploration", reason="None fits.", decision_id="1")
SUBJECTS = (
    "questions",
    "writers",
    "record_chain",
    "rounds",
    "people",
    "terminal_keys",
    "passkeys",
    "signing_keys",
    "sign_ins",
    "contacts",
    "erasing",
    *("challenges", "deciding", "board"),
    "confirmations",
    "forms",
    "public",
    "applications",
    "drafts",
    "own",
    "own_calendar",
    "own_data",
    "attachments",
    "evidence",
    "interests",
    "judging",
    "readers",
    "notices",
    *("payments", "payment_board", "payment_files", "bank_reports", "reconciliation"),
)
ASKING = {
    "allow",
    "reach",
    "theirs",
    "allow_anyone",
    "check_operator",
    "_mailbox",
    "_check_may_open",
    "acting_on_payments",
    "_found",
    "_own",
    "row_of_own",
    "_operated",
    *("_decider", "_allowed", "allowed_at", "_named"),
}
"""What asks the table."""


async def _no_temporal() -> Client:
    raise AssertionError("nothing here gets as far as Temporal")


@asynccontextmanager
async def desk_on(database: Database, **settings: Any) -> AsyncIterator[Desk]:
    """A desk on a database, with no Temporal behind it."""
    desk = Desk(Settings(**settings), database, _no_temporal)
    try:
        yield desk
    finally:
        desk.close()


def methods() -> list[tuple[str, str, Callable[..., Any]]]:
    """All that a front can call, by subject."""
    desk = Desk(Settings(), Database("sqlite:///nowhere.db"), _no_temporal)
    try:
        return [
            (subject, name, method)
            for subject in SUBJECTS
            for name, method in inspect.getmembers(type(getattr(desk, subject)), inspect.isfunction)
            if not name.startswith("_")
        ]
    finally:
        desk.close()


INTERNAL = {("rounds", "start")}
"""What other parts of the desk call, once they have asked: opening and rehearsing a round."""
METHODS = [each for each in methods() if each[:2] not in INTERNAL]
NAMES = [f"{subject}.{name}" for subject, name, _ in METHODS]


def test_the_guide_is_what_the_table_says() -> None:
    assert GUIDE.read_text(encoding="utf-8") == printed(), "write it again with `python tests/rights.py`"


def test_every_action_has_its_row_and_every_decision_its_action() -> None:
    """Fails for a decision that could be sent and that nobody has a right to."""
    assert set(RIGHTS) == set(Action)
    assert {str(kind) for kind in DECISIONS} <= set(Action)
    assert {f"payment-{kind}" for kind in PAYMENT_DECISIONS} <= set(Action)


def test_there_is_no_subject_that_is_not_looked_at() -> None:
    desk = Desk(Settings(), Database("sqlite:///nowhere.db"), _no_temporal)
    desk.close()

    assert set(vars(desk)) == {*SUBJECTS, "core"}


@pytest.mark.parametrize(("subject", "name", "method"), METHODS, ids=NAMES)
def test_every_method_is_async_takes_an_actor_first_and_asks_the_table(
    subject: str, name: str, method: Callable[..., Any]
) -> None:
    """Fails for a method without a row: it asks for none."""
    first, *_ = [each for each in inspect.signature(method).parameters.values() if each.name != "self"]
    tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    asked = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    passed_on = {"read_file", "list", "_settle", "_allowed_to_read"} & asked  # to another method here, which asks

    assert inspect.iscoroutinefunction(method)
    assert (first.name, first.annotation) == ("actor", "Actor")
    assert asked & ASKING or passed_on, f"{subject}.{name} asks no right"


@pytest.fixture
def round_with_money(open_: Database, round_: Round) -> Till:
    """The challenge AIR with an application and a payment for it."""
    with open_.writing() as connection:
        keep_people(connection, round_)
    till = Till(open_, to_make(applied(open_)))
    till.request(CLOSES)
    return till


# Longer than others: a line for each method of the desk.
def calls(desk: Desk, actor: Actor, till: Till) -> dict[str, Callable[[], Awaitable[object]]]:
    """Every method with arguments with which somebody who has the right would be let through."""
    key, team = till.key, till.team
    return {
        "rounds.read_file": partial(desk.rounds.read_file, actor, "pilot-2016"),
        "rounds.plans": partial(desk.rounds.plans, actor, "pilot-2016"),
        "rounds.open": partial(desk.rounds.open, actor, "pilot-2016"),
        "rounds.edits": partial(desk.rounds.edits, actor, "pilot-2016"),
        "rounds.renew": partial(desk.rounds.renew, actor, AIR),
        "people.hand_over": partial(desk.people.hand_over, actor, "test-2016", "fiona", "frank", "On leave."),
        "sign_ins.print_link": partial(desk.sign_ins.print_link, actor, "fiona", for_another=True),
        "sign_ins.sessions": partial(desk.sign_ins.sessions, actor, "fiona"),
        "sign_ins.end": partial(desk.sign_ins.end, actor, "fiona"),
        "terminal_keys.make": partial(desk.terminal_keys.make, actor, "fiona", Path("nowhere.key")),
        "terminal_keys.list": partial(desk.terminal_keys.list, actor, ALL),
        "terminal_keys.end": partial(desk.terminal_keys.end, actor, "none"),
        "passkeys.add": partial(desk.passkeys.add, actor, nobodys_session(), "Mine", "{}"),
        "passkeys.remove_own": partial(desk.passkeys.remove_own, actor, nobodys_session(), "none"),
        "passkeys.list": partial(desk.passkeys.list, actor, "fiona"),
        "passkeys.remove": partial(desk.passkeys.remove, actor, "fiona", "none", "Lost."),
        "signing_keys.make": partial(desk.signing_keys.make, actor),
        "signing_keys.list": partial(desk.signing_keys.list, actor),
        "signing_keys.retire": partial(desk.signing_keys.retire, actor, "none"),
        "contacts.change": partial(desk.contacts.change, actor, AIR, team, resend=True),
        "erasing.erase": partial(desk.erasing.erase, actor, team=team),
        "board.list": partial(desk.board.list, actor, ALL),
        "board.filters": partial(desk.board.filters, actor),
        "confirmations.list": partial(desk.confirmations.list, actor, ALL),
        "confirmations.find": partial(desk.confirmations.find, actor, "none"),
        "confirmations.confirm": partial(desk.confirmations.confirm, actor, "none"),
        "confirmations.drop": partial(desk.confirmations.drop, actor, "none", "Not mine."),
        "challenges.list": partial(desk.challenges.list, actor, ALL),
        "challenges.at_work": partial(desk.challenges.at_work, actor),
        "deciding.choice": partial(desk.deciding.choice, actor, AIR, "select"),
        "deciding.check": partial(desk.deciding.check, actor, AIR, WANTED),
        "deciding.confirm": partial(desk.deciding.confirm, actor, AIR, WANTED, CLOSES, {}),
        "challenges.find": partial(desk.challenges.find, actor, AIR),
        "challenges.state": partial(desk.challenges.state, actor, AIR),
        "challenges.record_actions": partial(desk.challenges.record_actions, actor, AIR),
        "challenges.record": partial(desk.challenges.record, actor, ALL, AIR),
        "record_chain.verify": partial(desk.record_chain.verify, actor),
        "record_chain.heads": partial(desk.record_chain.heads, actor),
        "record_chain.tell_heads": partial(desk.record_chain.tell_heads, actor, ["olivia"]),
        "challenges.decide": partial(desk.challenges.decide, actor, AIR, "hold", reason="Why not?"),
        "challenges.retry": partial(desk.challenges.retry, actor, AIR),
        "public.list": partial(desk.public.list, actor, ALL),
        "public.find": partial(desk.public.find, actor, AIR),
        "public.catalogue": partial(desk.public.catalogue, actor, ALL),
        "public.version_of": partial(desk.public.version_of, actor, AIR),
        "public.version_of_all": partial(desk.public.version_of_all, actor),
        "forms.read": partial(desk.forms.read, actor, AIR),
        "forms.in_files": partial(desk.forms.in_files, actor, "pilot-2016"),
        "applications.apply": partial(
            desk.applications.apply,
            actor,
            AIR,
            Applying(organisation="Tay", email="tay@tay.example", answers=only_text("Maps.")),
        ),
        "applications.admit": partial(
            desk.applications.admit,
            actor,
            AIR,
            Applying(organisation="Tay", email="tay@tay.example", answers=only_text("Maps.")),
            reason="The site was down.",
        ),
        "applications.so_far": partial(desk.applications.so_far, actor, AIR),
        "applications.list": partial(desk.applications.list, actor, ALL, AIR),
        "applications.give_feedback": partial(desk.applications.give_feedback, actor, AIR, "exploration", team, "No."),
        "drafts.begin": partial(desk.drafts.begin, actor, AIR, organisation="Tay", email="tay@tay.example"),
        "drafts.begin_on_page": partial(
            desk.drafts.begin_on_page, actor, AIR, OnPage(once="x"), organisation="Tay", email="tay@tay.example"
        ),
        "writers.list": partial(desk.writers.list, actor, team),
        "writers.invite": partial(desk.writers.invite, actor, team, "ben@breathe.example"),
        "writers.take_away": partial(desk.writers.take_away, actor, team, "ben@breathe.example"),
        "questions.ask": partial(desk.questions.ask, actor, AIR, "May old data take part?"),
        "questions.list": partial(desk.questions.list, actor, AIR),
        "questions.drop": partial(desk.questions.drop, actor, AIR, "none", "Asked twice."),
        "drafts.list": partial(desk.drafts.list, actor, ALL),
        "drafts.read": partial(desk.drafts.read, actor, team),
        "drafts.versions": partial(desk.drafts.versions, actor, ALL, team, "proposal"),
        "drafts.save": partial(desk.drafts.save, actor, team, [Typed(question="proposal", answer="Ha!")]),
        "drafts.send": partial(desk.drafts.send, actor, team),
        "own.list": partial(desk.own.list, actor),
        "own.find": partial(desk.own.find, actor, team),
        "own.letters": partial(desk.own.letters, actor, ALL, team),
        "own_calendar.made_at": partial(desk.own_calendar.made_at, actor),
        "own_calendar.make": partial(desk.own_calendar.make, actor),
        "own_calendar.end": partial(desk.own_calendar.end, actor),
        "own_calendar.dates": partial(desk.own_calendar.dates, actor, "none"),
        "own_data.read": partial(desk.own_data.read, actor),
        "own_data.erase_draft": partial(desk.own_data.erase_draft, actor, team),
        "own.letter": partial(desk.own.letter, actor, team, "none"),
        "attachments.attach": partial(desk.attachments.attach, actor, AIR, team, "costs", "costs.pdf", _nothing()),
        "attachments.list": partial(desk.attachments.list, actor, AIR, team),
        "attachments.detach": partial(desk.attachments.detach, actor, AIR, "none"),
        "attachments.open": partial(desk.attachments.open, actor, AIR, "none"),
        "attachments.open_sent": partial(desk.attachments.open_sent, actor, AIR, team, "none"),
        "evidence.find": partial(desk.evidence.find, actor, team, "exploration", 2),
        "evidence.save": partial(desk.evidence.save, actor, team, "exploration", 2, "Ha!"),
        "evidence.attach": partial(desk.evidence.attach, actor, team, "exploration", 2, "costs.pdf", _nothing()),
        "evidence.detach": partial(desk.evidence.detach, actor, team, "exploration", 2, "none"),
        "evidence.send": partial(desk.evidence.send, actor, team, "exploration", 2, "Ha!", "once"),
        "evidence.open": partial(desk.evidence.open, actor, team, "none"),
        "evidence.read": partial(desk.evidence.read, actor, AIR, "exploration", team),
        "evidence.open_sent": partial(desk.evidence.open_sent, actor, AIR, "none"),
        "readers.list": partial(desk.readers.list, actor, AIR),
        "readers.assign": partial(desk.readers.assign, actor, AIR),
        "interests.list": partial(desk.interests.list, actor, ALL, AIR),
        "interests.declare": partial(desk.interests.declare, actor, AIR, team),
        "interests.declare_none": partial(desk.interests.declare_none, actor, AIR),
        "interests.conflicts": partial(desk.interests.conflicts, actor, AIR),
        "judging.scorecards": partial(desk.judging.scorecards, actor, AIR),
        "judging.read": partial(desk.judging.read, actor, AIR, team),
        "judging.look": partial(desk.judging.look, actor, AIR, team),
        "judging.left": partial(desk.judging.left, actor, AIR),
        "judging.give": partial(desk.judging.give, actor, AIR, []),
        "judging.moderate": partial(desk.judging.moderate, actor, AIR, team, "merit", "3", "We talked."),
        "judging.judgement": partial(desk.judging.judgement, actor, AIR, team),
        "judging.ranking": partial(desk.judging.ranking, actor, AIR),
        "judging.marks": partial(desk.judging.marks, actor, ALL, AIR),
        "judging.progress": partial(desk.judging.progress, actor, AIR),
        "judging.progress_line": partial(desk.judging.progress_line, actor, AIR),
        "judging.feedback_draft": partial(desk.judging.feedback_draft, actor, AIR, "exploration", team),
        "notices.list": partial(desk.notices.list, actor, ALL),
        "notices.find": partial(desk.notices.find, actor, f"application-received/{team}"),
        "notices.send_again": partial(desk.notices.send_again, actor, f"application-received/{team}"),
        "notices.preview": partial(desk.notices.preview, actor),
        "notices.retry": partial(desk.notices.retry, actor),
        "payments.list": partial(desk.payments.list, actor, ALL),
        "payments.late": partial(desk.payments.late, actor),
        "payment_board.list": partial(desk.payment_board.list, actor, ALL, [PaymentStatus.REQUESTED]),
        "payment_board.sums": partial(desk.payment_board.sums, actor),
        "payment_board.look_at": partial(desk.payment_board.look_at, actor, [key]),
        "payments.find": partial(desk.payments.find, actor, key),
        "payments.give_payee": partial(desk.payments.give_payee, actor, AIR, team, {}),
        "payments.decide": partial(desk.payments.decide, actor, key, "return", reason="Why not?"),
        "payments.retry": partial(desk.payments.retry, actor, key),
        "payments.reseal": partial(desk.payments.reseal, actor),
        "payment_files.submit": partial(desk.payment_files.submit, actor),
        "payment_files.held": partial(desk.payment_files.held, actor),
        "payment_files.list": partial(desk.payment_files.list, actor),
        "bank_reports.settle": partial(desk.bank_reports.settle, actor, b"<nothing/>"),
        "bank_reports.confirm_settled": partial(desk.bank_reports.confirm_settled, actor, key),
        "reconciliation.reconcile": partial(desk.reconciliation.reconcile, actor),
    }


async def _nothing() -> AsyncIterator[bytes]:
    """A file that nobody reads, because nobody who is refused comes so far."""
    raise AssertionError("the file was read")
    yield b""


FOR_ANYONE = {
    *("passkeys.add", "passkeys.remove_own"),
    *("own_calendar.made_at", "own_calendar.make", "own_calendar.end", "own_calendar.dates"),
    "own_data.read",
    *("rounds.read_file", "rounds.plans", "challenges.list", "challenges.find", "challenges.state"),
    *("judging.scorecards", "judging.progress_line"),
    *("public.list", "public.find", "public.catalogue", "public.version_of", "public.version_of_all"),
    *("forms.read", "forms.in_files", "applications.apply", "drafts.begin", "drafts.begin_on_page", "notices.preview"),
    "questions.ask",
}


def test_every_method_is_tried(round_with_money: Till) -> None:
    desk = Desk(Settings(), round_with_money.database, _no_temporal)
    desk.close()
    assert set(calls(desk, Actor(), round_with_money)) == set(NAMES)


@pytest.mark.parametrize("name", sorted(set(NAMES) - FOR_ANYONE - {"bank_reports.settle"}))  # see the last test
@pytest.mark.parametrize("who", ["nobody-at-all", "", "stranger@other.example"])
async def test_a_stranger_is_refused_at_every_method(round_with_money: Till, name: str, who: str) -> None:
    """Fails for a method that does not ask who it is for: a stranger gets further."""
    async with desk_on(round_with_money.database, payment_rail="files", **PAYER) as desk:
        actor = await desk.actor(who, AT_TERMINAL)
        with pytest.raises(NotAllowed):
            await calls(desk, actor, round_with_money)[name]()


PAYER = {"payer_holder": "The Programme", "payer_sort_code": "601613", "payer_number": "31926819"}


async def test_a_stranger_may_not_rehearse(round_with_money: Till) -> None:
    async with desk_on(round_with_money.database) as desk:
        with pytest.raises(NotAllowed, match="may not rehearse pilot-2016: programme-office may"):
            await rehearsal.rehearse(desk, Actor(name="nobody"), "pilot-2016", 0.1, lambda where, what: None)


READING: dict[str, Callable[[Desk, Actor], Awaitable[object]]] = {
    Action.COUNT_APPLICATIONS: lambda desk, actor: desk.applications.so_far(actor, AIR),
    Action.DECLARE_INTERESTS: lambda desk, actor: desk.interests.declare_none(actor, AIR),
    Action.READ_RECORD: lambda desk, actor: all_of(lambda page: desk.challenges.record(actor, page, AIR)),
    Action.READ_APPLICATIONS: lambda desk, actor: all_of(lambda page: desk.applications.list(actor, page, AIR)),
    Action.READ_NOTICES: lambda desk, actor: all_of(lambda page: desk.notices.list(actor, page, AIR)),
    Action.READ_PAYMENTS: lambda desk, actor: all_of(lambda page: desk.payments.list(actor, page, AIR)),
}


@pytest.mark.parametrize("action", READING)
@pytest.mark.parametrize("sealed", [False, True], ids=["open", "sealed"])
async def test_each_role_reads_what_the_table_says_and_nothing_else(
    round_with_money: Till, action: str, sealed: bool
) -> None:
    """Fails where one role, or one period of the challenge, is let through or kept out against the table."""
    database, team = round_with_money.database, round_with_money.team
    if sealed:
        seal(database, AIR, CLOSES)
    with database.reading() as connection:
        contact = connection.exec_driver_sql("SELECT email FROM applications").scalar_one()
    people = {Role.ANYONE: "nobody", Role.TEAM: contact, Role.SPONSOR: "sam", Role.OPERATOR: "olivia"}
    people |= {Role.RELEASER: "fiona"}
    right = RIGHTS[Action(action)]
    async with desk_on(database) as desk:
        for name in ("sam", "olivia") if sealed else ():  # interests come first
            await desk.interests.declare_none(await desk.actor(name, AT_TERMINAL), AIR)
        for role, name in people.items():
            actor = await desk.actor(name, AT_TERMINAL)
            if role not in right.roles:
                with pytest.raises(NotAllowed):
                    await READING[action](desk, actor)
            elif (Period.SEALED if sealed else Period.OPEN) not in right.during:
                with pytest.raises(WindowNotSealed):
                    await READING[action](desk, actor)
            else:
                assert await READING[action](desk, actor) is not None
    refused = [line for line in read_record(database, AIR) if line.refused]
    assert {line.by for line in refused} <= {"unknown", "nobody", team, "sam", "olivia", "fiona"}
    assert contact not in str(refused)
    assert len(refused) >= len([role for role in people if role not in right.roles])


async def test_another_sponsors_decider_reads_nothing_of_a_challenge(
    round_with_money: Till, round_: Round, programme: Programme
) -> None:
    (sponsor,) = round_.sponsors
    decider = sponsor.deciders[0].model_copy(update={"id": "other-decider", "email": "decider@other.example"})
    other = sponsor.model_copy(update={"id": "other", "deciders": (decider,)})
    with round_with_money.database.writing() as connection:
        keep_people(connection, round_.model_copy(update={"sponsors": (sponsor, other)}))
    seal(round_with_money.database, AIR, CLOSES)

    async with desk_on(round_with_money.database) as desk:
        actor = await desk.actor("other-decider", AT_TERMINAL)
        with pytest.raises(NotAllowed, match="sam or olivia may"):
            await desk.applications.list(actor, ALL, AIR)


async def test_a_team_is_withdrawn_by_its_own_contact_and_not_by_whoever_knows_its_id(round_with_money: Till) -> None:
    """Fails where the id of an application, or another application of one's own, opens it."""
    database, team = round_with_money.database, round_with_money.team
    receipt = applications.accept(
        database,
        AIR,
        Applying(organisation="Rival", email="rival@rival.example", answers=only_text("Ours is better.")),
        lambda: CLOSES.subtract(hours=1),
        compose,
    )
    async with desk_on(database) as desk:
        for name in (team, receipt.application, "rival@rival.example", "fiona", "sam"):
            actor = await desk.actor(name, AT_TERMINAL)
            with pytest.raises(NotAllowed):
                await desk.challenges.decide(actor, AIR, "withdraw", team=team, reason="They gave up.")
    assert [line.refused for line in read_record(database, AIR)][-5:] == [True] * 5
    assert "rival@rival.example" not in str(read_record(database, AIR))


async def test_lists_are_cut_to_what_is_ones_own(round_with_money: Till) -> None:
    async with desk_on(round_with_money.database) as desk:
        finance = await desk.actor("fiona", AT_TERMINAL)
        found = await all_of(lambda page: desk.payments.list(finance, page))

    assert found == reading.read_payments(round_with_money.database)
    assert [payment.key for payment in found] == [round_with_money.key]


async def test_a_report_is_refused_to_a_stranger_once_it_says_which_payments_it_is_about(
    round_with_money: Till,
) -> None:
    """It has to be read first, so that the refusal is on the record of those payments; what is no report is none."""
    report = status_report({}, original="ANOTHER")
    async with desk_on(round_with_money.database) as desk:
        with pytest.raises(NotAllowed, match="nobody may not bring reports"):
            await desk.bank_reports.settle(Actor(name="nobody"), report)
        with pytest.raises(FileRefused):
            await desk.bank_reports.settle(Actor(name="nobody"), b"<nothing/>")
