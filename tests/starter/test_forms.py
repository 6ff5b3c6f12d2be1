"""Forms on the command line: printed, filled in, handed in, and refused with all problems at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from store.database.database import Database
from tests.starter.commands import LIMIT, PROGRAMME, ROUND, Commands, refused, write_round

FORM = """
[[forms]]
id = "application"
title = "Application"

[[forms.sections]]
title = "Who you are"

[[forms.sections.questions]]
id = "number"
title = "What is your company's number?"
hint = "Eight figures."
kind = "line"
most_characters = 8

[[forms.sections.questions]]
id = "alone"
title = "Do you work alone?"
kind = "yes/no"

[[forms.sections.questions]]
id = "partners"
title = "Who else works on it?"
shown_if = { question = "alone", answer = false }
marking = "confidential"

[[forms.sections]]
title = "Your idea"

[[forms.sections.questions]]
id = "idea"
title = "What is your idea?"
most_words = 5

[[forms.sections.questions]]
id = "price"
title = "What will it cost?"
kind = "money"
required = false

[[forms.sections.questions]]
id = "plan"
title = "What is your plan?"
kind = "file"
types = ["pdf", "txt"]
most_files = 2
required = false

[[forms]]
id = "fuller"
title = "Fuller proposal"

[[forms.sections]]
title = "All"

