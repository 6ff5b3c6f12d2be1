"""The words of notices: every occasion has its own, they say what they must, and a wrong file is refused."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from domain.announcements import occasions
from domain.announcements.occasions import COMMON, FACTS, GLOSSARY, MAY_BE_EMPTY, SAMPLES, Facts, Occasion
from domain.values.refusals import FileRefused
from gateways.messaging.letters import FOLDER, LONGEST_SUBJECT, Letters

GUIDE = Path(__file__).parents[2] / "docs" / "notices.md"
LETTERS = Letters()
FROM_STAFF_TO_STAFF = {Occasion.ATTENTION}
"""Where the programme office itself is asked to act, and is not named as the place to ask."""

YES_OR_NO = {"late", "again", "final", "late_by_law", "never_left", "old_address", "out", "payee"}
"""Facts that only choose between two wordings."""

SEEN = {name: f"<{name}>" for name in GLOSSARY}
"""Facts that can be told apart in a letter."""


def facts_of(occasion: Occasion, texts: Mapping[str, str] = SEEN, without: str = "") -> Facts:
    return {name: "" if name == without else texts[name] for name in occasions.facts_of(occasion)}


def without_what_may_be_empty(occasion: Occasion) -> Facts:
    return SAMPLES[occasion] | dict.fromkeys(MAY_BE_EMPTY.get(occasion, ()), "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The words that come with the service, to be broken."""
    return Path(shutil.copytree(FOLDER, tmp_path / "letters"))


def refusal(folder: Path) -> str:
    """The only line of the refusal of a folder."""
    with pytest.raises(FileRefused) as refused:
        Letters(folder)
    [line] = str(refused.value).splitlines()
    return line


# --- The facts -----------------------------------------------------------------------------------------------------


def test_every_fact_is_explained_with_an_example_and_no_other() -> None:
    assert set(FACTS) == set(Occasion)
    assert frozenset().union(COMMON, *FACTS.values()) == set(GLOSSARY)
    assert all(fact.meaning and fact.example for fact in GLOSSARY.values())


@pytest.mark.parametrize("occasion", Occasion)
def test_the_example_of_an_occasion_has_its_facts_and_none_of_them_empty(occasion: Occasion) -> None:
    assert SAMPLES[occasion].keys() == occasions.facts_of(occasion)
    assert all(SAMPLES[occasion].values())
    assert MAY_BE_EMPTY.get(occasion, frozenset()) <= FACTS[occasion]


def test_the_guide_names_every_occasion_with_its_facts() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| [^|]+ \| ([^|]+) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)

    def shown(occasion: Occasion) -> str:
        empty = MAY_BE_EMPTY.get(occasion, frozenset())
        return ", ".join(f"*{name}*" if name in empty else name for name in sorted(FACTS[occasion]))

    assert rows == [(str(occasion), shown(occasion)) for occasion in Occasion]


def test_the_guide_explains_every_fact() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)

    assert len(rows) == len(GLOSSARY)
    assert dict(rows) == {name: fact.meaning for name, fact in GLOSSARY.items()}


# --- The words that come with the service --------------------------------------------------------------------------


@pytest.mark.parametrize("occasion", Occasion)
def test_a_letter_says_every_fact_that_is_always_there(occasion: Occasion) -> None:
    """Fails when a template leaves one out, be it the deadline, the reason or whom to ask."""
    letter = LETTERS.compose(occasion, facts_of(occasion))
    said = set(re.findall(r"<(\w+)>", letter.body))

    unsaid = occasions.facts_of(occasion) - MAY_BE_EMPTY.get(occasion, frozenset()) - said
    assert unsaid == ({"contact"} if occasion in FROM_STAFF_TO_STAFF else set())


@pytest.mark.parametrize("occasion", Occasion)
def test_what_may_be_empty_is_said_where_it_is_not_and_makes_a_difference(occasion: Occasion) -> None:
    """Fails when a template does not look at such a fact, or looks and does not say it."""
    whole = LETTERS.compose(occasion, facts_of(occasion)).body

    for name in MAY_BE_EMPTY.get(occasion, ()):
        assert SEEN[name] in whole or name in YES_OR_NO
        assert LETTERS.compose(occasion, facts_of(occasion, without=name)).body != whole


