"""The whole system on one machine: what is started, in which order, and how it ends."""

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from pydantic import SecretStr
from redis.exceptions import RedisError

from contract import keys
from demo import servers, sources
from demo.children import Child, Command, Say
from demo.environment import child_environment
from demo.errors import ChildDied, Interrupted, NoFolder, NotInstalled, NotReady
from demo.ports import HOST, dashboard_port, free_ports
from demo.pulse import Pulse
from demo.readiness import answers_well, wait_until_ready
from demo.report import counts, wait_until_counted, write_report
from demo.supervision import Supervisor
from runtime.errors import RedisUnavailable
from runtime.redis import Client, open_redis
from runtime.settings import PREFIX, MqttSettings, RedisSettings

SERVER_READY_S = 15.0
ROOM_READY_S = 60.0
CAMERA_READY_S = 10.0
"""A camera that still runs then may be fetching its detector, or waiting for a stream: that is no error."""

STOP_S = 7.0
FAILED_STOP_S = 1.0
"""The same where something failed: there is no work to be finished."""

LOOK_S = 0.2
PULSE_EVERY_S = 10.0
PULSE_S = 3.0
COUNTED_S = 2.0


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line.

    Attributes:
        source: of the camera; empty: a webcam or else the synthetic shopper.
        port: demanded for the dashboard.
        embedded: run the servers of the wheels even where this machine has its own.
        headless: run no dashboard.
        seconds: end by itself so long after it is up.
        report: file for the counts at the end.
        verbose: show what goes well, too.
    """

    source: str = ""
    port: int | None = None
    embedded: bool = False
    headless: bool = False
    seconds: float | None = None
    report: Path | None = None
    verbose: bool = False


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A fresh folder, removed at the end.

    Raises:
        NoFolder: the disk is full, or there is no permission.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="moodlens-demo-"))
    except OSError as error:
        raise NoFolder(f"cannot make a temporary folder: {error.strerror or error}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class System:
    """Servers, worker, aggregator, dashboard and camera.

    Args:
        options: what was asked for.
        folder: for the servers' files.
        say: takes a line for the terminal.
        stop: ends it.
    """

    def __init__(self, options: Options, folder: Path, say: Say, stop: threading.Event) -> None:
        self._options = options
        self._folder = folder
        self._say = say
        self._stop = stop
        self._supervisor = Supervisor(say, time.monotonic)
        self._children: dict[str, Child] = {}
        self._source = sources.asked_for(options.source) if options.source else sources.webcam()
        self._dashboard_port = 0 if options.headless else dashboard_port(options.port)
        if not options.headless:
            _require_dashboard()

        own_broker = own_redis = None
        if not options.embedded:
            search_path = os.environ.get("PATH", os.defpath)
            own_broker = servers.find_server(servers.BROKERS, search_path)
            own_redis = servers.find_server(servers.REDISES, search_path)
        mqtt_port, redis_port, *self._health_ports = free_ports(5)
        self._broker = servers.broker(own_broker, folder, mqtt_port)
        self._redis = servers.redis(own_redis, folder, redis_port)
        self._mqtt = MqttSettings(host=HOST, port=mqtt_port)
        self._pulse = Pulse(self._mqtt)
        self._redis_url = f"redis://{HOST}:{redis_port}/0"
        self._client: Client | None = None
        self._environment = child_environment(
            os.environ,
            mqtt_port=mqtt_port,
            redis_url=self._redis_url,
            sessions_kept=not self._broker.embedded,
            verbose=options.verbose,
        )

    def run(self) -> None:
        """Runs until told to stop, or the time is over.

        Raises:
            ChildDied: a part failed at the start, or Redis ended.
            NotReady: a part did not come up in time.
        """
        began_ms = time.time_ns() // 1_000_000
        in_order = False
        try:
            self._start()
            self._announce()
            self._watch()
            in_order = True
        except Interrupted:
            pass
        finally:
            self._end(began_ms, in_order=in_order)

    def _start(self) -> None:
        redis = self._spawn(Command("redis", self._redis.command, self._environment, quiet=True))
        broker = self._spawn(Command("broker", self._broker.command, self._environment, quiet=True))
        wait_until_ready(redis, self._redis_answers, SERVER_READY_S, self._stop)
        wait_until_ready(broker, lambda: self._pulse.beats(1.0), SERVER_READY_S, self._stop)
        self._supervisor.watch(redis, vital=True)
        self._supervisor.watch(broker)

        worker_port, aggregator_port, camera_port = self._health_ports
        worker = self._room("worker", "classifier_worker", health_port=worker_port)
        aggregator = self._room("aggregator", "aggregator", health_port=aggregator_port)
        dashboard = None
        if self._dashboard_port:
            dashboard = self._room("dashboard", "dashboard", "--port", str(self._dashboard_port))
        for child, port in ((worker, worker_port), (aggregator, aggregator_port)):
            wait_until_ready(child, partial(answers_well, port, "/healthz"), ROOM_READY_S, self._stop)
            self._supervisor.watch(child)
        camera = self._start_camera(camera_port)
        if dashboard:
            is_up = partial(answers_well, self._dashboard_port, "/_stcore/health")
            wait_until_ready(dashboard, is_up, ROOM_READY_S, self._stop)
            self._supervisor.watch(dashboard)
        self._supervisor.watch(camera)

    def _start_camera(self, health_port: int) -> Child:
        """A camera that sees; where nobody asked for the webcam and it does not work, the shopper."""
        if self._source:
            try:
                return self._open_camera(self._source, health_port)
            except ChildDied as error:
                if self._options.source:
                    raise
                self._say(f"demo: {error}; the synthetic shopper comes instead")
        self._source = sources.shopper()
        return self._open_camera(self._source, health_port)

    def _open_camera(self, source: sources.Source, health_port: int) -> Child:
        environment = {**self._environment, f"{PREFIX}HEALTH_PORT": str(health_port)}
        camera = self._spawn(Command("camera", source.command, environment, program=source.program))
        try:
            is_seeing = partial(answers_well, health_port, "/healthz")
            wait_until_ready(camera, is_seeing, CAMERA_READY_S, self._stop)
        except NotReady:
            self._say(f"demo: still waiting for the first picture of {source.name}")
        return camera

    def _announce(self) -> None:
        what = f"http://{HOST}:{self._dashboard_port}" if self._dashboard_port else "without a dashboard"
        self._say(f"MoodLens is up: {what}   (Ctrl-C ends it)")
        seen = self._source.name if self._source else ""
        self._say(f"camera {sources.CAMERA}: {seen}; broker: {self._broker}; Redis: {self._redis}")
        if self._options.verbose:
            self._say(f"broker at {HOST}:{self._mqtt.port}, Redis at {self._redis_url}")

    def _watch(self) -> None:
        began_s = pulse_s = time.monotonic()
        seconds = self._options.seconds
        while not self._stop.wait(LOOK_S):
            now_s = time.monotonic()
            if seconds is not None and now_s - began_s >= seconds:
                return
            self._supervisor.look()
            if now_s - pulse_s >= PULSE_EVERY_S:
                pulse_s = now_s
                broker = self._children["broker"]
                if broker.is_running and not self._pulse.beats(PULSE_S) and not self._stop.is_set():
                    self._say("demo: the broker does not answer any more")
                    broker.kill()  # and the supervisor starts it again

    def _end(self, began_ms: int, *, in_order: bool) -> None:
        """Ends everything, those first whose work others finish."""
        deadline_s = time.monotonic() + (STOP_S if in_order else FAILED_STOP_S)
        self._pulse.close()
        for name in ("camera", "worker", "aggregator", "dashboard", "broker", "redis"):
            if name == "aggregator" and in_order and self._options.report and self._client:
                self._report(self._client, self._options.report, began_ms)
            if child := self._children.get(name):
                child.stop(max(0.2, deadline_s - time.monotonic()))
        if self._client:
            self._client.close()

    def _report(self, client: Client, file: Path, began_ms: int) -> None:
        try:
            wait_until_counted(client, sources.CAMERA, COUNTED_S)
            numbers = counts(client, sources.CAMERA, began_ms, time.time_ns() // 1_000_000)
        except (RedisError, OSError) as error:
            self._say(f"demo: no report, Redis does not answer: {error}")
            return
        write_report(file, numbers)

    def _room(self, name: str, module: str, *arguments: str, health_port: int = 0) -> Child:
        environment = {**self._environment, f"{PREFIX}HEALTH_PORT": str(health_port)}
        return self._spawn(Command(name, (sys.executable, "-m", module, *arguments), environment))

    def _spawn(self, command: Command) -> Child:
        command = replace(command, remove=str(self._folder))
        child = Child(command, self._say, verbose=self._options.verbose)
        self._children[command.name] = child
        child.start()
        return child

    def _redis_answers(self) -> bool:
        try:
            self._client = open_redis(RedisSettings(url=SecretStr(self._redis_url)))
        except RedisUnavailable:
            return False
        # one machine, one visitor who knows: nothing needs to be hidden
        self._client.hset(keys.site(sources.SITE), "k", 1)
        return True


def _require_dashboard() -> None:
    for module in ("streamlit", "altair", "dashboard.__main__"):
        if not find_spec(module):
            raise NotInstalled(
                f"the dashboard needs {module.partition('.')[0]}, which is not installed: run make demo"
            )
