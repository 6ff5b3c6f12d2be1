"""What anyone sees of challenges, through the desk: without Temporal, and without rehearsals."""

from __future__ import annotations

import pytest
from temporalio.client import Client
from whenever import Instant

from desk.desk import Desk
from domain.permissions import Actor
from domain.programmes.programme import Programme
from domain.programmes.round import REHEARSAL, Round, challenges_of
from domain.values.paging import Page
from domain.values.refusals import UnknownChallenge
from service.settings import Settings
from store.challenges.rounds import keep_round
from store.database.database import Database
from tests.store.said import AIR, MIDWAY, OPENS, ROADS


async def _no_temporal() -> Client:
    raise AssertionError("public pages must stand when Temporal is down")


def midway() -> Instant:
    return MIDWAY


@pytest.mark.parametrize("shown", [False, True])
async def test_rehearsals_are_public_only_where_the_settings_say_so(
    open_: Database, round_: Round, programme: Programme, shown: bool
) -> None:
    """Fails when whoever knows the id of a rehearsal sees it, or when the demo shows nothing. Nobody asks Temporal."""
    played = round_.model_copy(update={"id": f"test-2016{REHEARSAL}1"})
    keep_round(open_, played, programme, challenges_of(played, programme), OPENS)
    name, nobody = f"{played.id}/air-quality", Actor()
    desk = Desk(Settings(show_rehearsals=shown), open_, _no_temporal, midway)
    try:
        listed = {each.id for each in (await desk.public.list(nobody, Page())).items}
        others = {f"{played.id}/air-quality", f"{played.id}/smart-roads"}
        assert listed == ({AIR, ROADS} | others if shown else {AIR, ROADS})
        if shown:
            assert (await desk.public.find(nobody, name)).version == await desk.public.version_of(nobody, name)
            return
        for look in (desk.public.find, desk.public.version_of):
            with pytest.raises(UnknownChallenge, match="There is no public challenge"):
                await look(nobody, name)
    finally:
        desk.close()
