"""What the author of a wrong round is told, or of a file that is neither round nor programme."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from whenever import Instant

from desk.programme_files import FOLDER, find_round, load_programme, load_round
from domain.programmes.round import challenges_of
from domain.values.calendar import moment
from domain.values.refusals import FileRefused, UnknownRound
from tests.programmes.spoilt import FILES, Problems

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
            "closes = 17:00:00: is not a date or time: write 2016-08-01 or 2016-08-01T17:00:00, without quotes",
        ),
        (
            CLOSES,
            "closes = 20160801 ",
            "closes = 20160801: is not a date or time: write 2016-08-01 or 2016-08-01T17:00:00, without quotes",
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
            SESSION,
            f"{SESSION}\nminutes = 1441",
            "challenges[1] (air-quality).engagement[1].minutes = 1441: is over 1440: write 1440 or less",
        ),
        (
            'sponsor = "nss"',
            'contact = "office@nss.example"\nsponsor = "nss"',
            'challenges[3] (health-data).contact = "office@nss.example": unknown key: remove it; the known keys are '
            "id, question, background, sponsor, opens, closes, readers, engagement",
        ),
        (
            CLOSES,
            'contact = "the office"\ncloses = 2016-08-01 ',
            'contact = "the office": write an e-mail address, such as name@body.example',
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
            "challenges[3] (health-data).sponsor: 'nhs' is not a sponsor of this round: write one of sepa, nss, "
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
            "later-rounds, pilot-2016, round-two, town-trials",
        ),
        (
            SESSION,
            "at = 2016-08-02T00:00:00",
            "challenges[1] (air-quality).engagement[1].at: Tuesday 2 August 2016, 00:00 BST is not before Monday 1 "
            "August 2016, 24:00 BST (closes): move the session, because it is for people who will apply",
        ),
        (
            CLOSES,
            "closes = 2016-07-31T23:59:60 ",
            "closes: '2016-07-31T23:59:60' has a second 60: write second 59, or the minute after it",
        ),
        (
            CLOSES,
            "closes = 2016-08-01T17:00[Nowhere/Atall] ",
            "closes: '2016-08-01T17:00[Nowhere/Atall]': Nowhere/Atall is not a time zone: write one as in the tz "
            "database, such as Europe/London",
        ),
        (
            "challenge.lead@sepa.example",
            "Lead<lead@sepa.example>",
            'sponsors[1] (sepa).deciders[1] (sepa-decider).email = "Lead<lead@sepa.example>": is not an e-mail address '
            "alone: give one address without a name or brackets, such as name@company.example",
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
            "releasers: nobody is named, and pilot-2016 pays teams: name the people who release payments "
            "under [[releasers]], and nobody who decides",
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


DECIDER = 'id = "sepa-decider"\n'


def signing_in(issuer: str, subject: str = "") -> str:
    """How somebody signs in, as a round file says."""
    also = f', subject = "{subject}"' if subject else ""
    return f'sign_in = {{ issuer = "{issuer}"{also} }}\n'


@pytest.mark.parametrize(
    ("issuer", "why"),
    [
        ("http://login.body.example", "is not an issuer: write its address with https://"),
        ("http://127.0.0.1:8080", "is not an issuer: write its address with https://"),
        ("https://user@login.body.example", "is not an issuer: write its address with https://"),
        ("https://login.body.example?x=1", "is not an issuer: write its address without ? or #"),
    ],
)
def test_an_issuer_is_one_for_which_nobody_between_can_answer(problems: Problems, issuer: str, why: str) -> None:
    (line,) = problems((DECIDER, DECIDER + signing_in(issuer)), in_round=True)
    assert line.startswith(f'sponsors[1] (sepa).deciders[1] (sepa-decider).sign_in.issuer = "{issuer}": {why}')


@pytest.mark.parametrize("issuer", ["https://login.body.example", "https://login.body.example/x", "http://localhost:9"])
def test_an_issuer_is_https_or_this_machine(tmp_path: Path, issuer: str) -> None:
    for file in FILES:
        shutil.copy(file, tmp_path)
    file = tmp_path / "pilot-2016.round.toml"
    text = file.read_text(encoding="utf-8").replace(DECIDER, DECIDER + signing_in(issuer, "24820e1f"), 1)
    file.write_text(text, encoding="utf-8")
    round_, _ = load_round(file)
    (sign_in,) = [each.sign_in for each in round_.people() if each.sign_in]
    assert (sign_in.issuer, sign_in.subject) == (issuer, "24820e1f")


def test_two_people_are_not_one_human_at_an_organisation(problems: Problems) -> None:
    """Fails when somebody can decide as one person and release as another."""
    issuer, other = "https://login.body.example", "https://login.other.example"
    finance, office = 'id = "finance"\n', 'id = "programme-office"\n'

    def changed(*sign_ins: str) -> list[tuple[str, str]]:
        return [(id_, id_ + each) for id_, each in zip((DECIDER, finance, office), sign_ins, strict=True)]

    same = changed(signing_in(issuer, "7"), signing_in(issuer, "7"), signing_in(other, "7"))
    assert problems(*same, in_round=True) == [
        "people: finance and sepa-decider sign in with the subject '7' at https://login.body.example: one human is one "
        "person, so give each their own subject"
    ]


READERS = """[[readers]]
id = "ann-orr"
name = "Ann Orr"
email = "ann.orr@panel.example"

