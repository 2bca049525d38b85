"""What a worker waits with."""

import os
import signal
import threading
import time
from unittest.mock import Mock

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from classifier_worker.intake import Intake
from runtime.errors import BrokerUnavailable
from runtime.mqtt import Handlers, Session
from runtime.settings import MqttSettings
from tests.support.services import Mosquitto

WAIT_S = 0.2


@pytest.mark.timeout(60)
def test_a_wait_ends_also_when_a_signal_came_and_its_handler_outlasted_it(mosquitto: Mosquitto) -> None:
    intake = Intake(
        MqttSettings(host=mosquitto.host, port=mosquitto.port),
        "worker-0",
        receive_maximum=1,
        persistent=False,
    )
    handled = []

    def handle_slowly(number: int, _frame: object) -> None:
        time.sleep(2 * WAIT_S)  # the fault itself: a handler that takes longer than the wait
        handled.append(number)

    before = signal.signal(signal.SIGUSR1, handle_slowly)
    try:
        threading.Timer(WAIT_S / 2, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        while not handled:  # on a busy machine the signal may come only in a later wait
            assert intake.take(WAIT_S) is None
    finally:
        signal.signal(signal.SIGUSR1, before)
        intake.close(forget=True)


def test_a_connection_that_ends_before_its_subscription_is_answered_is_no_denial(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def open_and_lose(_settings: MqttSettings, _session: Session, handlers: Handlers) -> Mock:
        client = Mock()
        client.subscribe = lambda _topics: handlers.disconnected(ReasonCode(PacketTypes.DISCONNECT))
        return client

    monkeypatch.setattr("classifier_worker.intake.open_mqtt", open_and_lose)
    with pytest.raises(BrokerUnavailable, match="ended at once"):
        Intake(MqttSettings(), "worker-0", receive_maximum=1, persistent=False)
