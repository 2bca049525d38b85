"""What strangers and cameras may try against a running stack: refused, logged, and no harm to others."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from tests.compose.stack import MALE, YUNET, Stack, summary
from tests.support import attacks
from tests.support.attacks import Credentials, Target
from tests.support.services import Process, accepts, eventually, program

GOOD = "shop-20/good"

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1800)]

REACH_REDIS = "import socket; socket.create_connection(('redis', 6379), 3)"
BEYOND_ITS_RIGHTS = """
from redis.exceptions import NoPermissionError
from runtime.redis import open_redis
from runtime.settings import RedisSettings, load_settings
client = open_redis(load_settings(RedisSettings))
for words in ("FLUSHALL", "CONFIG GET *", "KEYS *", "ACL LIST", "SHUTDOWN", "GET other"):
    try:
        client.execute_command(*words.split())
    except NoPermissionError:
        continue
    raise SystemExit(f"{words} is allowed")
print("all refused")
"""


@dataclass
class Attacked:
    """A stack under attack, and a camera that goes on meanwhile."""

    stack: Stack
    target: Target
    camera: Process

    def log(self) -> str:
        return self.stack.compose("logs", "--no-log-prefix", "mosquitto")


def credentials(file: Path) -> Credentials:
    values = dotenv_values(file)
    name = str(values["MOODLENS_MQTT_USERNAME"])
    return Credentials(name, str(values["MOODLENS_MQTT_PASSWORD"]), f"camera.{name.replace('/', '.')}")


@pytest.fixture(scope="module")
def attacked(stack: Stack, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    stack.up()
    folder = tmp_path_factory.mktemp("attacks")
    ca_file = folder / "ca.crt"
    ca_file.write_text(stack.admin("ca"))
    rogue, other, good = (stack.enroll(name) for name in ("shop-20/rogue", "shop-20/other", GOOD))
    target = Target("127.0.0.1", stack.broker_port, ca_file, credentials(rogue), credentials(other))
    arguments = ["--env-file", str(good), "--source", str(shared / MALE), "--loop"]
    environment = {"MOODLENS_PRODUCER_YUNET_FILE": str(shared / YUNET)}
    camera = program("producer", arguments, folder / "good.log", environment).start()
    eventually(lambda: stack.counts(GOOD)["frames"], 60, "the good camera", every_s=0.5)
    yield Attacked(stack, target, camera)
    camera.stop()


@pytest.mark.parametrize("attack", attacks.ATTACKS, ids=lambda attack: attack.__name__)
def test_it_is_refused_and_logged(attacked: Attacked, attack: Any) -> None:
    word = attacks.ATTACKS[attack]
    before = attacked.log().count(word)
    attack(attacked.target)
    if word:
        eventually(lambda: attacked.log().count(word) > before, 30, f"{word!r} in the log", every_s=1)


def test_a_crop_that_the_broker_shall_keep_is_taken_back(attacked: Attacked) -> None:
    name = attacks.leave_a_crop_for_ever(attacked.target)
    refused = attacked.target.camera.username
    eventually(lambda: attacked.stack.counts(refused)["refused"], 30, "the worker's refusal", every_s=1)
    kept = f"mosquitto_sub -h 127.0.0.1 -t '{name}' --retained-only -W 1 -F %t || true"
    clients = "export XDG_CONFIG_HOME=/mosquitto/data/clients; "
    eventually(
        lambda: not attacked.stack.in_broker(clients + kept).strip(), 30, "the broker's sweep", every_s=1
    )


def test_a_crop_without_an_expiry_is_refused(attacked: Attacked) -> None:
    camera = attacked.target.camera.username
    before = attacked.stack.counts(camera)["refused"]
    attacks.send_a_crop_that_never_expires(attacked.target)
    eventually(lambda: attacked.stack.counts(camera)["refused"] > before, 30, "the refusal", every_s=1)


def test_plain_mqtt_redis_and_metrics_are_not_there(attacked: Attacked) -> None:
    ports = [
        binding["HostPort"]
        for container in attacked.stack.containers()
        for bindings in (container["NetworkSettings"]["Ports"] or {}).values()
        for binding in bindings or []
    ]
    assert sorted(ports) == sorted(
        str(port) for port in (attacked.stack.broker_port, attacked.stack.dashboard_port)
    )
    assert all(map(accepts, map(int, ports)))
    reached = attacked.stack.compose(
        *("run", "--rm", "--no-deps", "--entrypoint", "python", "camera_kiosk", "-c", REACH_REDIS),
        check=False,
        said="all",
    )
    assert "gaierror" in reached or "timed out" in reached, reached


@pytest.mark.parametrize("service", ["classifier_worker", "aggregator", "dashboard"])
def test_a_service_does_no_more_at_redis_than_it_has_to(attacked: Attacked, service: str) -> None:
    said = attacked.stack.compose("exec", "-T", service, "python", "-c", BEYOND_ITS_RIGHTS)
    assert "all refused" in said


def test_the_good_camera_lost_nothing(attacked: Attacked) -> None:
    assert attacked.camera.stop(30) == 0
    said = summary(attacked.camera.output)
    assert said["unacknowledged"] == said["dropped"] == 0

    def counted() -> int:
        counts = attacked.stack.counts(GOOD)
        assert counts["refused"] == 0
        return counts["frames"] + counts["shed"]

    eventually(lambda: counted() == said["frames_published"], what="all its frames", every_s=1)
