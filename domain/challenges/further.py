"""Further proposals: what a stage asks those for who may enter it, in a window of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from whenever import Instant

from domain.announcements.announcement import (
    OutgoingNotice,
    ToUnsent,
    Window,
    to_people,
    to_teams,
    while_so,
)
from domain.announcements.occasions import Facts, Occasion
from domain.programmes.programme import Asks, CountedFrom, Stage, Without
from domain.programmes.windows import open_for
from domain.values.calendar import earlier
from domain.values.wording import counted, listed

from .stage_run import FurtherWindow
from .state import Phase, State


def asking(state: State, since: Instant, counted_from: CountedFrom) -> State:
    """The state in which the next stage asks for further proposals, if it does so from now on.

    Args:
        state: the challenge, whose field is known.
        since: when the stage before ended, or when its teams were selected.
        counted_from: which of the two.
    """
    stage = next(iter(state.programme.stages[state.stage + 1 :]), None)
    if stage is None or stage.asks is None or stage.asks.counted_from is not counted_from:
        return state
    dates = next((each for each in state.challenge.windows if each.stage == stage.name), None)
    opens, closes = open_for(stage.asks, since, dates, state.zone, state.programme.holidays)
    return state.having(further=(*state.further, FurtherWindow(stage=stage.name, opens=opens, closes=closes)))


def waiting_for_proposals(state: State, since: Instant) -> State:
    """The state in which the challenge waits for the proposals that the next stage asks for.

    Args:
        state: the challenge, whose stage has ended at that instant, and whose next stage asks.
        since: when.
    """
    return state.having(phase=Phase.WINDOW, stage=state.stage + 1, reminded=since)


def invitations(state: State, teams: tuple[str, ...], now: Instant) -> tuple[OutgoingNotice, ...]:
    """The notice to teams that may send a further proposal from now on; nothing if no stage asks them."""
    asked = state.asked
    if asked is None or asked.closes <= now:
        return ()
    asks = _asks(state, asked)
    facts = _facts(state, asked) | {
        "opens": state.at(asked.opens, begins=True) if asked.opens > now else "",
        "until": state.at(asked.closes),
        "out": "yes" if asks.without is Without.OUT else "",
    }
    return (to_teams(teams, Occasion.PROPOSAL_INVITED, facts),)


def opening_told(state: State) -> OutgoingNotice:
    """The notice to those in charge that the window of further proposals is open."""
    asked = _the(state)
    facts = _facts(state, asked) | {"closes": state.at(asked.closes)}
    return while_so(to_people(state.in_charge, Occasion.WINDOW_OPENED, facts))


def opening_in_words(state: State, now: Instant) -> str:
    """Until when proposals are taken, as a clause of the record."""
    asked = _the(state)
    are = "are" if now < asked.closes else "were"
    return f"proposals for {state.title_of(asked.stage)} {are} taken until {state.at(asked.closes)}"


def moved_facts(state: State) -> Facts:
    """Facts of a notice about a window: the stage and what it asks for; empty for the window of the applications."""
    return _facts(state, state.asked) if state.asked else {"stage": "", "proposal": ""}


def window_after(before: State, after: State) -> Window | None:
    """The window of further proposals after a change to the teams; None if the change does not concern the window."""
    asked = before.asked
    if asked is None:
        return None
    if after.phase is Phase.ENDED:
        return Window(opens=asked.opens, closes=asked.closes, stage=asked.stage, sealed=True)
    return after.window if after.field != before.field else None


def reminder_rungs(state: State) -> Iterator[Instant]:
    """When people are reminded that the window of further proposals closes."""
    if (asked := state.asked) is not None:
        rungs = (earlier(asked.closes, each, state.zone) for each in state.programme.reminders.window)
        yield from (rung for rung in rungs if rung > asked.opens)


def closing_soon(state: State, now: Instant) -> tuple[OutgoingNotice, ...]:
    """The reminders that the window closes: to the teams that have sent nothing, and to those in charge.

    While the stage before runs, a service that was down for long may come to them too late.
    """
    asked = _the(state)
    if asked.closes <= now:
        return ()
    facts = _facts(state, asked) | {"until": state.at(asked.closes)}
    return (
        OutgoingNotice(occasion=Occasion.PROPOSAL_DUE, whom=ToUnsent(stage=asked.stage), facts=facts),
        to_people(state.in_charge, Occasion.CLOSING_SOON, facts),
    )


def sealed_with(state: State, sent: tuple[str, ...]) -> State:
    """The state with its window of further proposals sealed. Whoever sent none may be out.

    Args:
        state: the challenge as it waits for the proposals.
        sent: ids of the teams that sent one.
    """
    asked = _the(state)
    out = _without(state, sent) if _asks(state, asked).without is Without.OUT else ()
    of_the_field = tuple(team for team in state.field if team in sent)
    done = asked.model_copy(update={"sealed": True, "sent": of_the_field, "out": out})
    return state.having(further=(*state.further[:-1], done))


def sealing_in_words(before: State, after: State) -> str:
    """What came in until the window was sealed, for the record."""
    window = after.further[-1]
    text = f"Window for {after.title_of(window.stage)} sealed with {counted(len(window.sent), 'proposal')}"
    missing = _without(before, window.sent)
    if not missing:
        return f"{text}, one from each team that was asked"
    one = len(missing) == 1
    then = ("is out" if one else "are out") if window.out else f"{'stays' if one else 'stay'} in without one"
    return f"{text}; {listed(missing)} sent none and {then}"


def missing_told(before: State, after: State) -> tuple[OutgoingNotice, ...]:
    """The notice to the teams that sent no proposal."""
    window = after.further[-1]
    missing = _without(before, window.sent)
    facts = _facts(before, window) | {"closes": before.at(window.closes), "out": "yes" if window.out else ""}
    return (to_teams(missing, Occasion.PROPOSAL_MISSING, facts),) if missing else ()


def nobody_sent(state: State) -> str:
    """The reason for the end of a challenge in which no team is left."""
    return f"no team sent the proposal that {state.filling.title} asks for"


def field_in_words(state: State) -> str:
    """Whom the sponsor can select from, if the stage that is filled has asked for proposals; else an empty text."""
    window = state.further[-1] if state.further else None
    if window is None or window.stage != state.filling.name:
        return ""
    text = f"{counted(len(window.sent), 'team')} sent a further proposal: {listed(window.sent)}" if window.sent else ""
    others = [team for team in state.field if team not in window.sent]
    return "; ".join(each for each in (text, f"without one: {listed(others)}" if others else "") if each)


def window_on_page(state: State, window: FurtherWindow) -> tuple[str, str]:
    """A window of further proposals as a fact of the run's page: its name, its dates, and who has sent one."""
    dates = f"{state.at(window.opens, begins=True)} to {state.at(window.closes)}"
    if state.window and state.window.held and window == state.asked:
        dates += " (moves by the length of the hold)"
    if window.sealed:
        dates += f"; {counted(len(window.sent), 'proposal')}"
        dates += f" from {listed(window.sent)}" if window.sent else ""
        dates += f"; out: {listed(window.out)}" if window.out else ""
    return f"Window for {state.title_of(window.stage)}", dates


