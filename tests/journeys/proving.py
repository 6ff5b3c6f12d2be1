"""Messages to workflows with every kind of proof, true and forged, by every road; and what the record says of each."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from whenever import Instant

from desk.proofs import going_with, taking_proofs
from domain.challenges.decisions import DECISIONS
from domain.identity.asked import Asked
from domain.identity.proof import Proof, Unproven, Way
from domain.payments.decisions import PAYMENT_DECISIONS
from domain.values.refusals import NotAllowed, NotProven
from identity.signatures import Signer
from store.record.record import RecordLine
from tests.play import Play
from tests.waiting import HANGS, until
from workflows.interface import PROOF_HEADER

DONE, WAITS = "done", "awaits-confirmation"
SIGNED_IN = Instant("2016-07-01T09:00Z")
OTHER = "pilot-2016/smart-roads"
"""A challenge other than the one that is played."""


class Road(StrEnum):
    """How a message gets to a workflow."""

    UPDATE = "update"
    SIGNAL = "signal"
    CLI_UPDATE = "update by the command line"
    CLI_SIGNAL = "signal by the command line"
    """Temporal's command line takes headers for a signal, and sends none."""


class Kind(StrEnum):
    """What comes with a message as a proof."""

    NONE = "no proof"
    KEY = "terminal key"
    LINK = "link"
    PASSKEY = "organisation and passkey"
    NAME = "terminal"
    """A signature that says that they only gave a name."""
    ANOTHER_DECISION = "of another decision"
    ANOTHER_CONTENT = "of another content"
    ANOTHER_PERSON = "of another person"
    ANOTHER_CHALLENGE = "of another challenge"
    ANOTHER_KIND = "of another kind"
    CHANGED = "changed after it was signed"
    MADE_UP = "made up"
    EMPTY = "empty"


PROVEN = {
    Kind.KEY: Proof(way=Way.KEY, at=SIGNED_IN),
    Kind.LINK: Proof(way=Way.LINK, at=SIGNED_IN),
    Kind.PASSKEY: Proof(way=Way.ORGANISATION, passkey=True, at=SIGNED_IN),
}
FORGED = tuple(kind for kind in Kind if kind not in (*PROVEN, Kind.NONE, Kind.NAME))


class Came(NamedTuple):
    """What became of a message.

    Args:
        outcome: DONE, or the code of the refusal. By a signal nobody is told: it is what the record says.
        line: the line of the record.
    """

    outcome: str
    line: RecordLine


def expected(policy: Unproven, kind: Kind, road: Road) -> str:
    """What becomes of a message that the rules would take."""
    if road is Road.CLI_SIGNAL:
        kind = Kind.NONE
    if kind in FORGED:
        return NotProven.code
    if kind in PROVEN or policy is Unproven.ACCEPT:
        return DONE
    return WAITS if policy is Unproven.CONFIRM else NotProven.code


def proof_of(kind: Kind, road: Road) -> str:
    """How the record names the proof of whoever sent the message."""
    if road is Road.CLI_SIGNAL or kind in FORGED or kind is Kind.NONE:
        return str(Way.NONE)
    return str(kind)


