"""Ports of this machine, which only this machine reaches."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether nothing on this machine uses a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports() -> tuple[int, int, int]:
    """Three free ports: for Temporal, for its UI, and for the web front."""
    with socket.socket() as first, socket.socket() as second, socket.socket() as third:
        for probe in (first, second, third):
            probe.bind((LOOPBACK, 0))
        return first.getsockname()[1], second.getsockname()[1], third.getsockname()[1]
