"""Passkeys: what adds one, what counts as using one, and what does not."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whenever import Instant, TimeDelta

from domain.identity.passkey import Passkey
from domain.identity.proof import Way
from domain.identity.session import Session
from domain.values.refusals import (
    NotAllowed,
    NotReadable,
    Refused,
    SecondStepMissing,
    SignInOver,
    SignInRefused,
    UnknownPasskey,
)
from identity.passkeys import Passkeys
from service.settings import Settings
from store.database.database import Database
from tests.identity.authenticator import ORIGIN, Authenticator
from tests.store.said import compose

SAM, OLIVIA = "sam@sepa.example", "olivia@scheme.example"
NOON = Instant.from_utc(2026, 11, 30, 12)
MINUTE = TimeDelta(minutes=1)
_PRESENT, _VERIFIED = 0x01, 0x04


class Watch:
    """A clock that is set by hand."""

    now = NOON

    def __call__(self) -> Instant:
        return self.now


@pytest.fixture
def watch() -> Watch:
    """The clock of a test."""
    return Watch()


@pytest.fixture
def passkeys(database: Database, watch: Watch) -> Passkeys:
    """Passkeys for https://front.example."""
    return Passkeys(Settings(web_address=ORIGIN), database, watch)


def session(mailbox: str = SAM, *, passkey: bool = False, name: str = "one") -> Session:
    """Somebody who has just signed in."""
    ends = NOON + TimeDelta(hours=12)
    return Session(id=name, mailbox=mailbox, way=Way.LINK, passkey=passkey, begun=NOON, used=NOON, ends=ends)


def added(passkeys: Passkeys, device: Authenticator, whose: Session) -> str:
    """The id of a passkey that was added."""
    return add(passkeys, whose, device.make(passkeys.begin_adding(whose))).id


def add(passkeys: Passkeys, whose: Session, answer: str, name: str = "My laptop") -> Passkey:
    """Adds a passkey, of which no record says anything."""
    return passkeys.add(whose, name, answer, lambda _: (), compose)


def remove(passkeys: Passkeys, whose: Session, key: str) -> None:
    """Removes a passkey of somebody who is signed in."""
    passkeys.check_may_remove(whose)
    passkeys.remove(whose.mailbox, key, whose.mailbox, lambda _: (), compose)


def test_a_passkey_is_added_used_and_removed(passkeys: Passkeys, watch: Watch) -> None:
    device = Authenticator()
    key = added(passkeys, device, session())
    watch.now = NOON + MINUTE
    passkeys.use(session(), device.use(passkeys.begin_using(session())))

    (known,) = passkeys.of(SAM)
    assert (known.id, known.name, known.made, known.used) == (key, "My laptop", NOON, NOON + MINUTE)
    remove(passkeys, session(passkey=True), key)
    assert passkeys.of(SAM) == ()
    with pytest.raises(UnknownPasskey):
        passkeys.begin_using(session())


def test_a_passkey_that_was_removed_meanwhile_shows_nothing(passkeys: Passkeys) -> None:
    device, other = Authenticator(), Authenticator()
    key = added(passkeys, device, session())
    added(passkeys, other, session(passkey=True))
    options = passkeys.begin_using(session())
    remove(passkeys, session(passkey=True), key)
    with pytest.raises(SignInRefused, match="no passkey of yours, or it was removed"):
        passkeys.use(session(), device.use(options))


def test_a_passkey_of_somebody_else_shows_nothing(passkeys: Passkeys) -> None:
    sams, olivias = Authenticator(), Authenticator()
    added(passkeys, sams, session())
    added(passkeys, olivias, session(OLIVIA))
    with pytest.raises(SignInRefused, match="no passkey of yours"):
        passkeys.use(session(), olivias.use(passkeys.begin_using(session())))