@pytest.mark.parametrize("facts", [SAMPLES.__getitem__, without_what_may_be_empty], ids=["all", "fewest"])
@pytest.mark.parametrize("occasion", Occasion)
def test_a_letter_has_no_gap_and_no_label_without_its_fact(occasion: Occasion, facts: object) -> None:
    assert callable(facts)
    letter = LETTERS.compose(occasion, facts(occasion))

    assert "\n\n\n" not in letter.body
    assert not re.search(r" $|  |\(\)|: *\.?$", letter.subject)
    assert not re.search(r" $|  |\(\)|^[^\n]*:\n\n|:\Z", letter.body, re.MULTILINE)


@pytest.mark.parametrize("occasion", Occasion)
def test_a_letter_is_easy_to_read(occasion: Occasion) -> None:
    """No sentence of its own has more than 25 words, on average they have 15 at most; nobody is kept at a distance."""
    short = dict.fromkeys(GLOSSARY, "x")
    body = LETTERS.compose(occasion, facts_of(occasion, short)).body
    sentences = [words for part in re.split(r"(?<=[.?!:])\s|\n", body) if (words := part.split())]
    lengths = [len(sentence) for sentence in sentences]

    assert max(lengths) <= 25
    assert sum(lengths) / len(lengths) <= 15
    assert not re.search(r"\b(shall|hereby|herewith|pursuant|aforementioned|the applicant must)\b", body, re.IGNORECASE)


def test_two_occasions_never_have_the_same_words() -> None:
    subjects = [LETTERS.preview(occasion).subject for occasion in Occasion]
    bodies = [LETTERS.preview(occasion).body for occasion in Occasion]

    assert len(set(subjects)) == len(set(bodies)) == len(Occasion)


def test_a_letter_in_full() -> None:
    letter = LETTERS.preview(Occasion.STAGE_STARTED)

    assert letter.subject == "You are in Exploration: How can we help improve air quality in urban areas?"
    assert letter.body.splitlines()[:9] == [
        "About: How can we help improve air quality in urban areas? (pilot-2016/air-quality)",
        "",
        "Good news: you were selected for Exploration. It starts now.",
        "",
        "Begins: Wednesday 10 August 2016, 11:30 BST",
        "Ends: Wednesday 24 August 2016, 11:30 BST",
        "Your award: £2,000",
        "How it is paid: all of it at the start",
        "",
    ]
    assert letter.body.splitlines()[-1] == (
        "If you have a question, write to the programme office: programme.office@digital-directorate.example"
    )


def test_a_team_without_bank_details_is_asked_for_them_and_another_is_not() -> None:
    asks = "Ask the programme office how to give them. Never send them by e-mail."

    for payee, asked in (("", True), ("known", False)):
        letter = LETTERS.compose(
            Occasion.PAYMENT_REQUESTED, SAMPLES[Occasion.PAYMENT_REQUESTED] | {"payee": payee, "pay_by": ""}
        )
        assert (asks in letter.body) is asked


# --- Filling in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [({"until": None}, "missing until, too many none"), ({"team": "any"}, "missing none, too many team")],
)
def test_facts_that_are_not_those_of_the_occasion_are_a_fault_of_the_caller(
    change: dict[str, str | None], said: str
) -> None:
    """Fails when `compose` does not compare the facts that it gets."""
    facts = {name: text for name, text in (SAMPLES[Occasion.DECISION_DUE] | change).items() if text is not None}

    with pytest.raises(KeyError, match=f"decision-due.*{said}"):
        LETTERS.compose(Occasion.DECISION_DUE, facts)


@pytest.mark.parametrize("occasion", Occasion)
def test_what_people_write_is_never_read_as_a_template(occasion: Occasion) -> None:
    """Fails when a fact is put into the template before that is compiled."""
    attempt = "{{ 7 * 7 }} {% for x in ().__class__.__mro__ %}{{ x }}{% endfor %} {# gone #} ${question} <b>&amp;"
    letter = LETTERS.compose(occasion, facts_of(occasion, dict.fromkeys(GLOSSARY, attempt)))

    assert attempt in letter.body
    assert "49" not in letter.body
    assert re.sub(r"[{%].*", "", letter.subject) + attempt[:10] in letter.subject


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\x00"])
def test_a_subject_is_one_line_whatever_is_in_its_facts(break_: str) -> None:
    """Fails when line breaks in facts are left in the subject, where they could begin another header."""
    facts = SAMPLES[Occasion.ATTENTION] | {"what": f"The rail is down{break_}{break_}Bcc: everybody@world.example"}
    letter = LETTERS.compose(Occasion.ATTENTION, facts)

    assert letter.subject == ("Needs attention, pilot-2016/air-quality: The rail is down Bcc: everybody@world.example")


