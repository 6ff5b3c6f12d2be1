"""What the board says of a challenge: what it waits for, who has to act, and how late it is."""

from __future__ import annotations

from whenever import TimeDelta

from domain.challenges.board import BoardRow
from domain.values.words import gettext, ngettext


def waits_in_words(waits_for: str) -> str:
    """What a challenge waits for, as the database has it, in the language of the page."""
    begins, _, stage = waits_for.partition(" for ")
    if stage and begins == "selection":
        return gettext("Selection for {stage}").format(stage=stage)
    if stage and begins == "proposals":
        return gettext("Proposals for {stage}").format(stage=stage)
    if waits_for.startswith("end of "):
        return gettext("End of {stage}").format(stage=waits_for.removeprefix("end of "))
    return {
        "": gettext("Its start"),
        "opening": gettext("Its opening"),
        "applications": gettext("Applications"),
        "release of the hold": gettext("Release of the hold"),
        "payments": gettext("Payments"),
        "evidence": gettext("Evidence"),
        "evidence and payments": gettext("Evidence and payments"),
        "nothing": gettext("Nothing"),
    }.get(waits_for, waits_for)


def who_acts(row: BoardRow) -> str:
    """Who has to act for a challenge to go on, in words; empty if it goes on by itself."""
    if row.attention:
        return gettext("an operator")
    if row.unconfirmed:
        return gettext("the people whom decisions name")
    begins = row.waits_for.partition(" for ")[0]
    return {
        "applications": gettext("applicants"),
        "proposals": gettext("the teams"),
        "selection": row.sponsor_name,
        "release of the hold": gettext("a decider or an operator"),
        "payments": gettext("finance"),
        "evidence": gettext("the teams"),
        "evidence and payments": gettext("the teams and finance"),
    }.get(begins, "")


def late_in_words(late: TimeDelta) -> str:
    """How late something is, in its largest unit: "3 days late"."""
    minutes = int(late.total("minutes"))
    if minutes < 60:
        return ngettext("{number} minute late", "{number} minutes late", minutes).format(number=minutes)
    hours = minutes // 60
    if hours < 48:
        return ngettext("{number} hour late", "{number} hours late", hours).format(number=hours)
    return ngettext("{number} day late", "{number} days late", hours // 24).format(number=hours // 24)