LIES: dict[str, dict[str, Any]] = {
    "another page": {"said": {"origin": "https://front.example.evil.example"}},
    "without TLS": {"said": {"origin": "http://front.example"}},
    "another host": {"host": "evil.example"},
    "nobody was there": {"flags": _VERIFIED},
    "nobody was checked": {"flags": _PRESENT},
    "another purpose": {"said": {"type": "payment.get"}},
    "in a frame elsewhere": {"said": {"crossOrigin": True}},
}


@pytest.mark.parametrize("lie", LIES)
def test_what_was_not_signed_here_by_a_person_who_was_checked_is_refused(passkeys: Passkeys, lie: str) -> None:
    """Fails where an answer counts that another site got, or that somebody got who only found the device."""
    device, whose = Authenticator(), session()
    with pytest.raises(SignInRefused):
        add(passkeys, whose, device.make(passkeys.begin_adding(whose), **LIES[lie]))
    assert passkeys.of(SAM) == ()

    added(passkeys, device, whose)
    with pytest.raises(SignInRefused):
        passkeys.use(whose, device.use(passkeys.begin_using(whose), **LIES[lie]))
    with pytest.raises(SignInRefused):
        passkeys.use(whose, device.use(passkeys.begin_using(whose), signature=b"no"))


def test_an_answer_counts_once_in_its_session_in_time_and_for_its_purpose(passkeys: Passkeys, watch: Watch) -> None:
    """Fails where an answer that somebody has copied opens a session of theirs."""
    device = Authenticator(counts=False)
    added(passkeys, device, session())

    answer = device.use(passkeys.begin_using(session()))
    with pytest.raises(SignInOver):
        passkeys.use(session(name="another"), answer)
    passkeys.use(session(), answer)
    with pytest.raises(SignInOver):
        passkeys.use(session(), answer)

    late = device.use(passkeys.begin_using(session()))
    watch.now = NOON + 5 * MINUTE
    with pytest.raises(SignInOver):
        passkeys.use(session(), late)
    adding = json.loads(passkeys.begin_adding(session(passkey=True)))
    with pytest.raises(SignInOver):
        passkeys.use(session(), device.use(json.dumps(adding)))
    with pytest.raises(SignInOver):
        passkeys.use(session(), device.use(json.dumps({"challenge": "bXkgb3du"})))


def test_a_copy_of_a_passkey_is_found_by_its_counter(passkeys: Passkeys) -> None:
    device = Authenticator()
    added(passkeys, device, session())
    passkeys.use(session(), device.use(passkeys.begin_using(session())))
    for behind in (device.signatures, device.signatures - 1, 0):
        with pytest.raises(SignInRefused, match="a copy of it may exist"):
            passkeys.use(session(), device.use(passkeys.begin_using(session()), signatures=behind))
    passkeys.use(session(), device.use(passkeys.begin_using(session()), signatures=2**32 - 1))


def test_an_authenticator_that_does_not_count_goes_on(passkeys: Passkeys) -> None:
    device = Authenticator(counts=False)
    added(passkeys, device, session())
    for _ in range(2):
        passkeys.use(session(), device.use(passkeys.begin_using(session())))


def test_the_first_passkey_is_added_soon_after_the_sign_in(passkeys: Passkeys, watch: Watch) -> None:
    """Fails where whoever finds an open browser makes themselves the owner of the second step."""
    device = Authenticator()
    options = passkeys.begin_adding(session())
    watch.now = NOON + 15 * MINUTE
    for ask in (lambda: passkeys.begin_adding(session()), lambda: add(passkeys, session(), device.make(options))):
        with pytest.raises(SignInOver, match="within 15 minutes after signing in"):
            ask()
    watch.now = NOON + 15 * MINUTE - TimeDelta(microseconds=1)
    assert added(passkeys, device, session())


