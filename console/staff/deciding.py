"""The pages on which a decider selects teams or declines: a form, a check of what it will do, and the confirmation."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from whenever import Instant

from console.forms import Form, read_long_form
from console.front import Front
from console.hidden import hidden
from desk.deciding import Changed, Checked, Choice, Confirmed, Wanted
from domain.announcements.occasions import Occasion
from domain.permissions import Actor
from domain.programmes.pay import Due
from domain.values.refusals import InterestsMissing, NotAllowed, NotConfirmed, Problem, Refused, Unavailable
from domain.values.words import gettext

from .places import challenge_in

_SELECT, _DECLINE = "select", "decline"
_MOST = 400
"""The most applications that one form can show."""
_MOST_IN_RESERVE = 20
_LONGEST_ID = 100
_TAKE, _AMOUNT, _FEEDBACK = "take-", "amount-", "feedback-"
_SELECTED = "selected"


class Deciding:
    """The pages on which a stage is decided.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of these pages."""
        found: list[BaseRoute] = []
        for kind in (_SELECT, _DECLINE):
            path = f"/staff/challenges/{{round}}/{{slug}}/{kind}"
            found += [
                Route(path, partial(self.form, kind=kind), methods=["GET"]),
                Route(f"{path}/check", partial(self.check, kind=kind), methods=["POST"]),
                Route(f"{path}/confirm", partial(self.confirm, kind=kind), methods=["POST"]),
            ]
        return found

    async def form(self, request: Request, kind: str) -> Response:
        """Shows the form; or, if the stage is not to be decided now, what was decided or when it is."""
        choice = await self._choice(request, await self._actor(request), kind)
        if not choice.is_open:
            return self._not_now(request, choice)
        return self._form(request, choice, _empty(kind, choice), ())

    async def check(self, request: Request, kind: str) -> Response:
        """Shows what the decision will do, by the rule that decides. Nothing is decided."""
        form, actor = await read_long_form(request), await self._actor(request)
        choice = await self._choice(request, actor, kind)
        if not choice.is_open:
            return self._not_now(request, choice, 409)
        wanted, faults = _wanted(form, choice, kind)
        if faults:
            return self._form(request, choice, wanted, faults)
        try:
            checked = await self._front.desk.deciding.check(actor, choice.row.id, wanted)
        except (NotAllowed, Unavailable, InterestsMissing):
            raise
        except Refused as refusal:
            return self._form(request, choice, wanted, _faults(refusal))
        return self._check(request, checked)

    async def confirm(self, request: Request, kind: str) -> Response:
        """Takes the decision, if it will do what was seen; or leads back to the form. Sent twice, it is taken once."""
        form, actor = await read_long_form(request), await self._actor(request)
        choice = await self._choice(request, actor, kind)
        wanted, faults = _wanted(form, choice, kind)
        if form["do"] == "change" and choice.is_open:
            return self._form(request, choice, wanted, ())
        try:
            at = Instant.parse_iso(form["at"])
        except ValueError:
            faults = (*faults, Problem(field="", text=gettext("The page has lost its time: check the decision again.")))
        if faults:
            return (
                self._form(request, choice, wanted, faults) if choice.is_open else self._not_now(request, choice, 409)
            )
        seen = dict(each.split(":", 1) for each in form["seen"].split() if ":" in each)
        try:
            done = await self._front.desk.deciding.confirm(actor, choice.row.id, wanted, at, seen)
        except (NotAllowed, NotConfirmed, Unavailable, InterestsMissing):
            raise
        except Refused as refusal:
            return await self._refused(request, actor, wanted, refusal)
        match done:
            case Changed():
                return self._check(request, done.checked, done)
            case Confirmed():
                return RedirectResponse(f"/staff/challenges/{choice.row.id}?decided=yes", 303)

    async def _refused(self, request: Request, actor: Actor, wanted: Wanted, refusal: Refused) -> Response:
        """The rule refused what it would have taken before. If somebody else has decided, their decision is shown."""
        choice = await self._choice(request, actor, wanted.kind)
        if not choice.is_open:
            return self._not_now(request, choice, 409)
        return self._form(request, choice, wanted, _faults(refusal))

    async def _actor(self, request: Request) -> Actor:
        await self._front.must_be_signed_in(request)
        return await self._front.actor_of(request)

    async def _choice(self, request: Request, actor: Actor, kind: str) -> Choice:
        with hidden():
            return await self._front.desk.deciding.choice(actor, challenge_in(request), kind)

    def _not_now(self, request: Request, choice: Choice, status: int = 200) -> Response:
        return self._front.pages.show(request, "staff/decided", status, **_about(choice), state=choice.state)

    def _form(self, request: Request, choice: Choice, wanted: Wanted, faults: Sequence[Problem]) -> Response:
        state = choice.state
        stage = state.filling
        places = [(str(number), _place(number)) for number in range(1, min(len(choice.field), _MOST_IN_RESERVE) + 1)]
        return self._front.pages.show(
            request,
            "staff/decide",
            422 if faults else 200,
            faults=faults,
            **_about(choice),
            kind=wanted.kind,
            wanted=wanted,
            stage=stage,
            currency=state.programme.currency,
            until=state.decide_by,
            field=choice.field[:_MOST],
            left_out=max(0, len(choice.field) - _MOST),
            taken=_taken(wanted),
            options=[
                ("", gettext("Not selected")),
                (_SELECTED, gettext("Selected")),
                *(() if stage.only_sifts else places),
            ],
            names_amounts=wanted.kind == _SELECT and stage.pay is not None and stage.pay.agreed_up_to is not None,
            kept={**choice.kept, **wanted.feedback},
        )

    def _check(self, request: Request, checked: Checked, changed: Changed | None = None) -> Response:
        names = {each.id: each.organisation or each.id for each in checked.choice.field}
        return self._front.pages.show(
            request,
            "staff/check",
            409 if changed else 200,
            **_about(checked.choice),
            checked=checked,
            changed=[_part(each) for each in changed.parts] if changed else (),
            since=changed.since if changed else (),
            letters=[(_occasion(each.occasion), each) for each in checked.letters],
            names=names,
            currency=checked.choice.state.programme.currency,
            stage=checked.choice.state.title_of(checked.wanted.stage),
            due=Due,
            hidden_fields=_as_fields(checked),
        )


def _about(choice: Choice) -> dict[str, Any]:
    """What all these pages show."""
    row = choice.row
    return {"row": row, "base": f"/staff/challenges/{row.id}", "zone": row.time_zone, "person": choice.person}


def _empty(kind: str, choice: Choice) -> Wanted:
    return Wanted(kind=kind, stage=choice.state.filling.name, decision_id=uuid.uuid4().hex, feedback=choice.kept)


def _wanted(form: Form, choice: Choice, kind: str) -> tuple[Wanted, Sequence[Problem]]:
    """The decision that a form says, and what is wrong with its places in the reserve."""
    ids = [name.removeprefix(_TAKE) for name in form if name.startswith(_TAKE)]
    spoken_of = [name.removeprefix(_FEEDBACK) for name in form if name.startswith(_FEEDBACK)]
    taken = {id_: form[f"{_TAKE}{id_}"] for id_ in ids}
    places = {id_: int(said) for id_, said in taken.items() if said.isascii() and said.isdigit() and len(said) < 5}
    twice = [id_ for id_, place in places.items() if list(places.values()).count(place) > 1]
    text = gettext("Two applications have this place in the reserve: give each a place of its own.")
    amounts = {id_: form[f"{_AMOUNT}{id_}"].strip() for id_ in ids if taken[id_] == _SELECTED}
    said = {id_: form[f"{_FEEDBACK}{id_}"].replace("\r\n", "\n").strip() for id_ in spoken_of}
    wanted = Wanted(
        kind=kind,
        stage=form["stage"] or choice.state.filling.name,
        teams=tuple(id_ for id_ in ids if taken[id_] == _SELECTED),
        reserve=tuple(sorted(places, key=places.__getitem__)),
        amounts={id_: amount for id_, amount in amounts.items() if amount},
        reason=form["reason"].strip(),
        feedback={id_: text for id_, text in said.items() if text and text != choice.kept.get(id_)},
        decision_id=form["id"][:_LONGEST_ID] or uuid.uuid4().hex,
    )
    return wanted, [Problem(field=f"{_TAKE}{id_}", text=f"{id_}: {text}") for id_ in twice]


def _taken(wanted: Wanted) -> Mapping[str, str]:
    """What the form shows as chosen for each application."""
    places = {team: str(number) for number, team in enumerate(wanted.reserve, start=1)}
    return {**places, **dict.fromkeys(wanted.teams, _SELECTED)}


def _as_fields(checked: Checked) -> list[tuple[str, str]]:
    """The decision and what was seen of it, as the fields of the form that confirms it."""
    wanted = checked.wanted
    fields = [(f"{_TAKE}{team}", said) for team, said in _taken(wanted).items()]
    fields += [(f"{_AMOUNT}{team}", amount) for team, amount in wanted.amounts.items()]
    fields += [(f"{_FEEDBACK}{team}", text) for team, text in wanted.feedback.items()]
    seen = " ".join(f"{part}:{digest}" for part, digest in checked.seen.items())
    at = checked.at.format_iso()
    return [
        *fields,
        ("stage", wanted.stage),
        ("reason", wanted.reason),
        ("id", wanted.decision_id),
        ("at", at),
        ("seen", seen),
    ]


def _faults(refusal: Refused) -> list[Problem]:
    """What is wrong, each at the field of the page that it is about."""
    found = list(refusal.problems) or [Problem(field="", text=str(refusal))]
    ours = ("reason", _FEEDBACK, _TAKE)
    return [each if each.field.startswith(ours) else each.model_copy(update={"field": ""}) for each in found]


def _place(number: int) -> str:
    return gettext("In reserve, place {number}").format(number=number)


def _part(part: str) -> str:
    """A part of what was seen that is another now, in words."""
    return {
        "standing": gettext("What the challenge waits for has changed."),
        "field": gettext("The applications from which you choose have changed."),
        "letters": gettext("The letters have changed."),
        "money": gettext("The payments have changed."),
        "record": gettext("What the record will say has changed, as when a mark changes the ranking."),
        "age": gettext("You have checked this more than an hour ago, so its dates would be others."),
    }[part]


def _occasion(occasion: str) -> str:
    """What a letter is about, in a few words."""
    return {
        Occasion.STAGE_STARTED: gettext("Selected: the stage starts"),
        Occasion.SHORTLISTED: gettext("Shortlisted"),
        Occasion.PRIZE_WON: gettext("A prize is won"),
        Occasion.IN_RESERVE: gettext("In reserve"),
        Occasion.NOT_SELECTED: gettext("Not selected"),
        Occasion.FEEDBACK: gettext("Feedback"),
        Occasion.NOT_CONTINUED: gettext("Nobody is taken, and the challenge ends"),
        Occasion.PAYMENT_REQUESTED: gettext("A payment is requested"),
        Occasion.PAYMENT_TO_RELEASE: gettext("A payment is to be released"),
        Occasion.PROPOSAL_INVITED: gettext("A further proposal is asked for"),
    }.get(Occasion(occasion), occasion)
