"""Payloads are decoded for operators who are signed in, for the pages of the UI, and for nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from google.protobuf.json_format import MessageToJson
from temporalio.api.common.v1 import Payload, Payloads

from service.codec import Codec, name_of
from store.database.database import Database
from tests.console.asking import OPERATOR_IN, UI, asked
from tests.console.fronting import Visitor, fronting
from tests.identity.conftest import Clock

KEY, OTHER = Fernet.generate_key().decode(), Fernet.generate_key().decode()
CODEC = Codec([KEY])
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"a marked answer"')
AS_OPERATOR = {"origin": UI} | OPERATOR_IN


async def encrypted(key: str = KEY) -> str:
    return MessageToJson(Payloads(payloads=[*await Codec([key]).encode([PLAIN]), PLAIN]))


async def test_an_operator_sees_what_was_encrypted_and_what_was_not() -> None:
    answer = await asked(CODEC, "POST", "/codec/decode", AS_OPERATOR, await encrypted())

    assert (answer.status_code, answer.json()) == (
        200,
        {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "ImEgbWFya2VkIGFuc3dlciI="}] * 2},
    )
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/codec/decode", {"origin": UI}, 401),
        ("POST", "/codec/decode", {"origin": UI, "cookie": "__Host-session=somebody"}, 401),
        ("POST", "/codec/decode", OPERATOR_IN, 403),
        ("POST", "/codec/decode", OPERATOR_IN | {"origin": "https://evil.example"}, 403),
        ("POST", "/codec/decode", OPERATOR_IN | {"origin": f"{UI}.evil.example"}, 403),
        ("POST", "/codec/decode", OPERATOR_IN | {"origin": "null"}, 403),
        ("OPTIONS", "/codec/decode", {"origin": "https://evil.example"}, 403),
        ("GET", "/codec/decode", AS_OPERATOR, 405),
        ("POST", "/codec/encode", AS_OPERATOR, 404),
        ("POST", "/codec/", AS_OPERATOR, 404),
        ("POST", "/codec/decode/more", AS_OPERATOR, 404),
    ],
)
async def test_nobody_else_gets_an_answer(method: str, path: str, headers: dict[str, str], status: int) -> None:
    """Fails when the origin, the session or the role is not looked at, and when the server would encode."""
    answer = await asked(CODEC, method, path, headers, await encrypted())

    assert answer.status_code == status
    assert "ImEgbWFya2Vk" not in answer.text
    assert answer.headers.get("access-control-allow-origin", UI) == UI


async def test_the_browser_is_told_beforehand_what_it_may_send() -> None:
    answer = await asked(CODEC, "OPTIONS", "/codec/decode", {"origin": UI})

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert "x-namespace" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize("body", [b"", b"[", b"null", b'{"payload": []}', b"\xff", b"[" * 100_000, b'{"payloads": 3}'])
async def test_what_is_no_question_is_refused_in_one_line(body: bytes) -> None:
    answer = await asked(CODEC, "POST", "/codec/decode", AS_OPERATOR, body)

    assert answer.status_code == 400
    assert answer.json() == {"message": 'The request is not a JSON object {"payloads": […]} of Temporal: send one.'}


async def test_a_question_without_end_is_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.codec._LARGEST", 1_000)

    answer = await asked(CODEC, "POST", "/codec/decode", AS_OPERATOR, b" " * 1_001)

    assert answer.status_code == 413


async def test_a_key_that_the_server_lacks_is_named_in_one_line() -> None:
    answer = await asked(CODEC, "POST", "/codec/decode", AS_OPERATOR, await encrypted(OTHER))

    said: dict[str, Any] = answer.json()
    assert answer.status_code == 409
    assert f"under the key '{name_of(OTHER)}'" in said["message"]
    assert "\n" not in said["message"]


async def test_nothing_is_decoded_where_nothing_is_encrypted() -> None:
    assert (await asked(None, "POST", "/codec/decode", AS_OPERATOR, await encrypted())).status_code == 404


def test_the_web_front_decodes_for_an_operator_who_is_signed_in_and_for_nobody_else(
    kept: Database, clock: Clock, tmp_path: Path
) -> None:
    """Fails when the front does not ask who is signed in, and when its guards of forms turn the UI away."""
    keys = tmp_path / "codec.key"
    keys.write_text(f"{KEY}\n")
    keys.chmod(0o600)
    payloads = asyncio.run(encrypted())
    with fronting(kept, clock, codec_key_file=keys, ui_address=UI) as front:
        statuses = {}
        for who in ("", "sam@sepa.example", "olivia@scheme.example"):
            visitor = Visitor(front)
            if who:
                visitor.sign_in(who)
            from_ui = {"origin": UI, "sec_fetch_site": "same-site", "content_type": "application/json"}
            answer = visitor.send("POST", "/codec/decode", payloads, **from_ui)
            statuses[who] = answer.status_code
            assert ("ImEgbWFya2Vk" in answer.text) == (answer.status_code == 200)
            assert visitor.send("POST", "/codec/decode", payloads, origin=front.address).status_code == 403
            visitor.close()

    assert statuses == {"": 401, "sam@sepa.example": 401, "olivia@scheme.example": 200}
