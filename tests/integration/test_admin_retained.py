"""How many messages a real broker keeps, seen by an operator who may not read them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from admin import vault as names
from admin.enrolment import Enrolment
from admin.retained import look
from contract.topics import Suffix, topic
from runtime.mqtt import Session, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.attacks import Target, leave_a_crop_for_ever
from tests.support.secured import SecuredServer, as_camera, credentials
from tests.support.services import Mosquitto, eventually

COUNTS_OFTEN = "sys_interval 1\n"
"""Every two seconds, and not every eleven."""

TAKEN_WITHIN_S = 60.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SecuredServer]:
    server = SecuredServer(tmp_path, COUNTS_OFTEN)
    try:
        yield server.start()
    finally:
        server.stop()


def let_in(server: SecuredServer) -> tuple[Enrolment, Target]:
    """A camera's way in, and the server as another camera may attack it."""
    rogue, camera = (server.enroll(f"shop-1/{name}") for name in ("rogue", "other"))
    ca_file = server.secrets / names.CA_CERTIFICATE
    return camera, Target("localhost", server.tls_port, ca_file, credentials(rogue), credentials(camera))


def sweep(server: SecuredServer, name: str) -> None:
    """The health check takes back what is kept on a topic: on a busy machine not the first one, perhaps."""
    eventually(lambda: name in server.check_health()[1], what="the sweep")


def test_an_operator_without_a_right_to_crops_learns_at_once_that_the_broker_keeps_one(
    server: SecuredServer,
) -> None:
    _, target = let_in(server)
    assert look(server.mqtt_of(names.ADMIN)).hidden == 0
    name = leave_a_crop_for_ever(target)
    assert look(server.mqtt_of(names.ADMIN)).hidden == 1
    sweep(server, name)
    assert look(server.mqtt_of(names.ADMIN)).hidden == 0
    assert "Nothing like a picture" in server.command("data-map")


def test_a_camera_that_has_just_come_hides_no_crop(server: SecuredServer) -> None:
    way, target = let_in(server)
    look(server.mqtt_of(names.ADMIN))
    leave_a_crop_for_ever(target)
    camera = open_mqtt(as_camera(way), Session(credentials(way).client_id))
    name = topic(way.camera, Suffix.STATUS)
    camera.publish(name, b"{}", qos=1, retain=True).wait_for_publish(TAKEN_WITHIN_S)
    close_mqtt(camera)
    seen = look(server.mqtt_of(names.ADMIN))
    assert (set(seen.messages), seen.hidden) == ({name}, 1)


def test_where_all_may_be_seen_what_is_kept_is_named_and_nothing_is_hidden(mosquitto: Mosquitto) -> None:
    settings = MqttSettings(host=mosquitto.host, port=mosquitto.port)
    client = open_mqtt(settings, Session("intruder"))
    client.publish("somewhere/else", b"x", qos=1, retain=True).wait_for_publish(TAKEN_WITHIN_S)
    close_mqtt(client)
    seen = look(settings)
    assert (seen.messages, seen.hidden) == ({"somewhere/else": b"x"}, 0)