def test_a_subject_that_is_too_long_is_cut_and_its_text_is_not() -> None:
    """Fails without the cut."""
    what = "The rail is down " * 30
    letter = LETTERS.compose(Occasion.ATTENTION, SAMPLES[Occasion.ATTENTION] | {"what": what})

    assert len(letter.subject) <= LONGEST_SUBJECT
    assert letter.subject.startswith("Needs attention, pilot-2016/air-quality: The rail is down The")
    assert letter.subject.endswith("…")
    assert what.strip() in letter.body


def test_several_lines_of_feedback_stay_several_lines() -> None:
    facts = SAMPLES[Occasion.FEEDBACK] | {"feedback": "A strong idea.\n\n  - busy streets\n  - no villages"}

    assert "\nA strong idea.\n\n  - busy streets\n  - no villages\n\n" in LETTERS.compose(Occasion.FEEDBACK, facts).body


def test_composing_reads_no_file(folder: Path) -> None:
    """Fails when templates or shared pieces are looked for again: it runs while an applicant waits."""
    letters = Letters(folder)
    shutil.rmtree(folder)

    for occasion in Occasion:
        assert letters.preview(occasion) == LETTERS.preview(occasion)


# --- What is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No subject\n\nText.\n", "line 1: has no subject: begin the file with Subject:"),
        ("Subject:  \n\nText.\n", "line 1: has no subject"),
        ("", "line 1: has no subject"),
        ("Subject: Held\nand more\n\nText.\n", "line 2: is not empty: keep the subject to line 1"),
        ("Subject: Held\n", "has no text: write it below the subject"),
        ("Subject: Held\n\n \n\n", "has no text"),
        (
            "Subject: Held\n\nText.\n{{ untill }}\n",
            "line 4: untill is not a fact of the notice held: use one of challenge",
        ),
        ("Subject: Until {{ until }}\n\nText.\n", "line 1: until is not a fact of the notice held"),
        ("Subject: Held\n\n{% if not reason %}{{ until }}{% endif %}Text.\n", "line 3: until is not a fact"),
        ("Subject: Held\n\n{{ range(3) }}\n", "line 3: range is not a fact"),
        ("Subject: Held\n\n{% if reason %}\nText.\n", "line 4: Unexpected end of template"),
        ("Subject: Held {{ reason\n\nText.\n", "line 1: unexpected end of template"),
        ("Subject: Held\n\n{{ reason }\n", "line 3: unexpected '}'"),
        ("Subject: Held\n\nText.\n\n{{ reason|loud }}\n", "line 5: there is no filter or test loud: leave it out"),
        (
            "Subject: Held\n\n{% if not reason %}{{ reason|loud }}{% endif %}\nText.\n",
            "line 3: there is no filter or test loud",
        ),
        ("Subject: Held\n\n{% if reason is loud %}Text.{% endif %}\n", "line 3: there is no filter or test loud"),
        (
            'Subject: Held\n\nText.\n{% include "_hed.txt" %}\n',
            "cannot include _hed.txt: include one of _foot",
        ),
        ("Subject: Held\n\nText.\n{% include reason %}\n", "cannot include a file by a name that changes"),
        ('Subject: Held\n\nText.\n{% include "completed.txt" %}\n', "cannot include completed.txt"),
        (
            "Subject: Held\n\n{{ reason.loudly }}\n",
            "cannot be filled in with the facts of an example ('str object' has",
        ),
        ("Subject: Held\n\n{{ reason.__class__.__mro__ }}\n", "cannot be filled in .*attribute '__class__'.*unsafe"),
        ("Subject: Held\n\n{{ reason + 1 }}\n", "cannot be filled in with the facts of an example"),
        ("Subject: {% if not reason %}Held{% endif %}\n\nText.\n", "its subject is empty in some cases"),
        ("Subject: Held\n\n{% if not reason %}Text.{% endif %}\n", "its text is empty in some cases"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_name_and_the_line(folder: Path, text: str, said: str) -> None:
    """One for each check that `Letters` makes of a file: each fails without it."""
    (folder / "held.txt").write_text(text, encoding="utf-8")

    assert re.match(
        re.escape(f"{folder / 'held.txt'}: ") + (said if ".*" in said else re.escape(said)), refusal(folder)
    )


def test_a_file_that_is_empty_only_where_facts_are_is_refused(folder: Path) -> None:
    """Fails when the example is only filled in with all its facts."""
    (folder / "resumed.txt").write_text("Subject: On\n\n{% if reason %}{{ reason }}{% endif %}\n", encoding="utf-8")

    assert refusal(folder).startswith(f"{folder / 'resumed.txt'}: its text is empty in some cases")


def test_a_fault_that_shows_only_where_one_fact_is_there_and_another_is_not_is_found(folder: Path) -> None:
    """Fails when the words are tried with all facts and with none: the notice could not be written when it happens."""
    words = "Subject: In\n\nYou are in.\n{% if award and not sessions %}{{ stage.money }}{% endif %}\n"
    (folder / "stage-started.txt").write_text(words, encoding="utf-8")

    assert refusal(folder).startswith(
        f"{folder / 'stage-started.txt'}: cannot be filled in with the facts of an example"
    )


def test_an_occasion_without_a_file_is_refused(folder: Path) -> None:
    (folder / "held.txt").unlink()

    assert refusal(folder) == f"{folder / 'held.txt'}: there is no such file: add the words for this occasion"


@pytest.mark.parametrize(
    ("name", "said"),
    [("stage-end.txt", "did you mean stage-ending.txt?"), ("zzz.txt", "remove it, or name a shared piece _zzz.txt")],
)
def test_a_file_without_an_occasion_is_refused(folder: Path, name: str, said: str) -> None:
    (folder / name).write_text("Subject: A\n\nB\n", encoding="utf-8")

    assert refusal(folder) == f"{folder / name}: there is no such occasion: {said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ reason }}\n", "line 1: reason is not a fact of every notice: use one of challenge, contact, question"),
        ("{% if %}\n", "line 1: Expected an expression"),
        ('{% include "_head.txt" %}\n', "cannot include _head.txt: write its words here"),
    ],
)
def test_a_shared_piece_that_is_wrong_is_refused_once(folder: Path, text: str, said: str) -> None:
    """Fails when each file that includes it is refused instead, or the piece is not looked at."""
    (folder / "_foot.txt").write_text(text, encoding="utf-8")

    assert refusal(folder).startswith(f"{folder / '_foot.txt'}: {said}")


