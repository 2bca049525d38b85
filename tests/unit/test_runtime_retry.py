"""Trying again until it works."""

import threading
from collections import Counter
from pathlib import Path

import pytest
from tenacity import RetryCallState, Retrying

from contract.events import CROP_LIFETIME_S
from runtime.errors import (
    BrokerFailure,
    BrokerUnavailable,
)
from runtime.mqtt import Session, close_mqtt, open_mqtt
from runtime.retry import PAUSE_MAX_S, keep_trying
from runtime.settings import MqttSettings
from tests.support.services import Mosquitto


def test_attempts_go_on_until_the_broker_is_there(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker")
    failures = []
    for attempt in keep_trying(threading.Event(), BrokerFailure):
        with attempt:
            try:
                client = open_mqtt(MqttSettings(host=broker.host, port=broker.port), Session("x"))
            except BrokerUnavailable as error:
                failures.append(error)
                broker.start()
                raise
    close_mqtt(client)
    broker.stop()
    assert len(failures) == 1


def test_a_stop_ends_the_attempts() -> None:
    stop = threading.Event()

    def connect() -> None:
        stop.set()
        raise BrokerUnavailable("away")

    with pytest.raises(BrokerUnavailable):
        keep_trying(stop, BrokerFailure)(connect)


def pauses_s(retrying: Retrying, attempt: int, count: int) -> list[float]:
    """Pauses as they are drawn after so many failures."""
    state = RetryCallState(retrying, None, (), {})
    state.attempt_number = attempt
    return [retrying.wait(state) for _ in range(count)]


def test_pauses_grow_and_are_spread_over_five_seconds_at_most() -> None:
    retrying = keep_trying(threading.Event(), BrokerFailure)
    assert max(pauses_s(retrying, 1, 200)) <= 0.5
    of_a_shop = pauses_s(retrying, 100, 500)
    assert 4.5 < max(of_a_shop) <= 5.0
    assert max(Counter(int(pause_s) for pause_s in of_a_shop).values()) < 200, "so many a second"


def test_whoever_says_so_waits_longer() -> None:
    retrying = keep_trying(threading.Event(), BrokerFailure, pause_max_s=15)
    assert 12 < max(pauses_s(retrying, 100, 500)) <= 15


def test_after_a_restart_of_ten_seconds_half_of_a_crops_life_is_left() -> None:
    assert 10 + PAUSE_MAX_S <= CROP_LIFETIME_S / 2
