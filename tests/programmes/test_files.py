"""The programmes that come with the service, and the schemas that editors check them by."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from desk.programme_files import FOLDER, find_round, load_programme, schemas
from domain.forms.form import Kind, Marking
from domain.programmes.pay import Due
from domain.programmes.plan import engagement_of, plan_of, total_at_target
from domain.programmes.programme import Programme
from domain.programmes.rehearsal import moved_instant
from domain.programmes.round import challenges_of
from domain.values.calendar import moment, spoken
from domain.values.money import Vat
from tests.programmes.spoilt import FILES


def test_there_are_four_programmes_and_a_round_of_each() -> None:
    assert [file.name for file in FILES] == [
        "later-rounds.programme.toml",
        "later-rounds.round.toml",
        "pilot-2016.programme.toml",
        "pilot-2016.round.toml",
        "round-two.programme.toml",
        "round-two.round.toml",
        "town-trials.programme.toml",
        "town-trials.round.toml",
    ]


def test_the_pilot_is_what_the_article_of_6_july_2016_says() -> None:
    round_, programme = find_round("pilot-2016")
    exploration, accelerator, pre_commercial, commercialisation = programme.stages
    assert [stage.name for stage in programme.stages] == [
        "exploration",
        "accelerator",
        "pre-commercial",
        "commercialisation",
    ]
    assert (exploration.target, exploration.duration.format_iso()) == (3, "P2W")
    assert (accelerator.target, accelerator.duration.format_iso()) == (1, "P3M")
    assert accelerator.participation_sessions > 0
    assert exploration.pay is not None
    assert str(exploration.pay.fixed) == "2000.00"
    assert accelerator.pay is not None
    assert str(accelerator.pay.fixed) == "15000.00"
    assert all(stage.pay and stage.pay.agreed_up_to for stage in (pre_commercial, commercialisation))
    assert "keeps its intellectual property" in programme.terms.intellectual_property
    assert "keeps its equity" in programme.terms.equity
    assert [question.question for question in round_.challenges] == [
        "How can we help improve air quality in urban areas?",
        "How can we make our flood forecasting information better used by a wider audience?",
        "How can we get health and social care data and analysis to the widest possible audience?",
        "How can we make our data publications more accessible and appealing?",
        "How can we promote the tourist destinations along the A9?",
        "How can we use technology to design smart roads?",
    ]
    assert len(round_.sponsors) == 3
    assert any("which sponsor poses which question" in note for note in round_.notes)


def test_the_pilot_pays_126_000_pounds_in_fixed_fees_and_what_is_agreed() -> None:
    round_, programme = find_round("pilot-2016")
    total = total_at_target(*(plan_of(each, programme) for each in challenges_of(round_, programme)))
    assert total.fixed.gross.shown() == "£126,000"
    assert total.fixed.vat.pence == 0
    assert total.agreed_up_to.gross.pence > 0


def test_engagement_sessions_are_planned_and_move_with_the_round() -> None:
    """Fails when they are left where the file has them."""
    round_, programme = find_round("pilot-2016")
    (session,) = engagement_of(round_, programme)["pilot-2016/air-quality"]
    assert spoken(session.at, programme.time_zone) == "Thursday 7 July 2016, 14:00 BST"
    opens = min(each.opens for each in challenges_of(round_, programme))
    later = moved_instant(session.at, opens, moment("2027-12-07T09:00", programme.time_zone), programme.time_zone)
    assert spoken(later, programme.time_zone) == "Wednesday 8 December 2027, 14:00 GMT"


def test_the_pilots_windows_close_at_the_end_of_1_august_and_go_on_in_working_days_of_scotland() -> None:
    round_, programme = find_round("pilot-2016")
    for challenge in challenges_of(round_, programme):
        plan = plan_of(challenge, programme)
        assert spoken(plan.opens, plan.time_zone) == "Wednesday 6 July 2016, 09:00 BST"
        assert spoken(plan.closes, plan.time_zone) == "Monday 1 August 2016, 24:00 BST"
        assert spoken(plan.stages[0].begins, plan.time_zone) == "Monday 15 August 2016, 24:00 BST"
        assert spoken(plan.stages[1].ends, plan.time_zone) == "Monday 5 December 2016, 24:00 GMT"


def test_the_second_round_sifts_to_six_and_pays_3_000_pounds_plus_vat_in_two_instalments() -> None:
    round_, programme = find_round("round-two")
    interview, exploration, accelerator, *_ = programme.stages
    assert (interview.target, interview.only_sifts, interview.pay) == (6, True, None)
    assert (exploration.target, exploration.duration.format_iso()) == (3, "P3W")
    assert accelerator.duration.format_iso() == "P4M"
    assert exploration.pay is not None
    assert exploration.pay.vat is Vat.ADDED
    award = exploration.pay.amount_of(exploration.pay.most)
    assert award.gross.shown() == "£3,600"
    assert [str(part.gross) for part in exploration.pay.instalments_of(award)] == ["1800.00", "1800.00"]
    assert any(stage.may_be_skipped for stage in programme.stages)
    assert len({challenge.closes for challenge in challenges_of(round_, programme)}) == 2


def test_the_round_that_is_rehearsed_beside_the_pilot_has_what_the_pilot_lacks() -> None:
    _, pilot = find_round("pilot-2016")
    _, programme = find_round("town-trials")

    def kinds(of: Programme) -> set[object]:
        pays = [stage.pay for stage in of.stages if stage.pay]
        return {pay.vat for pay in pays} | {part.due for pay in pays for part in pay.instalments}

    assert kinds(programme) - kinds(pilot) == {Vat.ADDED, Vat.INCLUDED, Due.EVIDENCE, Due.END}


def test_later_rounds_score_a_form_and_an_interview_and_ask_for_a_fuller_proposal() -> None:
    """What the scheme says in public about its tenth round, and every kind of question."""
    _, programme = find_round("later-rounds")
    interview, exploration, accelerator, *_ = programme.stages
    assert (interview.name, interview.target, interview.only_sifts) == ("interview", 6, True)
    assert (exploration.target, exploration.duration.format_iso()) == (3, "P3W")
    assert exploration.pay is not None
    assert exploration.pay.amount_of(exploration.pay.most).gross.shown() == "£6,000", "£5,000 plus VAT"
    assert accelerator.duration.format_iso() == "P4M"
    assert [bool(each.scorecard) for each in programme.stages] == [True, True, True, False]
    assert [bool(each.asks) for each in programme.stages] == [False, False, True, False]

    questions = [*programme.form_of().questions(), *programme.form_of("accelerator").questions()]
    assert {each.kind for each in questions} == set(Kind)
    assert {each.marking for each in questions} == {None, *Marking}
    criteria = [each for stage in programme.stages if stage.scorecard for each in stage.scorecard.criteria]
    assert {looked for each in criteria for looked in each.looks_at} <= {each.id for each in questions}
    assert any(each.weight == 0 for each in criteria), "one only informs"
    assert any(each.pass_mark is not None for each in criteria)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_addresses_in_the_files_reach_nobody(file: Path) -> None:
    addresses = [word.strip('"') for word in file.read_text(encoding="utf-8").split() if "@" in word]
    assert all(address.endswith(".example") for address in addresses)
    assert bool(addresses) == file.name.endswith(".round.toml")


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_schemas_that_are_kept_are_those_of_the_models(name: str) -> None:
    """Fails when a model is changed; `python -m desk.programme_files` writes the schemas anew."""
    kept = json.loads((FOLDER / "schema" / name).read_text(encoding="utf-8"))
    assert kept == schemas()[name]


def in_json(data: Any) -> Any:
    """TOML as a schema sees it: dates are text."""
    return json.loads(json.dumps(data, default=lambda date: date.isoformat()))


def schema_named_in(file: Path) -> dict[str, Any]:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("#:schema ./schema/")
    schema: dict[str, Any] = json.loads((FOLDER / first.removeprefix("#:schema ")).read_text(encoding="utf-8"))
    return schema


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_names_its_schema_for_editors_and_keeps_to_it(file: Path) -> None:
    schema = schema_named_in(file)
    assert schema["title"].lower() in file.name
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(in_json(tomllib.loads(file.read_text(encoding="utf-8"))))


def test_the_schema_refuses_what_an_editor_can_see() -> None:
    file = FOLDER / "pilot-2016.programme.toml"
    validator = jsonschema.Draft202012Validator(schema_named_in(file))
    good = in_json(tomllib.loads(file.read_text(encoding="utf-8")))
    for key, value in (("timezone", "Europe/London"), ("stages", []), ("currency", "pounds"), ("proposal_limit", "x")):
        assert not validator.is_valid(good | {key: value}), key


def test_by_when_payments_are_made_is_for_the_programme_to_say(tmp_path: Path) -> None:
    """Without a word, within 10 working days, and 30 days by law."""
    text = (FOLDER / "pilot-2016.programme.toml").read_text(encoding="utf-8")
    path = tmp_path / "pilot-2016.programme.toml"
    for written, within, by_law in (
        ("", "10 working days", "P30D"),
        ('[on_time]\nwithin = "5 working days"\nby_law = "P60D"\n\n', "5 working days", "P60D"),
    ):
        path.write_text(text.replace("[reminders]", f"{written}[reminders]"), encoding="utf-8")
        on_time = load_programme(path).on_time.model_dump(mode="json")
        assert on_time == {"within": within, "by_law": by_law}
