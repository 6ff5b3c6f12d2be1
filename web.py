"""The web front: reads the settings and serves pages until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
import uvloop
from starlette.types import ASGIApp

from console.app import build
from desk.open import open_desk
from domain.values.refusals import Refused, Unavailable
from identity.links import Links
from identity.organisations import Organisations
from service import log, settings
from service.connection import leave
from service.settings import PREFIX, Settings

_GRACE = 10
"""Seconds in which those who wait for an answer get it before the front stops."""
_WAITING = 2048
_TURN = 0.0005
"""Seconds for which one thread computes while others wait for Python. With the usual 0.005, the loop that reads
requests and sends answers waits that long, again and again, for threads that work on the database."""


class _Server(uvicorn.Server):
    """Stops as told and ends well. Uvicorn itself would then raise the signal once more, and die of it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def configured(app: ASGIApp, options: Settings) -> uvicorn.Config:
    """How pages are served.

    No log of its own: the address of a link holds a secret. Who a visitor is comes from the connection, or from a proxy
    that the settings name: anybody can write the header.

    Args:
        app: the pages.
        options: `web_proxy` is used.
    """
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(options.web_proxy),
        forwarded_allow_ips=options.web_proxy,
        timeout_graceful_shutdown=_GRACE,
        backlog=_WAITING,
    )


def listening(options: Settings) -> socket.socket:
    """A socket on which the front listens.

    Raises:
        Unavailable: the address cannot be used, or something else uses the port.
    """
    where = (options.web_listen, options.web_port)
    family = socket.AF_INET6 if ":" in options.web_listen else socket.AF_INET
    try:
        return socket.create_server(where, family=family, backlog=_WAITING)
    except OSError as error:
        raise Unavailable(
            f"The web front cannot listen on {options.web_listen}, port {options.web_port} ({error.strerror}): stop "
            f"what uses the port, or set {PREFIX}WEB_LISTEN and {PREFIX}WEB_PORT to others."
        ) from None


async def run(options: Settings) -> None:
    """Serves pages until SIGINT or SIGTERM.

    Raises:
        FileRefused: the file of organisations is wrong.
        Unavailable: the port is in use, or the database cannot be used. The message says what to do.
    """
    with listening(options) as place:
        async with open_desk(options) as desk:
            core = desk.core
            organisations = Organisations(options, core.database, core.threads, core.now)
            app = build(desk, organisations, Links(core.database, core.now))
            structlog.get_logger("web").info("web front ready", address=options.web_address)
            await _Server(configured(app, options)).serve([place])


def main() -> int:
    """Exit status: 0 stopped as told, 1 could not run (the reason on standard error, one line)."""
    try:
        options = settings.load()
        log.configure(options)
        sys.setswitchinterval(_TURN)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(options))
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return refusal.exit_status
    return 0


if __name__ == "__main__":
    leave(main())
