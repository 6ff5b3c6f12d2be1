"""What the commands share: arguments and options, the desk, and the way to send a decision."""

from __future__ import annotations

import asyncio
import re
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, Optional, ParamSpec

import typer
from whenever import Date, Instant

from desk.desk import Desk
from desk.open import open_desk
from domain.permissions import Actor
from domain.values.calendar import moment
from domain.values.paging import all_of
from domain.values.refusals import FileRefused
from domain.values.written_times import read_day
from service import log, settings

from .document import answering, say_done
from .terminal import misused

ChallengeName = Annotated[str, typer.Argument(metavar="CHALLENGE", help="The challenge's name, or round/name.")]
SomeChallenge = Annotated[Optional[str], typer.Argument(metavar="[CHALLENGE]", help="Only this challenge.")]  # noqa: UP045
StageName = Annotated[str, typer.Argument(metavar="STAGE", help="The stage's name in the programme.")]
TeamName = Annotated[str, typer.Argument(metavar="TEAM", help="The team, which has the id of its application.")]
PaymentKey = Annotated[str, typer.Argument(metavar="PAYMENT", help="The payment's key, as `payments` shows it.")]
Who = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="PERSON",
        envvar=f"{settings.PREFIX}PERSON",
        help="Who acts: a person's id, or an e-mail address. Leave it out if you have a key file.",
    ),
]
Why = Annotated[str, typer.Option("--reason", help="The reason, which the people concerned are told.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
DecisionId = Annotated[str, typer.Option("--id", help="Your own id of this decision. You can safely send it again.")]


def listed(names: list[str] | None) -> list[str]:
    """Names given one by one or with commas."""
    return [name for given in names or [] for name in given.split(",") if name]


def whole_number(text: str | int) -> int:
    """Reads an option that is a whole number. Python alone would also read other scripts' digits and "1_0".

    Raises:
        typer.BadParameter: the text is not a whole number.
    """
    if isinstance(text, str) and not re.fullmatch(r"-?[0-9]{1,18}", text.strip()):
        raise typer.BadParameter(f"{text[:40]!r} is not a whole number: write one such as 12.")
    return int(text)


def number(text: str | float) -> float:
    """Reads an option that is a number, such as 0.1.

    Raises:
        typer.BadParameter: the text is not a number.
    """
    if isinstance(text, str) and not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text.strip()):
        raise typer.BadParameter(f"{text[:40]!r} is not a number: write one such as 0.1.")
    return float(text)


def is_payment(name: str) -> bool:
    """Whether a name is the key of a payment: round/challenge/stage/team/number."""
    return name.count("/") == 4


def attempt_in(name: str) -> tuple[str, str]:
    """The payment's key and the attempt's number in a name. The number is empty in the name of a payment."""
    key, _, number = name.rpartition("/")
    return (key, number) if is_payment(key) else (name, "")


P = ParamSpec("P")
_LONGEST_TEXT = 1_100_000
"""Characters. A programme allows at most a million characters in a proposal."""
_AS_JSON = "as_json"


def command(body: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Turns a coroutine into a command that takes `--json`. The whole coroutine runs on one event loop.

    The command prints refusals like every other command.
    """

    @wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with answering(as_json=bool(kwargs.pop(_AS_JSON))):
            asyncio.run(body(*args, **kwargs))

    own = map(_as_typed, signature(body, eval_str=True).parameters.values())
    asked = Parameter(_AS_JSON, Parameter.KEYWORD_ONLY, default=False, annotation=AsJson)
    # Typer makes the options of a command out of its signature.
    run.__signature__ = Signature([*own, asked])  # type: ignore[attr-defined]
    return run


def _as_typed(own: Parameter) -> Parameter:
    """A parameter of a command as people type it: they can leave out --as, because a key file says who they are."""
    default = "" if own.annotation is Who else own.default
    return own.replace(kind=Parameter.KEYWORD_ONLY, default=default)


@asynccontextmanager
async def a_desk(*, only_files: bool = False) -> AsyncIterator[Desk]:
    """A desk, built from the settings.

    Raises:
        Refused: a setting is wrong, or the database cannot be used.
    """
    options = settings.load()
    log.configure(options.model_copy(update={"log_level": "WARNING"}))
    async with open_desk(options, only_files=only_files) as desk:
        yield desk


async def decide(challenge: str, kind: str, by: str, decision_id: str, **fields: object) -> None:
    """Sends a decision to a challenge and prints the answer."""
    async with a_desk() as desk:
        await send(desk, challenge, kind, by, decision_id, **fields)


async def send(desk: Desk, challenge: str, kind: str, by: str, decision_id: str, **fields: object) -> None:
    """Does the same as `decide`, with a desk that is already open."""
    own = id_of(decision_id)
    done = await desk.challenges.decide(await acting(desk, by), challenge, kind, decision_id=own, **fields)
    say_done(done, decision_id=own)


def id_of(given: str) -> str:
    """The id of a decision: the given id, or else a new id."""
    return given or uuid.uuid4().hex


async def acting(desk: Desk, by: str) -> Actor:
    """The person who acts at this terminal: by their key file, or else as named with --as."""
    actor = await desk.at_terminal(by)
    if not actor.name:
        key, person = f"{settings.PREFIX}TERMINAL_KEY_FILE", f"{settings.PREFIX}PERSON"
        misused(f"Say who acts: name your key file in {key}, or give --as PERSON, or set {person}.")
    return actor


async def reading(desk: Desk, by: str) -> Actor:
    """The person who reads, in the same way. Nobody in particular without a key file and a name."""
    return await desk.at_terminal(by)


async def zones_of(desk: Desk, actor: Actor) -> dict[str, str]:
    """The time zones of all challenges, by their ids."""
    rows = await all_of(lambda page: desk.challenges.list(actor, page))
    return {row.id: row.time_zone for row in rows}


def moment_of(written: str, zone: str) -> Instant:
    """Reads an instant as a person writes it. Ends the command as misused if the text is not an instant."""
    try:
        return moment(written, zone)
    except ValueError as error:
        misused(str(error))


def day_of(option: str, written: str) -> Date:
    """Reads a day as a person writes it. Ends the command as misused if the text is not a day."""
    try:
        return read_day(written)
    except ValueError as error:
        misused(f"{option} {error}.")


def text_of(file: Path, what: str) -> str:
    """The text in a file, or on standard input.

    Raises:
        FileRefused: the file cannot be read, or is longer than any text that the service takes.
    """
    try:
        text = sys.stdin.read(_LONGEST_TEXT + 1) if str(file) == "-" else _beginning_of(file)
        text.encode()  # without a locale, standard input lets through bytes that are not text
    except OSError as error:
        raise FileRefused(f"{what} {file} cannot be read ({error.strerror}): check its name.") from None
    except ValueError:
        raise FileRefused(f"{what} {file} cannot be read as text: save it as plain text in UTF-8.") from None
    if len(text) > _LONGEST_TEXT:
        raise FileRefused(f"{what} {file} has more than {_LONGEST_TEXT:,} characters: shorten it, or check its name.")
    return text


def _beginning_of(file: Path) -> str:
    """The text of a file, or so much of it that it is known to be too long."""
    with file.open(encoding="utf-8-sig") as opened:
        return opened.read(_LONGEST_TEXT + 1)
