"""What the page reads of cameras: from a real Redis, and from a real broker."""

from collections.abc import Iterator
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from contract import keys, row
from contract.codec import encode
from contract.events import SCHEMA, CameraStatus
from contract.topics import Suffix, topic
from contract.windows import Resolution, chunk_at
from dashboard.cameras import list_cameras, read_recent, read_site
from dashboard.settings import DashboardSettings
from dashboard.status import StatusBoard
from runtime.mqtt import Session, Will, close_mqtt, open_mqtt
from runtime.redis import Client
from runtime.settings import MqttSettings
from tests.support.events import CAMERA, utc_ms
from tests.support.services import Mosquitto, eventually

SETTINGS = DashboardSettings(time_zone="Europe/Berlin", k=7)


def test_cameras_are_listed_without_their_zones(any_redis: Client) -> None:
    for subject in ("shop-2/till", "shop-1/entrance", "shop-1/entrance@left"):
        any_redis.sadd(keys.subjects(keys.partition_of(subject.partition("@")[0])), subject)
    assert list_cameras(any_redis) == ["shop-1/entrance", "shop-2/till"]


@pytest.mark.parametrize(
    ("stored", "k", "zone"),
    [
        ({}, 7, "Europe/Berlin"),
        ({"k": 1, "time_zone": "Asia/Kolkata"}, 1, "Asia/Kolkata"),
        ({"k": 0, "time_zone": "Mars/Base"}, 7, "Europe/Berlin"),
        ({"k": "many", "time_zone": "../etc/passwd"}, 7, "Europe/Berlin"),
    ],
)
def test_a_site_says_what_it_wants_and_nonsense_is_not_taken(
    any_redis: Client, stored: dict[str, str | int], k: int, zone: str
) -> None:
    for field, value in stored.items():
        any_redis.hset(keys.site("shop-1"), field, value)
    site = read_site(any_redis, CAMERA, SETTINGS)
    assert (site.k, site.time_zone) == (k, ZoneInfo(zone))


def test_a_site_is_simulated_only_where_it_says_so(any_redis: Client) -> None:
    assert not read_site(any_redis, CAMERA, SETTINGS).simulated
    any_redis.hset(keys.site("shop-1"), "simulated", 0)
    assert not read_site(any_redis, CAMERA, SETTINGS).simulated
    any_redis.hset(keys.site("shop-1"), "simulated", 1)
    assert read_site(any_redis, CAMERA, SETTINGS).simulated
    assert not read_site(any_redis, "shop-2/entrance", SETTINGS).simulated


def test_visits_of_the_last_minutes_are_those_closed_and_those_still_open(any_redis: Client) -> None:
    now_ms = utc_ms()
    chunk = chunk_at(Resolution.TEN_SECONDS, now_ms, UTC)
    position = chunk.row_of(now_ms) * row.WIDTH + row.VISITS
    key = keys.window_chunk(CAMERA, Resolution.TEN_SECONDS, chunk.name)
    # BITFIELD by its name: the typed method is missing from a Cluster's client
    any_redis.execute_command("BITFIELD", key, "INCRBY", "i64", f"#{position}", 3)  # type: ignore[no-untyped-call]
    for field in ("visit:s:1:", "visit:s:2:", "visit:s:2:till", "closed:s:0:", "session:s"):
        any_redis.hset(keys.open_visits(CAMERA), field, "0")
    recent = read_recent(any_redis, CAMERA, now_ms)
    assert recent.visits == 3 + 2
    assert recent.windows.start_ms[-1] <= now_ms < recent.windows.start_ms[-1] + 10_000


@pytest.fixture
def board(mosquitto: Mosquitto) -> Iterator[StatusBoard]:
    board = StatusBoard(MqttSettings(host=mosquitto.host, port=mosquitto.port))
    yield board
    board.close()


def status(*, online: bool) -> bytes:
    return encode(CameraStatus(SCHEMA, CAMERA, online, "0.1.0", "yunet", 5.0, 0))


def test_a_camera_is_online_by_its_word_and_offline_by_its_last_will(
    mosquitto: Mosquitto, board: StatusBoard
) -> None:
    settings = MqttSettings(host=mosquitto.host, port=mosquitto.port)
    name = topic(CAMERA, Suffix.STATUS)
    camera = open_mqtt(settings, Session("camera", will=Will(name, status(online=False))))
    camera.publish(name, b"garbage", qos=1)
    camera.publish(name, status(online=True), qos=1, retain=True)
    eventually(lambda: (known := board.of(CAMERA)) and known.online, 10, "the camera to be online")
    usurper = open_mqtt(settings, Session("camera"))
    eventually(lambda: (known := board.of(CAMERA)) and not known.online, 10, "the last will")
    close_mqtt(usurper)
    camera.loop_stop()


def test_while_the_broker_is_away_nothing_is_known(mosquitto: Mosquitto, board: StatusBoard) -> None:
    client = open_mqtt(MqttSettings(host=mosquitto.host, port=mosquitto.port), Session("camera"))
    client.publish(topic(CAMERA, Suffix.STATUS), status(online=True), qos=1, retain=True)
    eventually(lambda: board.of(CAMERA), 10, "the camera")
    mosquitto.stop()
    eventually(lambda: board.of(CAMERA) is None, 10, "the status to be forgotten")
    client.loop_stop()
