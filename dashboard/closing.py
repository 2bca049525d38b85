"""An end within seconds, whoever is still connected."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any, Final

GRACE_S: Final = 5.0
"""For answers that are under way. Docker kills after ten."""

Handler = Callable[[int, FrameType | None], object]


@asynccontextmanager
async def closes_in_time(_app: Any) -> AsyncIterator[None]:
    """Lifespan of an app that ends soon after its server was told to end.

    The server would wait until each browser has taken leave: with HTTPS, half a minute for a silent one.
    There is nothing here that would have to be saved.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        server = signal.getsignal(number)
        if callable(server):
            signal.signal(number, _in_time(server, loop))
    yield


def _in_time(server: Handler, loop: asyncio.AbstractEventLoop) -> Handler:
    """Handles a signal as the server does, and ends the process when time is up."""

    def handle(number: int, frame: FrameType | None) -> None:
        server(number, frame)
        loop.call_soon_threadsafe(loop.call_later, GRACE_S, os._exit, 0)

    return handle
