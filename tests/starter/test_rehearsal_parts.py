"""What people write and judge in a rehearsal: any form, files, further proposals, interests, marks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from desk.drafts import Drafts
from desk.judging import Judging
from domain.challenges.application import Receipt
from domain.challenges.draft import Saved
from domain.permissions import Actor
from domain.values.refusals import TooLate
from tests.starter.commands import LIMIT, PROGRAMME, ROUND, Commands, write_round
from tests.starter.test_rehearsal import DAY

FORMS_AND_TRIAL = """
[[forms]]
id = "first"
title = "First"

[[forms.sections]]
title = "All"

[[forms.sections.questions]]
id = "idea"
title = "What is it?"
most_words = 12

[[forms.sections.questions]]
id = "plan"
title = "When do you do what?"
kind = "file"
types = ["txt"]

[[forms]]
id = "more"
title = "More"

[[forms.sections]]
title = "All"

[[forms.sections.questions]]
id = "price"
title = "What does it cost?"
kind = "money"

[[stages]]
name = "trial"
title = "Trial"
min = 2
target = 3
max = 3
decision_within = "P9D"
duration = "P9D"
"""
SCORECARD = """
[[stages.scorecard.criteria]]
id = "use"
title = "Is it of use?"
pass_mark = 1
scale = [{ mark = 0, means = "No." }, { mark = 1, means = "Yes." }, { mark = 2, means = "Very." }]
"""
ROLL_OUT = """
[[stages]]
name = "roll-out"
title = "Roll-out"
target = 1
max = 1
decision_within = "P9D"
duration = "P9D"
asks = { form = "more", within = "P60D", counted_from = "selection", without = "as it was" }
"""
READERS = """
[[readers]]
id = "one"
name = "One"
email = "one@readers.example"

[[readers]]
id = "two"
name = "Two"
email = "two@readers.example"

[[sponsors]]
readers = ["one", "two", "council-decider"]
"""


@pytest.fixture
def judged(starter: Commands, tmp_path: Path) -> Commands:
    """Commands with a round of one challenge, which has forms, files, readers and scorecards."""
    head = PROGRAMME.partition("[[stages]]")[0].replace('id = "brief"', 'id = "judged"')
    head = head.replace(f"proposal_limit = {LIMIT}", 'application_form = "first"')
    programme = "".join((head, FORMS_AND_TRIAL, SCORECARD, ROLL_OUT, SCORECARD))
    write_round(tmp_path, {"rehearsed": 86_400 * 60}, programme=("judged", programme))
    round_ = tmp_path / f"{ROUND}.round.toml"
    round_.write_text(round_.read_text().replace("\n[[sponsors]]\n", READERS, 1))
    return Commands(starter.environment | {"CHALLENGES_PROGRAMMES": str(tmp_path)})


def test_people_write_attach_declare_mark_and_moderate(judged: Commands) -> None:
    """Fails when an application form that asks for a file cannot be rehearsed, or who sent no proposal is out."""
    answer = judged("rehearse", ROUND, "--day", DAY)

    assert answer.status == 0, answer.err
    assert re.search(r"(\d+) applications taken, \d+ refused as late.*; \d+ files attached\n", answer.out)
    assert re.search(r"one does not read \w+: a conflict of interest\n", answer.out)
    assert re.search(r"trial: \d+ marks so far; first is \w+\n", answer.out)
    assert re.search(r"roll-out: further proposals from \w+, \w+\n", answer.out), "two of the three teams"
    assert re.search(r"^\d+ files, 2 further proposals and \d+ marks received\.$", answer.out, re.MULTILINE)
    assert answer.out.endswith("Paid in all: £0\n")


def test_what_the_service_should_have_refused_or_kept_is_told(
    judged: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when a rehearsal does not notice that interests do not matter, or that a text is lost."""

    async def reads_all(*_: Any) -> None:
        return None

    save = Drafts.save

    async def forgets(*of: Any) -> tuple[Saved, ...]:
        return tuple(each.model_copy(update={"other": None}) for each in await save(*of))

    monkeypatch.setattr(Judging, "read", reads_all)
    monkeypatch.setattr(Drafts, "save", forgets)
    answer = judged("rehearse", ROUND, "--day", DAY, "--json")

    assert answer.status == 1
    assert re.search(r"one read rehearsed-\w+ before declaring any interest\n", answer.err)
    assert re.search(r"one read rehearsed-\w+ in spite of a conflict of interest\n", answer.err)
    assert re.search(r"two people saved idea of rehearsed-\w+ at once, but nobody got both texts\n", answer.err)
    assert json.loads(answer.out)["marks"] > 0


def test_proposals_that_all_came_too_late_are_said_to_be_so(judged: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the rehearsal waits for a selection that nobody can make."""
    send = Drafts.send

    async def late(desk: Drafts, actor: Actor, application: str, stage: str = "") -> Receipt:
        if stage:
            raise TooLate("Too late.")
        return await send(desk, actor, application, stage)

    folder = Path(judged.environment["CHALLENGES_PROGRAMMES"])
    programme = folder / "judged.programme.toml"
    programme.write_text(programme.read_text().replace('"as it was"', '"out"'))
    monkeypatch.setattr(Drafts, "send", late)
    answer = judged("rehearse", ROUND, "--day", DAY)

    assert answer.status == 1
    (line,) = [each for each in answer.err.splitlines() if "too short" in each]
    assert re.fullmatch(
        r"A day of 0\.1 seconds is too short for this machine: 0 of 3 further proposals to rehearsed came in time, and "
        r"1 are needed for Roll-out\. Use a longer day, such as --day 0\.2\. Nothing of it runs any more\.",
        line,
    )
