"""A store with staff and a poster, and the same store without: the same visits and moods, to the end."""

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis

from contract import keys
from contract import row as columns
from contract.keys import subject_of
from contract.row import MICRO
from contract.windows import Resolution
from demo.truth import ScriptedFrame, read_truth
from runtime.windows import Windows, read_windows
from tests.support.events import utc_ms
from tests.support.services import Mosquitto, Process, RedisServer, eventually, program, running

SHOP = """
title = "three shoppers"
period_s = 90
seed = 4

[[cameras]]
name = "shop/door"
moods = [{at_s = 0, shows = "neutral"}, {at_s = 8, shows = "happy"}, {at_s = 16, shows = "surprise"}]
POSTERS
[[cameras.flows]]
first_s = 1
stays_s = 7
places = [[0.25, 110]]
[[cameras.flows]]
first_s = 9
stays_s = 7
places = [[0.28, 115]]
[[cameras.flows]]
first_s = 17
stays_s = 7
places = [[0.25, 105]]
"""
POSTERS = "posters = [{x = 0.48, y = 0.18, face_px = 50, shows = 'happy', seed = 9}]"
STAFF = """
[[cameras.flows]]
stays_s = 75
first_s = 0
places = [[0.85, 90]]
enters = "right"
shows = "angry"
[[cameras.flows]]
stays_s = 75
first_s = 0
places = [[0.6, 90]]
enters = "right"
shows = "happy"
badge = 7
"""
ZONES = """
[[zone]]
name = "till"
kind = "staff"
points = [[0.72, 0.0], [1.0, 0.0], [1.0, 1.0], [0.72, 1.0]]

[[zone]]
name = "window"
kind = "watch"
points = [[0.0, 0.0], [0.45, 0.0], [0.45, 1.0], [0.0, 1.0]]
"""
SHOPPERS = 3
LAST_LEFT_MS = 26_000
POSTER_S = 10
WITH, WITHOUT = "shop-1/with", "shop-1/without"


def camera(name: str, folder: Path, story: str, environment: dict[str, str], *arguments: str) -> Process:
    folder.mkdir()
    (folder / "story.toml").write_text(story)
    (folder / "zones.toml").write_text(ZONES)
    own = {
        "MOODLENS_STORE_STORY": str(folder / "story.toml"),
        "MOODLENS_STORE_TRUTH": str(folder),
        "MOODLENS_PRODUCER_POSTER_S": str(POSTER_S),
    }
    given = ["--camera", name, "--source", "store:door", *arguments]
    return program("producer", given, folder / "camera.log", {**environment, **own})


def shown(folder: Path) -> list[ScriptedFrame]:
    """What the camera has been shown so far."""
    return read_truth(folder, "shop/door") if list(folder.glob("*.jsonl")) else []


def windows(client: redis.Redis, subject: str) -> Windows:
    now_ms = utc_ms()
    return read_windows(client, subject, Resolution.TEN_SECONDS, now_ms - 600_000, now_ms + 60_000, UTC)


def total(client: redis.Redis, subject: str, column: str) -> int:
    return int(windows(client, subject).column(column).sum())


def mood(client: redis.Redis, subject: str) -> np.ndarray:
    """Mean probabilities of all visits."""
    sums: np.ndarray = windows(client, subject).rows[:, columns.M_SUM].sum(axis=0)
    return sums / MICRO / total(client, subject, "visits")


def are_over(client: redis.Redis, name: str) -> bool:
    fields: Any = client.hkeys(keys.open_visits(name))
    return not [field for field in fields if field.startswith(b"visit")]


@pytest.mark.alone
def test_staff_and_posters_change_no_visit_and_no_mood(
    mosquitto: Mosquitto, redis_server: RedisServer, redis_client: redis.Redis, shared: Path, tmp_path: Path
) -> None:
    environment = {
        **mosquitto.environment,
        **redis_server.environment,
        "MOODLENS_AGGREGATOR_SILENCE_S": "4",
        "MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx"),
    }
    busy, quiet = tmp_path / "with", tmp_path / "without"
    cameras = {
        WITH: camera(
            WITH,
            busy,
            SHOP.replace("POSTERS", POSTERS) + STAFF,
            environment,
            "--zones",
            str(busy / "zones.toml"),
        ),
        WITHOUT: camera(WITHOUT, quiet, SHOP.replace("POSTERS", ""), environment),
    }
    worker = program("classifier_worker", [], tmp_path / "worker.log", environment)
    aggregator = program("aggregator", [], tmp_path / "aggregator.log", environment)
    with running(worker, aggregator):
        eventually(lambda: "takes messages" in worker.output, 60, "the worker")
        with running(*cameras.values()):
            for folder in (busy, quiet):
                eventually(
                    lambda folder=folder: (told := shown(folder)) and told[-1].script_ms > LAST_LEFT_MS,  # type: ignore[misc]
                    120,
                    "the last shopper to leave",
                    0.25,
                )
        said = {name: json.loads(one.output.splitlines()[-1]) for name, one in cameras.items()}
        for name in cameras:
            published = said[name]["frames_published"]
            eventually(
                lambda name=name, published=published: total(redis_client, name, "frames") >= published,  # type: ignore[misc]
                60,
                "all frames",
            )
            eventually(lambda name=name: are_over(redis_client, name), 60, "the visits to close")  # type: ignore[misc]
        told = shown(busy)
        before_the_poster_is_known = sum(
            one.script_ms - told[0].script_ms < 1000 * POSTER_S for one in told
        )  # a busy machine does not show as many each second
        nobodys = 3 * said[WITH]["frames_analysed"] - before_the_poster_is_known
        # the last report tells of some, and of no frame that would be waited for
        eventually(lambda: total(redis_client, WITH, "excluded") >= 0.9 * nobodys, what="all who are nobody")

    assert total(redis_client, WITHOUT, "visits") == SHOPPERS
    assert total(redis_client, WITH, "visits") == SHOPPERS
    assert total(redis_client, subject_of(WITH, "window"), "visits") == SHOPPERS
    np.testing.assert_allclose(mood(redis_client, WITH), mood(redis_client, WITHOUT), atol=0.05)

    assert total(redis_client, WITHOUT, "excluded") == 0
    assert total(redis_client, WITH, "excluded") <= 1.02 * nobodys
    # all that was sent of them: the poster until it was known, and the badge's wearer on the way in
    more = said[WITH]["faces_published"] - said[WITHOUT]["faces_published"]
    assert 0 < more <= 1.2 * before_the_poster_is_known
