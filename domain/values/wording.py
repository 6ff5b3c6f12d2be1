"""Names and numbers as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def listed(names: Sequence[str]) -> str:
    """Names as a list: "team-a, team-b and team-c". Without names it gives "nobody"."""
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1] if names else "nobody"


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things: "1 application", "7 applications".

    Args:
        number: how many.
        one: what one is called.
        many: what several are called, if the plural is not `one` with an s.
    """
    return f"{number} {one if number == 1 else many or f'{one}s'}"


_NO_BREAK = "\N{NO-BREAK SPACE}"


def fact_table(facts: Iterable[tuple[str, str]]) -> str:
    """Facts as a table in Markdown, one per row.

    Temporal's UI breaks a label at its spaces, however much room there is, and puts no space after the longest label.
    """
    rows = [("", ""), ("---", "---"), *((f"{label}  ".replace(" ", _NO_BREAK), fact) for label, fact in facts)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def either(names: Iterable[str]) -> str:
    """Names as alternatives: "finance or programme-office". Without names it gives "nobody"."""
    return " or ".join(dict.fromkeys(names)) or "nobody"
