"""The table of routes has a row for every route of the web front, and nothing else; the guide is printed from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.routing import BaseRoute, Mount, Route

from console.app import routes_of
from console.front import Front
from identity.links import Links
from identity.organisations import Organisations
from tests.console.access.cells import Row, State, Who
from tests.console.access.table import ROWS
from tests.console.access.trying import ask, path_of
from tests.console.access.world import World
from tests.routes import GUIDE, printed

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FORMS = [row for row in ROWS if row.method != "GET"]


def routes(found: list[BaseRoute], base: str = "") -> Iterator[str]:
    """Every route, with those of applications that are mounted in the front."""
    for route in found:
        path = f"{base}{getattr(route, 'path', '')}"
        if isinstance(route, Mount):
            yield from routes(route.routes, path)
        else:
            assert isinstance(route, Route), route
            yield from (f"{method} {path}" for method in (route.methods or ()) if method != "HEAD")


def test_every_route_has_a_row_and_every_row_a_route(there: World) -> None:
    core = there.front.desk.core
    organisations = Organisations(core.options, core.database, core.threads, core.now)
    front = Front(there.front.desk, organisations, Links(core.database, core.now))

    assert sorted(routes(routes_of(front))) == sorted(row.route for row in ROWS)


def test_the_guide_is_what_the_table_says() -> None:
    assert GUIDE.read_text(encoding="utf-8") == printed(), "write it again with `python tests/routes.py`"


def test_no_address_takes_a_method_that_has_no_row(there: World) -> None:
    known = {row.route for row in ROWS}
    operator = there.visitors[Who.OPERATOR]
    ours = {"origin": there.front.address, "sec-fetch-site": "same-origin"}
    for row in ROWS:
        for method in _METHODS:
            if f"{method} {row.path}" not in known:
                answer = operator.send(method, path_of(there, row, State.DRAFT), **ours)
                assert answer.status_code == 405, f"{method} {row.path}"


@pytest.mark.parametrize("row", FORMS, ids=[row.route for row in FORMS])
def test_no_form_is_taken_without_its_token_or_from_another_site(there: World, row: Row) -> None:
    for who in (Who.NOBODY, Who.TEAM, Who.OPERATOR):
        answer = ask(there, row, who, State.DRAFT, token=False)
        assert (answer.status_code, "too old" in answer.text) == (403, True), who
        said = {"token": there.token(who), **row.fields(there, who, State.DRAFT)}
        elsewhere = {"origin": "https://evil.example", "sec_fetch_site": "cross-site"}
        answer = there.visitors[who].post(path_of(there, row, State.DRAFT), said, **elsewhere)
        assert (answer.status_code, "from another site" in answer.text) == (403, True), who
