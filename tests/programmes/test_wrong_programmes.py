"""What the author of a wrong programme is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.programme_files import load_programme
from domain.programmes.programme import Reminders
from domain.values.calendar import lasting
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
            '"GB-SCT"',
            '{ code = "NYSE", days = [] }',
            "holidays: is a table: write the code of a country, or country-part, such as GB-SCT",
        ),
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
            "proposal_limit, late_applications, questions_until, terms, reminders, on_time, forms, "
            "application_form, stages",
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
        (
            FEE,
            "vat_rate = 20\n" + FEE,
            'stages[2] (accelerator).pay.vat_rate = 20: write a number in quotes, such as "20"',
        ),
        (
            FEE,
            'vat_rate = "٢٠"\n' + FEE,
            'stages[2] (accelerator).pay.vat_rate = "٢٠": write a number in quotes, such as "20"',
        ),
        (
            FEE,
            'fixed = "١٥٠٠٠.00"',
            "stages[2] (accelerator).pay.fixed: '١٥٠٠٠.00' is not an amount: write pounds, or pounds and pence, "
            "such as 2000 or 2000.50",
        ),
        (
            'duration = "P2W"',
            'duration = "P٢W"',
            'stages[1] (exploration).duration = "P٢W": is not a duration: write ISO 8601 such as P2W, P3M or PT0S',
        ),
        (
            '"10 working days"',
            '"1٠ working days"',
            'stages[1] (exploration).decision_within = "1٠ working days": is not a number of working days: write it '
            'such as "10 working days"',
        ),
        (FEE, "", "stages[2] (accelerator).pay: needs either fixed or agreed_up_to: add one of the two"),
        (
            FEE,
            FEE + '\ninstalments = [{ due = "end" }]',
            "stages[2] (accelerator).pay.instalments[1]: needs either a share or an amount: add one of the two",
        ),
        (
            FEE,
            FEE + '\ninstalments = [{ share = "40%", amount = "1.00" }]',
            "stages[2] (accelerator).pay.instalments[1]: needs either a share or an amount: keep one of the two",
        ),
        (
            FEE,
            FEE + '\ninstalments = [{ share = 40 }, { share = "60%" }]',
            "stages[2] (accelerator).pay.instalments[1].share = 40: is a number: write it in quotes and with its sign, "
            'such as "40%"',
        ),
        (
            'title = "Exploration"',
            'title = "Explo\\u202Eration"',
            'stages[1] (exploration).title = "Explo\u202eration": has a line break, a direction mark or another '
            "invisible character at position 6: write it again, on one line",
        ),
        (
            'stage = ["P2D"]',
            'stage = ["PT0S"]',
            "reminders.stage: has a reminder that comes at the deadline itself: write a duration such as P1D",
        ),
        (
            'stage = ["P2D"]',
            'stage = ["P7D", "P1W"]',
            "reminders.stage: has two reminders P7D before the deadline: leave one of the two out",
        ),
        (
            'payment = ["P3D", "P1D"]',
            'payment = ["P3D"]\nevidence_overdue_every = "PT1H"',
            'reminders.evidence_overdue_every = "PT1H": is more often than daily: write P1D or more',
        ),
        (
            "[reminders]",
            '[on_time]\nwithin = "30 working days"\n[reminders]',
            "on_time: has by_law P30D, which is shorter than within 30 working days: change one of the two",
        ),
        (
            'title = "Exploration"',
            'title = "Exploration"\nTitle = "Exploration"',
            'stages[1] (exploration).Title = "Exploration": unknown key: remove it, because title is there too',
        ),
        # What TOML itself refuses.
        (
            FEE,
            'instalments = [{ share = "50%" due = "end" }]',
            'line 51: instalments = [{ share = "50%" due = "end" }]: the table lacks a comma or its closing brace '
            'before due = "end" }]: add it',
        ),
        (
            FEE,
            "share = 50%",
            'line 51: share = 50%: a percentage is text: write it in quotes, such as "50%"',
        ),
        (
            '[[stages]]\nname = "accelerator"',
            '[stages]\nname = "accelerator"',
            "line 40: [stages]: there is also a heading with single brackets: write [[stages]] above each of them",
        ),
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


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a = " + "[" * 50_000, "has brackets in brackets too many times: write"),
        ("a = " + "{a=" * 50_000, "has brackets in brackets too many times: write"),
        ("proposal_limit = " + "9" * 5_000, "has a number that is far too long: shorten it"),
        ("proposal_limit = 0x" + "f" * 9_000, "has a number that is far too long: shorten it"),
        ("# " + "x" * 1_000_000, "has more than 1,000,000 bytes: leave out"),
        ("\n".join(f"k{number} = 1" for number in range(1_000)), " more problems"),
        ("stages = " + "[" * 200 + "]" * 200, "has brackets in brackets too many times: write"),
        (
            "[stages]\nname = 'a'",
            "stages: is one table: write [[stages]], with two brackets",
        ),
    ],
    ids=("lists", "tables", "digits", "hexadecimal", "long", "many", "deep", "single"),
)
def test_a_file_that_is_absurd_is_refused_in_words(tmp_path: Path, content: str, problem: str) -> None:
    """Fails with a traceback when the limits of the reader or of Python are left to themselves."""
    path = tmp_path / "any.programme.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        load_programme(path)
    lines = str(refused.value).splitlines()
    assert any(problem in line for line in lines)
    assert len(lines) <= 60
    assert all(line.startswith(f"{path}: ") and len(line) < 600 for line in lines)


def test_a_rehearsal_may_remind_as_often_as_it_needs_to() -> None:
    """Fails when the rules for what people write are those of what a rehearsal makes of it."""
    short = Reminders(stage=(lasting(0.1), lasting(0.1)), decision_overdue_every=lasting(0.3))
    assert Reminders.model_validate(short.model_dump(mode="json")) == short