def out_in_words(state: State, teams: Sequence[str]) -> str:
    """Why some teams cannot be selected: they sent no further proposal; empty unless that is so for all of them."""
    window = next((each for each in state.further if teams and set(teams) <= set(each.out)), None)
    if window is None:
        return ""
    are = "is" if len(teams) == 1 else "are"
    return f"{listed(teams)} sent no proposal for {state.title_of(window.stage)} and {are} out"


def _without(state: State, sent: tuple[str, ...]) -> tuple[str, ...]:
    """The teams of the field that were asked for a proposal, and sent none.

    A team that came in from the reserve after the closing was never asked.
    """
    asked = {team.id for team in state.run.teams if team.since < state.further[-1].closes}
    return tuple(team for team in state.field if team in asked and team not in sent)


def _the(state: State) -> FurtherWindow:
    assert state.asked is not None, "a stage asks for further proposals"
    return state.asked


def _stage(state: State, window: FurtherWindow) -> Stage:
    return next(each for each in state.programme.stages if each.name == window.stage)


def _asks(state: State, window: FurtherWindow) -> Asks:
    asks = _stage(state, window).asks
    assert asks is not None, "only a stage that asks has such a window"
    return asks


def _facts(state: State, window: FurtherWindow) -> Facts:
    asks = _asks(state, window)
    return {"stage": state.title_of(window.stage), "proposal": asks.title or asks.form}
