"""What everybody sees, for machines: its names, its faults, and that it is described as it is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from whenever import Instant

from domain.publishing.snapshot import Snapshot
from domain.values.refusals import Unavailable
from store.database.database import Database
from store.record.record import announce
from tests import open_data
from tests.console.fronting import Fronted, Visitor, fronting
from tests.identity.conftest import Clock
from tests.store.said import AIR, CLOSES, MIDWAY, ROADS, announcing, applied, compose, status
from tests.store.test_public_copies import snapshot
from tests.waiting import HANGS

Visit = Callable[..., Visitor]
PATHS = ("/api/challenges", f"/api/challenges/{AIR}", "/api/catalogue", f"/api/ocds/{AIR}", "/api/openapi.json")


@pytest.fixture
def clock() -> Clock:
    """The window of the applications is open."""
    clock = Clock()
    clock.now = MIDWAY
    return clock


@pytest.fixture
def front(open_: Database, clock: Clock) -> Iterator[Fronted]:
    """A front without Temporal: its connection raises."""
    with fronting(open_, clock) as front:
        yield front


def select(front: Fronted, **changes: object) -> str:
    """Has a team selected, and gives its id."""
    team = applied(front.database)
    say(front, snapshot(team, **changes))
    return team


def say(front: Fronted, new: Snapshot) -> None:
    """Announces how far the challenge has come."""
    at = CLOSES.add(hours=24)
    said = announcing("selected", at=at, status=status().model_copy(update={"outcome": new.outcome}))
    announce(front.database, said.model_copy(update={"snapshot": new}), compose)


@pytest.mark.parametrize("path", PATHS)
def test_what_machines_read_knows_nobody_and_is_kept(front: Fronted, visit: Visit, path: str) -> None:
    ann = visit()
    ann.sign_in("ann@breathe.example")

    answer = ann.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"].startswith("public")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert visit().get(path).content == answer.content
    assert visit().send("HEAD", path).status_code == 200


def test_a_challenge_says_the_moments_that_are_enforced_and_as_of_when(front: Fronted, visit: Visit) -> None:
    said = visit().get(f"/api/challenges/{AIR}").json()

    assert (said["id"], said["state"], said["closes"]) == (AIR, "open", CLOSES.format_iso())
    assert said["stages"][0]["pay"]["fixed"] == "2000.00"
    assert said["form"][0]["questions"][0]["id"]
    assert {each["id"]: each["at"] for each in said["dates"]}["closes"] == CLOSES.format_iso()
    assert Instant(said["as_of"]) <= MIDWAY
    for name in ("page", "form", "calendar", "self", "ocds"):
        address = said["links"][name]
        assert address.startswith(front.address)
        assert visit().get(address.removeprefix(front.address)).status_code == 200, address


def test_an_answer_is_the_same_until_something_changes(
    front: Fronted, visit: Visit, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.public.caching._LOOKS_AGAIN", 0.0)
    before = visit().get(f"/api/challenges/{AIR}")
    again = visit().get(f"/api/challenges/{AIR}", if_none_match=before.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    clock.now = CLOSES
    assert visit().get(f"/api/challenges/{AIR}").json()["state"] == "closed"

    team = select(front)
    after = visit().get(f"/api/challenges/{AIR}", if_none_match=before.headers["etag"])

    assert after.status_code == 200
    (selected,) = after.json()["stages"][0]["selected"]
    assert (selected["id"], selected["organisation"]) == (team, "Breathe Ltd")


def test_the_state_is_that_of_the_moment_also_where_the_version_is_not_looked_up_again(
    front: Fronted, visit: Visit, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where an answer that was kept says "open" at the very closing."""
    monkeypatch.setattr("console.public.caching._LOOKS_AGAIN", 1e9)
    paths = (f"/api/challenges/{AIR}", "/api/challenges")
    for moment, state in ((CLOSES.subtract(microseconds=1), "open"), (CLOSES, "closed")):
        clock.now = moment
        one, listed = (visit().get(path).json() for path in paths)
        assert (one["state"], listed["items"][0]["state"]) == (state, state)


