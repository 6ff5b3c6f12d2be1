"""The programmes that come with the service, and what the author of a wrong one is told."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from desk.programme_files import FOLDER, find_round, load_programme, load_round, schemas
from domain.programmes.plan import engagement_of, plan_of, total_at_target
from domain.programmes.rehearsal import moved_instant
from domain.programmes.round import challenges_of
from domain.values.calendar import moment, spoken
from domain.values.money import Vat
from domain.values.refusals import FileRefused, UnknownRound

FILES = sorted(FOLDER.glob("*.toml"))
Problems = Callable[..., list[str]]


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    """Changes the pilot's files and returns what is said about them, without the folder."""

    def of(*changes: tuple[str, str], in_round: bool = False) -> list[str]:
        for file in FILES:
            shutil.copy(file, tmp_path)
        path = tmp_path / f"pilot-2016.{'round' if in_round else 'programme'}.toml"
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FileRefused) as refused:
            load_round(tmp_path / "pilot-2016.round.toml")
        lines = str(refused.value).splitlines()
        assert all(line.startswith(f"{path}: ") for line in lines)
        named = refused.value.problems
        assert lines == [each.text for each in named]
        assert all(each.text.startswith(f"{path}: {each.field}") for each in named)  # the keys, or nothing
        assert not any("pydantic" in line or "://" in line for line in lines)
        return [line.removeprefix(f"{path}: ") for line in lines]

    return of


# --- The files that come with the service --------------------------------------------------------------------------


