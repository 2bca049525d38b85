"""Alerts, from rules in Redis to a real broker and a real webhook: raised once and cleared once."""

import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from contract import keys
from contract.alert_state import AlertState, decode_alert_state
from contract.announcements import Alert, decode_announcement
from contract.topics import Suffix, topic
from tests.support.events import CAMERA, utc_ms
from tests.support.mqtt import tapped
from tests.support.services import Mosquitto, Process, RedisServer, eventually, program, running
from tests.support.visits import ScriptedCamera

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
TOPIC = topic(CAMERA, Suffix.ALERTS)
RULE = {"kind": "threshold", "measure": "index", "below": 0, "windows": 2, "resolution": "1min"}


class Webhook:
    """A web server that keeps what is posted to it.

    Attributes:
        status: what it answers.
        bodies: of all requests, in order.
    """

    def __init__(self) -> None:
        self.status = 200
        self.bodies: list[bytes] = []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # whoever sent it was killed before it was whole
                webhook.bodies.append(body)
                self.send_response(webhook.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """A request is no news."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()
    thread = threading.Thread(target=hook.server.serve_forever)
    thread.start()
    yield hook
    hook.server.shutdown()
    thread.join()
    hook.server.server_close()


@pytest.fixture
def environment(mosquitto: Mosquitto, redis_server: RedisServer, webhook: Webhook) -> dict[str, str]:
    return {
        **mosquitto.environment,
        **redis_server.environment,
        "MOODLENS_AGGREGATOR_WEBHOOK_URL": webhook.url,
        "MOODLENS_AGGREGATOR_PUBLISHED": "",
        "MOODLENS_AGGREGATOR_SILENCE_S": "600",  # minutes pass by the camera's clock alone
        "MOODLENS_AGGREGATOR_WEBHOOK_TIMEOUT_S": "60",
        "no_proxy": "127.0.0.1",
    }


@pytest.fixture
def aggregator(tmp_path: Path, environment: dict[str, str]) -> Process:
    return program("aggregator", [], tmp_path / "aggregator.log", environment)


@pytest.fixture
def camera(redis_client: redis.Redis) -> ScriptedCamera:
    redis_client.hset(keys.rules(CAMERA), "gloomy", msgspec.json.encode(RULE))
    return ScriptedCamera(redis_client)


def is_raised(client: redis.Redis) -> bool:
    stored = client.hget(keys.alerts(CAMERA), "gloomy")
    return isinstance(stored, bytes) and decode_alert_state(stored, AlertState).raised


def alerts(payloads: list[bytes]) -> list[Alert]:
    return [decode_announcement(payload, Alert) for payload in payloads]


def past_alerts(client: redis.Redis) -> list[Alert]:
    entries: Any = client.xrange(keys.alerts_log(CAMERA))
    return alerts([fields[b"alert"] for _, fields in entries])


class Minutes:
    """A camera's minutes, one after another, from two hours ago on."""

    def __init__(self, camera: ScriptedCamera) -> None:
        self.camera = camera
        self.start_ms = (utc_ms() // HOUR_MS - 2) * HOUR_MS
        self.at_ms = self.start_ms

    def pass_by(self, *moods: str, visits: int = 5) -> None:
        for mood in moods:
            self.camera.sees(self.at_ms, self.at_ms + MINUTE_MS, visits, mood)
            self.at_ms += MINUTE_MS


def test_an_alert_is_raised_once_and_cleared_once_although_aggregators_are_killed(
    mosquitto: Mosquitto,
    redis_client: redis.Redis,
    webhook: Webhook,
    camera: ScriptedCamera,
    aggregator: Process,
) -> None:
    minutes = Minutes(camera)
    with tapped(mosquitto, TOPIC) as payloads, running(aggregator):
        minutes.pass_by("happy", "sad", "sad", "sad")
        eventually(lambda: is_raised(redis_client), what="the alert")
        aggregator.kill()
        minutes.pass_by("sad", "happy")
        aggregator.start()
        minutes.pass_by("happy", "happy")
        eventually(lambda: redis_client.exists(keys.alerts(CAMERA)) == 0, what="the alert to be cleared")
        aggregator.kill()
        minutes.pass_by("happy", "happy")
        aggregator.start()
        eventually(lambda: len(set(payloads)) == len(set(webhook.bodies)) == 2, 120, "two alerts everywhere")

    told = past_alerts(redis_client)
    assert [alert.state for alert in told] == ["raised", "cleared"]
    assert [(alert.from_ms - minutes.start_ms, alert.to_ms - minutes.start_ms) for alert in told] == [
        (1 * MINUTE_MS, 3 * MINUTE_MS),
        (5 * MINUTE_MS, 7 * MINUTE_MS),
    ]
    assert [(alert.rule, alert.value, alert.limit) for alert in told] == [
        ("gloomy", -0.73, 0.0),
        ("gloomy", 0.87, 0.0),
    ]
    assert {alert.id for alert in alerts(payloads)} == {alert.id for alert in told}
    assert {alert.id for alert in alerts(webhook.bodies)} == {alert.id for alert in told}


def test_an_aggregator_that_lost_its_partitions_unnoticed_tells_nothing_twice(
    mosquitto: Mosquitto,
    redis_client: redis.Redis,
    camera: ScriptedCamera,
    aggregator: Process,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    successor = program("aggregator", [], tmp_path / "successor.log", environment)
    minutes = Minutes(camera)
    with tapped(mosquitto, TOPIC) as payloads, running(aggregator):
        minutes.pass_by("sad")
        eventually(lambda: redis_client.exists(keys.outlet(CAMERA)), what="the camera to be known")
        aggregator.signal(signal.SIGSTOP)
        minutes.pass_by("sad", "sad", "happy")
        with running(successor):
            eventually(lambda: is_raised(redis_client), what="the alert")
            aggregator.signal(signal.SIGCONT)
            minutes.pass_by("happy", "happy", "happy")
            eventually(lambda: len(set(payloads)) >= 2, what="both alerts, perhaps more than once")
    assert [alert.state for alert in past_alerts(redis_client)] == ["raised", "cleared"]
    assert len(set(payloads)) == 2


def test_a_webhook_that_fails_is_tried_again_and_holds_nothing_up(
    mosquitto: Mosquitto,
    redis_client: redis.Redis,
    webhook: Webhook,
    camera: ScriptedCamera,
    aggregator: Process,
) -> None:
    webhook.status = 503
    minutes = Minutes(camera)
    with tapped(mosquitto, TOPIC) as payloads, running(aggregator):
        minutes.pass_by("sad", "sad", "happy", "happy", "happy")
        eventually(lambda: len(payloads) == 2, what="both alerts at the broker")
        eventually(lambda: len(webhook.bodies) >= 2, 120, "a second attempt")
        assert {alert.state for alert in alerts(webhook.bodies)} == {"raised"}, "one after the other"
        webhook.status = 204
        outbox = keys.outbox(keys.partition_of(CAMERA), keys.WEBHOOK)
        eventually(lambda: not redis_client.xlen(outbox), 120, "an empty outbox")
        eventually(lambda: "webhook takes messages again" in aggregator.output, what="a line")
    assert aggregator.output.count("webhook takes no messages, trying again: the webhook answered 503") == 1
    assert webhook.url not in aggregator.output
    assert [alert.state for alert in alerts(webhook.bodies)][-2:] == ["raised", "cleared"]


def test_a_bad_rule_is_said_once_and_a_rule_taken_away_clears_its_alert(
    mosquitto: Mosquitto, redis_client: redis.Redis, camera: ScriptedCamera, aggregator: Process
) -> None:
    redis_client.hset(keys.rules(CAMERA), "odd", b'{"kind":"threshold","measure":"charm","below":1}')
    minutes = Minutes(camera)
    with tapped(mosquitto, TOPIC) as payloads, running(aggregator):
        minutes.pass_by("sad", "sad", "sad")
        eventually(lambda: len(payloads) == 1, what="the alert")
        redis_client.hdel(keys.rules(CAMERA), "gloomy")
        eventually(lambda: len(payloads) == 2, what="the alert to be cleared")
    assert [alert.state for alert in alerts(payloads)] == ["raised", "cleared"]
    assert "taken away" in alerts(payloads)[1].text
    assert aggregator.output.count("the rule 'odd' is not used: Invalid enum value 'charm'") == 1
