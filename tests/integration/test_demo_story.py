"""End to end with known truth: shoppers of a story through the whole real system, held against the script."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.services import executable, program

STORY = """
title = "short"
period_s = 120
fps = 8
seed = 11

[[cameras]]
name = "shop/door"
moods = [{at_s = 7, shows = "happy"}, {at_s = 15, shows = "neutral"}, {at_s = 22, shows = "surprise"}]
[[cameras.flows]]
first_s = 1
count = 3
every_s = 13
stays_s = 12
places = [[0.35, 130], [0.6, 115]]

[[cameras]]
name = "shop/queue"
moods = [{at_s = 9, shows = "surprise"}, {at_s = 19, shows = "happy"}]
dark = [[20, 23]]
[[cameras.flows]]
first_s = 0
stays_s = 35
places = [[0.3, 140]]
[[cameras.flows]]
first_s = 4
count = 2
every_s = 17
stays_s = 15
places = [[0.7, 110]]
"""
SECONDS = 36
READABLE = {"neutral", "happy", "surprise"}


@pytest.mark.parametrize("detector", ["yunet", "haar"])
@pytest.mark.alone
def test_the_system_reads_a_story_as_it_was_written(detector: str, shared: Path, tmp_path: Path) -> None:
    for server in ("mosquitto", "redis-server"):
        executable(server)
    story, report = tmp_path / "story.toml", tmp_path / "report.json"
    story.write_text(STORY)
    environment = {"MOODLENS_PRODUCER_DETECTOR": detector}
    if detector == "yunet":
        yunet = shared / "models/face_detection_yunet_2023mar.onnx"
        environment["MOODLENS_PRODUCER_YUNET_FILE"] = str(yunet)
    arguments = ["--headless", "--story", str(story), "--seconds", str(SECONDS), "--report", str(report)]
    demo = program("demo", arguments, tmp_path / "demo.log", environment).start()
    assert demo.wait(240) == 0, demo.output
    assert "Traceback" not in demo.output

    found: dict[str, Any] = json.loads(report.read_text())
    assert found["latency_s"]["p50"] is not None
    assert sorted(found["cameras"]) == ["shop/door", "shop/queue"]
    for camera in found["cameras"].values():
        assert camera["detector"].startswith(detector)
        assert camera["frames"] > 100
        # each frame exactly once, and every one accounted for
        assert camera["lost"] == camera["doubled"] == 0
        assert camera["published"] == camera["frames"]
        assert camera["dropped"] == camera["shed"] == camera["refused"] == camera["late"] == 0
        assert camera["visits"]["measured"] == camera["visits"]["true"]
        assert camera["dwell_s"]["measured"] == pytest.approx(camera["dwell_s"]["true"], rel=0.1)
        assert camera["mood"]["correlation"] >= 0.9
        assert camera["mood"]["plumbing_error"] <= 0.1
        assert camera["plumbing"]["same_label"] >= 0.9
        assert camera["plumbing"]["found"] >= (0.98 if detector == "yunet" else 0.75)
        readings = camera["expressions"]
        # a slow machine does not come to the end of the story
        assert len(readings.keys() & READABLE) >= 2
        assert readings.keys() <= READABLE
        assert min(reading["read"] for reading in readings.values()) >= 0.9, readings
        assert len(camera["mood"]["windows"]) >= 3
