"""Every message that goes over the wire, found in the code that takes it, and every type that messages are made of."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from types import ModuleType, NoneType
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel
from temporalio import activity, workflow

import activities
import workflows
from domain.challenges.decisions import DECISIONS, Decision
from domain.challenges.state import OrderState
from domain.payments.decisions import PAYMENT_DECISIONS
from tests.wire.examples import SHAPES
from workflows import interface

DECIDED: dict[str, dict[str, type[Decision]]] = {
    interface.CHALLENGE: DECISIONS,
    interface.PAYMENT: PAYMENT_DECISIONS,
}
"""What is said to the handlers that take every name, by workflow: they have no signature to be read."""


class Message(NamedTuple):
    """One message by its name on the wire.

    Args:
        name: what it is and how it is called, such as "activity announce".
        given: the types of its arguments.
        answer: the type of what comes back; None for nothing.
    """

    name: str
    given: tuple[Any, ...]
    answer: Any = None

    @property
    def types(self) -> tuple[Any, ...]:
        """What can be in its payloads."""
        return tuple(each for kind in (*self.given, self.answer) for each in _alternatives(kind))

    @property
    def signature(self) -> str:
        """Its types in a line: "State -> Result"."""
        given = ", ".join(_shown(kind) for kind in self.given)
        return f"{given} -> {_shown(self.answer)}".strip()


def messages() -> tuple[Message, ...]:
    """Every message that the service takes or answers, but for its refusals."""
    changed = Message(f"signal {interface.CHALLENGE}.{interface.PAYMENT_CHANGED}", (str, OrderState))
    return (*_activities(), *(each for one in workflow_classes() for each in _of_workflow(one)), changed)


def payload_types() -> dict[str, Any]:
    """Everything that has a golden file, by the name of the file: messages, and the parts that have several shapes.

    A decision has the name of its message, everything else that of its class.

    Raises:
        ValueError: two types have the same name.
    """
    decisions = {name_of(decision): decision for table in DECIDED.values() for decision in table.values()}
    whole = [kind for message in messages() for kind in message.types if kind not in decisions.values()]
    shaped = [kind for kind in parts() if kind in SHAPES or issubclass(kind, Enum)]
    found = dict(decisions)
    for kind in (*whole, *shaped):
        if found.setdefault(kind.__name__, kind) is not kind:
            raise ValueError(f"Two types on the wire are called {kind.__name__}: give one of them another name.")
    return found


def parts() -> tuple[type, ...]:
    """Every model and enumeration that messages are made of, themselves included; each once."""
    found: dict[type, None] = {}
    for message in messages():
        for kind in message.types:
            _add_parts(kind, found)
    return tuple(found)


def name_of(kind: type) -> str:
    """The name of a type's golden file."""
    for story, table in DECIDED.items():
        for said, decision in table.items():
            if decision is kind:
                return f"{story}.{said}"
    return kind.__name__


def workflow_classes() -> tuple[type, ...]:
    """The classes of all workflows."""
    # Only in these private definitions does the SDK keep what it has read from signatures.
    members = (each for module in _modules(workflows) for each in vars(module).values() if inspect.isclass(each))
    return tuple(dict.fromkeys(each for each in members if workflow._Definition.from_class(each)))


def _activities() -> Iterator[Message]:
    """Those of functions, and of methods, which a worker binds to objects."""
    for module in _modules(activities):
        classes = [each for each in vars(module).values() if inspect.isclass(each)]
        for member in (member for place in (module, *classes) for member in vars(place).values()):
            found = activity._Definition.from_callable(member) if callable(member) else None
            if found is not None:
                # A method's first argument, its object, has no type.
                yield Message(f"activity {found.name}", tuple(found.arg_types or ()), found.ret_type)


def _of_workflow(story: type) -> Iterator[Message]:
    found = workflow._Definition.must_from_class(story)
    yield Message(f"workflow {found.name}", tuple(found.arg_types or ()), found.ret_type)
    for query in found.queries.values():
        yield Message(f"query {found.name}.{query.name}", tuple(query.arg_types or ()), query.ret_type)
    for signal in found.signals.values():
        if signal.name:
            yield Message(f"signal {found.name}.{signal.name}", tuple(signal.arg_types or ()))
    for update in found.updates.values():
        if update.name:
            yield Message(f"update {found.name}.{update.name}", tuple(update.arg_types or ()), update.ret_type)
        else:
            for said, decision in DECIDED[found.name or ""].items():
                yield Message(f"update or signal {found.name}.{said}", (decision,), update.ret_type)


def _modules(package: ModuleType) -> list[ModuleType]:
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [import_module(each.name) for each in found]


def _add_parts(kind: Any, found: dict[type, None]) -> None:
    inner = get_args(kind)
    if inspect.isclass(kind) and issubclass(kind, BaseModel | Enum) and kind not in found:
        found[kind] = None
        inner = tuple(each.annotation for each in getattr(kind, "model_fields", {}).values())
    for each in inner:
        _add_parts(each, found)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    """The types of a union; nothing for None, which is no payload worth a file."""
    return tuple(each for each in get_args(kind) or (kind,) if each not in (None, NoneType))


def _shown(kind: Any) -> str:
    names = [name_of(each) for each in _alternatives(kind)]
    return " | ".join([*names, "None"] if NoneType in get_args(kind) or not names else names)
