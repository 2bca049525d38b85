"""The link itself: a cut is what it says."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.support.link import Cut, Link
from tests.support.services import eventually

SHORT_S = 0.3
PATIENCE_S = 60.0


class Server(socketserver.ThreadingTCPServer):
    """Answers what it is told, and remembers it."""

    daemon_threads = True

    def __init__(self) -> None:
        self.heard = b""
        super().__init__(("127.0.0.1", 0), _Echo)
        self.port: int = self.server_address[1]


class _Echo(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        with suppress(ConnectionError):
            while said := self.request.recv(100):
                self.server.heard += said
                self.request.sendall(said)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def link(server: Server) -> Iterator[Link]:
    link = Link(server.port).start()
    yield link
    link.stop()


@contextmanager
def connected(link: Link) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", link.port), timeout=PATIENCE_S) as client:
        yield client


def says(client: socket.socket, word: bytes) -> bytes:
    client.sendall(word)
    return client.recv(100)


def hears_nothing(client: socket.socket) -> bool:
    client.settimeout(SHORT_S)
    try:
        return client.recv(100) == b"never"
    except TimeoutError:
        return True
    finally:
        client.settimeout(PATIENCE_S)


def is_reset(client: socket.socket) -> bool:
    try:
        return client.recv(100) == b"never"
    except ConnectionResetError:
        return True


def resets_who_comes(link: Link) -> bool:
    try:
        with connected(link) as another:
            return is_reset(another)
    except ConnectionResetError:  # so soon that it was not even connected
        return True


def works(link: Link) -> bool:
    with connected(link) as client:
        return says(client, b"and") == b"and"


def test_a_whole_link_passes_everything(link: Link) -> None:
    assert works(link)


def test_a_reset_ends_what_is_open_and_what_is_opened(link: Link) -> None:
    with connected(link) as client:
        assert says(client, b"one") == b"one"
        with link.cut(Cut.RESET):
            assert is_reset(client)
            assert resets_who_comes(link)
    assert works(link)


def test_what_is_sent_while_the_network_hangs_arrives_late(link: Link, server: Server) -> None:
    with connected(link) as client:
        assert says(client, b"one") == b"one"
        with link.cut(Cut.HANG), connected(link) as another:
            client.sendall(b"two")
            another.sendall(b"three")
            eventually(lambda: link.held == 1, what="the other one to be held")
            assert hears_nothing(client)
            assert server.heard == b"one"
        assert client.recv(100) == b"two"
    assert works(link)
    assert b"three" not in server.heard


def test_what_vanishes_never_arrives(link: Link, server: Server) -> None:
    with connected(link) as client:
        assert says(client, b"one") == b"one"
        with link.cut(Cut.VANISH):
            client.sendall(b"two")
            assert hears_nothing(client)
        assert is_reset(client)
    assert works(link)
    assert server.heard == b"oneand"


def test_the_deaf_are_heard(link: Link, server: Server) -> None:
    with connected(link) as client:
        assert says(client, b"one") == b"one"
        with link.cut(Cut.DEAF):
            client.sendall(b"two")
            assert hears_nothing(client)
            eventually(lambda: server.heard == b"onetwo")
        assert is_reset(client)
    assert works(link)


def test_the_end_of_a_connection_passes_too(link: Link, server: Server) -> None:
    with connected(link) as client:
        assert says(client, b"one") == b"one"
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    assert server.heard == b"one"
