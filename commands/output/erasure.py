"""What the command `erase` prints."""

from __future__ import annotations

from commands.terminal import say, show_entry
from desk.erasing import Erasure, Trace
from domain.values.calendar import spoken_day
from domain.values.wording import counted


def erasure(done: Erasure) -> None:
    """Prints what was erased or would be, and what stays."""
    traces = [each for each in done.found.traces if not each.is_blank]
    found = bool(traces or done.found.sign_ins)
    if found:
        say("Erased" if done.done else "Would be erased", bold=True)
    else:
        say("Nothing is left that can be erased now.")
    for each in traces:
        show_entry(f"{each.id or 'somebody who applied in vain'}, {each.challenge}", _parts(each))
    if done.found.sign_ins:
        rows = counted(done.found.sign_ins, "session, link or key", "sessions, links or keys")
        say(f"How this address signed in: {rows}")
    say("Kept", bold=True)
    for kept in done.kept:
        until = f", until {spoken_day(kept.until)}" if kept.until else ""
        show_entry(f"{kept.what}{until}", *((file,) for file in kept.files))
    if found and not done.done:
        say("Nothing has changed. Add --yes to erase. It cannot be undone.")


def _parts(trace: Trace) -> tuple[str, ...]:
    details = 0 if trace.keeps_bank_details else trace.bank_details
    return (
        "name and address" if trace.name else "",
        counted(trace.feedback, "feedback", "feedbacks") if trace.feedback else "",
        counted(trace.attachments, "file") if trace.attachments else "",
        counted(trace.notices, "notice") if trace.notices else "",
        f"bank details in {counted(details, 'version')}" if details else "",
    )
