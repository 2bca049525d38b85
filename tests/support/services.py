"""Real servers and real programs for tests, each on its own free port and in its own folder."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self, TypeVar

import pytest
import redis

T = TypeVar("T")

MASTERS = 3
SLOTS = 16_384

_given_out: set[int] = set()

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))

MOSQUITTO_SETTINGS = """
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_on_changes true
autosave_interval 100
max_queued_messages 0
max_queued_bytes 268435456
max_inflight_messages 0
sys_interval 1
"""


def eventually(
    probe: Callable[[], T | None], within_s: float = 60.0, what: str = "it", every_s: float = 0.02
) -> T:
    """The first truthy value of ``probe``; fails the test when there is none in time.

    A machine that is busy with other things may need ten times as long as this one: a deadline that is met
    costs nothing.
    """
    deadline = time.monotonic() + within_s
    while True:
        value = probe()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {within_s:.0f} s for {what}, last saw {value!r}"
        time.sleep(every_s)


def free_port() -> int:
    """A port that nobody holds, below those that connections get, and that was not given out before, nor by
    another process of the same run: none is taken while its server starts."""
    while True:
        port = random.SystemRandom().randrange(20_000 + _WORKER, 32_000, _WORKERS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given_out:
                _given_out.add(port)
                return port


def executable(name: str) -> str:
    found = shutil.which(
        name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"
    )
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


class Process:
    """A child process whose output lands in a file."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
        self.command = command
        self.log = log
        self.environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command, stdout=out, stderr=subprocess.STDOUT, env=self.environment
            )
        return self

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def output(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: int) -> None:
        assert self._process
        self._process.send_signal(number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self, within_s: float = 120.0) -> int:
        """The exit status."""
        assert self._process
        return self._process.wait(within_s)

    def stop(self, within_s: float = 60.0) -> int:
        """The exit status after SIGTERM."""
        if self.is_running():
            self.signal(signal.SIGTERM)
        return self.wait(within_s)


class Mosquitto:
    """A broker with the settings of a real installation; its store, in ``folder``, outlives a restart."""

    def __init__(self, folder: Path, settings: str = MOSQUITTO_SETTINGS) -> None:
        self.host, self.port = "127.0.0.1", free_port()
        self.folder = folder
        folder.mkdir(parents=True)
        self.settings = folder / "mosquitto.conf"
        text = settings.format(port=self.port, folder=folder)
        if os.geteuid() == 0:
            text += "user root\n"  # it would drop to a user who cannot write here
        self.settings.write_text(text)
        self.process = Process([executable("mosquitto"), "-c", str(self.settings)], folder / "mosquitto.log")

    def start(self) -> Self:
        self.process.start()
        eventually(lambda: accepts(self.port), what="mosquitto")
        return self

    def stop(self) -> None:
        self.process.stop()

    @property
    def environment(self) -> dict[str, str]:
        return {"MOODLENS_MQTT_HOST": self.host, "MOODLENS_MQTT_PORT": str(self.port)}


class RedisServer:
    """A Redis with the settings of a real installation; with ``cluster``, a node that has no slots yet.

    Args:
        folder: of its log and data.
        cluster: it is a node of a cluster.
        users: the file that says who may come and do what; None: whoever comes, anything.
    """

    def __init__(self, folder: Path, *, cluster: bool = False, users: Path | None = None) -> None:
        self.port, self.bus_port = free_port(), free_port()
        folder.mkdir(parents=True)
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(folder),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            **({"aclfile": str(users)} if users else {}),
            # the node's second port is 10,000 above the first, by default above what there is
            **({"cluster-enabled": "yes", "cluster-port": str(self.bus_port)} if cluster else {}),
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.process = Process([executable("redis-server"), *arguments], folder / "redis.log")
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Self:
        self.process.start()
        eventually(lambda: accepts(self.port), what="redis-server")
        return self

    def stop(self) -> None:
        self.process.stop()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    @property
    def environment(self) -> dict[str, str]:
        return {"MOODLENS_REDIS_URL": self.url}


class RedisCluster:
    """A Redis Cluster of three masters."""

    def __init__(self, folder: Path) -> None:
        self.nodes = [RedisServer(folder / str(number), cluster=True) for number in range(MASTERS)]
        self.url = self.nodes[0].url

    def start(self) -> Self:
        for node in self.nodes:
            node.start()
        for number, node in enumerate(self.nodes):
            first, end = (SLOTS * edge // MASTERS for edge in (number, number + 1))
            with node.client() as client:
                client.execute_command("CLUSTER ADDSLOTSRANGE", first, end - 1)
                for other in self.nodes[:number]:
                    client.execute_command("CLUSTER MEET", "127.0.0.1", other.port, other.bus_port)
        eventually(lambda: all(map(_knows_all_slots, self.nodes)), what="the cluster")
        return self

    def start_again(self) -> None:
        """Nodes that were stopped know one another."""
        for node in self.nodes:
            node.start()
        eventually(lambda: all(map(_knows_all_slots, self.nodes)), what="the cluster")

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()

    @property
    def environment(self) -> dict[str, str]:
        return {"MOODLENS_REDIS_URL": self.url, "MOODLENS_REDIS_CLUSTER": "true"}


def _knows_all_slots(node: RedisServer) -> bool:
    with node.client() as client:
        told: dict[str, str] = client.execute_command("CLUSTER INFO")
    return told["cluster_state"] == "ok" and told["cluster_known_nodes"] == str(MASTERS)


def program(
    module: str, arguments: list[str], log: Path, environment: dict[str, str] | None = None
) -> Process:
    """``python -m module arguments``, not yet started."""
    return Process([sys.executable, "-m", module, *arguments], log, environment)


@contextmanager
def running(*processes: Process) -> Iterator[None]:
    """Processes that run as long as the context, then end in order, and have said no traceback."""
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            if process.is_running():
                process.signal(signal.SIGCONT)  # a frozen one hears nothing
            process.stop()
    for process in processes:
        assert "Traceback" not in process.output, process.output


def accepts(port: int) -> bool:
    """Whether somebody listens on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False
