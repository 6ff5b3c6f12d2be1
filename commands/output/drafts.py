"""What the commands print about drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commands.terminal import harmless, say, show_table, when
from desk.drafts import OpenDraft
from domain.challenges.draft import Draft, DraftRow, KeptAnswer, Saved
from domain.forms.answers import Answer
from domain.forms.form import Question
from domain.values.calendar import spoken
from domain.values.wording import counted


def as_data(opened: OpenDraft) -> dict[str, object]:
    """A draft as programs get it: with the version of its form, and without the form itself."""
    problems = [{"field": each.field, "text": harmless(each.text)} for each in opened.problems]
    return opened.draft.model_dump(mode="json") | {"problems": problems}


def begun(opened: OpenDraft) -> None:
    """Prints what somebody who has begun a draft needs to know."""
    draft = opened.draft
    say(f"Begun {draft.application}: {counted(len(list(opened.form.questions())), 'question')}.")
    say(f"{_until(draft, opened.time_zone)} See it: starter.py drafts {draft.application} --as {draft.email}")


def drafts(rows: Sequence[DraftRow], zones: Mapping[str, str]) -> None:
    """Prints the drafts of one person."""
    show_table(
        "Your drafts",
        ("=Application", "=Challenge", "For", "Sent", "=Until"),
        [
            (
                each.application,
                each.challenge,
                each.stage,
                _sent(each, zones[each.challenge]),
                "sealed" if each.is_sealed else "on hold" if each.is_held else when(each.closes, zones[each.challenge]),
            )
            for each in rows
        ],
        nothing="You have no drafts.",
    )


def draft(opened: OpenDraft) -> None:
    """Prints a draft: whose it is, its answers by section, and what is still to be done."""
    draft, zone = opened.draft, opened.time_zone
    stage = f" for {draft.stage}" if draft.stage else ""
    say(f"{draft.application}{stage}: {draft.organisation}, {draft.email}", bold=True)
    say(f"{_state(draft, zone)} {_until(draft, zone)}")
    kept = {each.question: each for each in draft.answers}
    for section in opened.form.sections:
        say(section.title, bold=True)
        for question in section.questions:
            _answer(question, kept.get(question.id))
    if opened.problems:
        say("Still to be done", bold=True)
    for problem in opened.problems:
        say(f"{problem.field}: {problem.text}" if problem.field else problem.text, indent=4)
    if not opened.problems:
        say("The draft is complete.")


def versions(kept: Sequence[KeptAnswer], zone: str) -> None:
    """Prints all that was ever saved for one question."""
    for each in kept:
        beside = "" if each.counts else ", kept beside what counts"
        say(f"Version {each.version}, {when(each.saved_at, zone, seconds=True)}{beside}", bold=True)
        _text(each.answer)
    if not kept:
        say("Nothing was saved for this question.")


def saved(saved: Sequence[Saved], opened: OpenDraft) -> None:
    """Prints what became of what somebody has saved. If somebody else was quicker: both texts."""
    for each in saved:
        yours = each.yours
        if each.other is None:
            say(f"Saved {yours.question} as version {yours.version}.")
            continue
        say(
            f"{yours.question}: version {each.other.version} was saved meanwhile, and counts. Yours is kept as version "
            f"{yours.version}. Put the two together, and save them with --on {each.other.version}.",
            bold=True,
        )
        say(f"Version {each.other.version}, which counts:", indent=2)
        _text(each.other.answer)
        say("Yours:", indent=2)
        _text(yours.answer)
    if not saved:
        say("Nothing was answered, so nothing was saved.")
    say(f"{_state(opened.draft, opened.time_zone)} {_until(opened.draft, opened.time_zone)}")
    touched = {each.yours.question for each in saved}
    for problem in opened.problems:
        if problem.field in touched:
            say(f"{problem.field}: {problem.text}", indent=4)


def _answer(question: Question, kept: KeptAnswer | None) -> None:
    version = f", version {kept.version}" if kept else ""
    say(f"{question.title} ({question.id}{version})", indent=2)
    if kept is not None:
        _text(kept.answer)


def _text(answer: Answer) -> None:
    if isinstance(answer, bool):
        answer = "yes" if answer else "no"
    for line in answer.splitlines() if isinstance(answer, str) else answer:
        say(line, indent=4)


def _sent(row: DraftRow, zone: str) -> str:
    if row.withdrawn:
        return f"withdrawn {when(row.withdrawn, zone)}"
    return when(row.sent_at, zone, seconds=True) if row.sent_at else "not sent"


def _state(draft: Draft, zone: str) -> str:
    sent = draft.sent
    if sent is None:
        return "Not sent."
    if sent.withdrawn is not None:
        return f"Withdrawn on {spoken(sent.withdrawn, zone)}."
    changed = " It has changed since then, and the change is not sent." if sent.changed else ""
    return f"Sent on {spoken(sent.at, zone)}.{changed}"


def _until(draft: Draft, zone: str) -> str:
    if draft.is_sealed:
        return "The window is sealed: nothing can be sent any more."
    if draft.is_held:
        return "The challenge is on hold: send it once the challenge goes on."
    return f"It can be sent from {spoken(draft.opens, zone, begins=True)} until {spoken(draft.closes, zone)}."
