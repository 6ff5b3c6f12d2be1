"""A late application in the workflow: how many there are, and what becomes of one that is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from domain.challenges.application import Applying
from domain.forms.answers import only_text
from domain.values.paging import Page
from domain.values.refusals import NotAllowed, ReasonMissing, TooLate
from store.database import tables
from tests.play import Play
from tests.playing import months, playing
from tests.rounds import OPERATOR, pilot

WHY = "The site was down in the last hour."


def tardy(number: int = 1) -> Applying:
    return Applying(
        organisation=f"Tardy {number}", email=f"tardy{number}@company.example", answers=only_text("Late, and good.")
    )


async def admit(play: Play, number: int = 1, reason: str = WHY) -> str:
    """An operator admits a late application; its id."""
    actor = await play.actor(OPERATOR)
    receipt, _ = await play.desk.applications.admit(actor, play.challenge.id, tardy(number), reason=reason)
    return receipt.application


def kept(play: Play) -> list[str]:
    """The late applications that the database has without their being admitted."""
    with play.desk.core.database.reading() as connection:
        return list(connection.scalars(select(tables.late_applications.c.organisation)))


async def test_a_late_application_is_counted_selected_and_paid_like_all_others(tmp_path: Path) -> None:
    """Fails when the workflow goes on with the number that was sealed, or a refused application is kept."""
    _, programme, _ = pilot()
    allowing = programme.model_copy(update={"late_applications": True})
    async with months() as environment, playing(tmp_path, environment, programme=allowing) as play:
        one, two = await play.applied(2)
        await play.sealed()
        with pytest.raises(ReasonMissing):
            await admit(play, reason="")
        assert kept(play) == []
        late = await admit(play)
        assert (await play.state()).applications == 3
        assert await admit(play) == late, "the same again changes nothing"
        assert (await play.state()).applications == 3
        actor = await play.actor(OPERATOR)
        await play.declare(OPERATOR)
        page = await play.desk.applications.list(actor, Page(), play.challenge.id)
        assert {each.id for each in page.items} == {one, two, late}
        with pytest.raises(TooLate, match="were first read on"):
            await admit(play, 2)
        assert kept(play) == []

        await play.select("exploration", [one, two, late])
        await play.payments_over(3)
        assert f"exploration/{late}/1" in play.paid()
        assert [line.reason for line in play.record("admit") if not line.refused] == [WHY]


async def test_a_programme_that_does_not_allow_it_admits_nobody_and_keeps_nothing(tmp_path: Path) -> None:
    async with months() as environment, playing(tmp_path, environment) as play:
        await play.applied(2)
        await play.sealed()
        with pytest.raises(NotAllowed, match="takes no application after the closing"):
            await admit(play)
        assert kept(play) == []
        assert len(play.refusals()) == 1
