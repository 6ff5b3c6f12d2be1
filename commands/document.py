"""What a command prints for programs: one JSON document if --json was given, however the command ends."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import typer
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from domain.values.refusals import Refused

from .terminal import NO_ROOM, REFUSED, complain, harmless, say, say_refused


class _Document:
    """The document of the present command. The document is printed once, when the command ends."""

    def __init__(self) -> None:
        self.data: object = None
        self.refusal: Refused | None = None

    def show(self) -> None:
        """Prints the document. A misused command has no document."""
        if self.refusal is not None:
            done = {} if not self.data else {"done": self.data}
            _print_json(as_data(self.refusal) | done)
        elif self.data is not None:
            _print_json(self.data)


_document: ContextVar[_Document | None] = ContextVar("_document", default=None)
"""None unless the present command was given --json."""


@contextmanager
def answering(*, as_json: bool = False) -> Iterator[None]:
    """Prints the end of a command: a refusal goes to standard error as a line. With --json, also prints the document.

    Args:
        as_json: whether --json was given.

    Raises:
        typer.Exit: the service refused, or the answer cannot be written.
    """
    document = _Document() if as_json else None
    before = _document.set(document)
    try:
        try:
            yield
        except Refused as refusal:
            say_refused(refusal)
            if document is not None:
                document.refusal = refusal
            raise typer.Exit(refusal.exit_status) from None
        finally:
            _document.reset(before)
            if document is not None:
                document.show()
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        complain(f"The answer cannot be written ({error.strerror}): free space on that disk, then try again.")
        raise typer.Exit(REFUSED) from None


def for_programs() -> bool:
    """Whether the present command was given --json."""
    return _document.get() is not None


def show_json(data: BaseModel | Sequence[BaseModel | Mapping[str, object]] | Mapping[str, object]) -> None:
    """Makes data the command's document and replaces any earlier document. Does nothing without --json.

    If a refusal follows, the document has the refusal too, with the data as what was done before.
    """
    if (document := _document.get()) is not None:
        document.data = to_jsonable_python(data)


def say_done(text: str, **more: object) -> None:
    """Says what the command did: as text for people, as an object for programs.

    Args:
        text: one line. The object has the line as its `answer`.
        more: other content of the object by name, such as ids.
    """
    if for_programs():
        show_json({"answer": harmless(text), **more})
    else:
        say(text)


def as_data(refusal: Refused) -> dict[str, object]:
    """A refusal as programs get it."""
    problems = [{"field": harmless(each.field), "text": harmless(each.text)} for each in refusal.problems]
    return {"refused": {"code": refusal.code, "text": harmless(str(refusal)), "problems": problems}}


def _print_json(content: object) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
