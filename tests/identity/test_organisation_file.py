"""The file of organisations: every fault has a line that says what to write, and no line repeats a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.values.refusals import FileRefused
from identity.organisation_file import read_organisations
from tests.identity.providing import Organisation, write_organisations

SECRET = "hunter2-hunter2"
OFFICE = Organisation("office", "https://login.office.example/realm")


def table(**other: Any) -> str:
    return OFFICE.in_settings(**({"client_secret": SECRET} | other))


def refused(path: Path) -> list[str]:
    with pytest.raises(FileRefused) as refusal:
        read_organisations(path)
    assert SECRET not in f"{refusal.value} {refusal.value.problems} {refusal.value.__context__!r}"
    return str(refusal.value).splitlines()


@pytest.mark.parametrize("where", ["client_secret", "client_secret_file", "client_secret_variable"])
def test_a_secret_is_in_the_file_or_in_another_or_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("OFFICE_SECRET", SECRET)
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    value = {"client_secret": SECRET, "client_secret_file": "secret", "client_secret_variable": "OFFICE_SECRET"}[where]

    (office,) = read_organisations(write_organisations(tmp_path, table(**{"client_secret": None, where: value})))

    assert (office.id, office.secret) == ("office", SECRET)
    assert SECRET not in f"{office} {office!r} {office.model_dump_json()}"


def test_the_settings_need_name_no_file(tmp_path: Path) -> None:
    assert read_organisations(tmp_path) == ()
    assert read_organisations(write_organisations(tmp_path, "")) == ()


@pytest.mark.parametrize(
    ("other", "line"),
    [
        (
            {"issuer": "http://login.office.example"},
            "write its address with https://, such as https://login.body.example",
        ),
        ({"issuer": "https://login.office.example?x=1"}, "without ? or #"),
        ({"issuer": None}, "organisations[1] (office).issuer: missing: add issuer"),
        ({"id": "The Office"}, 'organisations[1] (The Office).id = "The Office": write lower-case letters'),
        ({"name": ""}, 'organisations[1] (office).name = "": is empty: write it'),
        ({"client_id": "with space"}, 'organisations[1] (office).client_id = "with space"'),
        ({"domains": []}, "organisations[1] (office).domains: needs at least one: add it"),
        ({"domains": ["@office.example"]}, "'@office.example' is not a mail domain: write each as body.example"),
        ({"domains": "office.example"}, "domains"),
        ({"client_secret": None}, "write one of client_secret, client_secret_file and client_secret_variable"),
        ({"client_secret_variable": "A"}, "write one of client_secret, client_secret_file and client_secret_variable"),
        ({"client_secret": 7}, "organisations[1] (office).client_secret: write text in quotes"),
        ({"client_secret": ""}, "organisations (office): client_secret holds no secret"),
        ({"client_secret": None, "client_secret_file": "gone"}, "gone with the secret cannot be read (No such file"),
        (
            {"client_secret": None, "client_secret_variable": "NOT_SET"},
            "the environment variable NOT_SET holds no secret",
        ),
        ({"client_secret": None, "client_secrets": SECRET}, "client_secrets: unknown key: did you mean client_secret?"),
        ({"pasword": SECRET}, "pasword: unknown key"),
    ],
)
def test_a_wrong_value_is_refused_by_key_and_remedy(tmp_path: Path, other: dict[str, Any], line: str) -> None:
    path = write_organisations(tmp_path, table(**other))

    lines = refused(path)

    assert [each for each in lines if each.startswith(f"{path}: ") and line in each], lines


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    lines = refused(write_organisations(tmp_path, table(issuer="office", domains=["a b"]), table(id="A", name=7)))

    assert [each.partition(": ")[2].split(" = ")[0].split(": ")[0] for each in lines] == [
        "organisations[1] (office).issuer",
        "organisations[1] (office).domains",
        "organisations[2] (A).id",
        "organisations[2] (A).name",
    ]


@pytest.mark.parametrize("key", ["id", "name", "issuer"])
def test_two_organisations_are_two(tmp_path: Path, key: str) -> None:
    values = {"id": "other", "name": "Other", "issuer": "https://other.example"}
    other = {name: value for name, value in values.items() if name != key}

    (line,) = refused(write_organisations(tmp_path, table(), table(**other)))

    assert f"two organisations have {key} = " in line


def test_a_line_that_is_no_toml_is_not_repeated(tmp_path: Path) -> None:
    (line,) = refused(write_organisations(tmp_path, table().replace(f'"{SECRET}"', SECRET)))

    assert "line 6" in line


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = write_organisations(tmp_path, table())
    path.chmod(0o644)

    assert refused(path) == [f"{path}: holds a secret and is open to more than its owner: run chmod 600 {path}"]


def test_a_file_without_secrets_may_be_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_SECRET", SECRET)
    path = write_organisations(tmp_path, table(client_secret=None, client_secret_variable="OFFICE_SECRET"))
    path.chmod(0o644)

    assert read_organisations(path)[0].secret == SECRET


@pytest.mark.parametrize(
    ("address", "vouches"),
    [
        ("olivia@office.example", True),
        ("Olivia@OFFICE.example", True),
        ("olivia@bücher.example", True),
        ("olivia@xn--bcher-kva.example", True),
        ("olivia@sub.office.example", False),
        ("olivia@rival.example@office.example", False),
        ("office.example", False),
        ("", False),
    ],
)
def test_an_organisation_vouches_for_addresses_of_its_domains(tmp_path: Path, address: str, vouches: bool) -> None:
    path = write_organisations(tmp_path, table(domains=["Office.example", "bücher.example"]))

    assert read_organisations(path)[0].vouches_for(address) is vouches
