"""The whole system on one machine: what is started, in which order, and how it ends."""

import os
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from pydantic import SecretStr

from contract import keys
from contract.events import PREVIEW_FOR_S
from demo import servers, sources
from demo.audit import Audit
from demo.backfill import write_history
from demo.children import Child, Command, Say
from demo.environment import child_environment
from demo.errors import Interrupted, NoHistory, NotInstalled, NotReady
from demo.habits import history_camera
from demo.options import Options
from demo.ports import HOST, dashboard_port, free_ports
from demo.pulse import Pulse
from demo.readiness import answers_well, wait_until_ready
from demo.story import Story, load_story
from demo.supervision import Supervisor
from producer.yunet_file import YunetUnavailable, fetch_yunet
from runtime.errors import RedisUnavailable
from runtime.redis import REDIS_ERRORS, Client, connect, open_redis
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
STORY_FACE_MIN_PX = "48"
STORY_HAAR_WEIGHT_MIN = "5"
BOX_MAX = 1.5
"""A detector's box is never larger than the face by more."""

STORY_AFTER_MS = 3_000
"""So long after the cameras are started, the story begins: on all of them at once."""


class System:
    """Servers, worker, aggregator, dashboard and cameras.

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
        self._cameras: list[Child] = []
        self._story = None if options.source else load_story(options.story)
        self._sources = (
            sources.of_story(self._story)
            if self._story
            else [sources.asked_for(options.source, preview=not options.headless)]
        )
        self._truth = folder / "truth" if self._story and options.report else None
        self._dashboard_port = 0 if options.headless else dashboard_port(options.port)
        if not options.headless:
            _require_dashboard()

        own_broker = own_redis = None
        if not options.embedded:
            search_path = os.environ.get("PATH", os.defpath)
            own_broker = servers.find_server(servers.BROKERS, search_path)
            own_redis = servers.find_server(servers.REDISES, search_path)
        mqtt_port, redis_port, self._worker_port, self._aggregator_port, *self._camera_ports = free_ports(
            4 + len(self._sources)
        )
        self._broker = servers.broker(own_broker, folder, mqtt_port)
        self._redis = servers.redis(own_redis, folder, redis_port)
        self._mqtt = MqttSettings.model_construct(host=HOST, port=mqtt_port)  # nothing of the environment
        self._pulse = Pulse(self._mqtt)
        self._redis_url = f"redis://{HOST}:{redis_port}/0"
        self._redis_settings = RedisSettings.model_construct(url=SecretStr(self._redis_url))
        self._client: Client | None = None
        self._audit: Audit | None = None
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
        in_order = False
        try:
            self._start()
            self._announce()
            self._watch()
            in_order = True
        except Interrupted:
            pass
        finally:
            self._end(in_order=in_order)

    def _start(self) -> None:
        redis = self._spawn(Command("redis", self._redis.command, self._environment, quiet=True))
        broker = self._spawn(Command("broker", self._broker.command, self._environment, quiet=True))
        wait_until_ready(redis, self._redis_answers, SERVER_READY_S, self._stop)
        self._prepare_redis()
        wait_until_ready(broker, lambda: self._pulse.beats(1.0), SERVER_READY_S, self._stop)
        self._supervisor.watch(redis, vital=True)
        self._supervisor.watch(broker)

        worker = self._room("worker", "classifier_worker", health_port=self._worker_port)
        aggregator = self._room("aggregator", "aggregator", health_port=self._aggregator_port)
        dashboard = None
        if self._dashboard_port:
            dashboard = self._room("dashboard", "dashboard", "--port", str(self._dashboard_port))
        self._choose_detector()
        for child, port in ((worker, self._worker_port), (aggregator, self._aggregator_port)):
            wait_until_ready(child, partial(answers_well, port, "/healthz"), ROOM_READY_S, self._stop)
            self._supervisor.watch(child)
        if self._story and self._options.history:
            self._write_history(self._story)
        self._start_cameras()
        if dashboard:
            is_up = partial(answers_well, self._dashboard_port, "/_stcore/health")
            wait_until_ready(dashboard, is_up, ROOM_READY_S, self._stop)
            self._supervisor.watch(dashboard)

    def _choose_detector(self) -> None:
        """Fetches YuNet once for all cameras, so that it is said once where it cannot be had."""
        chosen = {f"{PREFIX}PRODUCER_{name}" for name in ("DETECTOR", "YUNET_FILE")}
        if len(self._sources) == 1 or chosen & self._environment.keys():
            return
        try:
            fetch_yunet()
        except YunetUnavailable as error:
            self._say(f"demo: {error}; using the Haar cascade, which misses small and turned faces")
            self._environment[f"{PREFIX}PRODUCER_DETECTOR"] = "haar"

    def _write_history(self, story: Story) -> None:
        if not self._client:
            return
        days = self._options.history
        self._say(f"demo: writing {days} days of simulated history ...")
        cameras = [history_camera(camera.name) for camera in story.cameras]
        now_ms = time.time_ns() // 1_000_000
        try:
            written = write_history(
                self._client, cameras, now_ms, days, story.seed, lambda _done, _of: None, stop=self._stop
            )
        except REDIS_ERRORS as error:
            raise NoHistory(f"no history, Redis does not answer: {error}") from None
        if self._stop.is_set():
            raise Interrupted("stopped before it was up")
        self._say(f"demo: {written.visits} visits written")

    def _start_cameras(self) -> None:
        if self._story:
            self._environment = {
                # as one would set it: no shopper comes nearer, and small faces take detectors longest
                f"{PREFIX}PRODUCER_FACE_MIN_PX": STORY_FACE_MIN_PX,
                f"{PREFIX}PRODUCER_FACE_MAX_PX": str(round(BOX_MAX * self._story.face_max_px)),
                f"{PREFIX}PRODUCER_HAAR_WEIGHT_MIN": STORY_HAAR_WEIGHT_MIN,
                **self._environment,
                f"{PREFIX}STORE_STORY": self._options.story,
                f"{PREFIX}STORE_START_MS": str(time.time_ns() // 1_000_000 + STORY_AFTER_MS),
            }
            if self._truth:
                self._environment[f"{PREFIX}STORE_TRUTH"] = str(self._truth)
        for source, port in zip(self._sources, self._camera_ports, strict=True):
            environment = {**self._environment, f"{PREFIX}HEALTH_PORT": str(port)}
            name = f"camera {source.camera}" if len(self._sources) > 1 else "camera"
            self._cameras.append(self._spawn(Command(name, source.command, environment, program="producer")))
        for source, camera, port in zip(self._sources, self._cameras, self._camera_ports, strict=True):
            try:
                is_seeing = partial(answers_well, port, "/healthz")
                wait_until_ready(camera, is_seeing, CAMERA_READY_S, self._stop)
            except NotReady:
                self._say(f"demo: still waiting for the first picture of {source.name}")
            self._supervisor.watch(camera)

    def _announce(self) -> None:
        what = f"http://{HOST}:{self._dashboard_port}" if self._dashboard_port else "without a dashboard"
        self._say(f"MoodLens is up: {what}   (Ctrl-C ends it)")
        if self._story:
            cameras = ", ".join(source.camera for source in self._sources)
            self._say(f"story: {self._story.title}; cameras: {cameras}")
        else:
            self._say(f"camera {self._sources[0].camera}: {self._sources[0].name}")
            if self._dashboard_port:
                self._say(
                    f"its picture, with a label on each face: http://{HOST}:{self._dashboard_port}/live   "
                    f"(for {PREVIEW_FOR_S // 60} minutes; nothing is stored)"
                )
        self._say(f"broker: {self._broker}; Redis: {self._redis}")
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
            if self._audit:
                self._audit.look()
            if now_s - pulse_s >= PULSE_EVERY_S:
                pulse_s = now_s
                broker = self._children["broker"]
                if broker.is_running and not self._pulse.beats(PULSE_S) and not self._stop.is_set():
                    self._say("demo: the broker does not answer any more")
                    broker.kill()  # and the supervisor starts it again

    def _end(self, *, in_order: bool) -> None:
        """Ends everything, those first whose work others finish."""
        deadline_s = time.monotonic() + (STOP_S if in_order else FAILED_STOP_S)
        self._pulse.close()
        audit = self._audit if in_order else None
        for camera in self._cameras:
            camera.ask_to_stop()
        rest = ("worker", "aggregator", "dashboard", "broker", "redis")
        for child in (*self._cameras, *(self._children[name] for name in rest if name in self._children)):
            if audit and child.name == "worker":
                audit.wait_for_reports()
                deadline_s = time.monotonic() + STOP_S
            if audit and child.name == "aggregator":
                audit.close(self._aggregator_port)
            child.stop(max(0.2, deadline_s - time.monotonic()))
        if self._client:
            self._client.close()
        if audit and self._options.report:
            audit.report(self._options.report, self._truth)

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
            connect(self._redis_settings).close()
        except RedisUnavailable:
            return False
        return True

    def _prepare_redis(self) -> None:
        client = self._client = open_redis(self._redis_settings)
        for site in {source.camera.partition("/")[0] for source in self._sources}:
            # one machine, one visitor who knows: nothing needs to be hidden
            client.hset(keys.site(site), mapping={"k": 1, "simulated": int(self._story is not None)})
        if self._options.report:
            self._audit = Audit(client, [source.camera for source in self._sources], self._say)


def _require_dashboard() -> None:
    for module in ("streamlit", "altair", "dashboard.__main__"):
        if not find_spec(module):
            raise NotInstalled(
                f"the dashboard needs {module.partition('.')[0]}, which is not installed: run make demo"
            )
