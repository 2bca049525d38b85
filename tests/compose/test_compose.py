"""``docker compose up`` on a real engine: healthy, right to the frame, on 127.0.0.1 alone, gone in order."""

import json
import os
import re
import secrets
import shutil
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import redis

from contract import keys
from contract.windows import Resolution
from runtime.windows import read_windows
from tests.support.events import utc_ms
from tests.support.services import eventually, free_port, program

REPOSITORY = Path(__file__).parents[2]
MALE = "data/videos/head-pose-face-detection-male.gif"
SERVICES = {"mosquitto", "redis", "classifier_worker", "aggregator", "dashboard"}

# the first test builds the images, and a first build fetches what they install
pytestmark = [pytest.mark.compose, pytest.mark.timeout(1800)]


class Stack:
    """The project's own compose file under a name and on ports of its own; Redis is published too."""

    def __init__(self, folder: Path) -> None:
        self.name = f"moodlens-test-{secrets.token_hex(4)}"
        self.broker_port, self.dashboard_port, self.redis_port = free_port(), free_port(), free_port()
        self._opened = folder / "redis.yml"
        self._opened.write_text(f'services: {{redis: {{ports: ["127.0.0.1:{self.redis_port}:6379"]}}}}\n')
        self._environment = {
            **os.environ,
            "MOODLENS_BROKER_PORT": str(self.broker_port),
            "MOODLENS_DASHBOARD_PORT": str(self.dashboard_port),
            "MOODLENS_AGGREGATOR_SILENCE_S": "4",
        }

    def compose(self, *arguments: str, check: bool = True) -> str:
        files = ["-f", str(REPOSITORY / "docker-compose.yml"), "-f", str(self._opened)]
        command = ["docker", "compose", "--progress", "plain", "-p", self.name, *files, *arguments]
        ended = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert not check or ended.returncode == 0, f"{' '.join(arguments)}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def up(self, *, workers: int = 1) -> None:
        self.compose("up", "--wait", "--scale", f"classifier_worker={workers}")

    def containers(self) -> list[dict[str, Any]]:
        """What ``docker inspect`` says of each, stopped ones too."""
        ids = self.compose("ps", "--all", "--quiet").split()
        said: list[dict[str, Any]] = json.loads(docker("inspect", *ids)) if ids else []
        return said

    def in_broker(self, command: str) -> str:
        return self.compose("exec", "-T", "mosquitto", "sh", "-c", command)

    def crops_kept(self, camera: str) -> int:
        """Frames of a camera in the broker's store."""
        store = "/mosquitto/data/mosquitto.db"
        return int(self.in_broker(f"tr '\\000' '\\n' <{store} | grep -ao v1/{camera}/faces | wc -l"))

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(f"redis://127.0.0.1:{self.redis_port}/0")

    def counts(self, camera: str) -> Counter[str]:
        now_ms = utc_ms()
        with self.client() as client:
            windows = read_windows(
                client, camera, Resolution.TEN_SECONDS, now_ms - 600_000, now_ms + 60_000, UTC
            )
        names = ("frames", "face_frames", "visits", "published", "shed", "dropped", "refused", "late")
        return Counter({name: int(windows.column(name).sum()) for name in names})


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def service(container: dict[str, Any]) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def film(stack: Stack, name: str, shared: Path, folder: Path) -> dict[str, Any]:
    """Plays the clip through a camera of this machine until all is acknowledged; its own summary."""
    camera = program(
        "producer",
        ["--camera", name, "--source", str(shared / MALE), "--once"],
        folder / "producer.log",
        {
            "MOODLENS_MQTT_PORT": str(stack.broker_port),
            "MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx"),
        },
    ).start()
    assert camera.wait(120) == 0, camera.output
    said: dict[str, Any] = json.loads(camera.output.splitlines()[-1])
    assert said["faces_published"] > 10
    return said


@pytest.fixture(scope="module")
def engine() -> str:
    """Version of a docker engine that answers, and with compose."""
    if not shutil.which("docker"):
        pytest.skip("docker is not installed")
    for command in (["docker", "version"], ["docker", "compose", "version"]):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            pytest.skip(f"{' '.join(command)}: {ended.stderr.strip()}")
    return docker("version", "--format", "{{.Server.Version}}")


