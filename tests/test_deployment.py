"""The production set-up, checked as far as it can be without a container engine."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from temporalio.testing import WorkflowEnvironment

from tests.waiting import HANGS

ROOT = Path(__file__).parent.parent
ASKED = {"TEMPORAL_DB_PASSWORD": "for-the-test", "CHALLENGES_WEB_ADDRESS": "https://challenges.example"}
"""What .env has to say."""
# At least two numbers of a version: `17.11-bookworm` and `v3.13.4`, never `17` or `latest`.
EXACT_VERSION = re.compile(r"v?\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?")

Service = Mapping[str, Any]


def read_yaml(name: str) -> dict[str, Any]:
    content = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


COMPOSE = read_yaml("docker-compose.yml")
SERVICES: Mapping[str, Service] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
# Those that others wait for to end. Every other service runs until it is stopped.
ONE_SHOTS = frozenset(
    name
    for service in SERVICES.values()
    for name, wait in service.get("depends_on", {}).items()
    if wait["condition"] == "service_completed_successfully"
)
LONG_RUNNING = sorted(SERVICES.keys() - ONE_SHOTS)


@pytest.fixture(scope="module")
def docker_compose() -> str:
    found = shutil.which("docker-compose")
    if found is None:
        missing = "docker-compose is not on this machine: on Debian, apt install docker-compose"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def check_compose_file(docker_compose: str, env_file: Path, *more: Path) -> subprocess.CompletedProcess[str]:
    # Only what the command needs: a password set on this machine must not stand in for the file's.
    clean = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    command = [docker_compose, "--env-file", str(env_file), "--file", str(ROOT / "docker-compose.yml")]
    command += [part for each in more for part in ("--file", str(each))]
    return subprocess.run(
        [*command, "config", "--quiet"], env=clean, capture_output=True, text=True, timeout=HANGS, check=False
    )


def test_compose_accepts_the_file_once_it_is_told_what_it_asks_for(docker_compose: str, tmp_path: Path) -> None:
    env_file = tmp_path / "env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in ASKED.items()))

    checked = check_compose_file(docker_compose, env_file)

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("forgotten", ASKED)
def test_compose_says_what_to_do_when_something_is_forgotten(
    docker_compose: str, tmp_path: Path, forgotten: str
) -> None:
    env_file = tmp_path / "env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in ASKED.items() if name != forgotten))

    checked = check_compose_file(docker_compose, env_file)

    assert checked.returncode != 0
    assert "set it in .env, see deploy/env.example" in checked.stderr


def test_the_example_names_all_that_is_asked_for_and_gives_none() -> None:
    asked = re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    lines = (ROOT / "deploy/env.example").read_text(encoding="utf-8").splitlines()
    offered = [line for line in lines if line and not line.startswith("#")]

    assert sorted(offered) == sorted(f"{name}=" for name in set(asked))
    assert set(asked) == set(ASKED)


def test_compose_accepts_the_file_with_authorization_beside_it(docker_compose: str, tmp_path: Path) -> None:
    """Fails when it names a service that there is not, and when it forgets to say what it needs."""
    beside = ROOT / "deploy/temporal-authorization.yml"
    asked = set(re.findall(r"\$\{(\w+):\?", beside.read_text(encoding="utf-8")))
    env_file = tmp_path / "env"
    env_file.write_text("".join(f"{name}=given\n" for name in asked) + "".join(f"{n}={v}\n" for n, v in ASKED.items()))

    checked = check_compose_file(docker_compose, env_file, beside)

    assert checked.returncode == 0, checked.stderr
    assert set(read_yaml("deploy/temporal-authorization.yml")["services"]) <= set(SERVICES)


def images() -> Iterator[tuple[str, str]]:
    for name, service in SERVICES.items():
        yield name, service["image"]
    for number, image in enumerate(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE), start=1):
        yield f"Dockerfile stage {number}", image


@pytest.mark.parametrize(("where", "image"), list(images()))
def test_every_image_is_pinned_to_an_exact_version(where: str, image: str) -> None:
    assert EXACT_VERSION.fullmatch(image.partition(":")[2]), f"{where} uses {image}"


@pytest.mark.parametrize("tag", ["", "latest", "17", "17-bookworm", "v3"])
def test_a_tag_that_moves_is_not_taken_for_an_exact_version(tag: str) -> None:
    assert EXACT_VERSION.fullmatch(tag) is None


def test_temporal_and_the_tools_that_set_up_its_tables_have_one_version() -> None:
    versions = {
        service["image"].partition(":")[2]
        for service in SERVICES.values()
        if service["image"].startswith(("temporalio/server:", "temporalio/admin-tools:"))
    }

    assert len(versions) == 1


def test_every_volume_is_named_so_that_down_and_up_lose_nothing() -> None:
    used = set()
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source, _, target = volume.partition(":")
            assert target, f"{name} has an anonymous volume at {source}"
            if source.startswith("./"):
                assert volume.endswith(":ro"), f"{name} can write to {source}"
                assert (ROOT / source).is_file(), f"{name} mounts {source}, which is not there"
            else:
                used.add(source)

    assert used == set(COMPOSE["volumes"])
    assert all(volume["name"] for volume in COMPOSE["volumes"].values())


def test_both_databases_keep_their_data_in_a_volume() -> None:
    databases = {name: s["volumes"] for name, s in SERVICES.items() if name.endswith("-db")}

    assert databases == {
        "temporal-db": ["temporal-db:/var/lib/postgresql/data"],
        "challenges-db": ["challenges-db:/var/lib/postgresql/data"],
    }


def test_every_published_port_is_open_to_this_machine_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_staff_cannot_change_a_run_from_the_temporal_ui() -> None:
    assert SERVICES["temporal-ui"]["environment"]["TEMPORAL_DISABLE_WRITE_ACTIONS"] == "true"


def test_prometheus_scrapes_the_worker_where_it_serves_its_metrics() -> None:
    port = SERVICES["worker"]["environment"]["CHALLENGES_METRICS_ADDRESS"].removeprefix("0.0.0.0:")
    scraped = {
        job["job_name"]: [target for group in job["static_configs"] for target in group["targets"]]
        for job in read_yaml("deploy/prometheus.yml")["scrape_configs"]
    }

    assert scraped["worker"] == [f"worker:{port}"]
    assert f"CHALLENGES_METRICS_ADDRESS=0.0.0.0:{port}" in DOCKERFILE


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_every_long_running_service_says_whether_it_is_healthy(name: str) -> None:
    service = SERVICES[name]

    assert "healthcheck" in service or ("build" in service and "\nHEALTHCHECK " in DOCKERFILE)


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_every_long_running_service_comes_back_after_a_crash(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_nothing_waits_for_a_service_merely_to_have_been_started() -> None:
    for name, service in SERVICES.items():
        for awaited, wait in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if awaited in ONE_SHOTS else "service_healthy"
            assert wait == {"condition": expected}, f"{name} on {awaited}"


def test_the_worker_does_not_run_as_root() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]

    assert re.findall(r"^USER (\S+)", last_stage, re.MULTILINE) == ["challenges"]


async def test_the_namespace_is_made_with_years_of_retention_and_again_is_harmless() -> None:
    tools = Path(sys.executable).parent
    asked: dict[str, str] = SERVICES["temporal-namespace"]["environment"]
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=str(tools / "temporal")) as server:
        env = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": os.environ.get("HOME", "/"),
            "TEMPORAL_ADDRESS": server.client.service_client.config.target_host,
            "TEMPORAL_NAMESPACE": "made-by-the-script",
            "RETENTION": asked["RETENTION"],
        }

        async def run(*command: str) -> str:
            process = await asyncio.create_subprocess_exec(
                *command, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
            output, _ = await process.communicate()
            assert process.returncode == 0, output.decode()
            return output.decode()

        for _ in range(2):
            await run("sh", str(ROOT / "deploy/set-up-namespace.sh"))
            described = await run("temporal", "operator", "namespace", "describe", "--namespace", "made-by-the-script")
            assert "87600h0m0s" in described
