"""No worker comes back: crops do not outlive their purpose in the broker's store."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from producer.outbox import REPEAT_S
from runtime.mqtt import Session, close_mqtt, open_mqtt
from tests.support.cameras import flow_of, stamps
from tests.support.events import utc_ms
from tests.support.services import Mosquitto, eventually
from tests.support.system import System, system

KEPT_MAX_S = 90.0
DEAD_S = 180.0
HEALTH_EVERY_S = 10.0
LOOK_EVERY_S = 0.25
MARGIN_MS = 2_000
REPORTS_GONE_MAX = 2
"""Of a camera that ends just after the workers: its last reports end with their sessions."""


def oldest_crop_ms(broker: Mosquitto) -> int | None:
    """When the oldest crop in the broker's store was taken."""
    taken: list[int] = []
    for file in broker.folder.glob("mosquitto.db*"):
        try:
            taken += stamps(file.read_bytes())
        except FileNotFoundError:  # a save has just replaced it
            continue
    return min(taken, default=None)


@contextmanager
def health_checked(whole: System) -> Iterator[None]:
    """Every 10 s the broker is asked for its health, as by docker-compose.yml."""
    client: paho.Client = open_mqtt(whole.for_cameras, Session("health-check"))
    ended = threading.Event()

    def ask() -> None:
        while not ended.wait(HEALTH_EVERY_S):
            client.publish("moodlens/health", f"{utc_ms()}", qos=1, retain=True)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(10)
        close_mqtt(client)


def watch_the_store(broker: Mosquitto, for_s: float) -> int:
    """Holds each crop that is ever in the store to its age; how often there were any."""
    until_s = time.monotonic() + for_s
    with_crops = 0

    def look() -> bool:
        nonlocal with_crops
        taken_ms = oldest_crop_ms(broker)
        if taken_ms is not None:
            with_crops += 1
            age_s = (utc_ms() - taken_ms) / 1000
            assert age_s <= KEPT_MAX_S, f"a crop in the store is {age_s:.1f} s old"
        return time.monotonic() >= until_s

    eventually(look, for_s + 5, every_s=LOOK_EVERY_S)
    return with_crops


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("silent", [True, False], ids=["cameras fall silent", "cameras go on"])
def test_no_crop_stays_in_the_store_when_all_workers_are_dead(
    tmp_path: Path, dice: random.Random, silent: bool
) -> None:
    with (
        system(tmp_path, aggregators=1) as whole,
        health_checked(whole),
        flow_of(whole.for_cameras, dice) as flow,
    ):
        flow.goes_on(5)
        died_ms = utc_ms()
        for worker in whole.workers:
            worker.process.kill()
        flow.goes_on(2)
        if silent:
            flow.ends(timeout_s=0.0)
        assert watch_the_store(whole.broker, DEAD_S), "no crop was ever in the store: nothing was tested"
        for worker in whole.workers:
            worker.process.start()
        if not silent:
            flow.goes_on(REPEAT_S + 5)  # then reports that ended with the workers' sessions have come again
        ledger = whole.settle(flow)
        # cameras that have gone, too, send nothing again
        gone = REPORTS_GONE_MAX * len(flow.published) if silent else 0
        ledger.check(outage_ms=(died_ms - MARGIN_MS, utc_ms()), reports_missing=gone)