@pytest.fixture(scope="module")
def stack(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Built; whatever of it was started is gone afterwards, its images and volumes too."""
    stack = Stack(tmp_path_factory.mktemp(f"compose-{engine}"))
    try:
        stack.compose("--profile", "demo", "build")
        yield stack
    finally:
        stack.compose("--profile", "demo", "down", "--volumes", "--rmi", "local", "--remove-orphans")
        ours = ["--quiet", "--filter", f"label=com.docker.compose.project={stack.name}"]
        left = [docker(kind, "ls", *ours) for kind in ("container", "volume", "network", "image")]
        assert left == [""] * 4


def test_all_is_healthy_soon_without_root_and_without_an_open_port(stack: Stack) -> None:
    started_s = time.monotonic()
    stack.up()
    assert time.monotonic() - started_s < 60
    containers = stack.containers()
    assert {service(container) for container in containers} == SERVICES
    for container in containers:
        assert container["State"]["Health"]["Status"] == "healthy"
        assert re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", container["Config"]["User"]), service(container)
        assert container["HostConfig"]["ReadonlyRootfs"]
        assert container["HostConfig"]["CapDrop"] == ["ALL"]
        for published in (container["HostConfig"]["PortBindings"] or {}).values():
            assert [address["HostIp"] for address in published] == ["127.0.0.1"]
        volumes = [mount["Name"] for mount in container["Mounts"] if mount["Type"] == "volume"]
        assert volumes == ([f"{stack.name}_redis"] if service(container) == "redis" else [])


@pytest.mark.parametrize("workers", [1, 3])
def test_a_smiling_man_is_counted_to_the_frame(
    stack: Stack, shared: Path, tmp_path: Path, workers: int
) -> None:
    stack.up(workers=workers)
    with stack.client() as client:
        leases = [keys.slot_lease(number) for number in range(64)]
        eventually(lambda: client.exists(*leases) == workers, 15, f"{workers} workers")
    name = f"shop-{workers}/entrance"
    said = film(stack, name, shared, tmp_path)
    eventually(lambda: stack.counts(name)["visits"], 60, "the visit to close")
    counts = stack.counts(name)
    assert counts["frames"] == counts["published"] == said["frames_published"]
    assert counts["face_frames"] == said["faces_published"]
    assert counts["visits"] == 1
    assert counts["shed"] == counts["dropped"] == counts["refused"] == counts["late"] == 0


def test_a_killed_broker_keeps_what_waits_for_a_worker(stack: Stack, shared: Path, tmp_path: Path) -> None:
    stack.up()
    name = "shop-7/entrance"
    stack.compose("kill", "classifier_worker")
    said = film(stack, name, shared, tmp_path)
    eventually(lambda: stack.crops_kept(name) == said["frames_published"], 15, "a save of the store")
    stack.in_broker("kill -9 $(grep -lx mosquitto /proc/[0-9]*/comm | cut -d/ -f3)")
    eventually(lambda: "the broker ended" in stack.compose("logs", "mosquitto"), 10, "the end of the broker")
    stack.compose("start", "classifier_worker")

    def arrived() -> bool:
        counts = stack.counts(name)
        return counts["frames"] + counts["shed"] == int(said["frames_published"])

    eventually(arrived, 30, "what waited, classified or counted as too old")


def test_no_crop_stays_when_no_worker_comes_back(stack: Stack, shared: Path, tmp_path: Path) -> None:
    stack.up()
    name = "shop-8/entrance"
    stack.compose("kill", "classifier_worker")
    started_s = time.monotonic()
    film(stack, name, shared, tmp_path)
    eventually(lambda: stack.crops_kept(name), 15, "a save of the store")
    eventually(lambda: not stack.crops_kept(name), 90, "the store to forget")
    assert time.monotonic() - started_s < 90


def test_the_page_answers(stack: Stack) -> None:
    stack.up()
    for path in ("/_stcore/health", "/"):
        address = f"http://127.0.0.1:{stack.dashboard_port}{path}"
        with urllib.request.urlopen(address, timeout=5) as answer:
            assert answer.status == 200


def test_the_demo_shows_faces_of_nobody_as_groups_of_one(stack: Stack) -> None:
    stack.compose("--profile", "demo", "up", "--wait")
    with stack.client() as client:
        eventually(lambda: client.hget(keys.site("downtown"), "k") == b"1", 60, "the demo sites' k")
    eventually(lambda: stack.counts("downtown/queue")["face_frames"] > 10, 60, "synthetic faces")


def test_everything_ends_in_order_within_ten_seconds(stack: Stack) -> None:
    stack.up(workers=3)
    started_s = time.monotonic()
    stack.compose("--profile", "demo", "stop")
    assert time.monotonic() - started_s < 10
    ended = {container["Name"]: container["State"]["ExitCode"] for container in stack.containers()}
    assert len(ended) >= len(SERVICES) + 2
    assert set(ended.values()) == {0}, ended