def test_there_are_two_programmes_and_a_round_of_each() -> None:
    assert [file.name for file in FILES] == [
        "pilot-2016.programme.toml",
        "pilot-2016.round.toml",
        "round-two.programme.toml",
        "round-two.round.toml",
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


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_addresses_in_the_files_reach_nobody(file: Path) -> None:
    addresses = [word.strip('"') for word in file.read_text(encoding="utf-8").split() if "@" in word]
    assert all(address.endswith(".example") for address in addresses)
    assert bool(addresses) == file.name.endswith(".round.toml")


# --- The schemas ---------------------------------------------------------------------------------------------------


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


# --- Wrong programmes ----------------------------------------------------------------------------------------------

FEE = 'fixed = "15000.00"'


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('time_zone = "Europe/London"\n', "", 'time_zone: missing: add time_zone = "Europe/London"'),
        ('title = "Exploration"\n', "", 'stages[1] (exploration).title: missing: add title = "…"'),
        (
            '"Europe/London"',
            '"Europe/Edinburgh"',
            'time_zone = "Europe/Edinburgh": is no time zone: write one as in the tz database, such as Europe/London',
        ),
        (
            '"GB-SCT"',
            '"Scotland"',
            'holidays = "Scotland": has no known holidays: write a country, or country-part, such as GB-SCT',
        ),
        ('"GB-SCT"', "5", 'holidays = 5: write it such as "GB-SCT"'),
        (
            'currency = "GBP"',
            'currency = "pounds"',
            'currency = "pounds": write a currency by its three letters, such as GBP',
        ),
        (
            'currency = "GBP"',
            'currency = "XXX"',
            'currency = "XXX": is no currency with hundredths: write it by its three letters, such as GBP or EUR',
        ),
        ("proposal_limit = 20_000", "proposal_limit = 0", "proposal_limit = 0: is below 1: write 1 or more"),
        ("proposal_limit", "proposl_limit", "proposl_limit = 20000: unknown key: did you mean proposal_limit?"),
        (
            "proposal_limit = 20_000",
            "colour = 1",
            "colour = 1: unknown key: remove it; the known keys are id, title, time_zone, currency, holidays, "
            "proposal_limit, terms, reminders, on_time, stages",
        ),
        (
            FEE,
            'fixed = "-15000.00"',
            "stages[2] (accelerator).pay.fixed: '-15000.00' is negative: an amount is nothing or more",
        ),
        (
            FEE,
            'fixed = "200000000000000000.00"',
            'stages[2] (accelerator).pay.fixed = "200000000000000000.00": is over 1,000,000,000: write an amount that '
            "can be paid",
        ),
        (
            FEE,
            "fixed = 15000",
            "stages[2] (accelerator).pay.fixed = 15000: write an amount in quotes, as pounds and pence, "
            'such as "2000.00"',
        ),
        (
            FEE,
            'fixed = "a lot"',
            "stages[2] (accelerator).pay.fixed: 'a lot' is not an amount: write pounds, or pounds and pence, "
            "such as 2000 or 2000.50",
        ),
        (
            FEE,
            'fixed = "0.00"',
            "stages[2] (accelerator).pay: has a fee of 0.00: leave pay out for a stage that pays nothing",
        ),
        (
            FEE,
            f'{FEE}\nagreed_up_to = "1.00"',
            "stages[2] (accelerator).pay: needs either fixed or agreed_up_to: keep one of the two",
        ),
        (
            FEE,
            FEE + '\ninstalments = [{ share = "50%" }, { share = "40%", due = "end" }]',
            "stages[2] (accelerator).pay: has instalments whose shares sum to 90%: make them sum to 100%",
        ),
        (
            FEE,
            FEE + '\ninstalments = [{ amount = "1.00" }, { amount = "14000.00" }]',
            "stages[2] (accelerator).pay: has instalments that sum to 14001.00: make them sum to 15000.00",
        ),
        (
            FEE,
            FEE + '\ninstalments = [{ amount = "0.00" }, { amount = "15000.00" }]',
            "stages[2] (accelerator).pay.instalments[1]: has the amount 0.00: leave it out, or give it an amount",
        ),
        (
            FEE,
            'fixed = "0.01"\ninstalments = [{ share = "50%" }, { share = "50%" }]',
            "stages[2] (accelerator).pay: has an instalment that comes to nothing: leave it out",
        ),
        (
            FEE,
            FEE + '\ninstalments = [{ share = "half" }]',
            'stages[2] (accelerator).pay.instalments[1].share = "half": is no share: write a percentage above 0 '
            'such as "50%"',
        ),
        (
            FEE,
            FEE + '\ninstalments = [{ share = "50%", due = "evidence" }, { share = "50%" }]',
            'stages[2] (accelerator).pay.instalments[1]: needs evidence = "what is to be shown" exactly if it is '
            'due = "evidence"',
        ),
        (
            'duration = "P2W"',
            'duration = "two weeks"',
            'stages[1] (exploration).duration = "two weeks": is no duration: write ISO 8601 such as P2W, P3M or PT0S',
        ),
        (
            '"10 working days"',
            '"10 days"',
            'stages[1] (exploration).decision_within = "10 days": is no duration: write ISO 8601 such as P2W, P3M or '
            'PT0S, or "10 working days"',
        ),
        ("target = 3", 'target = "3"', 'stages[1] (exploration).target = "3": write a whole number, without quotes'),
        ("target = 3", "target = true", "stages[1] (exploration).target = true: write a whole number, without quotes"),
        ("target = 3", "target = 4", "stages[1] (exploration): needs min <= target <= max: it has 1, 4, 3"),
        (
            'vat = "none"',
            'vat = "plus"',
            "stages[1] (exploration).pay.vat = \"plus\": write one of 'added', 'included' or 'none'",
        ),
        (
            'vat = "none"',
            'vat = "added"\nvat_rate = "high"',
            'stages[1] (exploration).pay.vat_rate = "high": write a number in quotes, such as "20"',
        ),
        (
            'payment = ["P3D", "P1D"]',
            'payment_overdue_every = "PT0S"',
            'reminders.payment_overdue_every = "PT0S": must last: write a duration such as P3D',
        ),
        (
            'payment = ["P3D", "P1D"]',
            'evidence_overdue_every = "weekly"',
            'reminders.evidence_overdue_every = "weekly": is no duration: write ISO 8601 such as P2W, P3M or PT0S',
        ),
        (
            "[reminders]",
            '[on_time]\nwithin = "soon"\n[reminders]',
            'on_time.within = "soon": is no duration: write ISO 8601 such as P2W, P3M or PT0S, or "10 working days"',
        ),
        (
            "[reminders]",
            '[on_time]\nbylaw = "P30D"\n[reminders]',
            'on_time.bylaw = "P30D": unknown key: did you mean by_law?',
        ),
        ('stage = ["P2D"]', 'stage = "P2D"', 'reminders.stage = "P2D": write a list, in square brackets'),
        (
            'duration = "P2W"',
            'duration = "P2W"\nmay_be_skipped = "no"',
            'stages[1] (exploration).may_be_skipped = "no": write true or false, without quotes',
        ),
        (
            'name = "accelerator"',
            'name = "exploration"',
            "stages: two have the name 'exploration': give each stage its own",
        ),
        (
            'name = "accelerator"',
            'name = "The accelerator"',
            'stages[2] (The accelerator).name = "The accelerator": write lower-case letters, digits and single '
            "hyphens, such as air-quality",
        ),
        ('id = "pilot-2016"', 'id = "pilot"', 'id = "pilot": is not the file\'s name: write "pilot-2016"'),
        ("target = 3", "targt = 3", "stages[1] (exploration).targt = 3: unknown key: did you mean target?"),
        # What TOML itself refuses.
        (
            "[stages.pay]",
            "[stages.pay",
            "line 36: [stages.pay: the brackets of this heading do not match: write it as [pay] or [[stages]]",
        ),
        (
            'stage = ["P2D"]',
            'stage = ["P2D"',
            'line 25: payment = ["P3D", "P1D"]: a list before this point lacks a comma or its closing bracket: add it',
        ),
        (
            FEE,
            'instalments = [{ share = "50%"',
            'line 51: instalments = [{ share = "50%": write the table on one line, such as { share = "50%", '
            'due = "end" }',
        ),
        (
            'title = "Exploration"',
            "title = Exploration",
            "line 29: title = Exploration: invalid value: write key = value, with text in quotes",
        ),
        (
            'title = "Exploration"',
            'title = "Exploration',
            'line 29: title = "Exploration: the text has no closing quote: add it',
        ),
        (
            'currency = "GBP"',
            'currency = "GBP"\ncurrency = "EUR"',
            'line 12: currency = "EUR": the key appears twice: keep one of the two',
        ),
    ],
)
def test_a_wrong_programme_is_refused_by_key_value_and_remedy(
    problems: Problems, old: str, new: str, line: str
) -> None:
    assert problems((old, new)) == [line]


