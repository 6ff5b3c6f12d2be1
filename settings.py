"""Everything about the service that differs from place to place.

The connection to Temporal is not here: it follows Temporal's own standard (`TEMPORAL_*`, `temporal.toml` profiles).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.refusals import FileRefused

PREFIX = "CHALLENGES_"


class Settings(BaseSettings):
    """Read from environment variables with the prefix `CHALLENGES_`, such as `CHALLENGES_DATABASE_URL`.

    Args:
        database_url: `sqlite:///path` or `postgresql://user:password@host/name`.
        programmes: the folder of programme and round files.
        person: id of the person at this terminal, for commands without `--as`.
        log_level: how much the logs say.
        log_format: JSON lines, or pretty; "auto" is pretty on a terminal.
        metrics_address: where Prometheus can read the worker's metrics, such as 0.0.0.0:9464; empty for nowhere.
        build_id: the release that this worker runs. If given, a run stays on its release until it is renewed.
        threads: how many activities run at once.
        answer_within: seconds that a command waits for a challenge's answer.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    database_url: str = "sqlite:///var/service.db"
    programmes: Path = Path(__file__).parent / "programmes"
    person: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["auto", "json", "pretty"] = "auto"
    metrics_address: str = ""
    build_id: str = ""
    threads: int = Field(default=16, ge=1, le=500)
    answer_within: float = Field(default=30, gt=0)


def load() -> Settings:
    """The settings of this process.

    Raises:
        FileRefused: a variable has a value that it cannot have; names the variable and the value.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"{PREFIX}{str(each['loc'][0]).upper()}={each['input']!s}: {each['msg']}" for each in error.errors()
        )
        raise FileRefused(f"A setting cannot be used: {problems}. Change that environment variable.") from None