[[sponsors]]
id = "nss"
"""
SEPA, NSS = 'id = "sepa"\n', '[[sponsors]]\nid = "nss"\n'


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ([(NSS, READERS)], ["readers: 'ann-orr' reads nothing: name them in readers of a sponsor or of a challenge"]),
        (
            [(SEPA, f'{SEPA}readers = ["finance", "programme-office", "nss-decider", "nobody", "nobody"]\n')],
            [
                "sponsors[1] (sepa).readers: 'finance' is a releaser, who cannot be a reader too: name somebody else",
                "sponsors[1] (sepa).readers: 'programme-office' is an operator, who cannot be a reader too: name "
                "somebody else",
                "sponsors[1] (sepa).readers: 'nss-decider' is no reader: name a person of [[readers]], or a decider of "
                "sepa",
                "sponsors[1] (sepa).readers: 'nobody' is no reader: name a person of [[readers]], or a decider of sepa",
                "sponsors[1] (sepa).readers: 'nobody' is named twice: name each reader once",
            ],
        ),
        (
            [('id = "air-quality"\n', 'id = "air-quality"\nreaders = ["nss-decider"]\n')],
            [
                "challenges[1] (air-quality).readers: 'nss-decider' is no reader: name a person of [[readers]], or a "
                "decider of sepa"
            ],
        ),
    ],
)
def test_readers_are_persons_of_the_round_or_deciders_of_the_sponsor(
    problems: Problems, changes: list[tuple[str, str]], lines: list[str]
) -> None:
    assert problems(*changes, in_round=True) == lines


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
    ("closes", "instant"),
    [
        ("2016-08-01T17:00", "2016-08-01T16:00Z"),
        ("2016-08-01 17:00", "2016-08-01T16:00Z"),
        ("2016-08-01T24:00", "2016-08-01T23:00Z"),
        ("2016-08-01T24:00:00", "2016-08-01T23:00Z"),
        ('"Monday 1 August 2016, 24:00 BST"', "2016-08-01T23:00Z"),
        ("2016-08-01T17:00+02:00", "2016-08-01T15:00Z"),
        ("2016-08-01T17:00[Europe/Paris]", "2016-08-01T15:00Z"),
        ('"2016-08-01"', "2016-08-01T23:00Z"),
    ],
)
def test_files_take_every_form_of_a_time_that_commands_take(tmp_path: Path, closes: str, instant: str) -> None:
    for file in FILES:
        shutil.copy(file, tmp_path)
    path = tmp_path / "pilot-2016.round.toml"
    text = path.read_text(encoding="utf-8").replace(CLOSES, f"closes = {closes} ")
    path.write_text(text, encoding="utf-8")
    round_, programme = load_round(path)
    assert {each.closes for each in challenges_of(round_, programme)} == {Instant(instant)}
    assert moment(closes.strip('"'), programme.time_zone) == Instant(instant)


def test_an_opening_on_a_date_alone_is_that_date(problems: Problems) -> None:
    """Fails when the opening is told as the end of the day before."""
    lines = problems((OPENS, "opens = 2016-08-05"), in_round=True)
    assert all("Friday 5 August 2016, 00:00 BST (opens)" in line for line in lines)


def test_a_misspelt_programme_does_not_hide_the_faults_of_the_programme(tmp_path: Path) -> None:
    (tmp_path / "a.round.toml").write_text('id = "a"\nprograme = "b"\n', encoding="utf-8")
    (tmp_path / "b.programme.toml").write_text('id = "b"\n', encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        load_round(tmp_path / "a.round.toml")
    lines = str(refused.value).splitlines()
    assert any('programe = "b": unknown key: did you mean programme?' in line for line in lines)
    assert any("b.programme.toml: time_zone: missing" in line for line in lines)


def test_two_people_do_not_share_a_mailbox_in_two_spellings_of_its_domain(problems: Problems) -> None:
    (line,) = problems(
        ("challenge.lead@sepa.example", "lead@M\u00fcller.example"),
        ("finance@digital-directorate.example", "lead@xn--mller-kva.example"),
        in_round=True,
    )
    assert "finance and sepa-decider share the address 'lead@xn--mller-kva.example'" in line


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownRound, match=r"there is no folder .*/nowhere\. Set CHALLENGES_PROGRAMMES"):
        find_round("pilot-2016", tmp_path / "nowhere")


@pytest.mark.parametrize(
    "name", ["pilot-2017", "", "../programmes/pilot-2016", "/etc/passwd", "PILOT-2016", "pilot-2016\n", "*", "."]
)
def test_a_round_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(
        UnknownRound, match="the folder has later-rounds, pilot-2016, round-two, town-trials"
    ) as refused:
        find_round(name)
    assert "\n" not in str(refused.value)


def test_a_folder_without_rounds_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownRound, match="the folder has no rounds"):
        find_round("pilot-2016", tmp_path)


def test_a_round_in_which_nobody_could_ask_is_refused(tmp_path: Path) -> None:
    """Fails when questions come too late before the window opens."""
    for file in FILES:
        shutil.copy(file, tmp_path)
    rules = tmp_path / "pilot-2016.programme.toml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("proposal_limit", 'questions_until = "P40D"\nproposal_limit', 1), encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        load_round(tmp_path / "pilot-2016.round.toml")

    lines = str(refused.value).splitlines()
    assert len(lines) == 6
    assert lines[0].endswith(
        "challenges[1] (air-quality): pilot-2016 takes no questions from Wednesday 22 June 2016, 24:00 BST on, and "
        "the window opens then or later (Wednesday 6 July 2016, 09:00 BST): shorten its questions_until"
    )