def test_another_passkey_is_added_or_removed_only_with_one_that_is_there(passkeys: Passkeys) -> None:
    """Fails where whoever reads a mailbox adds a passkey of their own, or removes those that are in the way."""
    options = passkeys.begin_adding(session(name="two"))  # in another browser, while there was none
    key = added(passkeys, Authenticator(), session())
    asked: list[Callable[[], object]] = [
        lambda: passkeys.begin_adding(session()),
        lambda: add(passkeys, session(name="two"), Authenticator().make(options)),
        lambda: remove(passkeys, session(), key),
    ]
    for ask in asked:
        with pytest.raises(SecondStepMissing):
            ask()
    assert [each.id for each in passkeys.of(SAM)] == [key]
    added(passkeys, Authenticator(), session(passkey=True))
    assert len(passkeys.of(SAM)) == 2


def test_nobody_removes_the_passkey_of_another(passkeys: Passkeys) -> None:
    key = added(passkeys, Authenticator(), session())
    with pytest.raises(UnknownPasskey):
        remove(passkeys, session(OLIVIA, passkey=True), key)
    assert passkeys.of(SAM)


def test_a_passkey_is_added_once_whoever_owned_it(passkeys: Passkeys) -> None:
    device = Authenticator()
    key = added(passkeys, device, session())
    with pytest.raises(SignInRefused, match="added before"):
        added(passkeys, device, session(OLIVIA))
    remove(passkeys, session(passkey=True), key)
    with pytest.raises(SignInRefused, match="added before"):
        added(passkeys, device, session(OLIVIA))


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_passkey_has_a_name_and_a_wrong_name_uses_up_nothing(passkeys: Passkeys, name: str) -> None:
    device = Authenticator()
    answer = device.make(passkeys.begin_adding(session()))
    with pytest.raises(NotReadable) as refused:
        add(passkeys, session(), answer, name)
    assert [each.field for each in refused.value.problems] == ["name"]
    assert add(passkeys, session(), answer, " Blue\nkey ").name == "Blue key"


def test_nobody_has_passkeys_without_end(passkeys: Passkeys) -> None:
    for _ in range(20):
        added(passkeys, Authenticator(), session(passkey=True))
    with pytest.raises(NotAllowed, match="nobody has more than 20"):
        passkeys.begin_adding(session(passkey=True))


def test_an_authenticator_knows_a_person_by_one_name_that_tells_nothing(passkeys: Passkeys) -> None:
    """Fails where a device keeps two entries for one person, or where the name says who it is."""
    first = json.loads(passkeys.begin_adding(session()))
    assert json.loads(passkeys.begin_adding(session()))["user"]["id"] != first["user"]["id"]
    add(passkeys, session(), Authenticator().make(json.dumps(first)))
    again = json.loads(passkeys.begin_adding(session(passkey=True)))
    assert again["user"]["id"] == first["user"]["id"]
    assert again["authenticatorSelection"]["userVerification"] == "required"
    assert [each["id"] for each in again["excludeCredentials"]] == [each.id for each in passkeys.of(SAM)]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_browser_says_is_taken_or_refused(passkeys: Passkeys, data: st.DataObject) -> None:
    """Fails where an answer that somebody has spoilt breaks the page: it is refused like any other."""
    device = Authenticator(counts=False)
    whose = session(f"{secrets.token_hex(8)}@a.example", name=secrets.token_hex(8))
    made = device.make(passkeys.begin_adding(whose))
    with pytest.raises(Refused):
        add(passkeys, whose, spoilt(data, made))
    added(passkeys, device, whose)
    with pytest.raises(Refused):
        passkeys.use(whose, spoilt(data, device.use(passkeys.begin_using(whose))))


def spoilt(data: st.DataObject, answer: str) -> str:
    """An answer with one part of it changed, missing, or of another kind."""
    said = json.loads(answer)
    of_answer = data.draw(st.booleans())
    where = said["response"] if of_answer else said
    name = data.draw(st.sampled_from(sorted(where)))
    others: list[Any] = [
        None,
        7,
        [],
        {},
        "",
        "A",
        "////",
        "0" * 40,
        where[name][:-4] if isinstance(where[name], str) else 0,
    ]
    where[name] = data.draw(st.sampled_from(others))
    return data.draw(st.sampled_from([json.dumps(said), json.dumps(said)[:-3], "[]", "null", "", "\ud800"]))
