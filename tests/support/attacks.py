"""What somebody at the broker's TLS port may try with a camera's password, or with none.

Each fails the test if it succeeds. They need nothing but an address: any running server can be attacked.
"""

from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import SecretStr

from contract.codec import encode
from contract.events import CROP_LIFETIME_S
from contract.topics import Suffix, topic
from runtime.errors import BrokerFailure
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.events import frame_faces

TOPICS = 10_000
ANSWER_WITHIN_S = 60.0
OURS = "moodlens/v1"


@dataclass(frozen=True)
class Credentials:
    """A user of the broker, and the client id that goes with it."""

    username: str
    password: str
    client_id: str


@dataclass(frozen=True)
class Target:
    """A broker, and two cameras that may come in: the attacker has the first one's password."""

    host: str
    port: int
    ca_file: Path
    camera: Credentials
    other: Credentials

    def settings(self, username: str = "", password: str = "", *, tls: bool = True) -> MqttSettings:
        """How the attacker connects."""
        ca = x509.load_pem_x509_certificate(self.ca_file.read_bytes()).public_bytes(Encoding.DER)
        return MqttSettings(
            host=self.host,
            port=self.port,
            tls=tls,
            ca=b64encode(ca).decode(),
            username=username,
            password=SecretStr(password),
        )


class Attacker:
    """A connection with the first camera's password."""

    def __init__(self, target: Target) -> None:
        self.acknowledged: SimpleQueue[ReasonCode | None] = SimpleQueue()
        self._granted: SimpleQueue[list[ReasonCode] | None] = SimpleQueue()
        handlers = Handlers(
            acknowledged=lambda _mid, reason: self.acknowledged.put(reason),
            subscribed=lambda _mid, reasons: self._granted.put(reasons),
            disconnected=lambda _reason: self._over(),
        )
        me = target.camera
        self.client: paho.Client = open_mqtt(
            target.settings(me.username, me.password), Session(me.client_id), handlers
        )

    def publishes(
        self, name: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = CROP_LIFETIME_S
    ) -> bool:
        """Whether the broker takes a message."""
        properties = Properties(PacketTypes.PUBLISH)
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        self.client.publish(name, payload, qos=1, retain=retain, properties=properties)
        return _good(self.acknowledged.get(timeout=ANSWER_WITHIN_S))

    def subscribes(self, name: str) -> bool:
        """Whether the broker grants a subscription."""
        self.client.subscribe(name, qos=1)
        reasons = self._granted.get(timeout=ANSWER_WITHIN_S)
        return reasons is not None and all(map(_good, reasons))

    def close(self) -> None:
        close_mqtt(self.client)

    def _over(self) -> None:
        """The broker ended the connection: what waits for an answer has it."""
        self.acknowledged.put(None)
        self._granted.put(None)


def _good(reason: ReasonCode | None) -> bool:
    return reason is not None and not reason.is_failure


def _denied(target: Target, name: str, payload: bytes = b"{}") -> None:
    attacker = Attacker(target)
    try:
        assert not attacker.publishes(name, payload), f"the broker took a message on {name}"
    finally:
        attacker.close()


def _turned_away(settings: MqttSettings, client_id: str) -> None:
    with pytest.raises(BrokerFailure):
        close_mqtt(open_mqtt(settings, Session(client_id)))


def come_without_a_name(target: Target) -> None:
    _turned_away(target.settings(), target.camera.client_id)


def guess_a_password(target: Target) -> None:
    _turned_away(target.settings(target.camera.username, "guessed"), target.camera.client_id)


def speak_plain_text(target: Target) -> None:
    me = target.camera
    _turned_away(target.settings(me.username, me.password, tls=False), me.client_id)


def take_a_workers_session(target: Target) -> None:
    _turned_away(target.settings(target.camera.username, target.camera.password), "worker-0")


def take_another_cameras_connection(target: Target) -> None:
    me = target.camera
    _turned_away(target.settings(me.username, me.password), target.other.client_id)


