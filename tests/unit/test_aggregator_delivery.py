"""Deliveries that fail: to a webhook that says no, and to nobody."""

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from aggregator.mqtt_delivery import MqttDelivery
from aggregator.notifier import Undelivered
from aggregator.outbox import Message
from aggregator.webhook import GIVEN_UP_MS, WebhookDelivery
from runtime.settings import MqttSettings
from tests.support.services import free_port

NOW_MS = 1_780_000_000_000


def message(posted_ms: int) -> Message:
    return Message(0, b"%d-0" % posted_ms, "moodlens/v1/shop-1/entrance/alerts", b"{}")


def test_a_webhook_that_is_not_there_is_tried_again_and_its_address_stays_secret() -> None:
    url = f"http://127.0.0.1:{free_port()}/secret"
    delivery = WebhookDelivery(SecretStr(url), 1.0, lambda: NOW_MS)
    with pytest.raises(Undelivered, match="cannot be reached") as failure:
        list(delivery.deliver([message(NOW_MS)]))
    assert "secret" not in str(failure.value)


def test_an_alert_that_a_webhook_never_takes_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    delivery = WebhookDelivery(SecretStr(f"http://127.0.0.1:{free_port()}/"), 1.0, lambda: NOW_MS)
    old, young = message(NOW_MS - GIVEN_UP_MS), message(NOW_MS)
    done: list[Message] = []
    with caplog.at_level(logging.WARNING), pytest.raises(Undelivered):
        done.extend(delivery.deliver([old, young]))
    assert done == [old]
    assert "given up" in caplog.text


class _Moved(BaseHTTPRequestHandler):
    """A webhook that has moved: whoever asks for the new place without an alert is told that all is well."""

    def do_POST(self) -> None:
        self.send_response(301)
        self.send_header("Location", "/new")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def test_an_alert_that_is_sent_elsewhere_is_not_delivered() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Moved) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        delivery = WebhookDelivery(SecretStr(f"http://127.0.0.1:{server.server_port}/"), 5.0, lambda: NOW_MS)
        with pytest.raises(Undelivered, match="answered 301"):
            list(delivery.deliver([message(NOW_MS)]))
        server.shutdown()


def test_a_broker_that_is_not_there_is_one_clear_line() -> None:
    delivery = MqttDelivery(MqttSettings(port=free_port()))
    with pytest.raises(Undelivered, match="no broker at localhost"):
        list(delivery.deliver([message(NOW_MS)]))
    delivery.close()
