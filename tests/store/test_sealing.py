"""Payee details at rest: only a key opens them, for the team they were sealed for, and nothing shows them."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import stat
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from domain.payments.bank_account import BankAccount
from domain.values.refusals import Unavailable
from store.payments.sealing import SETTING, Seals, make_key_file
from tests.processes import forking
from tests.waiting import HANGS

ACCOUNT = BankAccount(holder="Ada Lovelace", iban="GB33BUKB20201555555555", bic="BUKBGB22")
DETAILS = ("Lovelace", "BUKB2020", "55555555", "BUKBGB22")
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
TEAM, OTHER = "air-quality-team-a", "air-quality-team-b"


@pytest.fixture
def keys(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a key file that only its owner may read."""

    def write(text: str) -> Path:
        path = tmp_path / "payee.keys"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write


def everything_said(refusal: BaseException) -> str:
    """A refusal with all that goes along with it into a log, or hangs on it for whoever looks."""
    said = ["".join(traceback.format_exception(refusal))]
    while (behind := refusal.__cause__ or refusal.__context__) is not None:
        said.append(f"{behind!r} {vars(behind)}")
        refusal = behind
    return " ".join(said)


# --- Seals ---------------------------------------------------------------------------------------------------------


@given(
    st.builds(
        BankAccount,
        holder=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=69).map(lambda text: f"{text}a"),
        sort_code=st.from_regex("[0-9]{5}[1-9]", fullmatch=True),
        number=st.from_regex("[0-9]{7}[1-9]", fullmatch=True),
    ),
    st.text(max_size=80),
)
def test_what_is_sealed_opens_as_it_was(account: BankAccount, team: str) -> None:
    seals = Seals([OLD])
    assert seals.open(seals.seal(account, team), team) == account


def test_a_sealed_text_shows_nothing_and_is_never_the_same_twice() -> None:
    seals = Seals([OLD])
    one, other = seals.seal(ACCOUNT, TEAM), seals.seal(ACCOUNT, TEAM)
    assert one != other
    assert not any(detail in one for detail in (*DETAILS, TEAM))


def test_details_open_for_the_team_alone_that_they_were_sealed_for() -> None:
    """Fails without the comparison in `open`: two rows could be swapped, and money go to the wrong team."""
    seals = Seals([OLD])
    sealed = seals.seal(ACCOUNT, TEAM)
    for open_ in (seals.open, seals.reseal):
        with pytest.raises(Unavailable, match=f"{OTHER} was not sealed for this team: somebody changed the row"):
            open_(sealed, OTHER)
    assert seals.open(sealed, TEAM) == ACCOUNT


@pytest.mark.parametrize("place", [0, 20, 100, -10])
def test_a_text_that_was_changed_does_not_open(place: int) -> None:
    seals = Seals([OLD])
    sealed = list(seals.seal(ACCOUNT, TEAM))
    sealed[place] = "B" if sealed[place] == "A" else "A"
    with pytest.raises(Unavailable, match="do not open with any key"):
        seals.open("".join(sealed), TEAM)


@pytest.mark.parametrize("sealed", ["", "no seal", "é" * 100, ACCOUNT.model_dump_json()])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(Unavailable, match="do not open with any key"):
        Seals([OLD]).open(sealed, TEAM)


def test_without_its_key_nothing_opens_and_it_says_which_setting_to_look_at() -> None:
    with pytest.raises(
        Unavailable, match=f"{TEAM} do not open with any key in the file that {SETTING} names: put the key .* back"
    ):
        Seals([NEW]).open(Seals([OLD]).seal(ACCOUNT, TEAM), TEAM)


@pytest.mark.parametrize("content", ["no JSON", '{"bound_to": "x"}', ""])
def test_what_opens_but_is_no_account_is_refused(content: str) -> None:
    sealed = Fernet(OLD).encrypt(content.encode()).decode()
    with pytest.raises(Unavailable, match="open but do not pass the checks of this release"):
        Seals([OLD]).open(sealed, TEAM)


# --- New keys ------------------------------------------------------------------------------------------------------


