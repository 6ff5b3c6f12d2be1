"""The Temporal server killed in the middle of a wait, and started again on the same file."""

from __future__ import annotations

from pathlib import Path

from tests.crashes.running import Played, opened_desk, running_server, running_worker, short_pilot


async def test_a_killed_server_goes_on_with_the_challenge_and_its_deadline(tmp_path: Path) -> None:
    """Fails when the server keeps its state in memory: the challenge is gone."""
    database_url = f"sqlite:///{tmp_path / 'service.db'}"
    async with running_server(tmp_path) as (server, (client,)):
        with (
            opened_desk(client, database_url) as desk,
            running_worker(client, database_url, tmp_path / "worker") as worker,
        ):
            await worker.started()
            played = Played(desk, "air-quality", short_pilot(accelerator=4))
            await played.open()
            for stage in ("exploration", "accelerator"):
                await played.waiting_for(f"selection for {stage}")
                await played.select(stage)
            await played.waiting_for("end of accelerator")
            deadline, the_same = await played.deadline(), worker.pid

            server.kill()
            await server.start()

            assert await played.waits_for() == "end of accelerator"
            assert await played.deadline() == deadline
            await played.waiting_for("selection for pre-commercial")
            ended = next(line for line in desk.record(played.id) if line.stage == "pre-commercial")
            assert ended.at >= deadline
            await played.paid(4)
            assert worker.pid == the_same, "the worker lives through it"
