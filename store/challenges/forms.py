"""The forms of a challenge, frozen when it was opened."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Connection, bindparam, select

from domain.forms.answers import Answers
from domain.forms.form import Form
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge
from domain.values.refusals import UnknownStage
from store.database import tables
from store.database.inserts import inserting
from store.database.prepared import Prepared

_forms = tables.forms
_SAID = Prepared(
    select(_forms.c.said).where(_forms.c.challenge == bindparam("of"), _forms.c.stage == bindparam("of_stage"))
)


def keep(connection: Connection, challenge: Challenge, programme: Programme) -> None:
    """Writes down the forms of a challenge that is opened. Forms that are there stay as they are.

    Args:
        connection: in a transaction that writes.
        challenge: the challenge.
        programme: the programme with its forms.
    """
    titles = {each.name: each.asks.title for each in programme.stages if each.asks}
    for stage in ("", *titles):
        form = programme.form_of(stage)
        row = {"challenge": challenge.id, "stage": stage, "version": form.version, "said": form.model_dump_json()}
        row["title"] = titles.get(stage) or form.title
        connection.execute(inserting(connection, _forms).values(row).on_conflict_do_nothing())


def read(connection: Connection, challenge: str, stage: str = "") -> Form:
    """The form of an application to a challenge, or of the further proposal that a stage asks for.

    Raises:
        UnknownStage: that stage asks for none.
    """
    found = _SAID.one_or_none(connection, {"of": challenge, "of_stage": stage})
    if found is None:
        raise UnknownStage(f"The stage {stage!r} of {challenge} asks for no proposal: leave the stage out.")
    return _form(found.said)


def title_of(connection: Connection, challenge: str, stage: str) -> str:
    """What people call what a stage asks for."""
    wanted = select(_forms.c.title).where(_forms.c.challenge == challenge, _forms.c.stage == stage)
    return str(connection.scalars(wanted).one())


def read_version(connection: Connection, challenge: str, stage: str, version: str) -> Form:
    """The same, read only once for each version: whoever takes applications asks for it again and again."""
    known = _KNOWN.get((challenge, stage))
    if known is None or known[0] != version:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[challenge, stage] = version, read(connection, challenge, stage)
    return known[1]


def read_before(challenge: str, stage: str = "") -> tuple[str, Form] | None:
    """The form that was read last, with its version, without asking the database; None if none was.

    It can be the form of another database: compare its version with the one that counts.
    """
    return _KNOWN.get((challenge, stage))


def without_personal(connection: Connection, challenge: str, stage: str, version: str, answers: Answers) -> Answers:
    """The answers that a reader sees who does not decide: without those to questions that are marked personal."""
    personal = read_version(connection, challenge, stage, version).personal
    return {question: answer for question, answer in answers.items() if question not in personal}


_MOST_KNOWN = 200
_KNOWN: dict[tuple[str, str], tuple[str, Form]] = {}


@lru_cache(maxsize=100)
def _form(said: str) -> Form:
    return Form.model_validate_json(said)