def publish_as_another_camera(target: Target) -> None:
    for suffix in (Suffix.FACES, Suffix.EMOTIONS, Suffix.REPORTS, Suffix.STATUS, Suffix.PREVIEW):
        _denied(
            target, topic(target.other.username, suffix), encode(frame_faces(camera=target.other.username))
        )


def forge_windows_and_alerts(target: Target) -> None:
    for camera in (target.camera.username, target.other.username):
        for suffix in (Suffix.WINDOWS, Suffix.ALERTS):
            _denied(target, topic(camera, suffix))


def command_the_broker(target: Target) -> None:
    for name in ("$CONTROL/dynamic-security/v1", "$SYS/broker/uptime", "moodlens/health"):
        _denied(target, name, b'{"commands":[{"command":"listClients"}]}')


def listen_to_others(target: Target) -> None:
    other = target.other.username
    filters = (
        "#",
        "+/#",
        f"{OURS}/#",
        f"{OURS}/+/+/faces",
        topic(other, Suffix.FACES),
        topic(other, Suffix.PREVIEW),
        topic(target.camera.username, Suffix.WINDOWS),
        f"$share/workers-faces/{OURS}/+/+/faces",
        f"$share/mine/{OURS}/+/+/faces",
        "$share/mine/#",
        "$SYS/#",
        "$CONTROL/#",
        "$CONTROL/dynamic-security/v1/response",
    )
    for name in filters:
        attacker = Attacker(target)
        try:
            assert not attacker.subscribes(name), f"the broker lets a camera listen to {name}"
        finally:
            attacker.close()


def send_ten_megabytes(target: Target) -> None:
    _denied(target, topic(target.camera.username, Suffix.FACES), bytes(10_000_000))


def open_ten_thousand_topics(target: Target) -> None:
    attacker = Attacker(target)
    taken = 0
    try:
        for number in range(TOPICS):
            attacker.client.publish(f"{OURS}/shop-{number}/x/faces", b"x", qos=1)
        with suppress(Empty):
            for _ in range(TOPICS):
                reason = attacker.acknowledged.get(timeout=ANSWER_WITHIN_S)
                if reason is None:  # the broker has had enough
                    break
                taken += _good(reason)
    finally:
        attacker.close()
    assert not taken, f"the broker took messages on {taken} topics of nobody"


ATTACKS: dict[Callable[[Target], None], str] = {
    come_without_a_name: "not authorised",
    guess_a_password: "not authorised",
    speak_plain_text: "SSL",
    take_a_workers_session: "not authorised",
    take_another_cameras_connection: "not authorised",
    publish_as_another_camera: "Denied PUBLISH",
    forge_windows_and_alerts: "Denied PUBLISH",
    command_the_broker: "Denied PUBLISH",
    listen_to_others: "Denied SUBSCRIBE",
    send_ten_megabytes: "",
    open_ten_thousand_topics: "Denied PUBLISH",
}
"""What is refused, and a word by which the broker's log tells of it (empty: it need not)."""


def leave_a_crop_for_ever(target: Target) -> str:
    """Publishes a crop that the broker is to keep: it does, until its health check takes it back.

    Returns:
        The topic.
    """
    name = topic(target.camera.username, Suffix.FACES)
    _sent(target, name, retain=True, expiry_s=None)
    return name


def send_a_crop_that_never_expires(target: Target) -> None:
    """Publishes a crop that the broker takes, and that workers refuse."""
    _sent(target, topic(target.camera.username, Suffix.FACES), retain=False, expiry_s=None)


def _sent(target: Target, name: str, *, retain: bool, expiry_s: int | None) -> None:
    attacker = Attacker(target)
    crop = encode(frame_faces(camera=target.camera.username))
    try:
        assert attacker.publishes(name, crop, retain=retain, expiry_s=expiry_s), "nothing was tested"
    finally:
        attacker.close()
