"""A web front without anything in it, served as the real one is: the floor for its pages."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

import web
from service import settings

_PAGE = '<!DOCTYPE html>\n<html lang="en">\n<head><title>Empty</title></head>\n<body></body>\n</html>\n'


async def _page(_: Request) -> Response:
    return HTMLResponse(_PAGE)


def main() -> int:
    """Serves until it is told to stop. Exit status: 0."""
    options = settings.load()
    app = Starlette(routes=[Route("/", _page)])

    async def serve() -> None:
        with web.listening(options) as place:
            await web._Server(web.configured(app, options)).serve([place])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
