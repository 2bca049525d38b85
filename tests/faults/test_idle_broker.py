"""A broker to which nothing has happened for a while."""

import threading
from pathlib import Path

import pytest

from admin import vault as names
from admin.retained import COUNT, look
from runtime.mqtt import Handlers, Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.secured import SecuredServer
from tests.support.services import eventually


@pytest.mark.long
def test_a_broker_that_has_forgotten_its_count_counts_again_for_whoever_looks(tmp_path: Path) -> None:
    server = SecuredServer(tmp_path)
    try:
        server.start()
        wait_until_it_has_forgotten(server.mqtt_of(names.ADMIN))
        seen = look(server.mqtt_of(names.ADMIN))
        assert (seen.messages, seen.hidden, seen.misfits) == ({}, 0, [])
    finally:
        server.stop()


def wait_until_it_has_forgotten(settings: MqttSettings) -> None:
    """Asks again and again, over one connection: one that comes or goes is counted."""
    told: list[bool] = []
    answered = threading.Event()
    handlers = Handlers(message=lambda message: told.append(message.retain))
    client = open_mqtt(settings, Session("test-waits"), handlers)
    client.on_unsubscribe = lambda *_: answered.set()

    def keeps_it() -> bool:
        told.clear()
        answered.clear()
        client.subscribe(COUNT)
        client.unsubscribe(COUNT)  # answered after what is kept was sent
        assert answered.wait(10)
        return any(told)

    try:
        eventually(keeps_it, 30, "the broker to count")
        eventually(lambda: not keeps_it(), 120, "the broker to forget its count", every_s=2)
    finally:
        close_mqtt(client)
