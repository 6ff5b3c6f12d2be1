"""An address is checked when it is given as the mail channel checks it when a letter leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.challenges.application import Applying, check_application
from domain.forms.answers import only_text
from domain.forms.form import text_form
from domain.programmes.round import Person
from domain.values.addresses import in_ascii, read_address
from domain.values.refusals import ApplicationRefused
from gateways.messaging.channels import PermanentFailure
from gateways.messaging.smtp import _recipient

UNUSABLE = (
    "a..b@x.example",
    ".a@x.example",
    "a.@x.example",
    "a@x_y.example",
    "a@x.example.",
    "a@x..example",
    "a@-x.example",
    "a@x",
    "a@1.2.3.4",
    "a@[1.2.3.4]",
    "käthe@müller.example",
    "a@straße.example",  # one domain in the old standard, another in the new
    "a@x\u200d.example",
    "Name<a@b.example>",
    "Name <a@b.example>",
    "<a@b.example>",
    "a@b.example,c@d.example",
    "a@b@c.example",
    '"a b"@x.example',
    "a(b)@x.example",
    "a b@x.example",
    "a@x.example\nBcc: c@d.example",
    f"{'x' * 65}@x.example",
    f"a@{'x' * 64}.example",
    f"a@{'.'.join(['x' * 60] * 5)}.example",
)


@pytest.mark.parametrize("address", UNUSABLE)
def test_an_address_that_no_letter_reaches_is_refused_wherever_it_is_given(address: str) -> None:
    applying = Applying(organisation="Tay", email=address, answers=only_text("Ours."))
    with pytest.raises(ApplicationRefused) as refused:
        check_application(applying, text_form(1000))
    assert [problem.field for problem in refused.value.problems] == ["email"]
    assert address not in str(refused.value)
    assert "\n" not in str(refused.value)
    with pytest.raises(ValueError, match="email"):
        Person(id="sepa", name="Sepa", email=address)
    with pytest.raises(PermanentFailure):
        _recipient(address)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("o'neil+tag@x-y.co.uk", "o'neil+tag@x-y.co.uk"),
        ("kaethe@Müller.example", "kaethe@xn--mller-kva.example"),
        ("a@xn--mller-kva.example", "a@xn--mller-kva.example"),
        ("A.B_c@X.example", "A.B_c@X.example"),
    ],
)
def test_an_address_that_letters_reach_is_taken(address: str, plain: str) -> None:
    assert read_address(f" {address}\n") == address
    assert in_ascii(address) == plain == _recipient(address)


@given(st.text(alphabet="ab.@-_<> ,\u00fc\u200d\n", max_size=12).map(lambda text: f"{text}.example"))
def test_what_is_taken_is_what_the_channel_sends_to(text: str) -> None:
    """Fails when the two checks differ."""
    try:
        kept = read_address(text)
    except ValueError:
        with pytest.raises(PermanentFailure):
            _recipient(text.strip())
    else:
        assert _recipient(kept).isascii()


def test_whoever_gives_an_address_hears_what_is_wrong_with_it() -> None:
    for address, wrong in (
        ("käthe@x.example", "before the @ that most mail servers do not take"),
        ("a..b@x.example", "cannot stand before an @ like this"),
        ("a@x_y.example", "no usable domain after the @"),
        ("Name <a@b.example>", "one address without a name or brackets"),
        ("a\u202e@b.example", "invisible character"),
    ):
        with pytest.raises(ValueError, match=wrong):
            read_address(address)
