"""When a process can be used."""

import http.client
import threading
import time
from collections.abc import Callable

from demo.children import Child
from demo.errors import ChildDied, Interrupted, NotReady
from demo.ports import HOST

POLL_S = 0.05
_ANSWER_S = 1.0


def wait_until_ready(
    child: Child, is_ready: Callable[[], bool], within_s: float, stop: threading.Event
) -> None:
    """Waits for a child to come up.

    Args:
        child: started.
        is_ready: asked again and again.
        within_s: limit.
        stop: ends the wait.

    Raises:
        ChildDied: it has ended; the message is its last line of error.
        NotReady: it is not ready in time.
        Interrupted: ``stop`` was set.
    """
    deadline_s = time.monotonic() + within_s
    while not is_ready():
        if not child.is_running:
            raise ChildDied(f"{child.name}: {child.why_ended()}")
        if time.monotonic() >= deadline_s:
            raise NotReady(f"{child.name} did not come up within {within_s:.0f} s")
        if stop.wait(POLL_S):
            raise Interrupted("stopped before it was up")


def answers_well(port: int, path: str) -> bool:
    """Whether ``GET path`` on this machine's ``port`` is answered with 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWER_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
