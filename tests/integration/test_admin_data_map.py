"""The data map over a real system: it finds nothing where nothing is, and everything that is planted."""

import json
import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import redis

from admin.survey import survey
from contract import keys
from contract.codec import encode
from contract.row import STORED
from contract.topics import Suffix, topic
from contract.windows import Resolution, chunk_at
from runtime.mqtt import Session, close_mqtt, open_mqtt
from runtime.redis import Client
from runtime.settings import MqttSettings
from tests.support.events import CAMERA, SESSION, crop, frame_emotions, frame_faces, utc_ms
from tests.support.remains import stored_by_broker
from tests.support.rows import row_of
from tests.support.services import Mosquitto, RedisServer, eventually, program, running
from tests.support.windows import frames_of

PARTITION = keys.partition_of(CAMERA)
CLIP = "head-pose-face-detection-male.gif"


@dataclass
class Store:
    """A worker and an aggregator at work; logs lie in ``folder``."""

    environment: dict[str, str]
    folder: Path

    def plays(self, clip: Path) -> int:
        """How many frames with faces were published of it."""
        camera = program(
            "producer",
            ["--camera", CAMERA, "--source", str(clip), "--once"],
            self.folder / "producer.log",
            self.environment,
        ).start()
        assert camera.wait(120) == 0, camera.output
        published: int = json.loads(camera.output.splitlines()[-1])["frames_published"]
        return published

    def data_map(self, *arguments: str, stdin: bytes = b"") -> tuple[int, dict[str, Any]]:
        """Exit status and what it says."""
        done = subprocess.run(
            [sys.executable, "-m", "admin", "data-map", "--json", *arguments],
            input=stdin,
            capture_output=True,
            env={**os.environ, **self.environment},
            timeout=240,
            check=False,
        )
        assert not done.stderr, done.stderr.decode()
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def store(mosquitto: Mosquitto, redis_server: RedisServer, tmp_path: Path, shared: Path) -> Iterator[Store]:
    environment = {
        **mosquitto.environment,
        **redis_server.environment,
        "MOODLENS_AGGREGATOR_SILENCE_S": "4",
        "MOODLENS_AGGREGATOR_STREAM_KEPT_S": "600",
        "MOODLENS_AGGREGATOR_K": "1",
        "MOODLENS_AGGREGATOR_PUBLISHED": "10s,1min",
        "MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx"),
    }
    logs = tmp_path / "logs"
    logs.mkdir()
    worker = program("classifier_worker", [], logs / "worker.log", environment)
    aggregator = program("aggregator", [], logs / "aggregator.log", environment)
    with running(worker, aggregator):
        eventually(lambda: "takes messages" in worker.output, what="the worker")
        yield Store(environment, logs)


def saves_no_crop(mosquitto: Mosquitto) -> bool:
    """Whether none lies in the broker's store, which it writes anew: some were under way when it last did."""
    mosquitto.process.signal(signal.SIGUSR1)
    return not stored_by_broker(mosquitto.folder).crops


def places(told: dict[str, Any]) -> set[str]:
    return {misfit["where"] for misfit in told["misfits"]}


def jpeg() -> bytes:
    """A picture as any camera writes it."""
    picture = np.frombuffer(crop(), np.uint8).reshape(48, 48)
    return bytes(cv2.imencode(".jpg", picture)[1].tobytes())


def test_after_real_clips_there_is_no_picture_anywhere_and_what_is_planted_is_found(
    store: Store, mosquitto: Mosquitto, redis_client: redis.Redis, shared: Path, tmp_path: Path
) -> None:
    published = store.plays(shared / "data/videos" / CLIP)
    eventually(lambda: frames_of(redis_client, CAMERA, with_shed=True) == published, what="all frames")
    eventually(lambda: redis_client.exists(keys.outlet(CAMERA)), what="what is told")
    eventually(lambda: saves_no_crop(mosquitto), what="the broker to save", every_s=0.2)
    status, told = store.data_map("--logs", str(store.folder / "worker.log"), "--scan", str(tmp_path))
    assert (status, told["misfits"]) == (0, [])
    kinds = {entry["kind"]: entry for entry in told["redis"]["kinds"]}
    assert {"windows_10s", "windows_1d", "stream", "open_visits", "seen_frames", "models"} <= set(kinds)
    assert kinds["windows_10s"]["keys"] >= 1
    assert 0 < kinds["windows_10s"]["longest_to_live_ms"] <= 2 * 3_600_000
    assert kinds["stream"]["oldest_entry_ms"] < 900_000
    assert told["broker"] == {"retained": [topic(CAMERA, Suffix.STATUS)], "hidden": 0}
    assert told["looked_through"][str(tmp_path)]["files"] >= 5

    redis_client.xadd(keys.stream(PARTITION), {"emotions": b'{"crop": "' + b64encode(crop()) + b'"}'})
    redis_client.hset(keys.notes("shop-1"), "photo", jpeg())
    redis_client.setrange(keys.seen_frame(CAMERA, SESSION, 0)[0], 0, encode(frame_faces()))
    log = b"worker-1  | a face: " + b64encode(jpeg()) + b"\n"
    (tmp_path / "left-behind.bin").write_bytes(b"\0" * 100 + jpeg())
    status, told = store.data_map("--logs", "-", "--scan", str(tmp_path), stdin=log)
    assert status == 1
    assert places(told) >= {
        keys.stream(PARTITION),
        keys.notes("shop-1"),
        keys.seen_frame(CAMERA, SESSION, 0)[0],
        "log, line 1",
        str(tmp_path / "left-behind.bin"),
    }
    assert b64encode(jpeg()).decode()[:12] not in json.dumps(told)