def test_after_a_new_first_key_the_old_texts_open_and_new_ones_need_the_new_key() -> None:
    """Fails when another key than the first seals."""
    before, both = Seals([OLD]), Seals([NEW, OLD])
    assert both.open(before.seal(ACCOUNT, TEAM), TEAM) == ACCOUNT

    sealed = both.seal(ACCOUNT, TEAM)
    assert Seals([NEW]).open(sealed, TEAM) == ACCOUNT
    with pytest.raises(Unavailable):
        before.open(sealed, TEAM)


def test_what_is_sealed_anew_does_without_the_old_key() -> None:
    """Fails when `reseal` gives back what it got."""
    resealed = Seals([NEW, OLD]).reseal(Seals([OLD]).seal(ACCOUNT, TEAM), TEAM)
    assert Seals([NEW]).open(resealed.sealed, TEAM) == ACCOUNT


# --- The key file --------------------------------------------------------------------------------------------------


def test_keys_are_read_a_line_each_with_comments(keys: Callable[[str], Path]) -> None:
    seals = Seals.from_file(keys(f"\ufeff# of May\n{NEW}  # current\n\n  {OLD}\r\n#{Fernet.generate_key().decode()}\n"))
    assert seals.open(Seals([OLD]).seal(ACCOUNT, TEAM), TEAM) == ACCOUNT
    assert Seals([NEW]).open(seals.seal(ACCOUNT, TEAM), TEAM) == ACCOUNT


@pytest.mark.parametrize("text", ["", "\n\n", f"# {NEW}\n"], ids=["empty", "blank", "comments"])
def test_a_file_without_a_key_is_refused(keys: Callable[[str], Path], text: str) -> None:
    path = keys(text)
    with pytest.raises(Unavailable, match=f"{path} holds no key: .* {SETTING}"):
        Seals.from_file(path)


@pytest.mark.parametrize(
    "wrong",
    [NEW[:-4], NEW[1:], f"{NEW}{NEW}", f"{NEW} {OLD}", f"!{NEW}", "password-of-the-bank", "\ufffd" * 44],
    ids=[
        "its end missing",
        "its start missing",
        "twice",
        "two",
        "a slip",
        "a password",
        "no text",
    ],  # keys show nowhere
)
def test_a_line_that_is_no_key_is_refused_by_its_number_and_not_repeated(
    keys: Callable[[str], Path], wrong: str
) -> None:
    """Fails when a message repeats the line, which may be a key with a slip in it, or when Fernet alone decides."""
    path = keys(f"# first\n{OLD}\n{wrong}\n")
    with pytest.raises(Unavailable, match=f"Line 3 of the key file {path} is not a key") as refused:
        Seals.from_file(path)
    assert not any(secret in everything_said(refused.value) for secret in (wrong, NEW[:20], OLD))


def test_keys_that_come_from_elsewhere_are_checked_too() -> None:
    for wrong in ([], [OLD, "secret-that-is-no-key"]):
        with pytest.raises(ValueError, match="at least one key") as refused:
            Seals(wrong)
        assert not any(secret in everything_said(refused.value) for secret in (OLD, "secret-that"))


