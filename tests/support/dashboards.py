"""Dashboards that real browsers open."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.services import accepts, eventually, free_port, program, running

SERVES_WITHIN_S = 120.0


@contextmanager
def dashboard(
    environment: Mapping[str, str], log: Path, *arguments: str, port: int | None = None
) -> Iterator[str]:
    """The address of a dashboard that serves as long as the context.

    Args:
        environment: of the program, beside the test's own.
        log: where its output lands.
        arguments: further ones.
        port: where it serves, if that has to be known before.
    """
    port = port or free_port()
    with running(program("dashboard", ["--port", str(port), *arguments], log, dict(environment))):
        eventually(lambda: accepts(port), SERVES_WITHIN_S, "the dashboard")
        yield f"{'https' if '--tls-cert' in arguments else 'http'}://127.0.0.1:{port}"
