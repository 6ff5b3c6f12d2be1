"""Whoever decides or releases and signed in with a browser needs their passkey too, where the settings ask for it."""

from __future__ import annotations

import pytest
from whenever import Instant

from domain.identity.proof import AT_TERMINAL, BY_SERVICE, Proof, Way
from domain.permissions import RIGHTS, Action, Role, grant_for
from domain.programmes.round import Round
from domain.values.refusals import NotAllowed, SecondStepMissing
from store.challenges.people import keep_people
from store.database.database import Database
from tests.desk.asking import desk_on, refusals
from tests.store.said import AIR, CLOSES, applied, seal

AT = Instant.from_utc(2016, 7, 20, 9)
WITHOUT = [Proof(way=way, at=AT) for way in (Way.LINK, Way.ORGANISATION, Way.TERMINAL)]
"""Ways to sign in with a browser. A link that was printed at the terminal has the way of the terminal."""
WITH = [each.model_copy(update={"passkey": True}) for each in WITHOUT]
ELSEWHERE = [AT_TERMINAL, BY_SERVICE, Proof(way=Way.KEY, at=AT)]
PEOPLE = {"sam": Role.SPONSOR, "olivia": Role.OPERATOR, "fiona": Role.RELEASER}
READS = {
    *("plan", "read-challenge", "read-record", "read-form", "read-draft", "count-applications", "read-readers"),
    *("read-applications", "read-scores", "read-payments", "read-payment-files", "reconcile", "read-notices"),
    *("preview", "unconfirmed", "read-writers", "read-own", "read-questions", "read-evidence", "read-board"),
}
OF_OTHERS = {"sign-in", "own-passkeys", "apply", "draft", "save", "send", "attach", "score", "interests"} | {
    *("ask", "invite-writer", "send-evidence", "own-data", "own-calendar"),
}
"""What teams and readers do, and what everybody does before they may read anything."""


@pytest.fixture
def sealed(open_: Database, round_: Round) -> Database:
    """A challenge with its people and an application, whose window is sealed."""
    with open_.writing() as connection:
        keep_people(connection, round_)
    applied(open_)
    seal(open_, AIR, CLOSES)
    return open_


def test_everything_that_decides_releases_or_changes_asks_for_it() -> None:
    """Fails for an action that somebody adds without saying whether it needs a passkey."""
    assert {action for action in Action if not RIGHTS[action].second_step} == READS | OF_OTHERS


@pytest.mark.parametrize("who", PEOPLE)
async def test_each_role_needs_a_passkey_for_what_the_table_says(sealed: Database, who: str) -> None:
    """Fails where somebody decides without the second step, and where somebody who has done it is stopped."""
    async with desk_on(sealed, second_step=True, web_address="https://front.example") as desk:
        row = await desk.core.find(AIR)
        for action in Action:
            for proof in (*WITHOUT, *WITH, *ELSEWHERE):
                actor = await desk.actor(who, proof)
                grant = grant_for(actor, action, row.place)
                if grant is None:
                    with pytest.raises(NotAllowed):
                        await desk.core.allow(actor, action, row)
                elif RIGHTS[action].second_step and proof in WITHOUT:
                    for ask in (desk.core.allow(actor, action, row), desk.core.reach(actor, action, [row])):
                        with pytest.raises(SecondStepMissing, match="go to https://front"):
                            await ask
                else:
                    assert await desk.core.allow(actor, action, row) == grant
                    assert await desk.core.reach(actor, action, [row]) == (row,)
    assert {line.action for line in refusals(sealed)} >= {"extend"} or who == "fiona", "the refusals are on the record"


async def test_it_is_not_asked_for_unless_the_settings_say_so(sealed: Database) -> None:
    async with desk_on(sealed) as desk:
        actor, row = await desk.actor("sam", WITHOUT[0]), await desk.core.find(AIR)
        assert (await desk.core.allow(actor, Action.SELECT, row)).person == "sam"


async def test_a_team_needs_none_to_withdraw_itself(sealed: Database) -> None:
    async with desk_on(sealed, second_step=True) as desk:
        team, row = await desk.actor("breathe@applicants.example", WITHOUT[0]), await desk.core.find(AIR)
        assert (await desk.core.allow(team, Action.WITHDRAW, row)).role is Role.TEAM


async def test_nobody_opens_or_hands_over_a_round_without_it(sealed: Database) -> None:
    """Fails where a round is not asked like a challenge: whoever reads an operator's mailbox could make a releaser."""
    async with desk_on(sealed, second_step=True) as desk:
        office, olivia = await desk.actor("programme-office", WITHOUT[0]), await desk.actor("olivia", WITHOUT[0])
        with pytest.raises(SecondStepMissing, match="To open pilot-2016 as operator, use your passkey"):
            await desk.rounds.open(office, "pilot-2016")
        with pytest.raises(SecondStepMissing, match="To hand over roles of test-2016 as operator"):
            await desk.people.hand_over(olivia, "test-2016", "fiona", "frank", "On leave.")