[[forms.sections.questions]]
id = "proof"
title = "What have you shown?"
"""
ASKING = PROGRAMME.replace('id = "brief"', 'id = "asking"').replace(
    "[terms]", 'application_form = "application"\n[terms]'
)
ASKING = ASKING.replace("\n[[stages]]", f"{FORM}\n[[stages]]", 1).replace(
    'name = "accelerator"', 'name = "accelerator"\nasks = { form = "fuller", within = "P1D" }'
)


@pytest.fixture(scope="module")
def form(starter: Commands, teams: dict[str, list[str]]) -> str:
    """The empty form of the round "form-round", which is open, with one challenge, "quay"."""
    folder = Path(starter.environment["CHALLENGES_PROGRAMMES"])
    write_round(folder, {"quayside": 86_400}, "form-round", programme=("asking", ASKING))
    assert starter("open", "form-round").status == 0
    answer = starter("form", "form-round")
    assert answer.status == 0, answer
    return answer.out


def filled(form: str, **answers: str) -> str:
    """The form with answers as TOML in it."""
    text = form.replace('organisation = ""', 'organisation = "Tay"').replace('email = ""', 'email = "tay@tay.example"')
    for question, answer in answers.items():
        head, found, rest = text.partition(f"\n{question} = ")
        assert found
        rest = rest.partition("'''\n'''" if rest.startswith("'''") else "\n")[2]
        text = f"{head}{found}{answer}\n{rest}"
    return text


WHOLE = {"number": '"0123"', "alone": "false", "partners": "'''\nTay &\n  \"Sons\"\n'''", "idea": '"Maps – é"'}


def test_a_form_is_printed_filled_in_and_handed_in_exactly_as_it_was_typed(
    starter: Commands, form: str, tmp_path: Path, database: Database
) -> None:
    file = tmp_path / "answers.toml"
    file.write_text(filled(form, **WHOLE, price="1_200"), encoding="utf-8")

    received = starter.data("apply", "quayside", "--answers", str(file))
    again = starter.data("apply", "quayside", "--answers", str(file))

    assert (again["application"], again["repeated"]) == (received["application"], True)
    with database.reading() as connection:
        kept = connection.exec_driver_sql(
            f"SELECT form, answers FROM applications WHERE id = '{received['application']}'"
        ).one()
    assert kept.form == starter.data("form", "quayside")["version"]
    assert json.loads(kept.answers) == {
        "number": "0123",
        "alone": False,
        "partners": 'Tay &\n  "Sons"\n',
        "idea": "Maps – é",
        "price": "1200",
    }


def test_what_is_handed_in_is_not_shown_in_the_empty_form(starter: Commands, form: str) -> None:
    assert starter("form", "form-round").out == form
    assert "# Asked only if 'Do you work alone?' is answered with no. If not, leave it empty.\n" in form
    assert "# text, between the quotes; marked confidential\n" in form
    assert "# one line; at most 8 characters\n" in form


def test_every_problem_of_the_answers_is_told_at_once_in_a_line_and_on_the_record(
    starter: Commands, form: str, tmp_path: Path
) -> None:
    text = filled(
        form, number='"0123456789"', alone='"yes"', idea='"one two three four five six seven"', price='"a lot"'
    )
    answer = starter("apply", "quayside", "--answers", "-", text=text.replace("tay@tay.example", "nowhere"))

    assert (answer.status, answer.out) == (1, "")
    lines = answer.err.splitlines()
    assert lines == [
        "The application has no contact: give an e-mail address for receipts, such as name@company.example.",
        "What is your company's number? The answer has 10 characters, 2 too many: shorten it to 8 at most. "
        "Spaces and line ends count.",
        "What is your idea? The answer has 7 words, 2 too many: shorten it to 5 at most. "
        "A word is what stands between spaces.",
        "What will it cost? The answer is not an amount: write it in figures, such as 15,000 or 2000.50, "
        "up to 1,000,000,000.",
    ]
    line = starter.data("record", "quayside")[-1]
    assert (line["action"], line["refused"], line["text"]) == ("apply", True, " ".join(lines))


def test_a_question_that_the_form_does_not_have_is_named_with_all_other_problems_and_nothing_is_handed_in(
    starter: Commands, form: str, tmp_path: Path
) -> None:
    before = starter.data("record", "quayside")
    file = tmp_path / "answers.toml"
    file.write_text(filled(form, alone="true", partners='"Us"', number='"1"') + 'ideas = "A map."\n', encoding="utf-8")

    answer = starter("apply", "quayside", "--answers", str(file))

    assert answer.status == 1
    assert answer.err.splitlines() == [
        f"{file}: answers.ideas: the form has no such question: did you mean idea?",
        f"{file}: Who else works on it? The question is asked only if 'Do you work alone?' is answered with no: "
        "leave the answer out.",
        f"{file}: What is your idea? The answer is empty: write one.",
    ]
    assert starter.data("record", "quayside") == before


def test_answers_for_another_version_of_the_form_are_refused(starter: Commands, form: str) -> None:
    version = starter.data("form", "quayside")["version"]
    line = refused(
        starter, "quayside", "apply", "quayside", "--answers", "-",
        text=filled(form, **WHOLE).replace(version, "0123456789ab"),
    )  # fmt: skip

    assert f"print the form again, which is version {version} now" in line


def test_an_edit_of_the_file_changes_no_open_form_and_is_seen_from_the_files(starter: Commands, form: str) -> None:
    file = Path(starter.environment["CHALLENGES_PROGRAMMES"]) / "asking.programme.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Eight figures.", "Nine figures."), encoding="utf-8")
    try:
        assert starter("form", "form-round").out == form
        assert "# Nine figures.\n" in starter("form", "form-round", "--from-files").out
    finally:
        file.write_text(text, encoding="utf-8")


def test_the_form_of_a_stage_and_of_a_programme_without_forms(starter: Commands, form: str) -> None:
    assert "# What have you shown?\n" in starter("form", "quayside", "--stage", "accelerator").out
    assert f"at most {LIMIT} characters" in starter("form", ROUND).out
    line = starter("form", "quayside", "--stage", "exploration")
    assert (line.status, line.out) == (1, "")
    assert "asks for no proposal" in line.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["--organisation", "Tay", "--email", "a@b.example", "--proposal", "-"],
            "asks 6 questions: print the form with",
        ),
        (["--organisation", "Tay", "--email", "a@b.example"], "Give the answers: --answers FILE"),
        (["--proposal", "-", "--answers", "-"], "Give the answers: --answers FILE"),
        (["--proposal", "-", "--email", "a@b.example"], "Give --organisation with --proposal"),
        (["--proposal", "-", "--organisation", "Tay"], "Give --email with --proposal"),
    ],
)
def test_an_application_without_its_answers_is_a_misuse(
    starter: Commands, form: str, words: list[str], says: str
) -> None:
    answer = starter("apply", "quayside", *words, text="x")

    assert (answer.status, answer.out) == (2, "")
    assert says in answer.err


@pytest.mark.parametrize("name", ["nowhere", "no/where", "../etc"])
def test_the_form_of_nothing_is_refused_in_one_line(starter: Commands, form: str, name: str) -> None:
    answer = starter("form", name)

    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith(f"No challenge {name!r} is open. No round {name!r} in ")
    assert len(answer.err.splitlines()) == 1


# Files


def with_plan(form: str, tmp_path: Path, plan: bytes, **more: str) -> list[str]:
    """The words that hand in an application with a file, which lies beside the file of answers."""
    (tmp_path / "plan.txt").write_bytes(plan)
    file = tmp_path / "answers.toml"
    file.write_text(filled(form, **WHOLE, plan='["plan.txt"]', **more), encoding="utf-8")
    return ["apply", "quayside", "--answers", str(file)]


def test_files_that_the_answers_name_are_sent_with_them_and_once(
    starter: Commands, form: str, tmp_path: Path, database: Database
) -> None:
    """Fails when the same command, used twice, hands in two applications."""
    words = with_plan(form, tmp_path, b"First we measure, then we act.", price='"1"')

    out = starter(*words, "--json").out
    received = json.loads(out[out.index("{") :])  # the first file makes a key, which is said
    again = starter.data(*words)

    assert (again["application"], again["repeated"]) == (received["application"], True)
    [file] = starter.data("attachments", "quayside", received["application"], "--as", "tay@tay.example")
    with database.reading() as connection:
        sent = connection.exec_driver_sql(
            f"SELECT answers FROM applications WHERE id = '{received['application']}'"
        ).scalar_one()
    assert (file["question"], file["name"], file["kind"]) == ("plan", "plan.txt", "txt")
    assert json.loads(sent) == {
        "number": "0123",
        "alone": False,
        "partners": 'Tay &\n  "Sons"\n',
        "idea": "Maps – é",
        "price": "1",
        "plan": [file["id"]],
    }
    assert starter(*words, "--submission", "1").status == 2
    line = starter(*with_plan(form, tmp_path, b"Another plan.", price='"1"')).err
    assert line.startswith(f"{received['application']} was sent with the same answers and other files: change them")


def test_a_file_that_is_refused_leaves_a_draft_with_which_the_same_command_goes_on(
    starter: Commands, form: str, tmp_path: Path
) -> None:
    refused_ = starter(*with_plan(form, tmp_path, b"\x89PNG\r\n\x1a\n no text", price='"2"'))
    received = starter.data(*with_plan(form, tmp_path, b"A plan in words.", price='"2"'))

    assert refused_.status == 1
    assert "Nothing was sent, and " in refused_.err
    assert refused_.err.partition("Nothing was sent, and ")[2].startswith(received["application"])
    assert received["version"] == 1


def test_a_file_that_is_not_there_is_told_with_all_else_and_nothing_is_begun(
    starter: Commands, form: str, tmp_path: Path
) -> None:
    before = starter.data("record", "quayside")
    file = tmp_path / "answers.toml"
    file.write_text(filled(form, **WHOLE, plan='["nowhere.pdf", "."]', price='"3"'), encoding="utf-8")

    answer = starter("apply", "quayside", "--answers", str(file))

    assert (answer.status, answer.out) == (1, "")
    assert answer.err.splitlines() == [
        f"{file}: answers.plan: {tmp_path / 'nowhere.pdf'} is not a file: check its name.",
        f"{file}: answers.plan: {tmp_path} is not a file: check its name.",
    ]
    assert starter.data("record", "quayside") == before
