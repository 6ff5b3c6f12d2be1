"""What Typer cannot do: usage as it is typed, and an option that takes all names up to the next option."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class AsTyped(TyperCommand):
    """A command whose usage is written as it is typed: an argument by its name, in brackets if it is optional."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """See `click.Command`."""
        return [_as_typed(piece) for piece in super().collect_usage_pieces(ctx)]


class TakesTeams(AsTyped):
    """A command with `--reserve TEAM…`: all teams up to the next option are in reserve, not selected."""

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


def _as_typed(piece: str) -> str:
    return piece.replace("{", "").replace("}", "").replace("[[", "[").replace("]]", "]").replace("…...", "…")
