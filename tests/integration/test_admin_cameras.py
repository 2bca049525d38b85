"""Cameras and other programs are let in, given new passwords and turned out while the broker runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from admin import cameras, subscriber
from admin import vault as names
from admin.authority import der, make_authority
from admin.control import Control
from admin.enrolment import CA_FILE, ENV_FILE, Enrolment
from admin.errors import Refused
from admin.facts import BrokerFacts
from admin.probe_broker import probe_broker
from contract.codec import encode
from contract.events import SCHEMA, CameraStatus
from contract.topics import Suffix, topic
from dashboard.cameras.status import StatusBoard
from runtime.errors import BrokerRefused, BrokerUnavailable
from runtime.mqtt import Handlers, Session, Will, close_mqtt, open_mqtt
from runtime.settings import MqttSettings
from tests.support.secured import SecuredServer, as_camera
from tests.support.services import eventually
from tests.unit.test_admin_authority import NOW

DOOR = "shop-1/door"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredServer]:
    server = SecuredServer(tmp_path_factory.mktemp("store"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def control(server: SecuredServer) -> Iterator[Control]:
    with server.control() as control:
        yield control


def come_in(way: Enrolment) -> list[str]:
    """Opens a camera's connection; what is returned has an entry as soon as it has ended."""
    ended: list[str] = []
    handlers = Handlers(disconnected=lambda reason: ended.append(str(reason)))
    open_mqtt(as_camera(way), Session(cameras.client_id(way.camera)), handlers)
    return ended


def test_a_camera_is_let_in_given_a_new_password_and_turned_out_without_a_restart(
    server: SecuredServer, control: Control
) -> None:
    first = server.way_in(DOOR, cameras.enroll(control, DOOR))
    ended = come_in(first)
    with pytest.raises(Refused, match=f"{DOOR} may already come in; `rotate {DOOR}`"):
        cameras.enroll(control, DOOR)

    second = server.way_in(DOOR, cameras.rotate(control, DOOR))
    eventually(lambda: ended, what="the old connection to end")
    with pytest.raises(BrokerRefused, match="Not authorized"):
        come_in(first)
    ended = come_in(second)

    cameras.revoke(control, DOOR)
    eventually(lambda: ended, what="the connection to end")
    with pytest.raises(BrokerRefused, match="Not authorized"):
        come_in(second)
    for again in (cameras.revoke, cameras.rotate):
        with pytest.raises(Refused, match=f"there is no camera {DOOR}"):
            again(control, DOOR)
    cameras.enroll(control, DOOR)  # as if it had never been there


def test_of_a_camera_that_is_revoked_while_it_is_there_nothing_stays(
    server: SecuredServer, control: Control
) -> None:
    camera = "shop-1/gone"
    board = StatusBoard(server.mqtt_of(names.DASHBOARD))
    mqtt = as_camera(server.way_in(camera, cameras.enroll(control, camera)))
    online, offline = (
        encode(CameraStatus(SCHEMA, camera, online=there, version="1", detector="haar", fps=5.0, since_ms=1))
        for there in (True, False)
    )
    status = topic(camera, Suffix.STATUS)
    client = open_mqtt(mqtt, Session(cameras.client_id(camera), will=Will(status, offline)))
    client.publish(status, online, qos=1, retain=True)
    try:
        eventually(lambda: board.of(camera), what="the camera's status")
        cameras.revoke(control, camera)
        eventually(lambda: board.of(camera) is None, what="the status to be forgotten")
        told = probe_broker(server.mqtt_of(names.ADMIN))
        assert isinstance(told, BrokerFacts)
        assert camera not in told.statuses
    finally:
        board.close()
        close_mqtt(client)


def test_an_interrupted_enrolment_is_finished_by_the_next(server: SecuredServer, control: Control) -> None:
    control.set_role("camera:shop-1/half", [])
    way = server.way_in("shop-1/half", cameras.enroll(control, "shop-1/half"))
    sent: list[bool] = []
    handlers = Handlers(acknowledged=lambda _mid, reason: sent.append(not reason.is_failure))
    client = open_mqtt(as_camera(way), Session(cameras.client_id(way.camera)), handlers)
    client.publish(topic("shop-1/half", Suffix.REPORTS), b"{}", qos=1)
    eventually(lambda: sent)
    close_mqtt(client)
    assert sent == [True]


