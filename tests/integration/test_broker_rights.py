"""The broker as it is deployed: everybody comes in by name, and does what is theirs."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
import redis

from admin import vault as names
from contract import keys
from contract.codec import Reason
from dashboard.cameras.status import StatusBoard
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support import attacks
from tests.support.attacks import Target
from tests.support.cameras import Flow, Habit, SimulatedCamera
from tests.support.ledger import Ledger, read_ledger
from tests.support.secured import SecuredServer, as_camera, credentials
from tests.support.services import Process, eventually, program

COPIES = 2
"""Each message of the good camera is replayed."""

LINES_A_SECOND = 50
LEAST_FRAMES = 20
ACKNOWLEDGED_WITHIN_S = 60.0


@dataclass
class Store:
    """A secured server with a worker and an aggregator, and two cameras that may come in."""

    server: SecuredServer
    worker: Process
    aggregator: Process
    redis: redis.Redis
    folder: Path
    target: Target

    def refused(self) -> dict[str, int]:
        counts: Any = self.redis.hgetall(keys.REJECTED_COUNTS)
        return {reason.decode(): int(count) for reason, count in counts.items()}

    def hears_again(self, before: int) -> None:
        """Whatever is logged next: of the lines of a second no more than 50 are passed on, and these are.

        Args:
            before: characters that the broker had logged before it was attacked.
        """
        if self.server.broker.output.count("\n", before) >= LINES_A_SECOND:
            now_s = int(time.time())
            eventually(lambda: int(time.time()) > now_s, what="the next second")

    def kept(self) -> list[str]:
        """Topics of which the broker keeps a message, as its health check sees them."""
        password = (self.server.secrets / names.BROKER / names.HEALTH_PASSWORD).read_text()
        mqtt = MqttSettings(
            host=self.server.host, port=self.server.port, username=names.HEALTH, password=password
        )
        seen: list[str] = []
        granted: list[object] = []
        handlers = Handlers(
            message=lambda message: seen.append(message.topic) if message.retain else None,
            subscribed=lambda _mid, reasons: granted.append(reasons),
        )
        client = open_mqtt(mqtt, Session("test-kept"), handlers)
        client.subscribe("moodlens/v1/+/+/faces", qos=1)
        eventually(lambda: granted)
        client.subscribe("moodlens/health", qos=1)  # what is kept comes before the second answer
        eventually(lambda: len(granted) == 2)
        close_mqtt(client)
        return seen


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    server = SecuredServer(folder)
    try:
        server.start()
        worker = program("classifier_worker", [], folder / "worker.log", server.of("worker")).start()
        environment = {
            **server.of("aggregator"),
            "MOODLENS_AGGREGATOR_SILENCE_S": "5",
            "MOODLENS_AGGREGATOR_STREAM_KEPT_S": "900",
        }
        aggregator = program("aggregator", [], folder / "aggregator.log", environment).start()
        eventually(lambda: "takes messages" in worker.output, what="the worker")
        target = Target(
            "localhost",
            server.tls_port,
            server.secrets / names.CA_CERTIFICATE,
            credentials(server.enroll("shop-1/rogue")),
            credentials(server.enroll("shop-1/other")),
        )
        with server.redis_of(names.ADMIN) as client:
            yield Store(server, worker, aggregator, client, folder, target)
        for process in (worker, aggregator):
            assert process.stop() == 0
            assert "Traceback" not in process.output, process.output
    finally:
        server.stop()


class GoodCamera:
    """A camera that streams through all attacks; when it has ended, another one takes its place."""

    def __init__(self, server: SecuredServer) -> None:
        self._server = server
        self._flow: Flow | None = None
        self._number = 0

    def streams(self) -> Flow:
        """What it has sent so far, which goes on."""
        if self._flow is None:
            self._number += 1
            name = f"shop-1/good-{self._number}"
            dice = Random(8)  # noqa: S311
            way = as_camera(self._server.enroll(name))
            self._flow = Flow([SimulatedCamera(name, way, dice, Habit(copies=COPIES))]).start()
        self._flow.goes_on(0.1)
        return self._flow

    def ends(self) -> Flow:
        """What it has sent, all of it acknowledged, and more than a few frames."""
        flow = self.streams()
        eventually(lambda: len(flow.published[0].shots) > LEAST_FRAMES, what="somebody before the camera")
        self._flow = None
        assert flow.ends(ACKNOWLEDGED_WITHIN_S) == 0, "messages were not acknowledged"
        return flow

    def close(self) -> None:
        if self._flow:
            self._flow.ends(0.0)


@pytest.fixture(scope="module")
def good_camera(store: Store) -> Iterator[GoodCamera]:
    camera = GoodCamera(store.server)
    yield camera
    camera.close()


@pytest.mark.parametrize("attack", attacks.ATTACKS, ids=lambda attack: attack.__name__)
def test_it_is_refused_and_logged(store: Store, good_camera: GoodCamera, attack: Any) -> None:
    good_camera.streams()
    before = len(store.server.broker.output)
    attack(store.target)
    word = attacks.ATTACKS[attack]

    def logged() -> bool:
        store.server.check_health()  # its messages push out what the broker has still to write
        return word in store.server.broker.output[before:]

    eventually(logged, what=f"{word!r} in the broker's log", every_s=0.2)
    store.hears_again(before)


def test_a_crop_that_the_broker_shall_keep_is_refused_and_taken_back(
    store: Store, good_camera: GoodCamera
) -> None:
    good_camera.streams()
    refused = store.refused().get(Reason.RETAINED, 0)
    name = attacks.leave_a_crop_for_ever(store.target)
    eventually(lambda: store.refused().get(Reason.RETAINED, 0) == refused + 1, what="the worker's refusal")
    assert store.kept() == [name]

    def swept() -> str:
        status, told = store.server.check_health()
        return told if name in told and status == 0 else ""

    # a live crop that comes before the kept one ends a sweep
    told = eventually(swept, what="the sweep", every_s=0.2)
    assert "crop" not in told
    eventually(lambda: store.kept() == [], what="the broker to take it back")


def test_a_crop_without_an_expiry_is_refused(store: Store) -> None:
    refused = store.refused().get(Reason.UNBOUNDED, 0)
    attacks.send_a_crop_that_never_expires(store.target)
    eventually(lambda: store.refused().get(Reason.UNBOUNDED, 0) == refused + 1, what="the worker's refusal")


def test_the_good_camera_lost_nothing_and_counted_nothing_twice(
    store: Store, good_camera: GoodCamera
) -> None:
    flow = good_camera.ends()

    def ledger() -> Ledger:
        return read_ledger(store.redis, flow.published)

    eventually(lambda: ledger().is_final, what="the ledger", every_s=0.5)
    ledger().check()
    assert ledger().total("sent") > LEAST_FRAMES


def test_a_real_producer_comes_in_with_what_enroll_wrote(store: Store) -> None:
    folder = store.folder / "camera"
    said = store.server.command(
        "enroll", "downtown/queue", "--folder", str(folder), "--port", str(store.target.port)
    )
    line = next(line for line in said.splitlines() if "-m producer" in line)
    arguments = line.replace('"', "").split()[3:-1]  # all but the source
    board = StatusBoard(store.server.mqtt_of(names.DASHBOARD))
    producer = program(
        "producer", [*arguments, "store:downtown/queue", "--detector", "haar"], store.folder / "producer.log"
    ).start()

    try:
        eventually(
            lambda: (status := board.of("downtown/queue")) and status.online, what="the camera's status"
        )
        eventually(lambda: store.server.frames("downtown/queue") >= 5, what="frames in the windows")
        assert producer.stop() == 0, producer.output
        summary = json.loads(producer.output.splitlines()[-1])
        assert summary["unacknowledged"] == summary["dropped"] == 0
        eventually(
            lambda: store.server.frames("downtown/queue") == summary["frames_published"],
            what="all frames",
        )
        eventually(lambda: not board.of("downtown/queue").online, what="its goodbye")  # type: ignore[union-attr]
    finally:
        board.close()
        if producer.is_running():
            producer.kill()