def test_a_problem_names_its_key_as_a_person_finds_it(tmp_path: Path) -> None:
    """Fails when only the line says where it is."""
    path = tmp_path / "any.programme.toml"
    path.write_text('id = "any"\nproposal_limit = "x"\n[[stages]]\nname = "first"\ntarget = 0\n', encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        load_programme(path)
    assert {"proposal_limit", "stages[1] (first).target", "title"} <= {each.field for each in refused.value.problems}


def test_every_problem_of_a_file_has_its_line(problems: Problems) -> None:
    assert problems(("time_zone", "timezone"), ("target = 3", "target = 3.5"), (FEE, 'fixed = "-1"')) == [
        "stages[1] (exploration).target = 3.5: write a whole number, without quotes",
        "stages[2] (accelerator).pay.fixed: '-1' is negative: an amount is nothing or more",
        'timezone = "Europe/London": unknown key: did you mean time_zone?',
    ]


# --- Wrong rounds --------------------------------------------------------------------------------------------------

OPENS, CLOSES, SESSION = "opens = 2016-07-06T09:00:00", "closes = 2016-08-01 ", "at = 2016-07-07T14:00:00"

RELEASERS = """[[releasers]]
id = "finance"
name = "Finance officer"
email = "finance@digital-directorate.example"
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            CLOSES,
            "closes = 2016-02-30 ",
            "line 10: closes = 2016-02-30: this date or time does not exist: write one that is in the calendar",
        ),
        (
            CLOSES,
            "closes = 17:00:00 ",
            "closes = 17:00:00: is no date or time: write 2016-08-01 or 2016-08-01T17:00:00, without quotes",
        ),
        (
            CLOSES,
            "closes = 20160801 ",
            "closes = 20160801: is no date or time: write 2016-08-01 or 2016-08-01T17:00:00, without quotes",
        ),
        (
            OPENS,
            "opens = 2016-03-27T01:30:00",
            "opens: 2016-03-27T01:30:00 does not exist in Europe/London, where clocks go forward: write another time",
        ),
        (
            SESSION,
            "at = 2016-10-30T01:30:00",
            "challenges[1] (air-quality).engagement[1].at: 2016-10-30T01:30:00 occurs twice in Europe/London: write "
            "it with its offset, such as 2016-10-30T01:30:00+01:00",
        ),
        (
            SESSION,
            "at = 2016-07-07",
            "challenges[1] (air-quality).engagement[1].at = 2016-07-07: has no time of day: write it such as "
            "2016-07-07T14:00:00",
        ),
        (
            CLOSES,
            "closes = 2016-07-01 ",
            "closes: Friday 1 July 2016, 24:00 BST (closes) is not after Wednesday 6 July 2016, 09:00 BST (opens): "
            "move one of the two",
        ),
        (
            'sponsor = "nss"',
            'sponsor = "nss"\ncloses = 2016-07-01',
            "challenges[3] (health-data).closes: Friday 1 July 2016, 24:00 BST (closes) is not after Wednesday 6 July "
            "2016, 09:00 BST (opens): move one of the two",
        ),
        (
            'sponsor = "nss"',
            'sponsor = "nhs"',
            "challenges[3] (health-data).sponsor: 'nhs' is no sponsor of this round: write one of sepa, nss, "
            "transport-scotland, or add it under [[sponsors]]",
        ),
        (
            'id = "nss-decider"',
            'id = "sepa-decider"',
            "people: two have the id 'sepa-decider': give each their own id, and one role",
        ),
        (
            "challenge.lead@sepa.example",
            "challenge.lead",
            'sponsors[1] (sepa).deciders[1] (sepa-decider).email = "challenge.lead": write an e-mail address, such as '
            "name@body.example",
        ),
        (
            'programme = "pilot-2016"',
            'programme = "pilot-2017"',
            'programme = "pilot-2017": there is no pilot-2017.programme.toml in the same folder: write one of '
            "pilot-2016, round-two",
        ),
        (
            'programme = "pilot-2016"',
            'programme = "../pilot-2016"',
            'programme = "../pilot-2016": write lower-case letters, digits and single hyphens, such as air-quality',
        ),
        ('programme = "pilot-2016"\n', "", 'programme: missing: add programme = "…"'),
        (
            RELEASERS,
            "",
            "releasers: nobody is named, and pilot-2016 pays teams: name under [[releasers]] who releases payments, "
            "other people than those who decide",
        ),
        (
            'id = "finance"',
            'id = "sepa-decider"',
            "people: two have the id 'sepa-decider': give each their own id, and one role",
        ),
    ],
)
def test_a_wrong_round_is_refused_by_key_value_and_remedy(problems: Problems, old: str, new: str, line: str) -> None:
    assert problems((old, new), in_round=True) == [line]


def test_a_round_of_a_programme_that_pays_nothing_needs_nobody_who_releases(tmp_path: Path) -> None:
    """Fails when releasers are asked for whatever the programme says."""
    for file in FILES:
        shutil.copy(file, tmp_path)
    round_file, programme_file = (tmp_path / f"pilot-2016.{kind}.toml" for kind in ("round", "programme"))
    text = round_file.read_text(encoding="utf-8")
    round_file.write_text(text.replace(RELEASERS, ""), encoding="utf-8")
    text = programme_file.read_text(encoding="utf-8")
    programme_file.write_text(re.sub(r"\[stages\.pay\]\n(?:[a-z_]+ = .*\n)+", "", text), encoding="utf-8")

    round_, programme = load_round(round_file)
    assert round_.releasers == ()
    assert [stage.pay for stage in programme.stages] == [None] * 4


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


def test_every_date_that_is_none_has_its_line(problems: Problems) -> None:
    lines = problems((OPENS, "opens = 2016-03-27T01:30:00"), (SESSION, "at = 2016-10-30T01:30:00"), in_round=True)
    assert [line.partition(":")[0] for line in lines] == ["opens", "challenges[1] (air-quality).engagement[1].at"]


def test_problems_of_a_round_and_of_its_programme_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "a.round.toml").write_text('id = "a"\nprogramme = "b"\n', encoding="utf-8")
    (tmp_path / "b.programme.toml").write_text('id = "b"\n', encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        load_round(tmp_path / "a.round.toml")
    said = {line.partition(": ")[0].rpartition("/")[2] for line in str(refused.value).splitlines()}
    assert said == {"a.round.toml", "b.programme.toml"}


# --- Files that are no such files ----------------------------------------------------------------------------------


def test_a_file_that_is_not_there_cannot_be_read_or_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.programme.toml"
    with pytest.raises(FileRefused, match="there is no such file: check the name"):
        load_programme(path)
    path.mkdir()
    with pytest.raises(FileRefused, match="cannot be read: "):
        load_programme(path)
    path.rmdir()
    path.write_bytes(b'title = "\xff"')
    with pytest.raises(FileRefused, match="is not text in UTF-8"):
        load_programme(path)
    path.write_text("stages = 5\nterms = 3\n", encoding="utf-8")
    with pytest.raises(FileRefused, match=r"terms = 3: write a table, such as \{ intellectual_property = …, equity"):
        load_programme(path)


def test_a_file_that_an_editor_began_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pilot-2016.programme.toml"
    path.write_text((FOLDER / path.name).read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert load_programme(path) == load_programme(FOLDER / path.name)


@pytest.mark.parametrize(
    "name", ["pilot-2017", "", "../programmes/pilot-2016", "/etc/passwd", "PILOT-2016", "pilot-2016\n", "*", "."]
)
def test_a_round_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(UnknownRound, match="the folder has pilot-2016, round-two") as refused:
        find_round(name)
    assert "\n" not in str(refused.value)


def test_a_folder_without_rounds_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownRound, match="the folder has no rounds"):
        find_round("pilot-2016", tmp_path)
