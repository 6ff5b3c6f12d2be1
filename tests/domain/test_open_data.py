"""A challenge as open data says what the public sees, as the standard wants it, over its whole life."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ocdsmerge.merge import Merger
from whenever import Date, Instant, ItemizedDelta

from desk.programme_files import load_round
from domain.challenges.publishing import snapshot_of
from domain.challenges.state import State
from domain.forms.form import text_form
from domain.judging.scorecard import Criterion, Mark, Scorecard
from domain.programmes.pay import Pay
from domain.programmes.programme import Terms
from domain.programmes.round import challenges_of
from domain.publishing.challenge import Answered, Paid, PublicChallenge, Selected
from domain.publishing.posed import EngagementPosed, Posed, StagePosed, posed_of
from domain.publishing.release import ERASED, ocid_of, package_of
from domain.publishing.snapshot import Held, Snapshot, StageSnapshot, TeamIn, WindowSnapshot
from domain.values.money import Amount, Money, Vat
from tests import open_data

OPENS, CLOSES = Instant("2016-07-06T08:00Z"), Instant("2016-08-01T16:00Z")
SELECTED, ENDS = Instant("2016-08-08T16:00Z"), Instant("2016-08-22T16:00Z")
PAID = Instant("2016-08-10T09:30:00.25Z")
TEAM, LEAVER = "air-quality-7kx3qm", "air-quality-zz9abc"
PROGRAMMES = Path(__file__).parents[2] / "programmes"
ORIGIN = "https://challenges.example"

_SCALE = (Mark(mark=0, means="No"), Mark(mark=1, means="Yes"))
POSED = Posed(
    round="pilot-2016",
    round_title="Pilot",
    programme_title="Open questions",
    question="How can the air be better?",
    background="The **air** is bad.",
    sponsor="sepa",
    sponsor_name="Environment Agency",
    contact="air@sepa.example",
    time_zone="Europe/London",
    currency="GBP",
    terms=Terms(intellectual_property="Yours.", equity="Yours."),
    stages=(
        StagePosed(name="interview", title="Interview", target=6, max=6),
        StagePosed(
            name="exploration",
            title="Exploration",
            target=3,
            max=4,
            duration=ItemizedDelta(weeks=2),
            pay=Pay(fixed=Money(200_000), vat=Vat.ADDED),
            participation_sessions=1,
            scorecard=Scorecard(criteria=(Criterion(id="gain", title="What do citizens gain?", scale=_SCALE),)),
        ),
    ),
    form=text_form(1000),
    engagement=(EngagementPosed(title="Ask us", at=Instant("2016-07-13T10:00Z"), minutes=60, where="Edinburgh"),),
)
_WINDOW = Snapshot(phase="window", windows=(WindowSnapshot(opens=OPENS, closes=CLOSES),))
_FEE = Amount(net=Money(200_000), vat=Money(40_000))


def challenge(at: Instant, snapshot: Snapshot = _WINDOW, **changes: Any) -> PublicChallenge:
    """The challenge as the public sees it at a moment."""
    said = {"id": "pilot-2016/air-quality", "posed": POSED, "snapshot": snapshot, "at": at, "version": str(at)}
    dates = {"opens": OPENS, "closes": CLOSES, "questions_close": CLOSES}
    return PublicChallenge.model_validate(said | dates | changes)


def _stages(**changes: Any) -> tuple[StageSnapshot, ...]:
    sifted = TeamIn(id=TEAM, since=SELECTED, ends=SELECTED, ended=SELECTED)
    team = TeamIn(id=TEAM, since=SELECTED, award=_FEE, ends=ENDS, **changes)
    leaver = TeamIn(id=LEAVER, since=SELECTED, award=_FEE, ends=ENDS, left=PAID)
    held = (Held(on=Date(2016, 8, 15), people=12),)
    return (
        StageSnapshot(stage="interview", begins=SELECTED, ends=SELECTED, ended=SELECTED, teams=(sifted,)),
        StageSnapshot(stage="exploration", begins=SELECTED, ends=ENDS, teams=(team, leaver), sessions=held),
    )


def life() -> list[tuple[PublicChallenge, Instant]]:
    """The challenge at each point of its life, with the moment: coming, open, closed, selected, paid, ended."""
    closed = Snapshot(phase="deciding", windows=_WINDOW.windows, decide_by=SELECTED, applications=7)
    running = closed.model_copy(update={"phase": "running", "decide_by": None, "stages": _stages()})
    done = {"phase": "ended", "stages": _stages(ended=ENDS), "outcome": "completed", "ended": ENDS}
    named = {TEAM: Selected(id=TEAM, organisation="Breathe Ltd"), LEAVER: Selected(id=LEAVER, organisation="Gone Ltd")}
    erased = named | {LEAVER: Selected(id=LEAVER, organisation="")}
    key = f"pilot-2016/air-quality/exploration/{TEAM}/1"
    paid = (Paid(key=key, stage="exploration", team=TEAM, number=1, net=Money(200_000), vat=Money(40_000), at=PAID),)
    answered = (Answered(id="q1", question="Is it windy?", answer="Often.", at=OPENS.add(hours=1)),)
    before = OPENS.subtract(hours=24)
    return [
        (challenge(before), before),
        (challenge(OPENS), OPENS),
        (challenge(OPENS, answered=answered), OPENS.add(hours=1)),
        (challenge(CLOSES, closed, answered=answered), CLOSES),
        (challenge(SELECTED, running, answered=answered, selected=named), SELECTED),
        (challenge(SELECTED, running, answered=answered, selected=named, paid=paid), PAID),
        (challenge(ENDS, running.model_copy(update=done), answered=answered, selected=erased, paid=paid), ENDS),
    ]


def published(seen: PublicChallenge, now: Instant) -> dict[str, Any]:
    """The release package as it goes out."""
    package = package_of(seen, now, origin=ORIGIN, publisher="Challenge service", prefix="ocds-213czf")
    said: dict[str, Any] = json.loads(package.model_dump_json(by_alias=True, exclude_none=True))
    return said


def test_every_package_of_a_life_is_what_the_standard_wants() -> None:
    for seen, now in life():
        assert open_data.faults(published(seen, now)) == [], seen.snapshot.phase


@pytest.mark.parametrize("file", sorted(PROGRAMMES.glob("*.round.toml")), ids=lambda file: file.name)
def test_every_challenge_of_our_rounds_is_what_the_standard_wants(file: Path) -> None:
    round_, programme = load_round(file)
    for opened in challenges_of(round_, programme):
        dates = {"opens": opened.opens, "closes": opened.closes, "questions_close": opened.closes}
        seen = challenge(
            opened.opens, snapshot_of(State.of(opened, programme)), posed=posed_of(round_, programme, opened), **dates
        )
        assert open_data.faults(published(seen, opened.opens)) == [], opened.id


def test_the_releases_of_a_life_merge_to_the_last_one() -> None:
    """Fails where a later release leaves something out that an earlier one said, or two releases have one moment."""
    releases = [published(seen, now)["releases"][0] for seen, now in life()]
    merged = Merger(open_data.schema("release-schema")).create_compiled_release(list(reversed(releases)))

    last = releases[-1]
    apart = {"id", "date", "tag"}  # of the release, and not of what it says
    assert {name: merged[name] for name in last if name not in apart} == {
        name: said for name, said in last.items() if name not in apart
    }
    assert (merged["date"], merged["tag"]) == (last["date"], ["compiled"])
    assert sorted({each["date"] for each in releases}) == [each["date"] for each in releases]


def test_the_amounts_identifiers_and_dates_are_those_of_the_record() -> None:
    release = published(*life()[-1])["releases"][0]
    tender, (award, _), (contract, left) = release["tender"], release["awards"], release["contracts"]
    (transaction,) = contract["implementation"]["transactions"]

    assert release["ocid"] == tender["id"] == "ocds-213czf-pilot-2016.air-quality"
    assert release["tag"] == ["planning", "tender", "award", "contract", "implementation"]
    assert tender["tenderPeriod"] == {"startDate": "2016-07-06T08:00:00Z", "endDate": "2016-08-01T16:00:00Z"}
    assert (tender["numberOfTenderers"], tender["hasEnquiries"]) == (7, True)
    assert tender["value"] == {"amount": 9600.0, "currency": "GBP"}
    assert release["planning"]["budget"]["amount"] == {"amount": 7200.0, "currency": "GBP"}
    assert award["value"] == contract["value"] == transaction["value"] == {"amount": 2400.0, "currency": "GBP"}
    assert transaction["id"] == f"pilot-2016/air-quality/exploration/{TEAM}/1"
    assert transaction["date"] == "2016-08-10T09:30:00.25Z"
    assert (transaction["payer"]["id"], transaction["payee"]["id"]) == ("sepa", TEAM)
    assert award["id"] == contract["awardID"] == f"exploration/{TEAM}"
    assert left["period"]["endDate"] == PAID.format_iso()
    assert [each["id"] for each in release["parties"]] == ["sepa", TEAM, LEAVER]


def test_a_name_that_was_erased_is_erased_where_releases_are_merged() -> None:
    """Fails if an erased name is left out: the merged release would go on naming the organisation."""
    releases = [published(seen, now)["releases"][0] for seen, now in life()]
    merged = Merger(open_data.schema("release-schema")).create_compiled_release(releases)

    assert ERASED in json.dumps(merged)
    assert "Gone Ltd" not in json.dumps(merged)


@pytest.mark.parametrize(
    ("place", "status", "tags"),
    [
        (0, "planned", ["planning", "tender"]),
        (1, "active", ["planning", "tender"]),
        (3, "active", ["planning", "tender"]),
        (4, "complete", ["planning", "tender", "award", "contract", "implementation"]),
    ],
)
def test_a_release_says_how_far_the_challenge_is(place: int, status: str, tags: list[str]) -> None:
    release = published(*life()[place])["releases"][0]

    assert (release["tender"]["status"], release["tag"]) == (status, tags)


@pytest.mark.parametrize(("outcome", "status"), [("no award", "unsuccessful"), ("cancelled", "cancelled")])
def test_a_challenge_without_teams_ends_as_the_standard_calls_it(outcome: str, status: str) -> None:
    ended = Snapshot(phase="ended", windows=_WINDOW.windows, outcome=outcome, ended=ENDS, applications=0)
    release = published(challenge(ENDS, ended), ENDS)["releases"][0]

    assert release["tender"]["status"] == status
    assert not {"awards", "contracts"} & set(release)


def test_no_two_challenges_have_one_identifier() -> None:
    assert ocid_of("a-b/c", "ocds-213czf") != ocid_of("a/b-c", "ocds-213czf")
