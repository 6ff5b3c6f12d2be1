"""The files of programmes and rounds as they come with the service, to be spoilt."""

from __future__ import annotations

from collections.abc import Callable

from desk.programme_files import FOLDER

FILES = sorted(FOLDER.glob("*.toml"))
Problems = Callable[..., list[str]]
"""Replaces some text in the files, and returns what is then said about them."""
