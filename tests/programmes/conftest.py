"""What tests of the programmes' files share: the pilot's files with mistakes in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from desk.programme_files import load_round
from domain.values.refusals import FileRefused
from tests.programmes.spoilt import FILES, Problems


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    """Changes the pilot's files and returns what is said about them, without the folder."""

    def of(*changes: tuple[str, str], in_round: bool = False) -> list[str]:
        for file in FILES:
            shutil.copy(file, tmp_path)
        path = tmp_path / f"pilot-2016.{'round' if in_round else 'programme'}.toml"
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FileRefused) as refused:
            load_round(tmp_path / "pilot-2016.round.toml")
        lines = str(refused.value).splitlines()
        assert all(line.startswith(f"{path}: ") for line in lines)
        named = refused.value.problems
        assert lines == [each.text for each in named]
        assert all(each.text.startswith(f"{path}: {each.field}") for each in named)  # the keys, or nothing
        assert not any("pydantic" in line for line in lines)
        return [line.removeprefix(f"{path}: ") for line in lines]

    return of
