"""Pages of an application say where somebody is, what for, and how they come on, back, and back another day."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.console.fronting import Fronted, Visitor, path_of
from tests.console.test_conditions_in_chromium import front  # noqa: F401
from tests.console.test_writing import ANN, BEGIN, clock, hidden, send, send_long  # noqa: F401
from tests.identity.conftest import Clock
from tests.store.said import AIR, CLOSES

Visit = Callable[..., Visitor]
QUESTION = "How can the air be better?"


def began(visitor: Visitor, **more: str) -> str:
    """Begins an application, and gives the path of the page that follows."""
    typed = {"organisation": "Breathe Ltd", "email": ANN, "q-tried": "no", **more}
    return path_of(send_long(visitor, BEGIN, {**hidden(visitor.get(BEGIN).text), **typed}))


def test_the_first_page_says_for_what_until_when_and_how_much(front: Fronted, visit: Visit) -> None:  # noqa: F811
    page = visit().get(BEGIN).text

    assert f'<a href="/challenges/{AIR}">{QUESTION}</a>' in page
    assert f'data-closes="{CLOSES.format_iso()}"' in page
    assert "The application has 2 sections; this is the first." in page
    assert f'href="/challenges/{AIR}/form"' in page


@pytest.mark.parametrize(("leave", "page"), [("", "sections/2"), ("yes", "write")], ids=["goes on", "leaves"])
def test_after_the_first_save_the_page_says_how_to_come_back(
    front: Fronted,  # noqa: F811
    visit: Visit,
    leave: str,
    page: str,
) -> None:
    ann = visit()
    next_page = began(ann, leave=leave)

    assert next_page.endswith(f"/{page}?begun")
    assert f"An e-mail to {ANN} says how you come back" in ann.get(next_page).text
    assert "says how you come back" not in ann.get(next_page.removesuffix("?begun")).text


def test_a_section_says_which_it_is_and_leads_back_and_to_the_challenge(front: Fronted, visit: Visit) -> None:  # noqa: F811
    ann = visit()
    second = began(ann).removesuffix("?begun")
    first = second.replace("sections/2", "sections/1")

    assert "Section 2 of 2" in ann.get(second).text
    assert f'href="{first}"' in ann.get(second).text
    assert "The section before" not in ann.get(first).text
    for page in (first, second, second.replace("sections/2", "write"), second.replace("sections/2", "check")):
        assert f'<a href="/challenges/{AIR}">{QUESTION}</a>' in ann.get(page).text, page


def test_the_form_can_be_read_whole_before_anybody_begins(front: Fronted, visit: Visit) -> None:  # noqa: F811
    page = visit().get(f"/challenges/{AIR}/form").text

    assert "<li>A company</li>" in page
    assert "Answer this only if &#39;Was it tried?&#39; is answered with yes." in page


def test_a_receipt_says_what_can_still_be_done(front: Fronted, visit: Visit, clock: Clock) -> None:  # noqa: F811
    ann = visit()
    clock.now = CLOSES.subtract(hours=1)
    draft = "/".join(began(ann).split("/")[:3])
    receipt = path_of(send(ann, draft))
    assert "Until then you can change it" in ann.get(receipt).text
    first = f"{draft}/sections/1"
    changed = {**hidden(ann.get(first).text), "q-tried": "yes", "q-who": "person"}
    assert send_long(ann, first, changed).status_code == 303
    assert "You have changed answers since." in ann.get(receipt).text

    clock.now = CLOSES

    page = ann.get(receipt).text
    assert "Nothing can be changed any more." in page
    assert "Until then you can change it" not in page


def test_after_the_sending_the_list_of_sections_leads_to_the_receipt(front: Fronted, visit: Visit) -> None:  # noqa: F811
    ann = visit()
    draft = "/".join(began(ann).split("/")[:3])
    assert "Check and send" in ann.get(f"{draft}/write").text
    send(ann, draft)

    page = ann.get(f"{draft}/write").text

    assert f'href="{draft}/receipt"' in page
    assert "Look at all answers" in page
    assert "Check and send" not in page


def test_the_check_says_how_much_is_missing_and_optional_sections_are_not_called_done(
    front: Fronted,  # noqa: F811
    visit: Visit,
) -> None:
    ann = visit()
    draft = "/".join(began(ann, **{"q-tried": "yes"}).split("/")[:3])

    assert "2 answers are missing or wrong." in ann.get(f"{draft}/check").text
    first = {**hidden(ann.get(f"{draft}/sections/1").text), "q-tried": "no"}
    send_long(ann, f"{draft}/sections/1", first)
    assert "missing or wrong" not in ann.get(f"{draft}/check").text
    page = ann.get(f"{draft}/write").text
    assert ("Optional" in page, page.count(">Done<")) == (True, 1)


@pytest.mark.parametrize(
    ("late", "said"), [(0.002, "less than a second"), (3, "3 seconds"), (5_400, "1 hour, 30 minutes")], ids=str
)
def test_whoever_is_late_is_told_by_how_much_as_people_say_it(
    front: Fronted,  # noqa: F811
    visit: Visit,
    clock: Clock,  # noqa: F811
    late: float,
    said: str,
) -> None:
    ann = visit()
    clock.now = CLOSES.subtract(hours=1)
    draft = "/".join(began(ann).split("/")[:3])
    fields = hidden(ann.get(f"{draft}/check").text)
    clock.now = CLOSES.add(seconds=late)

    answer = ann.post(f"{draft}/send", fields)

    assert answer.status_code == 409
    assert f"You sent it {said} after that." in answer.text
    assert "Nothing can be sent any more." in answer.text


def test_a_line_says_how_much_fits(front: Fronted, visit: Visit) -> None:  # noqa: F811
    page = visit().get(BEGIN).text

    assert 'data-characters="20"' in page
    assert "You can write up to 20 characters." in page