def test_a_file_that_is_not_there_or_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=f"There is no key file .*payee.keys: restore it .* {SETTING}"):
        Seals.from_file(tmp_path / "payee.keys")
    with pytest.raises(Unavailable, match=r"cannot be read \(Is a directory\)"):
        Seals.from_file(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="the modes of POSIX")
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o620, 0o700, 0o444])
def test_a_file_that_is_open_to_more_than_its_owner_is_refused(keys: Callable[[str], Path], mode: int) -> None:
    """Fails without the look at the mode."""
    path = keys(NEW)
    path.chmod(mode)
    with pytest.raises(Unavailable, match=f"{path} is open to more than its owner: run chmod 600 {path}"):
        Seals.from_file(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_its_owner_alone_may_read_is_taken(keys: Callable[[str], Path], mode: int) -> None:
    path = keys(NEW)
    path.chmod(mode)
    assert Seals.from_file(path).open(Seals([NEW]).seal(ACCOUNT, TEAM), TEAM) == ACCOUNT


# --- Making it -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="the modes of POSIX")
def test_a_key_file_is_made_with_its_folder_for_its_owner_alone(tmp_path: Path) -> None:
    """Fails when the umask decides who may read it."""
    path = tmp_path / "new" / "folder" / "payee.keys"
    usual = os.umask(0)
    try:
        assert make_key_file(path)
    finally:
        os.umask(usual)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    seals = Seals.from_file(path)
    assert seals.open(seals.seal(ACCOUNT, TEAM), TEAM) == ACCOUNT


def test_a_key_file_that_is_there_stays_as_it_is(keys: Callable[[str], Path]) -> None:
    path = keys(NEW)
    assert not make_key_file(path)
    assert path.read_text(encoding="utf-8") == NEW


def test_of_two_that_make_it_at_once_the_second_keeps_the_key_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when the file is moved into its place instead of linked. Both have seen that there is none by then."""
    path = tmp_path / "payee.keys"
    together, made_by = threading.Barrier(2, timeout=HANGS), threading.local()
    link = os.link
    kept: list[str] = []

    def link_together(source: str, target: Path) -> None:
        made_by.key = Path(source).read_text(encoding="ascii")
        together.wait()
        link(source, target)
        kept.append(made_by.key)

    monkeypatch.setattr(os, "link", link_together)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(make_key_file, [path, path]))

    assert sorted(made) == [False, True]
    assert [path.read_text(encoding="ascii")] == kept
    assert list(tmp_path.iterdir()) == [path]


def test_processes_that_make_it_at_once_end_with_one_file(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.keys" for number in range(30)]
    with ProcessPoolExecutor(2, mp_context=forking()) as pool:
        rounds = [pool.map(make_key_file, paths), pool.map(make_key_file, paths)]
        made = [list(each) for each in rounds]
    assert [one + other for one, other in zip(*made, strict=True)] == [1] * len(paths)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert all(Seals.from_file(path) for path in paths)


def test_a_key_file_is_in_its_place_only_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when it is written in its place, or when a disk that is full leaves something behind."""
    path = tmp_path / "payee.keys"
    seen: list[bool] = []

    def full(_: int) -> None:
        seen.append(path.exists())
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match=rf"{path} cannot be made \(No space left on device\): .* {SETTING}"):
        make_key_file(path)
    assert seen == [False]
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_that_cannot_be_made_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Unavailable, match=r"cannot be made \((Not a directory|File exists)\)"):
        make_key_file(tmp_path / "file" / "payee.keys")


# --- Nothing shows -------------------------------------------------------------------------------------------------


def test_the_same_account_has_the_same_fingerprint_whatever_it_is_sealed_for() -> None:
    """Fails when the fingerprint has the team or the holder in it, or can be made without the key."""
    seals, text = Seals([NEW]), f"account {ACCOUNT.identity}"
    [fingerprint] = seals.keep(ACCOUNT, TEAM).fingerprints
    assert seals.keep(ACCOUNT.model_copy(update={"holder": "Somebody"}), OTHER).fingerprints == (fingerprint,)
    assert Seals([OLD]).keep(ACCOUNT, TEAM).fingerprints != (fingerprint,)
    assert Seals([NEW, OLD]).keep(ACCOUNT, TEAM).fingerprints[0] == fingerprint
    assert fingerprint != hashlib.sha256(text.encode()).hexdigest()
    assert ACCOUNT.iban[-8:] not in fingerprint


def test_seals_show_no_keys() -> None:
    seals = Seals([NEW, OLD])
    shown = f"{seals} {seals!r} {vars(seals)}"
    assert not any(key in shown for key in (NEW, OLD))


def test_no_refusal_and_no_log_shows_details(caplog: pytest.LogCaptureFixture) -> None:
    """Fails when a refusal is raised while the error that holds the details is dealt with."""
    caplog.set_level(logging.DEBUG)
    seals = Seals([NEW, OLD])
    sealed = seals.seal(ACCOUNT, TEAM)
    broken = Fernet(NEW).encrypt(ACCOUNT.model_dump_json().replace("GB33", "GB34").encode()).decode()
    for text, team in ((sealed, OTHER), (sealed[:-9], TEAM), (broken, TEAM)):
        with pytest.raises(Unavailable) as refused:
            seals.open(text, team)
        assert len(str(refused.value).splitlines()) == 1
        said = everything_said(refused.value) + caplog.text
        assert not any(secret in said for secret in (*DETAILS, NEW, OLD, sealed[:40]))
