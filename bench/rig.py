"""Servers and services of a measurement: real programs, set up as in a store, in a folder that goes."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import psutil
from pydantic import SecretStr

from bench.broker import deployed_settings
from bench.errors import BenchError
from bench.video import write_video
from demo.ports import HOST, free_ports
from demo.servers import MORE_FOLDERS
from runtime.errors import RedisUnavailable
from runtime.redis import Client, open_redis
from runtime.settings import MqttSettings, RedisSettings

T = TypeVar("T")

IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108  (as in docker-compose.yml, the broker's store is no disk)
START_S: Final = 15.0
STOP_S: Final = 15.0


class Rig:
    """A broker, a Redis, and the services that a measurement starts; as a context it ends them all.

    Attributes:
        mqtt: where the broker is.
        client: of Redis.
        redis_url: where Redis is.
        processes: by name.
    """

    def __init__(self) -> None:
        shelf = IN_MEMORY if IN_MEMORY.is_dir() else None
        self._folder = Path(tempfile.mkdtemp(prefix="moodlens-bench-", dir=shelf))
        mqtt_port, redis_port = free_ports(2)
        self.mqtt = MqttSettings(host=HOST, port=mqtt_port)
        self.redis_url = f"redis://{HOST}:{redis_port}/0"
        self.processes: dict[str, psutil.Popen] = {}
        self._health: dict[str, int] = {}
        self._servers = {"mosquitto": self._broker(mqtt_port), "redis": self._redis(redis_port)}

    def __enter__(self) -> Self:
        for name, command in self._servers.items():
            self._start(name, command, {})
        wait_for(self._open_redis, START_S, "Redis")
        wait_for(lambda: _accepts(self.mqtt.port), START_S, "the broker")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(list(self.processes)):
            self.stop(name)
        shutil.rmtree(self._folder, ignore_errors=True)

    def start_service(self, name: str, module: str, *, cores: Sequence[int] = (), **settings: object) -> None:
        """Starts ``python -m module`` and does not wait for it.

        Args:
            name: in ``processes``.
            module: one of ours.
            cores: it may use; empty: all.
            settings: environment variables without their prefix, in lower case.
        """
        self._health[name] = free_ports(1)[0]
        environment = {
            "MOODLENS_MQTT_HOST": self.mqtt.host,
            "MOODLENS_MQTT_PORT": str(self.mqtt.port),
            "MOODLENS_REDIS_URL": self.redis_url,
            "MOODLENS_HEALTH_PORT": str(self._health[name]),
            **{f"MOODLENS_{key.upper()}": str(value) for key, value in settings.items()},
        }
        self._start(name, [sys.executable, "-m", module], environment)
        self.pin(name, cores)

    def start_load(self, cameras: int, frames_per_s: float, seconds: float) -> None:
        """Starts simulated cameras as the process ``cameras``; see ``bench.load``."""
        load = {"port": self.mqtt.port, "cameras": cameras, "frames-per-s": frames_per_s, "seconds": seconds}
        words = [word for name, value in load.items() for word in (f"--{name}", str(value))]
        self._start("cameras", [sys.executable, "-m", "bench.load", *words], {})

    def start_producer(self) -> None:
        """Starts a real camera, ``producer``, at a video that it looks at again and again."""
        video = self._folder / "store.mp4"
        write_video(video)
        self.start_service(
            "producer",
            "producer",
            producer_camera="bench/real",
            producer_source=str(video),
            producer_loop=True,
        )

    def is_running(self, name: str) -> bool:
        """Whether a process has not ended."""
        return self.processes[name].poll() is None

    def last_line(self, name: str) -> str:
        """What a process said last."""
        lines = (self._folder / f"{name}.log").read_text().splitlines()
        return lines[-1] if lines else ""

    def health_port(self, name: str) -> int:
        """Where a service tells its metrics."""
        return self._health[name]

    def pin(self, name: str, cores: Sequence[int]) -> None:
        """Keeps a process on some cores, where the system can."""
        if cores and hasattr(self.processes[name], "cpu_affinity"):
            self.processes[name].cpu_affinity(list(cores))

    def stop(self, name: str) -> None:
        """Ends a process in order, or by force where that takes too long."""
        process = self.processes.pop(name)
        if process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOP_S)
        except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
            process.kill()
            process.wait()

    def cpu_s(self) -> dict[str, float]:
        """Processor time that each process has used so far, seconds."""
        return {name: sum(process.cpu_times()[:2]) for name, process in self._living()}

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of each process, MB."""
        return {name: process.memory_info().rss / 1e6 for name, process in self._living()}

    def _living(self) -> list[tuple[str, psutil.Popen]]:
        return [(name, process) for name, process in self.processes.items() if self.is_running(name)]

    def _start(self, name: str, command: Sequence[str], environment: dict[str, str]) -> None:
        with (self._folder / f"{name}.log").open("wb") as out:
            self.processes[name] = psutil.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **environment}
            )

    def _broker(self, port: int) -> list[str]:
        store = self._folder / "mosquitto"
        store.mkdir()
        text = deployed_settings(port, store)
        if os.geteuid() == 0:
            text += "\nuser root\n"  # it would drop to a user who cannot write here
        settings = self._folder / "mosquitto.conf"
        settings.write_text(text)
        return [find_program("mosquitto"), "-c", str(settings)]

    def _redis(self, port: int) -> list[str]:
        store = self._folder / "redis"
        store.mkdir()
        options = {
            "port": port,
            "bind": HOST,
            "dir": store,
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        return [find_program("redis-server"), *words]

    def _open_redis(self) -> bool:
        try:
            self.client: Client = open_redis(RedisSettings(url=SecretStr(self.redis_url)))
        except RedisUnavailable:
            return False
        return True


def find_program(name: str) -> str:
    """The path of a program of this machine.

    Raises:
        BenchError: it is not installed.
    """
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *MORE_FOLDERS]))
    if not found:
        raise BenchError(f"{name} is not installed: a measurement needs the real one")
    return found


def wait_for(probe: Callable[[], T | None], within_s: float, what: str, every_s: float = 0.02) -> T:
    """The first truthy answer of ``probe``.

    Raises:
        BenchError: there is none in time.
    """
    deadline_s = time.monotonic() + within_s
    while not (value := probe()):
        if time.monotonic() > deadline_s:
            raise BenchError(f"waited {within_s:.0f} s for {what}")
        time.sleep(every_s)
    return value


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0
