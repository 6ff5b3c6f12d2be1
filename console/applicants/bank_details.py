"""The page on which a team gives its bank details, and changes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.forms import read_form
from console.front import Front
from console.hidden import hidden
from domain.values.refusals import NotReadable, Problem
from domain.values.words import gettext

_FIELDS = ("holder", "sort_code", "number", "roll_number", "iban", "bic", "town", "country")


class BankDetails:
    """The page about a team's bank details.

    Args:
        front: what all pages share.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @property
    def routes(self) -> list[BaseRoute]:
        """The addresses of this page."""
        path = "/applications/{application}/bank-details"
        return [Route(path, self.show, methods=["GET"]), Route(path, self.give, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """Shows the details in all versions, masked, and the form to give others."""
        return await self._page(request, {})

    async def give(self, request: Request) -> Response:
        """Takes the details. What is wrong is said for each field, and what was typed stays."""
        form = await read_form(request)
        actor = await self._front.actor(await self._front.must_be_signed_in(request))
        application = request.path_params["application"]
        given = {name: form[name] for name in _FIELDS if form[name].strip()}
        with hidden():
            own = (await self._front.desk.own.find(actor, application)).standing.own
            if not own.stages:
                text = gettext("You can give bank details once you are selected: nothing was kept.")
                return await self._page(request, {}, [Problem(field="", text=text)])
            try:
                await self._front.desk.payments.give_payee(actor, own.challenge, application, given)
            except NotReadable as refusal:
                return await self._page(request, form, [_worded(each, given) for each in refusal.problems])
        return RedirectResponse(f"/applications/{application}/bank-details", 303)

    async def _page(self, request: Request, typed: Mapping[str, str], faults: list[Problem] | None = None) -> Response:
        actor = await self._front.actor(await self._front.must_be_signed_in(request))
        with hidden():
            followed = await self._front.desk.own.find(actor, request.path_params["application"])
        said = {name: typed.get(name, "") for name in _FIELDS}
        return self._front.pages.show(
            request,
            "applicants/bank-details",
            422 if faults else 200,
            faults=faults or (),
            own=followed.standing.own,
            versions=followed.bank_details,
            typed=said,
            labels=_labels(),
        )


def _labels() -> Mapping[str, str]:
    return {
        "holder": gettext("Name on the account"),
        "sort_code": gettext("Sort code"),
        "number": gettext("Account number"),
        "roll_number": gettext("Roll number"),
        "iban": gettext("IBAN"),
        "bic": gettext("BIC"),
        "town": gettext("Town"),
        "country": gettext("Country"),
    }


def _worded(problem: Problem, given: Collection[str]) -> Problem:
    """What is wrong, with the field's name as the page writes it. What concerns several fields leads to the first.

    Args:
        problem: as the rules say it.
        given: which fields are not empty.
    """
    label = _labels().get(problem.field, gettext("The account"))
    text = f"{label} {problem.text.removeprefix(problem.field).strip()}"
    if problem.field == "holder" and "holder" not in given:
        text = gettext("{label} is missing: write it.").format(label=label)
    return Problem(field=problem.field if problem.field in _FIELDS else "holder", text=text)
