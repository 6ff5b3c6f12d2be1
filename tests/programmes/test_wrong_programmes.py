"""What the author of a wrong programme is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.programme_files import load_programme
from domain.values.refusals import FileRefused
from tests.programmes.spoilt import Problems

FEE = 'fixed = "15000.00"'


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('time_zone = "Europe/London"\n', "", 'time_zone: missing: add time_zone = "Europe/London"'),
        ('title = "Exploration"\n', "", 'stages[1] (exploration).title: missing: add title = "…"'),
        (
            '"Europe/London"',
            '"Europe/Edinburgh"',
            'time_zone = "Europe/Edinburgh": is not a time zone: write one as in the tz database, '
            "such as Europe/London",
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
            'currency = "XXX": is not a currency with hundredths: write it by its three letters, such as GBP or EUR',
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
            'stages[2] (accelerator).pay.instalments[1].share = "half": is not a share: write a percentage above 0 '
            'such as "50%"',
        ),
        (
            FEE,
            FEE + '\ninstalments = [{ share = "50%", due = "evidence" }, { share = "50%" }]',
            'stages[2] (accelerator).pay.instalments[1]: needs evidence = "what the team must show" if it is '
            'due = "evidence", and only then',
        ),
        (
            'duration = "P2W"',
            'duration = "two weeks"',
            'stages[1] (exploration).duration = "two weeks": is not a duration: write ISO 8601 such as P2W, P3M or '
            "PT0S",
        ),
        (
            '"10 working days"',
            '"10 days"',
            'stages[1] (exploration).decision_within = "10 days": is not a duration: write ISO 8601 such as P2W, P3M '
            'or PT0S, or "10 working days"',
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
            'reminders.payment_overdue_every = "PT0S": takes no time: write a duration such as P3D',
        ),
        (
            'payment = ["P3D", "P1D"]',
            'evidence_overdue_every = "weekly"',
            'reminders.evidence_overdue_every = "weekly": is not a duration: write ISO 8601 such as P2W, P3M or PT0S',
        ),
        (
            "[reminders]",
            '[on_time]\nwithin = "soon"\n[reminders]',
            'on_time.within = "soon": is not a duration: write ISO 8601 such as P2W, P3M or PT0S, or "10 working days"',
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