class Sender:
    """Sends messages past the desk to one challenge and its payments.

    Args:
        play: the challenge, on a real server.
    """

    def __init__(self, play: Play) -> None:
        self._play = play
        self._client = taking_proofs(play.client)
        options = play.desk.core.options
        self._signer = Signer(options.signing_key_file, options.public_key_file)

    async def send(
        self, kind: str, by: str, role: str, proof: Kind, road: Road, fields: Mapping[str, object], workflow: str = ""
    ) -> Came:
        """Sends one message, and waits for its line of the record.

        Args:
            kind: of the decision.
            by, role: the person whom it names, and the role that a signature says.
            proof: what comes with it.
            road: how it is sent.
            fields: of the decision.
            workflow: key of a payment, if it is for one.
        """
        to = workflow or self._play.challenge.id
        said = json.loads(json.dumps({"by": by, "decision_id": uuid.uuid4().hex, **fields}, default=str))
        header = self._header(to, kind, said, role, proof)
        before = len(self._play.record())
        refusal = await self._on(road, to, kind, said, header)
        await until(lambda: len(self._play.record()) > before)
        lines = self._play.record()[before:]
        line = next(each for each in lines if each.action in (kind, f"payment-{kind}", "unconfirmed"))
        return Came(refusal or _read_from(line), line)

    def _header(self, to: str, kind: str, said: Mapping[str, Any], role: str, proof: Kind) -> str:
        known = PAYMENT_DECISIONS if kind in PAYMENT_DECISIONS and to != self._play.challenge.id else DECISIONS
        way = PROVEN.get(proof, Proof(way=Way.TERMINAL) if proof is Kind.NAME else PROVEN[Kind.KEY])

        def signed(to: str = to, kind: str = kind, person: str = said["by"], **changed: object) -> str:
            asked = Asked.of(known[kind].model_validate_json(json.dumps({**said, **changed})), "")
            return self._signer.sign(to, asked, person, role, way)

        match proof:
            case Kind.NONE:
                return ""
            case Kind.MADE_UP:
                return json.dumps({"by": said["by"], "trust": "me"})
            case Kind.EMPTY:
                return '""'
            case Kind.ANOTHER_DECISION:
                return signed(decision_id="another")
            case Kind.ANOTHER_CONTENT:
                return signed(reason="Something else was signed.")
            case Kind.ANOTHER_PERSON:
                return signed(person="somebody-else")
            case Kind.ANOTHER_CHALLENGE:
                return signed(to=to.replace(self._play.challenge.id, OTHER))
            case Kind.ANOTHER_KIND:
                asked = Asked.of(known[kind].model_validate_json(json.dumps(said)), "")
                other = asked.model_copy(update={"kind": "decline"})
                return self._signer.sign(to, other, said["by"], role, way)
            case Kind.CHANGED:
                return signed().replace(str(way.way), str(Way.ORGANISATION))
            case _:
                return signed()

    async def _on(self, road: Road, to: str, kind: str, said: Mapping[str, Any], header: str) -> str:
        """Sends it. Returns the code of the refusal to its sender; empty if there is none, or nobody is told."""
        if road in (Road.CLI_UPDATE, Road.CLI_SIGNAL):
            return await self._by_command_line(road, to, kind, said, header)
        handle = self._client.get_workflow_handle(to)
        with going_with(header):
            if road is Road.SIGNAL:
                await handle.signal(kind, said)
                return ""
            try:
                await handle.execute_update(kind, said, id=str(said["decision_id"]), result_type=str)
            except WorkflowUpdateFailedError as failed:
                return (isinstance(failed.cause, ApplicationError) and failed.cause.type) or repr(failed.cause)
        return DONE

    async def _by_command_line(self, road: Road, to: str, kind: str, said: Mapping[str, Any], header: str) -> str:
        words = ["update", "execute"] if road is Road.CLI_UPDATE else ["signal"]
        config = self._play.client.config()["service_client"].config
        command = [str(Path(sys.executable).parent / "temporal"), "workflow", *words, "--output", "json"]
        command += ["--address", config.target_host, "--namespace", self._play.client.namespace]
        command += ["--workflow-id", to, "--name", kind, "--input", json.dumps(said)]
        command += ["--headers", f"{PROOF_HEADER}={header}"] if header else []
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
        out, error = await asyncio.wait_for(process.communicate(), HANGS)
        if road is Road.CLI_SIGNAL:
            assert process.returncode == 0, error
            return ""
        if process.returncode == 0:
            return DONE
        text = (out + error).decode()
        return next(code for code in (NotProven.code, NotAllowed.code, WAITS) if code in text)


def _read_from(line: RecordLine) -> str:
    """What became of a signal."""
    if not line.refused:
        return WAITS if line.action == "unconfirmed" else DONE
    proof = any(word in line.text for word in (" proof ", "signature", " signed "))
    return NotProven.code if proof else NotAllowed.code if " may not " in line.text else "refused"
