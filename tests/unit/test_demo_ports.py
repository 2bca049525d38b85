import socket
from collections.abc import Iterator

import pytest

from demo import ports
from demo.errors import PortTaken


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_free_ports_differ() -> None:
    assert len(set(ports.free_ports(10))) == 10


def test_a_demanded_port_is_taken_as_it_is() -> None:
    port = ports.free_ports(1)[0]
    assert ports.dashboard_port(port) == port


def test_a_demanded_port_that_is_taken_is_an_error_that_names_it(taken: int) -> None:
    with pytest.raises(PortTaken, match=f"port {taken} cannot be used: another program listens there"):
        ports.dashboard_port(taken)


def test_the_usual_port_is_preferred_and_a_free_one_is_as_good(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = ports.free_ports(1)[0]
    monkeypatch.setattr(ports, "DASHBOARD_PORT", usual)
    assert ports.dashboard_port(None) == usual
    monkeypatch.setattr(ports, "DASHBOARD_PORT", taken)
    assert ports.dashboard_port(None) not in (taken, 0)
