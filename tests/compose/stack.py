"""The project's own compose file, as a store starts it, under a name and on ports of its own."""

import json
import os
import re
import secrets
import ssl
import subprocess
import urllib.request
from collections import Counter
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.support.services import Process, eventually, free_port, program

REPOSITORY = Path(__file__).parents[2]
MALE = "data/videos/head-pose-face-detection-male.gif"
YUNET = "models/face_detection_yunet_2023mar.onnx"
MANAGER = "manager"

COUNTS = """
import json, sys, time
from datetime import UTC
from contract.windows import Resolution
from runtime.redis import open_redis
from runtime.settings import RedisSettings, load_settings
from runtime.windows import read_windows
now_ms = time.time_ns() // 1_000_000
windows = read_windows(open_redis(load_settings(RedisSettings)), sys.argv[1], Resolution.TEN_SECONDS,
                       now_ms - 900_000, now_ms + 60_000, UTC)
names = ("frames", "face_frames", "visits", "published", "shed", "dropped", "refused", "late")
print(json.dumps({name: int(windows.column(name).sum()) for name in names}))
"""
"""What the aggregator's own user reads of a camera's last quarter of an hour."""

LEASES = """
from contract import keys
from runtime.redis import open_redis
from runtime.settings import RedisSettings, load_settings
client = open_redis(load_settings(RedisSettings))
print(sum(value is not None for value in client.mget(list(map(keys.slot_lease, range(64))))))
"""


class Stack:
    """Nothing of the file is changed: not a port more is open than in a store."""

    def __init__(self, folder: Path) -> None:
        self.name = f"moodlens-test-{secrets.token_hex(4)}"
        self.folder = folder
        self.broker_port, self.dashboard_port = free_port(), free_port()
        self.webcam_env = folder / "webcam.env"
        self._environment = {
            **os.environ,
            "MOODLENS_BROKER_PORT": f"127.0.0.1:{self.broker_port}",
            "MOODLENS_DASHBOARD_PORT": f"127.0.0.1:{self.dashboard_port}",
            "MOODLENS_AGGREGATOR_SILENCE_S": "4",
            "MOODLENS_SERVER_NAMES": "store.example,127.0.0.1",
        }

    def compose(self, *arguments: str, check: bool = True, said: str = "out") -> str:
        """``docker compose``; what it says, of standard output or of both (``said="all"``)."""
        files = ["-f", str(REPOSITORY / "docker-compose.yml")]
        command = ["docker", "compose", "--progress", "plain", "-p", self.name, *files, *arguments]
        ended = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert not check or ended.returncode == 0, f"{' '.join(arguments)}: {ended.stdout}{ended.stderr}"
        return ended.stdout + ended.stderr if said == "all" else ended.stdout

    def up(self, *, workers: int = 1) -> None:
        self.compose("up", "--wait", "--scale", f"classifier_worker={workers}")

    def admin(self, *arguments: str, check: bool = True, said: str = "out") -> str:
        """``docker compose run --rm admin …``, as the README has it."""
        return self.compose("run", "--rm", "-T", "admin", *arguments, check=check, said=said)

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

    def counts(self, camera: str) -> Counter[str]:
        said = self.compose("exec", "-T", "aggregator", "python", "-c", COUNTS, camera)
        return Counter(json.loads(said))

    def workers(self) -> int:
        return int(self.compose("exec", "-T", "classifier_worker", "python", "-c", LEASES))

    def enroll(self, camera: str) -> Path:
        """Lets a camera in; the file that it is given."""
        file = self.folder / f"{camera.replace('/', '.')}.env"
        if not file.exists():
            file.write_text(
                self.admin(
                    "enroll", camera, "--server", "127.0.0.1", "--port", str(self.broker_port), "--env"
                )
            )
            file.chmod(0o600)
        return file

    def camera(self, name: str, shared: Path, log: Path) -> Process:
        """A native producer that plays the clip once, with what ``enroll`` gave it."""
        arguments = ["--env-file", str(self.enroll(name)), "--source", str(shared / MALE), "--once"]
        environment = {"MOODLENS_PRODUCER_YUNET_FILE": str(shared / YUNET)}
        return program("producer", arguments, log, environment).start()

    def film(self, name: str, shared: Path, folder: Path) -> dict[str, Any]:
        """Plays the clip until all is acknowledged; the camera's own summary."""
        camera = self.camera(name, shared, folder / "producer.log")
        assert camera.wait(120) == 0, camera.output
        return summary(camera.output)

    def settled(self, name: str) -> Counter[str]:
        """The counts of a camera, once its visit has closed."""
        eventually(lambda: self.counts(name)["visits"], 60, "the visit to close", every_s=0.5)
        return self.counts(name)

    def password(self) -> str:
        """The manager's, which setup told once."""
        logs = self.compose("logs", "--no-log-prefix", "setup")
        found: list[str] = re.findall(r"Password:\s+(\S+)", logs)
        assert len(found) == 1, logs
        return found[0]

    def page_after_sign_in(self, password: str) -> tuple[int, str]:
        """Status and address of where a browser ends up that signs in as the manager."""
        context = ssl.create_default_context(cadata=self.admin("ca"))
        browser = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        address = f"https://127.0.0.1:{self.dashboard_port}"
        form = urlencode({"name": MANAGER, "password": password, "next": "/"}).encode()
        asked = urllib.request.Request(f"{address}/sign-in", form, {"Origin": address})  # noqa: S310
        with browser.open(asked, timeout=20) as answer:
            return answer.status, answer.url.removeprefix(address)


def summary(output: str) -> dict[str, Any]:
    """What a producer printed at its end."""
    said: dict[str, Any] = json.loads(output.splitlines()[-1])
    assert said["faces_published"] > 10
    return said


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def service(container: dict[str, Any]) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])