def test_a_retained_crop_is_found(mosquitto: Mosquitto, redis_server: RedisServer, tmp_path: Path) -> None:
    store = Store({**mosquitto.environment, **redis_server.environment}, tmp_path)
    settings = MqttSettings(host=mosquitto.host, port=mosquitto.port)
    client = open_mqtt(settings, Session("intruder"))
    client.publish(topic("shop-1/other", Suffix.PREVIEW), jpeg(), qos=1, retain=True).wait_for_publish(60)
    close_mqtt(client)
    status, told = store.data_map()
    assert status == 1
    assert places(told) == {topic("shop-1/other", Suffix.PREVIEW)}


def test_a_broker_that_is_away_is_said_and_not_passed_over(redis_server: RedisServer, tmp_path: Path) -> None:
    store = Store({**redis_server.environment, "MOODLENS_MQTT_PORT": "1"}, tmp_path)
    status, told = store.data_map()
    assert status == 1
    assert [misfit["where"] for misfit in told["misfits"]] == ["broker"]
    assert "was not looked at" in told["misfits"][0]["what"]
    assert store.data_map("--no-broker")[0] == 0


def test_on_a_server_and_on_a_cluster_each_plant_is_found_by_its_key(any_redis: Client) -> None:
    now_ms = utc_ms()
    today = chunk_at(Resolution.DAY, now_ms, UTC).name
    stream, chunk = keys.stream(PARTITION), keys.window_chunk(CAMERA, Resolution.DAY, today)
    any_redis.hset(keys.LAYOUT, mapping={"partitions": 16, "version": 1})
    with any_redis.pipeline(transaction=False) as pipe:
        for number in range(2_500):  # more than a page
            pipe.xadd(stream, {"emotions": encode(frame_emotions(number, captured_at_ms=now_ms))})
        for number in range(700):  # more than a batch
            pipe.set(keys.seen_frame(f"shop-{number}/entrance", SESSION, 0)[0], b"\xff\xfe", px=7_000_000)
        pipe.execute()
    any_redis.set(chunk, row_of("happy", "sad").astype(STORED).tobytes(), px=86_400_000)
    seen = survey(any_redis, now_ms)
    assert seen.misfits == []
    assert (seen.tallies["seen_frames"].keys, seen.foreign) == (700, 0)
    assert seen.tallies["stream"].bytes > 2_500 * 100

    picture = jpeg()
    any_redis.xadd(stream, {"emotions": b'{"crop": "' + b64encode(crop()) + b'"}'})
    any_redis.set(chunk, crop())
    any_redis.set("moodlens:{3}:shop-1/entrance:crops", crop())
    any_redis.set("x" * 30, b"harmless")
    any_redis.hset(keys.rules(CAMERA), picture, "a picture as the name of a field")
    any_redis.sadd(keys.subjects(PARTITION), picture)
    any_redis.zadd(keys.AGGREGATORS, {picture: 1})
    any_redis.rpush(keys.alerts(CAMERA), "a list, where a hash belongs")
    any_redis.set(keys.site("shop-1"), b"a" * 1_500_000 + picture)
    misfits = survey(any_redis, now_ms + 3_600_000).misfits
    found = {place: {m.what for m in misfits if m.where == place} for place in {m.where for m in misfits}}
    assert set(found) == {
        stream,
        chunk,
        "moodlens:{3}:shop-1/entrance:crops",
        "x" * 30,
        keys.rules(CAMERA),
        keys.subjects(PARTITION),
        keys.AGGREGATORS,
        keys.alerts(CAMERA),
        keys.site("shop-1"),
    }
    assert any("Base64" in what for what in found[stream])
    assert any("minutes old" in what for what in found[stream])
    assert {"it never expires, and should"} < found[chunk]
    assert found["x" * 30] == {"a key of no known kind"}
    assert any("JPEG" in what for what in found[keys.site("shop-1")])
