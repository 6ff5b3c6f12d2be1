"""What the author is told of a wrong window of further proposals, in a round or in its programme."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from whenever import Instant

from desk.programme_files import load_round
from domain.programmes.plan import plan_of
from domain.programmes.round import challenges_of
from domain.values.refusals import FileRefused
from tests.programmes.spoilt import FILES

ASKS = """[stages.asks]
form = "full-proposal"
within = "P2W" # assumption
"""
WINDOW = """
[[windows]]
stage = "accelerator"
opens = 2025-01-06
closes = 2025-02-07
"""


AS_WRITTEN = """within = "P5W" # assumption
counted_from = "selection" # for exploration, which lasts three of the five weeks
"""
AFTER_THE_END = """within = "P2W" # assumption
counted_from = "end"
"""


def files(folder: Path, window: str, *changes: tuple[str, str]) -> Path:
    """The files of later rounds, with a window in the round and changes in the programme; says where the round is.

    The programme gives two weeks for proposals, from the end of exploration.
    """
    for file in FILES:
        shutil.copy(file, folder)
    programme, round_ = folder / "later-rounds.programme.toml", folder / "later-rounds.round.toml"
    text = programme.read_text(encoding="utf-8")
    for old, new in ((AS_WRITTEN, AFTER_THE_END), *changes):
        assert old in text
        text = text.replace(old, new, 1)
    programme.write_text(text, encoding="utf-8")
    round_.write_text(round_.read_text(encoding="utf-8") + window, encoding="utf-8")
    return round_


def said(round_: Path) -> list[str]:
    """What is said about the files, without the folder."""
    with pytest.raises(FileRefused) as refused:
        load_round(round_)
    return [line.split(".toml: ", 1)[1] for line in str(refused.value).splitlines()]


def test_a_window_with_dates_of_the_round_is_planned_with_them(tmp_path: Path) -> None:
    round_, programme = load_round(files(tmp_path, WINDOW))
    (challenge, *_) = challenges_of(round_, programme)
    accelerator = next(stage for stage in plan_of(challenge, programme).stages if stage.window)
    assert accelerator.window is not None
    assert (accelerator.window.opens, accelerator.window.closes) == (
        Instant("2025-01-06T00:00Z"),
        Instant("2025-02-08T00:00Z"),
    )
    assert accelerator.window.proposal == programme.form_of("accelerator").title


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            '"accelerator"',
            '"exploration"',
            "windows[1] (exploration).stage: 'exploration' is no stage of later-rounds that asks for a further "
            "proposal: write one of accelerator",
        ),
        (
            "closes = 2025-02-07",
            "closes = 2025-01-05",
            "windows[1] (accelerator).closes: Sunday 5 January 2025, 24:00 GMT is too early: later-rounds gives teams "
            "until Sunday 19 January 2025, 24:00 GMT, because the window opens on Monday 6 January 2025, 00:00 GMT",
        ),
        (
            "closes = 2025-02-07",
            "closes = 2025-01-10",
            "windows[1] (accelerator).closes: Friday 10 January 2025, 24:00 GMT is too early: later-rounds gives teams "
            "until Sunday 19 January 2025, 24:00 GMT, because the window opens on Monday 6 January 2025, 00:00 GMT",
        ),
        (
            "opens = 2025-01-06",
            "opens = 2025-03-30T01:30",
            "windows[1] (accelerator).opens: 2025-03-30T01:30 does not exist in Europe/London, where clocks go "
            "forward: write another time",
        ),
        ("closes = 2025-02-07\n", "", 'windows[1] (accelerator).closes: missing: add closes = "2016-08-01T17:00:00"'),
        (
            WINDOW,
            WINDOW + WINDOW,
            "windows: two are for the stage 'accelerator': leave one out",
        ),
    ],
)
def test_a_wrong_window_is_refused_by_key_value_and_remedy(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert old in WINDOW
    assert said(files(tmp_path, WINDOW.replace(old, new))) == [line]


def test_a_window_that_opens_before_it_is_known_who_may_send_cannot_be_planned(tmp_path: Path) -> None:
    early = WINDOW.replace("2025-01-06", "2024-09-02")
    round_, programme = load_round(files(tmp_path, early))
    (challenge, *_) = challenges_of(round_, programme)
    with pytest.raises(
        ValueError, match="the window for Accelerator opens on Monday 2 September 2024, 00:00 BST, but "
    ):
        plan_of(challenge, programme)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            'name = "interview"\n',
            'name = "interview"\nasks = { form = "full-proposal", within = "P2W" }\n',
            "stages[1] (interview).asks: the first stage is filled from the applications: name the form as "
            "application_form instead",
        ),
        (
            'name = "exploration"\n',
            'name = "exploration"\nmay_be_skipped = true\n',
            "stages[3] (accelerator).asks: exploration before it may be skipped: take may_be_skipped away there",
        ),
        (
            'within = "P2W" # assumption',
            'within = "P0D"',
            'stages[3] (accelerator).asks.within = "P0D": takes no time: write a duration such as P2W',
        ),
        (
            'form = "full-proposal"\n',
            'form = "full-proposal"\ncounted_from = "opening"\n',
            "stages[3] (accelerator).asks.counted_from = \"opening\": write one of 'end' or 'selection'",
        ),
    ],
)
def test_a_stage_that_asks_nobody_or_for_nothing_is_refused(tmp_path: Path, old: str, new: str, line: str) -> None:
    changes = [(old, new)]
    if "counted_from" in new:
        changes.append(('counted_from = "end"\n', ""))
    assert said(files(tmp_path, "", *changes)) == [line]
