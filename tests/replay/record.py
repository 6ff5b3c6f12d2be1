"""Records the histories anew that `test_replay.py` replays: `python -m tests.replay.record`.

Plays every journey on real servers and keeps what Temporal kept. Do it when a change makes an old history impossible
and no run of that shape can be open any more; otherwise keep the histories and guard the change (see `test_replay.py`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.replay.recording import HISTORIES, VARIABLE

_ROOT = Path(__file__).parent.parent.parent
_PLAYED = ("tests/journeys", "tests/workflows/test_renewing.py", "tests/workflows/test_attention.py")


def main() -> int:
    """Exit status: 0 recorded, otherwise that of the journeys, and the histories are as they were."""
    fresh = HISTORIES.with_name("histories-new")
    fresh.mkdir(exist_ok=True)
    try:
        played = subprocess.run(
            [sys.executable, "-m", "pytest", "--quiet", *_PLAYED],
            cwd=_ROOT,
            env=os.environ | {VARIABLE: str(fresh)},
            check=False,
        )
        if played.returncode == 0:
            for old in HISTORIES.glob("*.json.gz"):
                old.unlink()
            HISTORIES.mkdir(exist_ok=True)
            for new in fresh.iterdir():
                new.rename(HISTORIES / new.name)
        return played.returncode
    finally:
        for left in fresh.iterdir():
            left.unlink()
        fresh.rmdir()


if __name__ == "__main__":
    sys.exit(main())
