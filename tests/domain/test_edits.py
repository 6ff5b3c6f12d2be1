"""The files of an open round that somebody edits: everything that does not count is named, with what to do instead."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel
from whenever import TimeDelta

from domain.forms.form import Form, Section
from domain.forms.form import Question as FormQuestion
from domain.identity.proof import Unproven
from domain.judging.scorecard import Criterion, Mark, Scorecard
from domain.programmes.edits import Frozen, Known, Somebody, edits_that_do_not_count, frozen_of
from domain.programmes.programme import Asks, Programme
from domain.programmes.round import Challenge, Person, Round, StageWindow, challenges_of
from domain.values.calendar import WorkingDays
from tests.rounds import FINANCE, OPERATOR, SPONSOR, pilot

ROUND, PROGRAMME, CHALLENGES = pilot()
AIR = "pilot-2016/air-quality"


def frozen(challenge: Challenge) -> Frozen:
    """What was said of a challenge, once the database has kept it."""
    return Frozen.model_validate_json(frozen_of(ROUND, PROGRAMME, challenge).model_dump_json())


def known(challenge: Challenge, **changes: Any) -> Known:
    values: dict[str, Any] = {"opens": challenge.opens, "closes": challenge.closes, "sealed": False, "ended": False}
    return Known(id=challenge.id, frozen=frozen(challenge), **(values | changes))


KNOWN = tuple(map(known, CHALLENGES))


def people(**changes: Somebody | None) -> tuple[Somebody, ...]:
    """The people of the round as it was opened, with changes by their ids; None for nobody."""
    found = {each.id: Somebody(id=each.id, role="operator", email=each.email) for each in ROUND.operators}
    found |= {each.id: Somebody(id=each.id, role="releaser", email=each.email) for each in ROUND.releasers}
    for sponsor in ROUND.sponsors:
        for each in sponsor.deciders:
            found[each.id] = Somebody(id=each.id, role="sponsor", sponsor=sponsor.id, email=each.email)
    return tuple(each for each in (found | changes).values() if each is not None)


def said(
    round_: Round = ROUND,
    programme: Programme = PROGRAMME,
    challenges: tuple[Challenge, ...] | None = None,
    known: tuple[Known, ...] = KNOWN,
    people: tuple[Somebody, ...] = people(),
    moved: bool = False,
) -> list[str]:
    """What is said of the files."""
    dated = challenges_of(round_, programme) if challenges is None else challenges
    return [each.text for each in edits_that_do_not_count(round_, programme, dated, known, people, moved=moved)]


def edited(value: Any, key: str, to: object) -> Any:
    """A value of a file with another in a place such as "challenges.0.question"."""
    name, _, rest = key.partition(".")
    if isinstance(value, tuple):
        part = edited(value[int(name)], rest, to) if rest else to
        return (*value[: int(name)], part, *value[int(name) + 1 :])
    assert isinstance(value, BaseModel)
    return value.model_copy(update={name: edited(getattr(value, name), rest, to) if rest else to})


def test_files_that_nobody_has_edited_say_nothing() -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("key", "to", "says"),
    [
        (
            "challenges.0.question",
            "And water?",
            f"question = And water? does not count in {AIR}, and How can we help improve air quality in urban areas? "
            f"stays: `starter.py cancel {AIR} --as PERSON --reason …` ends it; pose the other under another id",
        ),
        ("challenges.0.sponsor", "nss", f"sponsor = nss does not count in {AIR}, and sepa stays: `starter.py cancel"),
        (
            "challenges.0.closes",
            "2016-08-08",
            f"closes = 2016-08-08 does not count in {AIR}, and 2016-08-01 stays: use `starter.py extend {AIR} "
            "--closes 2016-08-08 --as PERSON --reason …`",
        ),
        ("challenges.0.closes", "2016-07-20", "stays: applicants rely on it; `extend` only moves the closing"),
        ("challenges.0.opens", "2016-07-07T09:00:00", "stays: the window of a challenge that is open cannot open at"),
        ("sponsors.0.name", "SEPA", "sponsors.name = SEPA does not count in pilot-2016/air-quality"),
    ],
)
def test_what_was_edited_in_the_round_is_named_with_the_command_that_does_it(key: str, to: str, says: str) -> None:
    """Fails for a key that is not frozen: whoever edits it would think that it counts."""
    lines = said(edited(ROUND, key, to))
    assert any(says in line for line in lines), lines
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("key", "to", "shown"),
    [
        ("title", "Another", "programme.title = Another"),
        ("stages.0.pay.fixed", "3000.00", "programme.stages[1].pay.fixed = 3000.00"),
        ("stages.0.max", 4, "programme.stages[1].max = 4"),
        ("proposal_limit", 7, "programme.proposal_limit = 7"),
        ("terms.equity", "Ours.", "programme.terms.equity = Ours."),
    ],
)
def test_what_was_edited_in_the_programme_is_one_line_for_all_challenges(key: str, to: object, shown: str) -> None:
    programme = Programme.model_validate(edited(PROGRAMME, key, to).model_dump())
    [line] = said(programme=programme)
    assert line.startswith(f"{shown} does not count in {AIR}, pilot-2016/flood-forecasting, ")
    assert "an open challenge keeps what it began with" in line


@pytest.mark.parametrize(
    ("key", "to", "says"),
    [
        ("challenges.0.background", "The other air.", f"background does not count in {AIR}: an open challenge keeps"),
        ("challenges.0.background", None, "it was taken out"),
        ("challenges.0.engagement.0.where", "The hall", f"engagement does not count in {AIR}: an open challenge keeps"),
        ("contact", "office@body.example", f"contact = office@body.example does not count in {AIR}, "),
    ],
)
def test_what_the_public_was_told_is_kept_and_its_edit_is_named(key: str, to: str | None, says: str) -> None:
    """Fails for a key of the public copy that is not frozen. A long text is named, and not repeated."""
    [line] = said(edited(ROUND, key, to))
    assert says in line


def test_what_becomes_of_decisions_without_a_proof_is_kept_and_its_edit_is_named() -> None:
    [line] = said(edited(ROUND, "unproven", Unproven.REFUSE))
    assert line.startswith(f"unproven = refuse does not count in {AIR}, pilot-2016/flood-forecasting, ")
    assert "and nothing stays: an open challenge keeps what it began with" in line


def test_a_window_of_further_proposals_that_was_edited_is_named() -> None:
    window = StageWindow(stage="accelerator", opens="2016-10-03", closes="2016-10-17")
    asks = Asks(form="fuller", within=WorkingDays(5))
    rules = edited(PROGRAMME, "stages.1.asks", asks)
    round_ = ROUND.model_copy(update={"windows": (window,)})
    dated = challenges_of(round_, rules)
    opened = tuple(
        Known(
            id=each.id,
            frozen=frozen_of(round_, rules, each),
            opens=each.opens,
            closes=each.closes,
            sealed=False,
            ended=False,
        )
        for each in dated
    )
    assert said(round_, rules, dated, opened) == []
    later = ROUND.model_copy(update={"windows": (window.model_copy(update={"closes": "2016-10-24"}),)})
    (line,) = said(later, rules, challenges_of(later, rules), opened)
    assert line.startswith("windows.accelerator.closes = 2016-10-24 does not count in pilot-2016/air-quality, ")
    assert "and 2016-10-17 stays: an open challenge keeps its dates; once teams are asked, `extend`" in line
    assert said(later, rules, challenges_of(later, rules), opened, moved=True) == []


def test_a_stage_that_is_gone_and_a_longer_one_are_named() -> None:
    gone = PROGRAMME.model_copy(update={"stages": PROGRAMME.stages[:-1]})
    assert any("programme.stages[4].name = nothing does not count" in line for line in said(programme=gone))
    longer = edited(PROGRAMME, "stages.0.duration", PROGRAMME.stages[1].duration)
    assert any("`extend-stage` makes a stage longer" in line for line in said(programme=longer))


def test_a_closing_that_was_moved_with_the_command_counts() -> None:
    """Fails where the file is compared with what it said then, and not with what is so now."""
    later = edited(ROUND, "challenges.0.closes", "2016-08-08")
    [air, *_] = challenges_of(later, PROGRAMME)
    moved = (known(CHALLENGES[0], closes=air.closes), *KNOWN[1:])
    assert said(later, known=moved) == []
    sealed = (known(CHALLENGES[0], sealed=True), *KNOWN[1:])
    assert "the window is closed for good" in said(later, known=sealed)[0]


def test_dates_that_an_option_moves_count_only_where_they_are_those_of_the_opening() -> None:
    shifted = tuple(
        each.model_copy(update={"opens": each.opens + WEEK, "closes": each.closes + WEEK}) for each in CHALLENGES
    )
    first = tuple(known(each) for each in shifted)
    first = tuple(
        each.model_copy(update={"frozen": frozen_of(ROUND, PROGRAMME, then)})
        for each, then in zip(first, shifted, strict=True)
    )
    assert said(challenges=shifted, known=first, moved=True) == []
    assert said(known=first) == [], "the file says what it said then"
    [line] = said(challenges=CHALLENGES, known=first, moved=True)
    assert line.startswith(f"--opens does not count in {AIR}, ")


WEEK = TimeDelta(hours=7 * 24)


def test_a_challenge_that_is_no_longer_in_the_file_is_named_unless_it_has_ended() -> None:
    fewer = ROUND.model_copy(update={"challenges": ROUND.challenges[1:]})
    [line] = said(fewer)
    assert line.startswith(f"challenges: {AIR} is open and no longer in the file: `starter.py cancel {AIR} ")
    assert said(fewer, known=(known(CHALLENGES[0], ended=True), *KNOWN[1:])) == []
    more = edited(ROUND, "challenges.0.id", "brand-new")
    assert len(said(more)) == 1, "a new one is opened, and only the one that is gone is named"


def test_people_who_were_edited_are_named_with_the_hand_over_that_does_it() -> None:
    """Fails where a person whom the file names is taken to have the role."""
    ann = Person(id="ann", name="Ann", email="ann@body.example")
    [line] = said(ROUND.model_copy(update={"releasers": (ann,)}))
    assert line.startswith(
        "people: ann is not releaser in pilot-2016, whatever the file says: "
        f"`starter.py hand-over pilot-2016 --from {FINANCE} --to ann --as PERSON --reason …` gives ann the role"
    )
    [line] = said(ROUND.model_copy(update={"releasers": (*ROUND.releasers, ann)}))
    assert "--from PERSON --to ann" in line
    [line] = said(ROUND.model_copy(update={"releasers": ()}), challenges=CHALLENGES)
    assert f"people: {FINANCE} is releaser in pilot-2016, and the file does not name {FINANCE}" in line


def test_a_role_that_was_handed_over_asks_for_the_successor_in_the_file() -> None:
    heir = Somebody(id="ann", role="releaser", email="ann@body.example")
    gone = Somebody(id=FINANCE, role="", email=ROUND.releasers[0].email, successor="ann")
    handed_over = people(finance=gone, ann=heir)
    [line] = said(people=handed_over)
    assert line.endswith(f"{FINANCE} has handed over to ann: name ann in the file")
    ann = Person(id="ann", name="Ann", email="ann@body.example")
    assert said(ROUND.model_copy(update={"releasers": (ann,)}), people=handed_over) == []
    [line] = said(ROUND.model_copy(update={"releasers": (*ROUND.releasers, ann)}), people=handed_over)
    assert line.endswith(f"{FINANCE} has handed over to ann: take {FINANCE} out of the file")


def test_an_address_that_belongs_to_somebody_else_is_named() -> None:
    other = people(finance=Somebody(id=FINANCE, role="releaser", email="old@body.example"))
    [line] = said(people=other)
    assert line.startswith(f"people: the address of {FINANCE} in the file belongs or has belonged to somebody else")
    assert "@" not in line


def test_no_line_names_an_address() -> None:
    everybody = said(people=())
    assert len(everybody) == len(ROUND.people())
    assert not [line for line in everybody if "@" in line]
    assert any(OPERATOR in line for line in everybody)
    assert any(SPONSOR in line for line in everybody)


def asking() -> Programme:
    """A programme with a form of its own, and a scorecard for its first stage."""
    question = FormQuestion(id="idea", title="What is your idea?", most_words=100)
    form = Form(id="application", title="Application", sections=(Section(title="All", questions=(question,)),))
    scale = (Mark(mark=0, means="Nothing"), Mark(mark=1, means="Much"))
    card = Scorecard(criteria=(Criterion(id="benefit", title="Benefit", scale=scale),))
    first, *others = PROGRAMME.stages
    stages = (first.model_copy(update={"scorecard": card}), *others)
    return PROGRAMME.model_copy(update={"forms": (form,), "application_form": "application", "stages": stages})


@pytest.mark.parametrize(
    ("key", "to", "edit"),
    [
        ("forms.0.sections.0.questions.0.most_words", 200, "programme.forms (application)"),
        ("forms.0.sections.0.questions.0.title", "What else?", "programme.forms (application)"),
        ("forms.0.title", "Another", "programme.forms (application)"),
        ("stages.0.scorecard.criteria.0.weight", 7, f"programme.scorecards ({PROGRAMME.stages[0].name})"),
        ("stages.0.scorecard.criteria.0.scale.1.means", "All", f"programme.scorecards ({PROGRAMME.stages[0].name})"),
    ],
)
def test_an_edit_of_a_form_or_a_scorecard_is_one_line_without_its_text(key: str, to: object, edit: str) -> None:
    """Fails when an edit of an open form goes unsaid, or when each of its words has a line."""
    opened = asking()
    kept = tuple(each.model_copy(update={"frozen": frozen_of(ROUND, opened, challenge)}) for each, challenge in
                 zip(KNOWN, CHALLENGES, strict=True))  # fmt: skip
    assert said(programme=opened, known=kept) == []

    [line] = said(programme=edited(opened, key, to), known=kept)

    assert line.startswith(f"{edit} does not count in {CHALLENGES[0].id}, ")
    assert line.endswith(
        ": an open challenge keeps what it began with, and the file counts for those that open later; it was changed"
    )


def test_a_form_and_a_scorecard_that_come_or_go_are_named() -> None:
    opened = asking()
    kept = tuple(each.model_copy(update={"frozen": frozen_of(ROUND, opened, challenge)}) for each, challenge in
                 zip(KNOWN, CHALLENGES, strict=True))  # fmt: skip

    gone = said(known=kept)

    assert [line.rpartition("; ")[2] for line in gone if "(" in line] == ["it was taken out", "it was taken out"]
    assert any("programme.application_form = nothing does not count" in line for line in gone)
    came = said(programme=opened)
    assert [line.rpartition("; ")[2] for line in came if "(" in line] == ["it was added", "it was added"]
