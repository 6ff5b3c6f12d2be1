"""The files that pages load: our own, and those of the design system. Read and compressed once, at the start."""

from __future__ import annotations

import gzip
import hashlib
import sys
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from domain.values.refusals import Unavailable
from domain.values.words import gettext

_OWN = Path(__file__).parent / "static"
DESIGN = Path(sys.prefix) / "design" / "node_modules" / "@scottish-government" / "design-system" / "dist"
"""Where the set-up puts the design system: beside the environment's own packages."""
_OF_DESIGN = ("css/design-system.min.css",)
_FOREVER = "public, max-age=31536000, immutable"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


class Static:
    """The files that pages load. The address of a file has a digest of its content, so browsers keep it for good.

    Args:
        logo: the file with the logo of the service, if it has one.
        design: the folder with the design system.

    Raises:
        Unavailable: a file cannot be read.
    """

    def __init__(self, logo: Path | None = None, design: Path = DESIGN) -> None:
        paths = {path.name: path for path in sorted(_OWN.iterdir())}
        paths |= {path.name: path for path in (design / name for name in _OF_DESIGN)}
        if logo is not None:
            paths[f"logo{logo.suffix.lower()}"] = logo
        self._files = {name: _read(path) for name, path in paths.items()}
        self._addresses = {name: f"/static/{name}?v={_digest(content)}" for name, content in self._files.items()}
        self._packed = {name: gzip.compress(content, 9, mtime=0) for name, content in self._files.items()}

    def address(self, name: str) -> str:
        """Where browsers find a file."""
        return self._addresses[name]

    def answer(self, request: Request, name: str) -> Response | None:
        """A file, compressed if the browser takes it so; None if there is no such file."""
        content = self._files.get(name)
        if content is None:
            return None
        headers = {"cache-control": _FOREVER, "content-type": _KINDS[Path(name).suffix], "vary": "accept-encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            content = self._packed[name]
            headers["content-encoding"] = "gzip"
        return Response(content, headers=headers)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _read(path: Path) -> bytes:
    if path.suffix not in _KINDS:
        text = gettext("{path} is no picture that pages show: name an SVG or a PNG file in CHALLENGES_BRAND_LOGO.")
        raise Unavailable(text.format(path=path))
    try:
        return path.read_bytes()
    except OSError as error:
        text = gettext(
            "Pages load {path}, which cannot be read ({reason}): build the environment again, as `make demo` does; if "
            "the file is the logo, see CHALLENGES_BRAND_LOGO."
        )
        raise Unavailable(text.format(path=path, reason=error.strerror)) from None
