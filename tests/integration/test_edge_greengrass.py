"""The Greengrass component: its step ``run``, as the nucleus starts it, before a real broker with TLS."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from contract.codec import decode
from contract.events import FrameEmotions
from contract.topics import Suffix, topic
from edge.greengrass.build import artifact_of, recipe_of
from edge.iot_core.names import client_id, thing_name
from tests.support.events import CAMERA
from tests.support.greengrass import Core, read
from tests.support.mqtt import tapped
from tests.support.services import Mosquitto, Process, eventually
from tests.support.tls_broker import TlsMosquitto

PASSWORD = "battery horse correct staple"  # noqa: S105  (of a broker of a moment)
CLIP = "data/videos/face-demographics-walking.gif"


@pytest.fixture
def core(tmp_path: Path, shared: Path) -> Core:
    """A device with the component deployed, and a clip before its camera."""
    device = Core(
        tmp_path / "greengrass",
        read(recipe_of("0.1.0", "shop-artifacts")),
        artifact_of("moodlens-0-py3-none-any.whl", b"", b""),
        {"source": str(shared / CLIP)},
    )
    device.root.mkdir()
    device.deploy()
    return device


@pytest.fixture
def environment(shared: Path) -> dict[str, str]:
    return {"MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx")}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., TlsMosquitto]]:
    """Starts a broker, and ends it with the test."""
    with ExitStack() as stack:

        def start(**given: Any) -> TlsMosquitto:
            broker = TlsMosquitto(tmp_path / "mosquitto", **given)
            stack.callback(broker.stop)
            return broker.start()

        yield start


def plays_to_its_end(broker: Mosquitto, camera: Process) -> None:
    """The camera shows its clip, and everything it says of it arrives, without a face."""
    with (
        tapped(broker, topic(CAMERA, Suffix.EMOTIONS)) as heard,
        tapped(broker, "moodlens/v1/+/+/faces") as crops,
    ):
        assert camera.start().wait(120) == 0, camera.output
        said = json.loads(camera.output.splitlines()[-1])
        eventually(lambda: len(heard) == said["frames_published"] > 5, what="all emotions")
        assert {decode(payload, FrameEmotions).camera for payload in heard} == {CAMERA}
        assert not crops
    assert PASSWORD not in camera.output
    assert "Traceback" not in camera.output


def test_with_a_password_it_is_a_camera_of_the_stores_broker(
    core: Core, environment: dict[str, str], serve: Callable[..., TlsMosquitto], tmp_path: Path
) -> None:
    broker = serve(users={CAMERA: PASSWORD})
    env_file = tmp_path / "camera.env"
    lines = {
        "PRODUCER_CAMERA": CAMERA,
        "MQTT_HOST": "localhost",
        "MQTT_PORT": str(broker.tls_port),
        "MQTT_TLS": "true",
        "MQTT_CA_FILE": str(broker.secrets / "rootCA.pem"),
        "MQTT_USERNAME": CAMERA,
        "MQTT_PASSWORD": PASSWORD,
    }
    env_file.write_text("".join(f"MOODLENS_{name}={value}\n" for name, value in lines.items()))
    core.configuration["envFile"] = str(env_file)
    plays_to_its_end(broker, core.step("run", environment))


def test_with_the_devices_certificate_it_is_a_camera_of_whoever_knows_it(
    core: Core, environment: dict[str, str], serve: Callable[..., TlsMosquitto]
) -> None:
    acl = f"user {thing_name(CAMERA)}\ntopic write moodlens/v1/{CAMERA}/+\n"
    broker = serve(acl=acl)
    thing = thing_name(CAMERA)
    broker.client_certificate(thing)
    for theirs, of_greengrass in (
        ("rootCA.pem", "rootCA.pem"),
        (f"{thing}.crt", "thingCert.crt"),
        (f"{thing}.key", "privKey.key"),
    ):
        os.link(broker.secrets / theirs, core.root / of_greengrass)
    core.configuration |= {
        "identity": "device",
        "camera": CAMERA,
        "host": "localhost",
        "port": str(broker.tls_port),
    }
    plays_to_its_end(broker, core.step("run", environment))
    assert f" as {client_id(CAMERA)} " in broker.process.output, "what the policy of IoT Core allows"


def test_a_configuration_that_makes_no_sense_is_told_in_one_line(core: Core) -> None:
    core.configuration["identity"] = "fingerprint; echo hello"
    camera = core.step("run", {}).start()
    assert camera.wait() == 1
    assert camera.output == "moodlens.Camera: identity is neither password nor device\n"


def test_a_stop_reaches_the_producer_itself(core: Core, environment: dict[str, str]) -> None:
    """The shells replace themselves: the nucleus signals the process that it started."""
    core.configuration |= {"identity": "device", "camera": CAMERA, "host": "localhost", "port": "1"}
    for name in ("rootCA.pem", "thingCert.crt", "privKey.key"):
        (core.root / name).touch()
    camera = core.step("run", {**environment, "MOODLENS_PRODUCER_LOOP": "true"}).start()
    eventually(lambda: "TLS files" in camera.output or "no broker" in camera.output, what="the first attempt")
    assert camera.stop() == 0
    assert json.loads(camera.output.splitlines()[-1])["camera"] == CAMERA
