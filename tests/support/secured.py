"""A server as ``admin setup`` makes it: broker and Redis know who comes, and what is theirs to do."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import redis
from pydantic import SecretStr

from admin import cameras
from admin import vault as names
from admin.authority import der
from admin.control import Control, control_of
from admin.enrolment import Enrolment
from admin.settings import AdminSettings
from admin.setup import set_up
from admin.vault import Vault
from bench.broker import DEPLOYED, replaced
from runtime.settings import MqttSettings
from tests.support.attacks import Credentials
from tests.support.services import (
    Process,
    RedisServer,
    accepts,
    eventually,
    executable,
    free_port,
)
from tests.support.windows import frames_of

START, HEALTH = DEPLOYED.parent / "mosquitto-start.sh", DEPLOYED.parent / "mosquitto-health.sh"


class SecuredServer:
    """Broker and Redis with the secrets of a set-up; each service finds its own in ``secrets/<service>``.

    Args:
        folder: of all its files.
        settings: lines of the broker that the deployed one does not have.
    """

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.host = "127.0.0.1"
        self.port, self.tls_port = free_port(), free_port()
        self.secrets = folder / "secrets"
        self.redis = RedisServer(folder / "redis", users=self.secrets / names.REDIS_USERS)
        self.settings = AdminSettings(secrets_dir=self.secrets, redis_address=f"127.0.0.1:{self.redis.port}")
        self._settings = settings
        self._data = folder / "broker"
        self._conf = folder / "mosquitto.conf"
        self._environment = {
            "MOODLENS_BROKER_SECRETS": str(self.secrets / names.BROKER),
            "MOODLENS_BROKER_DATA": str(self._data),
            "MOODLENS_BROKER_INNER_PORT": str(self.port),
        }
        executable("mosquitto")
        self.broker = Process(["sh", str(START), str(self._conf)], folder / "broker.log", self._environment)
        self._health = folder / "health.log"

    def set_up(self) -> list[str]:
        """What ``admin setup`` says."""
        told: list[str] = []
        set_up(self.settings, datetime.now(UTC), told.append)
        return told

    def start(self) -> Self:
        self.set_up()
        self._data.mkdir()
        text = replaced(
            DEPLOYED.read_text(),
            ("listener 1883\n", f"listener {self.port} 127.0.0.1\n"),
            ("listener 8883\n", f"listener {self.tls_port} 127.0.0.1\n"),
            ("/mosquitto/secrets/", f"{self.secrets / names.BROKER}/"),
            ("/mosquitto/data/", f"{self._data}/"),
        )
        self._conf.write_text(text + self._settings + ("user root\n" if os.geteuid() == 0 else ""))
        self.broker.start()
        self.redis.start()
        eventually(lambda: accepts(self.tls_port), what="the broker")
        return self

    def stop(self) -> None:
        self.broker.stop()
        self.redis.stop()

    def of(self, service: str) -> dict[str, str]:
        """The environment of a service."""
        return {
            "MOODLENS_SECRETS_DIR": str(self.secrets / service),
            "MOODLENS_MQTT_HOST": self.host,
            "MOODLENS_MQTT_PORT": str(self.port),
        }

    def mqtt_of(self, service: str) -> MqttSettings:
        """The broker, as a service logs in there."""
        vault = Vault(self.secrets)
        password = vault.read_text(f"{service}/moodlens_mqtt_password")
        return MqttSettings(host=self.host, port=self.port, username=service, password=SecretStr(password))

    def redis_of(self, service: str) -> redis.Redis:
        """Redis, as a service logs in there."""
        return redis.Redis.from_url(
            Vault(self.secrets).read_text(f"{service}/moodlens_redis_url"), driver_info=None
        )

    def redis_password(self, user: str) -> str:
        """A user's password at Redis."""
        vault = Vault(self.secrets)
        if user == names.HEALTH:
            return vault.read_text(f"{names.REDIS}/{names.HEALTH_PASSWORD}")
        url = urlsplit(vault.read_text(f"{user}/moodlens_redis_url"))
        return url.password or ""

    def frames(self, camera: str, *, with_shed: bool = False) -> int:
        """Frames of a camera in the last hour's windows; with those that workers shed, if that is asked."""
        with self.redis_of(names.ADMIN) as client:
            return frames_of(client, camera, with_shed=with_shed)

    def command(self, *words: str) -> str:
        """What ``python -m admin`` says, which must succeed."""
        done = self._command(words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refusal(self, *words: str) -> str:
        """Why ``python -m admin`` does not do it."""
        done = self._command(words)
        assert done.returncode == 1, done.stdout
        return done.stderr

    def _command(self, words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, **self.of(names.ADMIN), "MOODLENS_ADMIN_SECRETS_DIR": str(self.secrets)}
        return subprocess.run(
            [sys.executable, "-m", "admin", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def control(self) -> Iterator[Control]:
        """The broker's list of users, as the operator opens it."""
        with control_of(self.mqtt_of(names.ADMIN)) as control:
            yield control

    def enroll(self, camera: str) -> Enrolment:
        """Lets a camera in."""
        with self.control() as control:
            return self.way_in(camera, cameras.enroll(control, camera))

    def way_in(self, camera: str, password: str) -> Enrolment:
        """What a camera with this password needs."""
        ca = der(Vault(self.secrets).read(names.CA_CERTIFICATE))
        return Enrolment(camera, password, "localhost", self.tls_port, ca)

    def check_health(self) -> tuple[int, str]:
        """Status and output of the broker's health check."""
        executable("mosquitto_sub")
        self._health.write_text("")
        check = Process(["sh", str(HEALTH)], self._health, self._environment).start()
        return check.wait(), check.output


def as_camera(way: Enrolment) -> MqttSettings:
    """How a camera reaches the broker."""
    return MqttSettings(
        host=way.server,
        port=way.port,
        tls=True,
        ca=way.variables["MOODLENS_MQTT_CA"],
        username=way.camera,
        password=SecretStr(way.password),
    )


def credentials(way: Enrolment) -> Credentials:
    """A camera's user."""
    return Credentials(way.camera, way.password, cameras.client_id(way.camera))
