"""The words of notices are shown with what is in the pilot's own files."""

from __future__ import annotations

from desk.preview import pilot_facts
from desk.programme_files import find_round
from domain.announcements.occasions import OUTSIDE, Occasion, facts_of


def test_every_occasion_has_its_facts() -> None:
    facts = pilot_facts()
    assert {occasion: set(facts[occasion]) for occasion in Occasion} == {
        occasion: facts_of(occasion) for occasion in Occasion
    }


def test_what_the_files_of_the_pilot_say_is_in_the_notices() -> None:
    """Fails when they are shown with examples that somebody has written down beside the files."""
    round_, programme = find_round("pilot-2016")
    facts = pilot_facts()
    question, operator = round_.challenges[0], round_.operators[0]
    of_challenges = [each for occasion, each in facts.items() if occasion not in OUTSIDE]
    assert {(each["question"], each["contact"]) for each in of_challenges} == {(question.question, operator.email)}
    started = facts[Occasion.STAGE_STARTED]
    assert (started["intellectual_property"], started["equity"]) == (
        programme.terms.intellectual_property,
        programme.terms.equity,
    )
    pay = programme.stages[0].pay
    assert pay is not None
    assert started["award"] == facts[Occasion.PAYMENT_REQUESTED]["amount"] == pay.most.shown(programme.currency)
    assert (started["begins"], started["ends"]) == (
        "Wednesday 10 August 2016, 11:30 BST",
        "Wednesday 24 August 2016, 11:30 BST",
    )
    assert facts[Occasion.DECISION_INVITED]["until"] == "Monday 15 August 2016, 24:00 BST"
    assert facts[Occasion.COMPLETED]["stage"] == programme.stages[-1].title


def test_what_the_store_adds_to_a_notice_is_shown_by_its_sample() -> None:
    """Fails when a letter is shown with a hole where each reader's own number would be."""
    facts = pilot_facts()
    assert facts[Occasion.SCORES_DUE]["left"] == facts[Occasion.SCORING_INVITED]["left"] == "12 applications"
    assert facts[Occasion.SCORING_INVITED]["criteria"].count("weight") == 2
