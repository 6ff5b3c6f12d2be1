"""Faults for machines: problem details (RFC 9457)."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from .answers import Fault

PROBLEM = "application/problem+json"


def is_for_machines(path: str) -> bool:
    """Whether whoever asks for an address is no person at a browser."""
    return path.startswith("/api/")


def problem(status: int, title: str, text: str) -> Response:
    """A fault.

    Args:
        status: of the answer.
        title: what kind of fault it is.
        text: what is wrong, and what to do.
    """
    said = Fault(type="about:blank", title=title, status=status, detail=text)
    return JSONResponse(said.model_dump(), status, {"access-control-allow-origin": "*"}, media_type=PROBLEM)