def test_the_command_line_tells_who_may_come_and_where_the_files_are(
    server: SecuredServer, tmp_path: Path
) -> None:
    said = server.command("enroll", "shop-2/till", "--folder", str(tmp_path / "till"))
    assert "shop-2/till may come in." in said
    env_file, ca = tmp_path / "till" / ENV_FILE, tmp_path / "till" / CA_FILE
    assert env_file.stat().st_mode & 0o777 == 0o600
    assert ca.read_bytes() == (server.secrets / names.CA_CERTIFICATE).read_bytes()
    password = env_file.read_text().split("MOODLENS_MQTT_PASSWORD=")[1].strip()
    assert password not in said
    assert "shop-2/till\tenabled\tno word yet\n" in server.command("list")
    assert password not in server.command("rotate", "shop-2/till")
    assert server.command("revoke", "shop-2/till") == "shop-2/till may come in no more.\n"
    assert "shop-2/till" not in server.command("list")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("enroll", "Shop/door"), "'Shop/door' is not site/camera in lower case"),
        (
            ("enroll", "shop/door", "--server", "shop.example"),
            "good for shop.example: add it to MOODLENS_SERVER_NAMES",
        ),
        (("revoke", "shop/none"), "there is no camera shop/none"),
        (("subscriber", "a b", "--all-sites"), "'a b' is no name"),
        (("user", "password", "nobody"), "there is no user nobody"),
    ],
)
def test_what_cannot_be_done_ends_in_one_line(
    server: SecuredServer, words: tuple[str, ...], why: str
) -> None:
    said = server.refusal(*words)
    assert said.startswith("admin: ")
    assert why in said
    assert said.count("\n") == 1


def test_another_program_reads_windows_and_alerts_of_its_site_and_no_more(
    server: SecuredServer, control: Control
) -> None:
    user = MqttSettings(
        host=server.host,
        port=server.port,
        username="subscriber:till",
        password=SecretStr(subscriber.let_in(control, "till", ["shop-1"])),
    )
    granted: list[bool] = []
    got: list[str] = []
    ended: list[str] = []
    handlers = Handlers(
        message=lambda message: got.append(message.topic),
        subscribed=lambda _mid, reasons: granted.append(not reasons[0].is_failure),
        disconnected=lambda reason: ended.append(str(reason)),
    )
    client = open_mqtt(user, Session(subscriber.client_id("till")), handlers)
    wanted = {
        "moodlens/v1/shop-1/+/windows": True,
        "moodlens/v1/shop-1/door/alerts": True,
        "moodlens/v1/+/+/windows": False,
        "moodlens/v1/shop-2/+/windows": False,
        "moodlens/v1/shop-1/+/faces": False,
        "moodlens/v1/shop-1/#": False,
    }
    for name, may in wanted.items():
        granted.clear()
        client.subscribe(name, qos=1)
        eventually(lambda: granted)
        assert granted == [may], name

    aggregator = open_mqtt(server.mqtt_of(names.AGGREGATOR), Session("test-aggregator"))
    aggregator.publish("moodlens/v1/shop-1/door/windows", b"{}", qos=1)
    eventually(lambda: got == ["moodlens/v1/shop-1/door/windows"])
    close_mqtt(aggregator)

    with pytest.raises(BrokerRefused):
        open_mqtt(user, Session("worker-0"))
    subscriber.revoke(control, "till")
    eventually(lambda: ended, what="the connection to end")
    with pytest.raises(Refused, match="there is no subscriber till"):
        subscriber.revoke(control, "till")


def test_a_camera_that_cannot_come_in_says_why_in_one_line(server: SecuredServer, control: Control) -> None:
    way = server.way_in("shop-1/lost", cameras.enroll(control, "shop-1/lost"))
    stranger = Enrolment(way.camera, way.password, way.server, way.port, der(make_authority(NOW).certificate))
    for lost, why in (
        (server.way_in(way.camera, "wrong"), "refused the connection: Not authorized"),
        (stranger, "TLS failed: (unable to get local issuer certificate|certificate signature failure)"),
    ):
        with pytest.raises((BrokerRefused, BrokerUnavailable), match=why):
            come_in(lost)
    elsewhere = as_camera(way).model_copy(update={"host": "127.1"})
    with pytest.raises(BrokerUnavailable, match="TLS failed: Hostname mismatch"):
        open_mqtt(elsewhere, Session("camera.shop-1.lost"))
