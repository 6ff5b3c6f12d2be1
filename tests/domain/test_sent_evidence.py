"""What a team has to show for an instalment, and when nothing is taken for it any more."""

from __future__ import annotations

from typing import Any

import pytest
from whenever import Instant

from domain.challenges import sent_evidence
from domain.challenges.sent_evidence import (
    LONGEST_STATEMENT,
    EvidenceOf,
    JudgedEvidence,
    SentEvidence,
    check_statement,
    is_place,
    place_of,
)
from domain.challenges.standing import Own
from domain.programmes.pay import Due, Instalment, Pay
from domain.publishing.posed import Posed, StagePosed
from domain.publishing.snapshot import Snapshot, StageSnapshot, TeamIn
from domain.values.money import Amount, Money, Vat
from domain.values.refusals import NotReadable, OnHold, TooLate
from tests.domain.test_standing import own

BEGINS, ENDS = Instant.from_utc(2016, 8, 10), Instant.from_utc(2016, 11, 10)
PAY = Pay(
    fixed=Money(100_000),
    vat=Vat.ADDED,
    instalments=(
        Instalment(share="50%"),
        Instalment(share="30%", due=Due.EVIDENCE, evidence="a prototype"),
        Instalment(share="20%", due=Due.EVIDENCE, evidence="a trial"),
    ),
)
AWARD = Amount(net=Money(100_000), vat=Money(20_000))


def team_of(phase: str = "running", *, held: bool = False, outcome: str = "", **team: object) -> Own:
    """A team of a stage that pays twice on evidence."""
    mine = own()
    inside = TeamIn.model_validate({"id": mine.application, "since": BEGINS, "ends": ENDS, "award": AWARD, **team})
    stage = StageSnapshot(stage="accelerator", begins=BEGINS, ends=ENDS, teams=(inside,))
    snapshot = Snapshot(phase=phase, windows=(), stages=(stage,), held_since=BEGINS if held else None, outcome=outcome)
    stages = (StagePosed(name="accelerator", title="Accelerator", target=1, max=1, pay=PAY),)
    only: dict[str, Any] = {"stages": stages}  # nothing else of it matters here
    posed = Posed.model_construct(**only)
    return mine.model_copy(update={"posed": posed, "snapshot": snapshot})


def judged(*, accepted: bool = False, final: bool = False) -> JudgedEvidence:
    return JudgedEvidence(accepted=accepted, final=final or accepted, reason="Because.", at=BEGINS)


def shown(team: Own, *decisions: JudgedEvidence) -> EvidenceOf:
    """The first instalment that is paid on evidence."""
    return next(sent_evidence.instalments(team)).model_copy(update={"judged": decisions})


def test_each_instalment_on_evidence_says_what_is_asked_for_how_much_and_until_when() -> None:
    found = list(sent_evidence.instalments(team_of()))

    assert [(each.number, each.instalments, each.what) for each in found] == [(2, 3, "a prototype"), (3, 3, "a trial")]
    assert [str(each.amount.gross) for each in found] == ["360.00", "240.00"]
    assert {each.until for each in found} == {ENDS}
    assert {each.until for each in sent_evidence.instalments(team_of(ended=ENDS))} == {None}
    assert list(sent_evidence.instalments(team_of(award=None))) == []


def test_after_an_amendment_what_is_kept_keeps_its_amount() -> None:
    kept = {1: Amount(net=Money(50_000), vat=Money(10_000)), 2: Amount(net=Money(30_000), vat=Money(6_000))}
    more = Amount(net=Money(200_000), vat=Money(40_000))

    found = list(sent_evidence.instalments(team_of(award=more, kept=kept)))

    assert [str(each.amount.gross) for each in found] == ["360.00", "1440.00"]


@pytest.mark.parametrize(
    ("team", "decisions", "refusal", "said"),
    [
        (team_of(), (), None, ""),
        (team_of(), (judged(),), None, ""),
        (team_of(), (judged(), judged(accepted=True)), TooLate, "was accepted"),
        (team_of(), (judged(final=True),), TooLate, "rejected for good"),
        (team_of(held=True), (), OnHold, "on hold"),
        (team_of("ended", outcome="cancelled"), (), TooLate, "cancelled"),
        (team_of("ended", outcome="completed", ended=ENDS), (), None, ""),
        (team_of(left=BEGINS), (), TooLate, "You left Accelerator"),
        (team_of(left=BEGINS, ended=ENDS), (), TooLate, "You left Accelerator"),
        (team_of(left=ENDS, ended=ENDS), (), None, ""),
    ],
)
def test_it_is_taken_as_long_as_somebody_could_still_accept_it(
    team: Own, decisions: tuple[JudgedEvidence, ...], refusal: type[Exception] | None, said: str
) -> None:
    found = sent_evidence.refusal(team, shown(team, *decisions))

    assert (type(found) if found else None) is refusal
    assert said in str(found)


def test_a_decision_is_the_last_word_until_more_is_sent() -> None:
    before, after = (SentEvidence(version=each, statement="Ha!", at=BEGINS.add(hours=each - 2)) for each in (1, 3))
    asked = shown(team_of(), judged())

    assert asked.model_copy(update={"sent": (before,)}).last == judged()
    full = asked.model_copy(update={"sent": (before, after)})
    assert full.last is None
    assert full.happened == (before, judged(), after)


def test_a_statement_has_something_in_it_and_not_too_much() -> None:
    assert check_statement(" One.\r\nTwo. ") == "One.\nTwo."
    assert check_statement("x" * LONGEST_STATEMENT)
    for wrong in ("", " \r\n", "x" * (LONGEST_STATEMENT + 1)):
        with pytest.raises(NotReadable) as refused:
            check_statement(wrong)
        assert [each.field for each in refused.value.problems] == ["statement"]


def test_files_of_evidence_are_told_from_those_of_a_further_proposal() -> None:
    assert is_place(place_of("accelerator", 2))
    assert place_of("accelerator", 2) != place_of("accelerator", 3)
    assert not is_place("accelerator")
    assert not is_place("")