def test_every_wrong_file_has_its_line(folder: Path) -> None:
    (folder / "held.txt").write_text("Subject: A\n\n{{ one }}\n", encoding="utf-8")
    (folder / "resumed.txt").write_bytes("Subject: É\n\nB\n".encode("latin-1"))
    (folder / "completed.txt").unlink()

    with pytest.raises(FileRefused) as refused:
        Letters(folder)
    lines = str(refused.value).splitlines()
    assert [Path(line.partition(": ")[0]).name for line in lines] == ["held.txt", "resumed.txt", "completed.txt"]
    assert lines[1].endswith("is not text in UTF-8: save it in that encoding")
    assert [problem.text for problem in refused.value.problems] == lines


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none").startswith(f"{tmp_path / 'none'}: there is no such folder")


def test_the_file_that_the_guide_shows_can_stand_for_its_occasion(folder: Path) -> None:
    [shown] = re.findall(r"^```\n(Subject: .*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (folder / "deadline-moved.txt").write_text(shown, encoding="utf-8")

    letter = Letters(folder).preview(Occasion.DEADLINE_MOVED)
    assert letter.subject == "Deadline moved: How can we help improve air quality in urban areas?"
    assert "\n\nNew deadline: Monday 8 August 2016, 24:00 BST\nThe reason: The site" in letter.body


def test_a_line_with_nothing_but_a_tag_leaves_no_line_also_where_it_is_indented(folder: Path) -> None:
    (folder / "held.txt").write_text(
        "Subject: Held\n\nOne\n{% if reason %}\n  {% if waits_for %}\nTwo\n  {% endif %}\n{% endif %}\nThree\n",
        encoding="utf-8",
    )

    assert Letters(folder).preview(Occasion.HELD).body == "One\nTwo\nThree"


def test_a_file_from_another_editor_is_read_as_it_was_meant(folder: Path) -> None:
    """With a mark of its encoding, and carriage returns."""
    text = (FOLDER / "held.txt").read_text(encoding="utf-8")
    (folder / "held.txt").write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))

    assert Letters(folder).preview(Occasion.HELD) == LETTERS.preview(Occasion.HELD)
