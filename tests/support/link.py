"""A TCP connection that can be cut: it stands between a program and a server, as the network does."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Self

_PORTION_BYTES = 65_536
_ANSWERED_WITHIN_S = 60.0
_NO_LINGER = struct.pack("ii", 1, 0)  # closing then sends a reset, as a dead host's router does


class Cut(StrEnum):
    """How a network fails."""

    RESET = "reset"
    """Connections are reset, new ones too."""

    HANG = "hang"
    """Nothing passes; what was sent arrives when the network is back, however late."""

    VANISH = "vanish"
    """Nothing passes and nothing arrives later; connections are reset when the network is back."""

    DEAF = "deaf"
    """What the client says arrives, what it is answered vanishes; reset when the network is back."""


class Link:
    """Passes bytes between whoever connects to ``port`` and a server on this machine.

    A connection that is attempted during a cut never comes to be: it is reset when the cut is over.

    Args:
        server_port: of the server.

    Attributes:
        port: where the program connects instead.
        held: connections that wait for the end of a cut.
        delay_s: how long bytes are under way, each way.
    """

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self.held = 0
        self.delay_s = 0.0
        self._server_port = server_port
        self._cut: Cut | None = None
        self._through = asyncio.Event()  # set: bytes pass
        self._stop = asyncio.Event()
        self._ends: set[asyncio.StreamWriter] = set()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True)

    def start(self) -> Self:
        """Listens from now on."""
        self._thread.start()
        assert self._listening.wait(_ANSWERED_WITHIN_S), "the link does not listen"
        return self

    def stop(self) -> None:
        """Resets what is open and ends."""
        self._call(self._stop.set)
        self._thread.join(_ANSWERED_WITHIN_S)

    def reset(self) -> None:
        """Resets every connection; new ones pass at once."""
        self._call(self._reset_all)

    @contextmanager
    def cut(self, how: Cut) -> Iterator[None]:
        """A failure of the network for as long as the context lasts."""
        self._call(lambda: self._begin(how))
        try:
            yield
        finally:
            self._call(self._end)

    def _call(self, action: Callable[[], None]) -> None:
        """Has the link's thread do something, and waits until it is done."""
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        self._loop.call_soon_threadsafe(act)
        assert done.wait(_ANSWERED_WITHIN_S), "the link does not answer"

    async def _listen(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._through.set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._stop.wait()
        server.close()
        self._reset_all()

    def _begin(self, how: Cut) -> None:
        self._cut = how
        self._through.clear()
        if how is Cut.RESET:
            self._reset_all()

    def _end(self) -> None:
        how, self._cut = self._cut, None
        if how is not Cut.HANG:
            self._reset_all()
        self._through.set()

    def _reset_all(self) -> None:
        for end in self._ends:
            _reset(end)
        self._ends.clear()

    async def _connected(self, from_client: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self._cut:
            if self._cut is not Cut.RESET:
                self.held += 1
                await self._through.wait()
                self.held -= 1
            _reset(client)
            return
        try:
            from_server, server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            _reset(client)
            return
        ends = {client, server}
        self._ends |= ends
        there = asyncio.create_task(self._pump(from_client, server, deaf=False))
        back = asyncio.create_task(self._pump(from_server, client, deaf=True))
        await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        for task in (there, back):
            task.cancel()
        for end in ends:
            end.close()
        self._ends -= ends

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, deaf: bool) -> None:
        """Passes bytes until one side ends the connection and the other may know of it."""
        with suppress(ConnectionError):
            while portion := await source.read(_PORTION_BYTES):
                if self._cut is Cut.HANG:
                    await self._through.wait()
                elif self._cut is Cut.VANISH or (self._cut is Cut.DEAF and deaf):
                    continue
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)  # the fault itself
                sink.write(portion)
                await sink.drain()
        if self._cut and not (self._cut is Cut.DEAF and not deaf):
            await self._through.wait()


def _reset(end: asyncio.StreamWriter) -> None:
    connection: socket.socket | None = end.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    end.transport.abort()
