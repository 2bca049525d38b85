"""Ports on this machine's own address."""

import socket
from contextlib import ExitStack

from demo.errors import PortTaken
from runtime.errors import reason_of

HOST = "127.0.0.1"
DASHBOARD_PORT = 8501
"""Where people expect a Streamlit page."""


def free_ports(count: int) -> list[int]:
    """So many different ports that nobody listens on."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]


def dashboard_port(demanded: int | None) -> int:
    """The port for the dashboard: the one demanded, else the usual one, else a free one.

    Raises:
        PortTaken: the demanded one cannot be had.
    """
    why_not = _why_not(demanded or DASHBOARD_PORT)
    if not why_not:
        return demanded or DASHBOARD_PORT
    if demanded:
        raise PortTaken(f"port {demanded} cannot be used: {why_not}; choose another with --port, or none")
    return free_ports(1)[0]


def _why_not(port: int) -> str:
    """Why the port cannot be listened on; empty if it can."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex((HOST, port)) == 0:  # some systems let two programs bind to one port
            return "another program listens there"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return reason_of(error)
    return ""
