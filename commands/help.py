"""How the help tells of the commands: in parts, in the order of a challenge's life, and each as it is typed."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

PARTS = {
    "Rounds": ("plan", "rehearse", "open", "status", "record"),
    "Applications and selections": ("apply", "answer", "applications", "feedback", "select", "decline"),
    "The course of a challenge": ("extend", "hold", "resume", "withdraw", "evidence", "participation", "cancel"),
    "Payments": (
        *("payee", "payments", "release", "submit", "payment-files", "settle", "return", "arrived"),
        *("cancel-payment", "reconcile"),
    ),
    "Notices": ("notices",),
    "The service": ("retry", "renew", "reseal"),
}


class InParts(TyperGroup):
    """Commands that stand in parts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = [(part, name) for part, names in PARTS.items() for name in names if name in self.commands]
        for part, name in there:
            self.commands[name].rich_help_panel = part  # type: ignore[attr-defined]
        self.commands = {name: self.commands[name] for _, name in there} | dict(self.commands)


class AsTyped(TyperCommand):
    """A command whose usage is written as it is typed: an argument by its name, in brackets if it can be left out."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """See `click.Command`."""
        return [_as_typed(piece) for piece in super().collect_usage_pieces(ctx)]


class TakesTeams(AsTyped):
    """A command with `--reserve TEAM…`: what follows is in reserve, up to the next option, not selected."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See `click.Command`."""
        words: list[str] = []
        in_reserve = False
        for number, word in enumerate(args):
            if word == "--":
                return super().parse_args(ctx, words + args[number:])
            if word.startswith("-"):
                in_reserve = word.partition("=")[0] == "--reserve"
            elif in_reserve and args[number - 1] != "--reserve":
                words.append("--reserve")
            words.append(word)
        return super().parse_args(ctx, words)


def as_typed(app: typer.Typer) -> None:
    """Has all commands of an app show their usage as it is typed."""
    for command in app.registered_commands:
        if command.cls is TyperCommand:
            command.cls = AsTyped


def _as_typed(piece: str) -> str:
    return piece.replace("{", "").replace("}", "").replace("[[", "[").replace("]]", "]").replace("…...", "…")
