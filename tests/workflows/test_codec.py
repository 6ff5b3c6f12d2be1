"""With a key file, Temporal holds nothing that can be read; with the wrong one, people are told so in one line."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from google.protobuf.json_format import MessageToDict, MessageToJson
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowUpdateInput, WorkflowUpdateHandle
from temporalio.common import RawValue
from temporalio.worker import Replayer

from domain.values.refusals import Refused, Unavailable
from service.codec import ENCODING, KEY_ID, Codec, codec_in, converter_with, headers_with, name_of
from tests.console.asking import decoded_by_a_server
from tests.play import Play
from tests.playing import playing
from tests.rounds import OPERATOR
from tests.sandbox import SANDBOX
from tests.servers import dev_server
from tests.waiting import eventually
from workflows.challenge import ChallengeWorkflow

REASON = "The marked reason of this hold."
MARKED = b"marked header"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


class _Marking(Interceptor, OutboundInterceptor):
    """Sends a header with every update, as signatures travel."""

    def __init__(self) -> None:
        """Nothing comes after it until the client says so."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        self.next = next
        return self

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:  # noqa: A002
        input.headers = {**input.headers, "marked": Payload(metadata={"encoding": b"binary/plain"}, data=MARKED)}
        return await super().start_workflow_update(input)


def with_keys(plain: Client, *keys: str) -> Client:
    """The same connection, with a codec."""
    codec = Codec(keys)
    return Client(
        plain.service_client,
        namespace=plain.namespace,
        data_converter=converter_with(codec),
        header_codec_behavior=headers_with(codec),
        interceptors=[_Marking()],
    )


@pytest.fixture
async def plain() -> AsyncIterator[Client]:
    """A client without keys, in a namespace of its own."""
    async with dev_server() as client:
        yield client


async def events_of(client: Client, workflow: str) -> list[HistoryEvent]:
    return [event async for event in client.get_workflow_handle(workflow).fetch_history_events()]


def payloads_in(value: Any) -> list[dict[str, Any]]:
    """Every payload in a part of a history as JSON."""
    if isinstance(value, dict):
        if "encoding" in value.get("metadata", {}):
            return [value]
        return [found for each in value.values() for found in payloads_in(each)]
    return [found for each in value for found in payloads_in(each)] if isinstance(value, list) else []


def all_payloads(events: list[HistoryEvent]) -> Payloads:
    # The columns of the list are not encrypted: Temporal looks for them.
    dicts = [MessageToDict(event) for event in events]
    for each in dicts:
        for attributes in each.values():
            if isinstance(attributes, dict):
                attributes.pop("searchAttributes", None)
    return Payloads(payloads=[Payload(**_raw(each)) for each in payloads_in(dicts)])


def _raw(payload: dict[str, Any]) -> dict[str, Any]:
    meta = {name: b64decode(value) for name, value in payload["metadata"].items()}
    return {"metadata": meta, "data": b64decode(payload.get("data", ""))}


async def held(play: Play) -> None:
    """A challenge that was held, with a reason, and refused something."""
    await play.until(lambda state: state.opened)
    assert await play.decide("hold", OPERATOR, reason=REASON)
    with pytest.raises(Refused, match="on hold"):
        await play.decide("hold", OPERATOR, reason=f"{REASON} Again.")


async def test_a_history_holds_no_plain_text_and_the_ui_can_have_it_decoded(plain: Client, tmp_path: Path) -> None:
    """Fails without a codec, and when headers, summaries or the texts of failures are left in clear."""
    async with playing(tmp_path, with_keys(plain, NEW)) as play:
        await held(play)
        events = await events_of(plain, play.challenge.id)

    history = b"".join(event.SerializeToString() for event in events)
    question = play.challenge.question.encode()
    assert [text for text in (MARKED, REASON.encode(), question, b"on hold") if text in history] == []
    payloads = all_payloads(events)
    assert len(payloads.payloads) > 10
    assert {payload.metadata["encoding"] for payload in payloads.payloads} == {ENCODING}
    assert {payload.metadata[KEY_ID] for payload in payloads.payloads} == {name_of(NEW).encode()}

    answer = await decoded_by_a_server(Codec([NEW]), MessageToJson(payloads))

    assert answer.status_code == 200
    decoded = json.dumps([_raw(each)["data"].decode() for each in answer.json()["payloads"]])
    for text in (MARKED.decode(), REASON, question.decode()):
        assert text in decoded


