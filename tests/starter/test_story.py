"""A challenge by commands alone, from its opening to its outcome."""

from __future__ import annotations

import json

from whenever import Instant

from domain.values.calendar import end_of_day
from tests.starter.commands import OPERATOR, ROUND, SPONSOR, Commands


def test_the_plan_says_every_date_twice_and_the_money(starter: Commands, teams: dict[str, list[str]]) -> None:
    plans = starter.data("plan", ROUND)
    printed = starter("plan", ROUND)

    assert [plan["challenge"] for plan in plans] == [
        f"{ROUND}/{name}" for name in ("bridge", "harbour", "market", "library", "station")
    ]
    assert printed.status == 0
    assert "In Europe/London" in printed.out
    assert "In UTC" in printed.out
    assert "£1,000 in fixed fees for the expected number of teams, and up to £2,500 in agreed fees." in printed.out


def test_a_round_is_planned_at_another_time_at_the_hour_of_its_file(
    starter: Commands, teams: dict[str, list[str]]
) -> None:
    then = starter.data("plan", ROUND, "--opens", "2027-07-06")[0]["opens"]
    (now,) = {plan["opens"] for plan in starter.data("plan", ROUND)}

    in_file = Instant.parse_iso(now).to_tz("Europe/London").time()
    assert Instant.parse_iso(then).to_tz("Europe/London").to_plain().format_iso() == f"2027-07-06T{in_file}"


def test_opening_a_round_again_is_harmless(starter: Commands, teams: dict[str, list[str]]) -> None:
    before = starter.data("status", "bridge")
    again = starter.data("open", ROUND)

    assert [each["already"] for each in again] == [True] * 5
    assert starter.data("status", "bridge") == before


def test_a_challenge_is_held_and_resumed(starter: Commands, teams: dict[str, list[str]]) -> None:
    assert starter("hold", "harbour", "--as", OPERATOR, "--reason", "Election period.").status == 0
    assert starter.status("harbour")["waits_for"] == "release of the hold"
    assert starter("resume", "harbour", "--as", OPERATOR).status == 0
    assert starter.status("harbour")["waits_for"] == "applications"


def test_a_deadline_is_moved_and_everybody_told(starter: Commands, teams: dict[str, list[str]]) -> None:
    day = Instant.now().to_tz("Europe/London").date().add(days=40)
    moved = starter("extend", "bridge", "--closes", str(day), "--as", OPERATOR, "--reason", "Snow.")

    assert moved.status == 0, moved.err
    assert starter.status("bridge")["closes"] == end_of_day(day, "Europe/London").format_iso()
    told = {each["recipient"] for each in starter.data("notices", "bridge") if each["occasion"] == "deadline-moved"}
    assert told == {OPERATOR, SPONSOR, *teams["bridge"]}


def test_a_person_may_be_set_once_for_all_commands(starter: Commands, teams: dict[str, list[str]]) -> None:
    held = starter("hold", "harbour", "--reason", "Lunch.", CHALLENGES_PERSON=OPERATOR)
    resumed = starter("resume", "harbour", CHALLENGES_PERSON=OPERATOR)

    assert (held.status, resumed.status) == (0, 0)
    assert [line["by"] for line in starter.data("record", "harbour")][-2:] == [OPERATOR, OPERATOR]


def test_an_applicant_who_sends_twice_gets_the_same_receipt(starter: Commands, teams: dict[str, list[str]]) -> None:
    words = ["apply", "harbour", "--organisation", "Tay", "--email", "tay@company.example", "--proposal", "-"]
    first, again = (starter(*words, "--submission", "ours", "--json", text="An answer.") for _ in range(2))

    assert (first.status, again.status) == (0, 0)
    assert json.loads(again.out) == json.loads(first.out) | {"repeated": True}


def test_a_challenge_goes_from_its_window_to_its_outcome(starter: Commands, teams: dict[str, list[str]]) -> None:
    first, second, third, fourth = teams["station"]
    starter.waits_for("station", "selection for exploration")
    starter.declares_none("station", OPERATOR, SPONSOR)

    assert [each["id"] for each in starter.data("applications", "station")] == teams["station"]
    in_full = starter("applications", "station", "--full")
    assert "    Answer number 3." in in_full.out.splitlines()
    ill = ["--reason", "The founder is ill."]
    assert starter("withdraw", "station", fourth, *ill, "--as", starter.mailbox(fourth)).status == 0

    words = ["exploration", first, second, "--reserve", third, "--as", SPONSOR, "--reason", "The best."]
    assert starter("select", "station", *words).status == 0
    today = str(Instant.now().to_tz("Europe/London").date())
    session = ["--on", today, "--people", "24", "--summary", "Maps first.", "--as", OPERATOR]
    assert starter("participation", "station", "exploration", *session).status == 0

    starter.waits_for("station", "selection for accelerator")
    chosen = starter("select", "station", "accelerator", second, "--as", SPONSOR, "--amount", f"{second}=400")
    assert chosen.status == 0, chosen.err
    row = starter.waits_for("station", "payments")
    assert row["outcome"] == "completed"
    starter.pay("station")
    row = starter.waits_for("station", "nothing")

    assert row["outcome"] == "completed"
    assert row["applications"] == 4
    paid = [(each["stage"], each["team"], each["number"]) for each in starter.data("payments", "station")]
    assert sorted(paid) == sorted([("exploration", first, 1), ("exploration", second, 1), ("accelerator", second, 1)])
    assert "Settled: £600" in starter("payments", "station").out
    assert {each["recipient"] for each in starter.data("notices", "station")} >= {first, second, third, SPONSOR}
    told = starter("record", "station").out
    assert "Reason: The founder is ill." in told
    assert "Summary: Maps first." in told
    assert "refused" not in told


def test_a_story_that_has_ended_takes_no_more_decisions(starter: Commands, teams: dict[str, list[str]]) -> None:
    words = ["cancel", "harbour", "--as", OPERATOR, "--reason", "Nobody asks any more."]
    assert starter(*words).status == 0
    again = starter(*words)

    assert again.status == 1
    assert "has ended (cancelled)" in again.err
    assert starter.data("record", "harbour")[-1]["refused"] is True


def test_what_is_printed_for_people_has_every_challenge_and_no_folded_id(
    starter: Commands, teams: dict[str, list[str]]
) -> None:
    printed = starter("status").out

    assert all(f" {name} " in printed for name in ("bridge", "harbour", "market", "library", "station"))
    assert all(team in starter("notices", "bridge").out for team in teams["bridge"])
