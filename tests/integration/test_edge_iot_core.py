"""A store's broker joined to AWS IoT Core: a second Mosquitto stands for it, its ACL made of the policies."""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from contract.codec import encode
from contract.events import SCHEMA, CameraStatus
from contract.topics import Suffix, topic
from edge.iot_core.bridge import Bridge, bridge_conf
from edge.iot_core.names import client_id, thing_name
from edge.iot_core.policy import CAMERA as CAMERA_ATTRIBUTE
from edge.iot_core.policy import SITE as SITE_ATTRIBUTE
from edge.iot_core.policy import Account, bridge_policy, camera_policy
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.events import CAMERA, camera_report, frame_emotions, frame_faces, utc_ms
from tests.support.mqtt import tapped
from tests.support.services import MOSQUITTO_SETTINGS, Mosquitto, eventually
from tests.support.tls_broker import TlsMosquitto

NAME = "store-1"
THING = f"moodlens-bridge-{NAME}"
OTHER = "shop-2/till"
ACCOUNT = Account("eu-central-1", "123456789012")
EVERYTHING = "moodlens/#"


def allowed(policy: dict[str, Any], action: str) -> list[str]:
    """The topics of a policy's action, as MQTT writes them."""
    resources = [
        name
        for statement in policy["Statement"]
        if statement["Action"] == action
        for name in statement["Resource"]
    ]
    return [name.split("/", 1)[1].replace("*", "+") for name in resources]


def acl() -> str:
    """What the policies say, in Mosquitto's words."""
    lines = [
        f"user {THING}",
        *(f"topic read {name}" for name in allowed(bridge_policy(ACCOUNT, NAME, ("shop-1",)), "iot:Receive")),
    ]
    for camera in (CAMERA, OTHER):
        site, _, name = camera.partition("/")
        lines += [f"user {thing_name(camera)}"]
        for own in allowed(camera_policy(ACCOUNT), "iot:Publish"):
            lines += [f"topic write {own.replace(SITE_ATTRIBUTE, site).replace(CAMERA_ATTRIBUTE, name)}"]
    return "\n".join(lines) + "\n"


@pytest.fixture
def iot_core(tmp_path: Path) -> Iterator[TlsMosquitto]:
    broker = TlsMosquitto(tmp_path / "iot-core", acl=acl()).start()
    yield broker
    broker.stop()


@pytest.fixture
def store(iot_core: TlsMosquitto, tmp_path: Path) -> Iterator[Mosquitto]:
    """The store's broker, with the bridge."""
    way_in = iot_core.client_certificate(THING)
    assert way_in.ca_file
    assert way_in.cert_file
    assert way_in.key_file
    bridge = Bridge(
        NAME, way_in.host, way_in.port, ("shop-1",), way_in.ca_file, way_in.cert_file, way_in.key_file
    )
    broker = Mosquitto(tmp_path / "store", MOSQUITTO_SETTINGS + bridge_conf(bridge)).start()
    eventually(lambda: iot_core.process.output.count(f"as {THING} (p2, c0"), what="the bridge, MQTT 3.1.1")
    yield broker
    broker.stop()


def says(
    iot_core: TlsMosquitto, thing: str, camera: str, suffix: Suffix, payload: bytes, *, retain: bool = False
) -> bool:
    """Whether ``thing`` may say that on a topic of ``camera``; IoT Core ends the connection if not."""
    answers: SimpleQueue[bool] = SimpleQueue()
    handlers = Handlers(
        acknowledged=lambda _mid, reason: answers.put(not reason.is_failure),
        disconnected=lambda _reason: answers.put(False),
    )
    way_in = iot_core.client_certificate(thing_name(thing))
    client = open_mqtt(way_in, Session(client_id(thing)), handlers)
    try:
        client.publish(topic(camera, suffix), payload, qos=1, retain=retain)
        return answers.get(timeout=60)
    finally:
        close_mqtt(client)


def test_emotions_reports_and_status_come_in_and_no_face_does(
    iot_core: TlsMosquitto, store: Mosquitto
) -> None:
    now_ms = utc_ms()
    status = CameraStatus(SCHEMA, CAMERA, True, "1.0", "yunet", 5.0, now_ms)
    sent = {
        Suffix.EMOTIONS: encode(frame_emotions(captured_at_ms=now_ms)),
        Suffix.REPORTS: encode(camera_report(from_ms=now_ms, to_ms=now_ms + 1)),
        Suffix.STATUS: encode(status),
    }
    with tapped(store, EVERYTHING) as heard:
        assert not says(iot_core, CAMERA, CAMERA, Suffix.FACES, encode(frame_faces()))
        assert not says(iot_core, CAMERA, CAMERA, Suffix.PREVIEW, b"picture")
        for suffix, payload in sent.items():
            assert says(iot_core, CAMERA, CAMERA, suffix, payload, retain=suffix is Suffix.STATUS)
        eventually(lambda: len(heard) >= len(sent), what="what comes in")
        assert heard == list(sent.values())


def test_a_camera_speaks_for_itself_alone_and_other_sites_stay_outside(
    iot_core: TlsMosquitto, store: Mosquitto
) -> None:
    with tapped(store, EVERYTHING) as heard:
        assert not says(iot_core, OTHER, CAMERA, Suffix.EMOTIONS, b"forged")
        assert says(iot_core, OTHER, OTHER, Suffix.EMOTIONS, b"of shop-2")
        assert says(iot_core, CAMERA, CAMERA, Suffix.EMOTIONS, b"of shop-1")
        eventually(lambda: heard, what="what comes in")
        assert heard == [b"of shop-1"]


def test_nothing_goes_out(iot_core: TlsMosquitto, store: Mosquitto) -> None:
    with tapped(iot_core, EVERYTHING) as outside, tapped(store, EVERYTHING) as inside:
        client = open_mqtt(within(store), Session("aggregator"))
        client.publish(topic(CAMERA, Suffix.EMOTIONS), b"from inside", qos=1).wait_for_publish(60)
        close_mqtt(client)
        assert says(iot_core, CAMERA, CAMERA, Suffix.EMOTIONS, b"from outside")
        eventually(lambda: len(inside) == 2 and outside, what="both")
        assert outside == [b"from outside"]


def test_what_is_said_while_the_store_is_away_comes_in_later(
    iot_core: TlsMosquitto, store: Mosquitto
) -> None:
    # for it, the store's broker keeps what comes in
    keeper = Session("keeper", clean_start=False, expiry_s=600)
    subscribed = threading.Event()
    client = open_mqtt(within(store), keeper, Handlers(subscribed=lambda *_: subscribed.set()))
    client.subscribe(EVERYTHING, qos=1)
    eventually(subscribed.is_set, what="the subscription")
    assert says(iot_core, CAMERA, CAMERA, Suffix.EMOTIONS, b"before")
    store.stop()
    close_mqtt(client)
    assert says(iot_core, CAMERA, CAMERA, Suffix.EMOTIONS, b"meanwhile")
    store.start()
    heard: list[bytes] = []
    client = open_mqtt(within(store), keeper, Handlers(message=lambda one: heard.append(bytes(one.payload))))
    eventually(lambda: b"meanwhile" in heard, what="what was said meanwhile")
    close_mqtt(client)


def within(store: Mosquitto) -> MqttSettings:
    """As servers of the store reach its broker."""
    return MqttSettings(host=store.host, port=store.port)