async def test_a_history_under_an_old_key_and_in_clear_is_continued_and_replayed_under_a_new_one(
    plain: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Fails when only the newest key decrypts, and when what came before the codec cannot be read any more."""
    client = with_keys(plain, OLD)
    async with playing(tmp_path, client) as play:
        await held(play)
        # By hand, in clear, as Temporal's own command line sends it.
        await plain.get_workflow_handle(play.challenge.id).signal("resume", {"by": OPERATOR, "reason": "By hand."})
        await play.until(lambda state: not state.held)
        history = await client.get_workflow_handle(play.challenge.id).fetch_history()

    codec = Codec([NEW, OLD])
    replayer = Replayer(
        workflows=[ChallengeWorkflow],
        data_converter=converter_with(codec),
        header_codec_behavior=headers_with(codec),
        workflow_runner=SANDBOX,
    )
    await replayer.replay_workflow(history)
    only_new = Codec([NEW])
    blind = Replayer(
        workflows=[ChallengeWorkflow],
        data_converter=converter_with(only_new),
        header_codec_behavior=headers_with(only_new),
        workflow_runner=SANDBOX,
    )
    with pytest.raises(RuntimeError, match="Unavailable"):
        await blind.replay_workflow(history)
    assert f"under the key '{name_of(OLD)}', which the key file of this process does not hold" in caplog.text


async def test_a_desk_with_another_key_than_the_worker_is_told_so_in_one_line(plain: Client, tmp_path: Path) -> None:
    async with playing(tmp_path, with_keys(plain, NEW)) as play:
        await play.until(lambda state: state.opened)
        other = with_keys(plain, OLD)

        with pytest.raises(Unavailable) as said:
            await other.get_workflow_handle(play.challenge.id).query("state")

    assert str(said.value) == (
        f"Temporal holds payloads under the key {name_of(NEW)!r}, which the key file of this process does not hold: "
        "give the worker, the desk and the web front the same keys in CHALLENGES_CODEC_KEY_FILE, old keys too."
    )


async def test_a_payload_that_only_looks_encrypted_is_refused_and_stops_nothing(plain: Client, tmp_path: Path) -> None:
    """Fails when the codec raises for it: such a signal would stop the challenge for good."""
    forged = Payload(metadata={"encoding": ENCODING, KEY_ID: name_of(NEW).encode()}, data=b"\x00" * 40)
    async with playing(tmp_path, with_keys(plain, NEW)) as play:
        await play.until(lambda state: state.opened)
        await plain.get_workflow_handle(play.challenge.id).signal("hold", RawValue(forged))

        async def refused() -> bool:
            return any(line.refused and line.action == "hold" for line in play.record())

        await eventually(refused)
        assert await play.decide("hold", OPERATOR, reason=REASON)


@pytest.mark.parametrize("data", [b"", b"short", b"\x00" * 28, b"\xff" * 4_000])
async def test_what_was_changed_on_its_way_stays_unreadable(data: bytes) -> None:
    changed = Payload(metadata={"encoding": ENCODING, KEY_ID: name_of(NEW).encode()}, data=data)

    assert await Codec([NEW]).decode([changed]) == [changed]


async def test_each_byte_of_what_is_encrypted_counts() -> None:
    codec = Codec([NEW])
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b'"a"')
    (encrypted,) = await codec.encode([payload])
    assert await codec.decode([encrypted]) == [payload]
    assert await codec.encode([payload]) != [encrypted]  # another nonce each time
    for place in range(len(encrypted.data)):
        data = bytearray(encrypted.data)
        data[place] ^= 1
        (found,) = await codec.decode([Payload(metadata=dict(encrypted.metadata), data=bytes(data))])
        assert found != payload


def test_keys_come_from_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    assert codec_in(Path()) is None
    file = tmp_path / "codec.key"
    with pytest.raises(Unavailable, match="There is no key file"):
        codec_in(file)
    file.write_text(f"# of the year\n{NEW}\n{OLD}\n")
    file.chmod(0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        codec_in(file)
    file.chmod(0o600)
    assert codec_in(file) is not None
