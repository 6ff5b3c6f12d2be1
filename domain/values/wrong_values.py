"""What is wrong with a value that somebody wrote, and what to write instead, in our words and not the library's."""

from __future__ import annotations

from pydantic_core import ErrorDetails


def in_words(error: ErrorDetails, takes: str) -> str:
    """What is wrong and how to correct it, as a clause that follows the value: "is below 1: write 1 or more".

    Args:
        error: an error that pydantic found.
        takes: what belongs there, such as "a currency by its three letters, such as GBP".
    """
    context = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return str(context["error"])
        case "enum":
            return f"write one of {context['expected']}"
        case "string_pattern_mismatch" | "string_too_long" | "string_too_short":
            return f"write {takes}"
        case "greater_than_equal":
            return f"is below {context['ge']}: write {context['ge']} or more"
        case "less_than_equal":
            return f"is over {context['le']}: write {context['le']} or less"
        case "too_short":
            return "is empty: write it" if isinstance(error["input"], str) else "needs at least one: add it"
        case "too_long" if isinstance(error["input"], str):
            return f"is too long: leave at most {context['max_length']} characters"
        case "too_long":
            return f"has too many: leave at most {context['max_length']}"
        case wrong if wrong.startswith("int_"):
            return "write a whole number, without quotes"
        case wrong if wrong.startswith("bool_"):
            return "write true or false, without quotes"
        case wrong if wrong.startswith("decimal_") or wrong == "finite_number":
            return 'write a number in quotes, such as "20"'
        case wrong if wrong.startswith("string_"):
            return "write text in quotes"
        case "tuple_type":
            return "write a list, in square brackets"
        case _:
            return f"write {takes}"
