"""The production set-up gives each container the secrets, keys and rights that it needs, and no others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.identity.proof import Unproven
from service import settings
from service.settings import PREFIX, SECRETS, Settings
from tests.test_deployment import ASKED, COMPOSE, DOCKERFILE, ROOT, SERVICES, docker_compose
from tests.waiting import HANGS

__all__ = ["docker_compose"]

DATABASE_LOGINS = {"worker": "worker", "web": "desk", "challenges-migrations": "owner"}
"""The login at the database of each container of the service."""
OURS = sorted(DATABASE_LOGINS)
KNOWN = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS}


def environment_of(name: str) -> dict[str, Any]:
    return dict(SERVICES[name].get("environment", {}))


def volumes_of(name: str) -> set[str]:
    return set(SERVICES[name].get("volumes", []))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `deploy/make-secrets.sh` makes."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "deploy").mkdir()
    shutil.copy(ROOT / "deploy/make-secrets.sh", folder / "deploy")
    make_secrets(folder)
    return folder / "secrets"


def make_secrets(folder: Path) -> str:
    command = ["sh", str(folder / "deploy/make-secrets.sh")]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=HANGS).stdout


def test_every_secret_that_compose_asks_for_is_made_and_no_other(made: Path) -> None:
    asked = {secret["file"] for secret in COMPOSE["secrets"].values()}

    assert asked == {f"./secrets/{file.name}" for file in made.iterdir()}
    assert {secret for service in SERVICES.values() for secret in service.get("secrets", [])} == set(COMPOSE["secrets"])


def test_each_login_has_a_long_password_of_its_own_that_stays(made: Path) -> None:
    passwords = {file.name: file.read_text() for file in made.iterdir() if file.name.startswith("database-")}

    assert len(set(passwords.values())) == len(passwords) == 5
    assert [name for name, password in passwords.items() if not re.fullmatch(r"[0-9a-f]{48}", password)] == []
    assert made.stat().st_mode & 0o077 == 0
    (made / "smtp-password").write_text("of the mail server\n")
    before = {file.name: file.read_bytes() for file in made.iterdir()}
    assert make_secrets(made.parent) == ""
    assert {file.name: file.read_bytes() for file in made.iterdir()} == before


def test_no_secret_of_the_service_is_in_an_environment() -> None:
    """Temporal's own image takes the password of its database from the environment only."""
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            if re.search(r"(PASSWORD|PWD|TOKEN|SECRET|SECRET_KEY|NOTIFY_KEY)$", variable):
                assert name in {"temporal-db", "temporal-schema", "temporal"} or variable.endswith("ACCESS_KEY"), (
                    variable
                )


@pytest.mark.parametrize("name", OURS)
def test_each_container_gets_only_its_own_password_of_the_database(name: str) -> None:
    login = DATABASE_LOGINS[name]

    assert [each for each in SERVICES[name]["secrets"] if each.startswith("database-")] == [f"database-{login}"]
    assert f"://challenges_{login}@challenges-db" in environment_of(name)["CHALLENGES_DATABASE_URL"]
    assert environment_of(name)["CHALLENGES_DATABASE_PASSWORD_FILE"] == f"/run/secrets/database-{login}"


def test_only_the_desk_holds_the_keys_that_sign_decisions() -> None:
    """Fails when the worker could sign: it could then decide in anybody's name."""
    holders = {name for name in SERVICES if any("challenges-signing:" in volume for volume in volumes_of(name))}

    assert holders == {"web"}
    assert "challenges-public:/var/lib/challenges-public:ro" in volumes_of("worker")
    assert environment_of("web")["CHALLENGES_SIGNING_KEY_FILE"].startswith("/var/lib/challenges-signing/")
    assert "CHALLENGES_SIGNING_KEY_FILE" not in environment_of("worker")


@pytest.mark.parametrize("name", ["worker", "web"])
def test_nothing_counts_without_a_proof(name: str) -> None:
    given = environment_of(name)

    assert given["CHALLENGES_ASK_FOR_PROOF"] == given["CHALLENGES_SECOND_STEP"] == "true"
    assert given["CHALLENGES_UNPROVEN"] == Unproven.CONFIRM


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str) -> None:
    assert {each for each in environment_of(name) if each.startswith(PREFIX)} - KNOWN == set()


@pytest.mark.parametrize("name", OURS)
def test_the_service_takes_the_settings_of_its_containers(
    docker_compose: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: Path, name: str
) -> None:
    """As compose itself puts them together. Fails when a value, or a file of a secret, would stop the container."""
    env_file = tmp_path / "env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in ASKED.items()))
    command = [docker_compose, "--env-file", str(env_file), "--file", str(ROOT / "docker-compose.yml"), "config"]
    clean = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    said = subprocess.run(command, env=clean, capture_output=True, text=True, timeout=HANGS, check=True).stdout
    given = yaml.safe_load(said)["services"][name]["environment"]
    for variable in os.environ:
        if variable.startswith(PREFIX):
            monkeypatch.delenv(variable)
    for variable, value in given.items():
        if value is not None:
            monkeypatch.setenv(variable, str(value).replace("/run/secrets", str(made)))

    found = settings.load()

    assert found.database_password.get_secret_value() == (made / f"database-{DATABASE_LOGINS[name]}").read_text()
    if name != "challenges-migrations":
        assert (found.ask_for_proof, found.second_step, found.unproven) == (True, True, Unproven.CONFIRM)


@pytest.mark.parametrize("name", OURS)
def test_every_folder_that_is_written_to_is_made_by_the_image_for_the_services_user(name: str) -> None:
    """Fails when a new volume would belong to root: the service could not make its keys there."""
    owned = re.search(r"install --directory --owner challenges[^&]*?((?: +/\S+)+)\n", DOCKERFILE.replace("\\\n", ""))
    assert owned

    places = {volume.split(":")[1] for volume in volumes_of(name)}
    assert places - set(owned[1].split()) == set()


def test_no_image_and_no_commit_holds_a_secret() -> None:
    ignored = {name: (ROOT / name).read_text().splitlines() for name in (".gitignore", ".dockerignore")}

    assert {".env", "/secrets/"} <= set(ignored[".gitignore"])
    assert {".env*", "secrets", "**/*.key"} <= set(ignored[".dockerignore"])
