"""Closed windows over a real broker: with k visits or merged, and once, whoever is away or killed."""

from functools import partial
from pathlib import Path

import pytest
import redis

from contract import keys
from contract.announcements import ClosedWindow, decode_announcement
from contract.topics import Suffix, topic
from contract.windows import Resolution
from tests.support.events import CAMERA, utc_ms
from tests.support.link import Cut, Link
from tests.support.mqtt import tapped
from tests.support.services import Mosquitto, Process, RedisServer, eventually, program, running
from tests.support.visits import ScriptedCamera

QUARTER_MS = 900_000
HOUR_MS = 3_600_000
K = 5
TOPIC = topic(CAMERA, Suffix.WINDOWS)
OUTBOX = keys.outbox(keys.partition_of(CAMERA), keys.MQTT)


@pytest.fixture
def environment(mosquitto: Mosquitto, redis_server: RedisServer) -> dict[str, str]:
    # by default, windows are over when the camera says so, however long a test takes
    return {**mosquitto.environment, **redis_server.environment, "MOODLENS_AGGREGATOR_SILENCE_S": "600"}


@pytest.fixture
def aggregator(tmp_path: Path, environment: dict[str, str]) -> Process:
    return program("aggregator", [], tmp_path / "aggregator.log", environment)


@pytest.fixture
def camera(redis_client: redis.Redis) -> ScriptedCamera:
    return ScriptedCamera(redis_client)


def hours_ago(hours: int) -> int:
    """The beginning of an hour, UTC."""
    return (utc_ms() // HOUR_MS - hours) * HOUR_MS


def told_more_than(payloads: list[bytes], count: int) -> bool:
    return len(payloads) > count


def windows(payloads: list[bytes]) -> list[ClosedWindow]:
    return [decode_announcement(payload, ClosedWindow) for payload in payloads]


def test_windows_are_merged_until_they_have_k_visits(
    mosquitto: Mosquitto, camera: ScriptedCamera, aggregator: Process
) -> None:
    start_ms = hours_ago(3)
    with tapped(mosquitto, TOPIC) as payloads, running(aggregator):
        for quarter, visits in enumerate((6, 2, 2, 3, 5, 0)):
            from_ms = start_ms + quarter * QUARTER_MS
            camera.sees(from_ms, from_ms + QUARTER_MS, visits, "happy" if quarter == 0 else "sad")
        eventually(lambda: len(payloads) == 3, what="three windows")

    told = windows(payloads)
    edges = [((w.from_ms - start_ms) / QUARTER_MS, (w.to_ms - start_ms) / QUARTER_MS) for w in told]
    assert edges == [(0, 1), (1, 4), (4, 5)]
    assert [window.visits for window in told] == [6, 7, 5]
    assert [window.frames for window in told] == [18, 21, 15]
    assert [window.index for window in told] == [0.87, -0.73, -0.73]
    assert {window.resolution for window in told} == {Resolution.QUARTER}
    assert {(window.k, window.coverage, window.expired, window.late) for window in told} == {(K, 1.0, 0, 0)}


def test_a_window_is_told_once_although_aggregators_are_killed(
    mosquitto: Mosquitto, camera: ScriptedCamera, aggregator: Process, redis_client: redis.Redis
) -> None:
    start_ms = hours_ago(4)
    with tapped(mosquitto, TOPIC) as payloads, running(aggregator):
        for quarter in range(12):
            from_ms = start_ms + quarter * QUARTER_MS
            camera.sees(from_ms, from_ms + QUARTER_MS, K)
            if quarter % 4 == 3:
                eventually(partial(told_more_than, payloads, quarter - 3), what="a window")
                aggregator.kill()
                aggregator.start()
        eventually(lambda: len(payloads) >= 11 and not redis_client.xlen(OUTBOX), what="eleven windows")

    told = windows(payloads)
    # A delivery may be repeated where a kill came between it and taking it out; a decision may not.
    assert len({window.from_ms for window in told}) == len(set(payloads)) == 11
    assert {window.visits for window in told} == {K}


def test_windows_wait_for_a_broker_that_is_away(
    mosquitto: Mosquitto,
    camera: ScriptedCamera,
    environment: dict[str, str],
    redis_client: redis.Redis,
    tmp_path: Path,
) -> None:
    start_ms = hours_ago(4)
    link = Link(mosquitto.port).start()
    way = {**environment, "MOODLENS_MQTT_PORT": str(link.port)}
    aggregator = program("aggregator", [], tmp_path / "aggregator.log", way)
    with tapped(mosquitto, TOPIC) as payloads, running(aggregator):
        with link.cut(Cut.RESET):
            for quarter in range(5):
                from_ms = start_ms + quarter * QUARTER_MS
                camera.sees(from_ms, from_ms + QUARTER_MS, K)
            eventually(lambda: redis_client.xlen(OUTBOX) == 4, what="four windows in the outbox")
            eventually(lambda: "mqtt takes no messages" in aggregator.output, what="a line")
        eventually(lambda: len(payloads) == 4, 120, "four windows")
        eventually(lambda: not redis_client.xlen(OUTBOX), what="an empty outbox")
        eventually(lambda: "mqtt takes messages again" in aggregator.output, what="another line")
    link.stop()
    assert aggregator.output.count("mqtt takes no messages") == 1
    assert [window.from_ms for window in windows(payloads)] == [
        start_ms + quarter * QUARTER_MS for quarter in range(4)
    ]


def test_a_silent_cameras_window_is_told_by_the_servers_clock(
    mosquitto: Mosquitto,
    redis_client: redis.Redis,
    camera: ScriptedCamera,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    redis_client.hset(keys.site("shop-1"), "k", 1)
    silence = {"MOODLENS_AGGREGATOR_SILENCE_S": "2", "MOODLENS_AGGREGATOR_PUBLISHED": "10s"}
    aggregator = program("aggregator", [], tmp_path / "aggregator.log", environment | silence)
    now_ms = utc_ms() // 10_000 * 10_000 - 20_000
    with tapped(mosquitto, TOPIC) as payloads, running(aggregator):
        camera.sees(now_ms, now_ms + 10_000, 1)
        eventually(lambda: payloads, what="the window")
    (window,) = windows(payloads)
    assert (window.from_ms, window.to_ms, window.visits) == (now_ms, now_ms + 10_000, 1)
