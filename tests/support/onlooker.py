"""Somebody who hears all that cameras send, and examines each message as it comes; in memory only."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import paho.mqtt.client as paho
from pydantic import SecretStr

from admin.broker_rights import FILTERS, RECEIVE, acl
from admin.vault import new_password
from contract.topics import ROOT
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.examination import Examination
from tests.support.secured import SecuredServer
from tests.support.services import eventually

NAME = "onlooker"
EVERYTHING = f"{ROOT}/#"
DRAINED_WITHIN_S = 120.0


def let_in(server: SecuredServer) -> MqttSettings:
    """Gives the onlooker the right to hear everything, which nobody has by set-up."""
    password = new_password()
    with server.control() as control:
        control.set_role(NAME, [acl(FILTERS, EVERYTHING), acl(RECEIVE, EVERYTHING)])
        control.do("createClient", username=NAME, password=password, roles=[{"rolename": NAME}])
    return MqttSettings(host=server.host, port=server.port, username=NAME, password=SecretStr(password))


@contextmanager
def looking_on(broker: MqttSettings, examination: Examination) -> Iterator[None]:
    """Examines every message of every camera from now on; all that came is examined when the context ends."""
    came: SimpleQueue[paho.MQTTMessage | None] = SimpleQueue()
    lost = threading.Event()
    granted = threading.Event()
    failed: list[BaseException] = []

    def examine() -> None:
        try:
            while (message := came.get()) is not None:
                expiry_s = getattr(message.properties, "MessageExpiryInterval", None)
                payload = bytes(message.payload)
                examination.look_at(message.topic, payload, expiry_s, retained=message.retain)
        except BaseException as error:
            failed.append(error)
            raise

    handlers = Handlers(
        message=came.put,
        subscribed=lambda _packet_id, reasons: None if reasons[0].is_failure else granted.set(),
        disconnected=lambda _reason: lost.set(),
    )
    thread = threading.Thread(target=examine, name=NAME, daemon=True)
    thread.start()
    client = open_mqtt(broker, Session(f"test-{NAME}", receive_maximum=1_000), handlers)
    try:
        client.subscribe(EVERYTHING, qos=1)
        eventually(granted.is_set, 10, "the right to hear everything")
        yield
        assert not lost.is_set(), "the onlooker's connection broke: not every message was examined"
    finally:
        close_mqtt(client)
        came.put(None)
        thread.join(DRAINED_WITHIN_S)
    assert not thread.is_alive(), "the onlooker cannot keep up"
    assert not failed, failed


def kept_for_newcomers(broker: MqttSettings) -> dict[str, bytes]:
    """Topic → payload of all that the broker keeps of cameras, and sends to whoever subscribes."""
    kept: dict[str, bytes] = {}
    done = threading.Event()

    def take(message: paho.MQTTMessage) -> None:
        if message.retain:
            kept[message.topic] = bytes(message.payload)

    client = open_mqtt(broker, Session(f"test-{NAME}"), Handlers(message=take))
    client.on_unsubscribe = lambda *_: done.set()
    try:
        client.subscribe(EVERYTHING, qos=1)
        client.unsubscribe(EVERYTHING)  # what is kept comes before the answer to this
        eventually(done.is_set, 10, "what the broker keeps")
    finally:
        close_mqtt(client)
    return kept