def test_what_was_made_last_stands_while_the_database_is_down(
    front: Fronted, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.public.caching._LOOKS_AGAIN", 0.0)
    known = (f"/challenges/{AIR}", f"/api/challenges/{AIR}")
    before = [visit().get(path).content for path in known]

    async def down(*_: object) -> str:
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(front.desk.public, "version_of", down)
    monkeypatch.setattr(front.desk.public, "find", down)

    assert [visit().get(path).content for path in known] == before
    for path, kind in ((f"/challenges/{ROADS}", "text/html"), (f"/api/challenges/{ROADS}", "application/problem+json")):
        answer = visit().get(path)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (503, kind)
        assert answer.headers["retry-after"]


def test_the_list_has_pages_and_states(front: Fronted, visit: Visit) -> None:
    first = visit().get("/api/challenges?limit=1&state=open").json()
    second = visit().get(first["next"].removeprefix(front.address)).json()

    assert [each["id"] for each in (*first["items"], *second["items"])] == [AIR, ROADS]
    assert second["next"] is None
    empty = visit().get("/api/challenges?state=finished").json()
    assert empty == {"as_of": None, "items": [], "next": None}


def test_the_catalogue_has_who_came_through(front: Fronted, visit: Visit, clock: Clock) -> None:
    team, done = applied(front.database), CLOSES.add(hours=24)
    running = snapshot(team)
    (stage,) = running.stages
    teams = tuple(each.model_copy(update={"ended": done}) for each in stage.teams)
    ended = {"outcome": "completed", "phase": "ended", "ended": done}
    say(front, running.model_copy(update=ended | {"stages": (stage.model_copy(update={"teams": teams}),)}))
    clock.now = done

    (found,) = visit().get("/api/catalogue").json()["items"]

    assert found["challenge"]["outcome"] == "completed"
    assert [each["team"] for each in found["solutions"]] == [team]


def test_open_data_is_what_the_standard_wants(front: Fronted, visit: Visit) -> None:
    select(front)
    package = visit().get(f"/api/ocds/{AIR}").json()

    assert open_data.faults(package) == []
    assert package["releases"][0]["parties"][1]["name"] == "Breathe Ltd"


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/api/challenges/none/none", 404, "There is no public challenge"),
        ("/api/ocds/none/none", 404, "There is no public challenge"),
        ("/api/nothing", 404, "no page at this address"),
        ("/api/challenges?limit=500", 422, "limit=500"),
        ("/api/challenges?state=lost", 422, "state=lost"),
        ("/api/challenges?colour=red", 422, "colour=red: this address has no such parameter"),
        (f"/api/challenges/{AIR}?colour=red", 422, "colour=red"),
        ("/api/challenges?after=nowhere", 422, "begins nowhere"),
    ],
)
def test_a_fault_is_a_problem_detail(front: Fronted, visit: Visit, path: str, code: int, words: str) -> None:
    answer = visit().get(path)

    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert (answer.status_code, said["status"], said["type"]) == (code, code, "about:blank")
    assert words in said["detail"]
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_nothing_can_be_sent_to_machines(front: Fronted, visit: Visit) -> None:
    refused = visit().post("/api/challenges", {"state": "open"})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_bug_is_a_problem_detail_with_a_number(front: Fronted, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("the words of a bug")

    monkeypatch.setattr("console.api.writing.challenge", broken)
    answer = visit().get(f"/api/challenges/{AIR}")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "the words of a bug" not in answer.text
    assert "tell the programme office the number" in answer.json()["detail"]


@pytest.mark.parametrize(
    "names", ["", 'round = "test-2016"\nslug = "air-quality"'], ids=["any names", "one that is there"]
)
def test_the_description_holds_for_whatever_is_asked(front: Fronted, tmp_path: Path, names: str) -> None:
    """Schemathesis asks what the OpenAPI document allows and what it does not, in a process of its own.

    Without names, it finds no challenge: so it asks once more for one that is there.
    """
    select(front)
    (tmp_path / "schemathesis.toml").write_text(f"[parameters]\n{names}\n")
    asked = (
        *("run", f"{front.address}/api/openapi.json", "--phases", "examples,coverage,fuzzing"),
        *("--max-examples", "20", "--seed", "2016", "--generation-deterministic", "--no-color"),
        # Forms of other sites are refused before anybody looks at the method, and places in a list are nobody's guess.
        *("--exclude-checks", "unsupported_method,positive_data_acceptance"),
    )
    done = subprocess.run(
        [Path(sys.executable).parent / "schemathesis", *asked],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=10 * HANGS,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "4 selected / 4 total" in done.stdout
    assert ("returned 404" in done.stdout) == (not names), done.stdout


def test_every_name_in_the_guide_is_one_of_the_description(front: Fronted, visit: Visit) -> None:
    """The examples of docs/api.md are asked for, and what they show is there."""
    guide = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    parts = guide.split("```json GET ")[1:]
    assert parts

    for part in parts:
        path, _, shown = part.partition("```")[0].partition("\n")
        answer = visit().get(path)
        assert answer.status_code == 200, path
        missing = _missing(json.loads(shown), answer.json())
        assert not missing, f"{path}: {missing}"


def _missing(shown: object, said: object, place: str = "") -> list[str]:
    """What an example shows that the answer does not have, in its kind: names count, and values do not."""
    if isinstance(shown, dict) and isinstance(said, dict):
        return [
            fault
            for name, value in shown.items()
            for fault in (_missing(value, said[name], f"{place}.{name}") if name in said else [f"{place}.{name}"])
        ]
    if isinstance(shown, list) and isinstance(said, list):
        return _missing(shown[0], said[0], f"{place}[0]") if shown and said else []
    return [] if type(shown) is type(said) or shown is None or said is None else [place]
