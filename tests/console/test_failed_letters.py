"""Letters that did not arrive: operators see them in the browser, and have them sent again."""

from __future__ import annotations

from collections.abc import Callable

from tests.console.fronting import Fronted, Visitor
from tests.desk.test_notices import failed
from tests.store.posting import GONE, notice

Visit = Callable[..., Visitor]
PAGE, AGAIN = "/staff/notices", "/staff/notices/send-again"


def test_an_operator_sees_why_a_letter_failed_and_has_it_sent_again_once(front: Fronted, visit: Visit) -> None:
    key, olivia = failed(front.database), visit()
    olivia.sign_in("olivia@scheme.example")
    page = olivia.get(PAGE).text
    assert GONE in page
    assert f'value="{key}"' in page
    token = olivia.token(PAGE)
    answer = olivia.post(AGAIN, {"token": token, "id": key})
    assert (answer.status_code, notice(front.database, key).status) == (303, "created")
    assert "is sent again" in olivia.get(answer.headers["location"]).text
    again = olivia.post(AGAIN, {"token": token, "id": key})
    assert (again.status_code, "only what has failed is sent again" in again.text) == (409, True)


def test_nobody_else_sees_or_sends_a_letter(front: Fronted, visit: Visit) -> None:
    key, sam = failed(front.database), visit()
    sam.sign_in("sam@sepa.example")
    token = sam.token("/account")
    assert sam.get(PAGE).status_code == 404
    assert sam.post(AGAIN, {"token": token, "id": key}).status_code == 404
    assert notice(front.database, key).status == "failed"
