"""The file of the Bank of England's official rates: read, checked and refused like a programme file."""

from __future__ import annotations

from pathlib import Path

from domain.payments.interest import BaseRates
from domain.values.refusals import FileRefused
from service.toml_files import read_toml

from .programme_files import FOLDER, _checked

RATES = FOLDER / "rates" / "base-rates.toml"
"""The file of rates that comes with the service."""


def load_base_rates(path: Path = RATES) -> BaseRates:
    """Reads the official rates.

    Args:
        path: a TOML file like the one that comes with the service, which says how to keep the rates up to date.

    Raises:
        FileRefused: the file cannot be read or is wrong. Each problem has a line with file, key, value and remedy.
    """
    data, problems = read_toml(path)
    rates, wrong = _checked(BaseRates, data, path, ".toml") if data is not None else (None, [])
    if rates is None:
        raise FileRefused.for_problems(problems + wrong)
    return rates
